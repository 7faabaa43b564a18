"""The doctor's look at the targets of aliases: each is asked something very small."""

from __future__ import annotations

from typing import Final

from model_service.doctor.context import CheckFailed, CheckSkipped, DoctorContext

ASK_SECONDS: Final = 20.0  # for one target
NO_CHAT: Final = ("embed", "rerank")  # models that are not asked in words


def look_at_targets(context: DoctorContext) -> str:
    """Return how many answer; raise ``CheckFailed`` for those that do not, ``CheckSkipped`` where there are none."""
    pools = context.service.pools
    if not pools:
        raise CheckSkipped("no alias of the service file has targets")
    asked: dict[str, str | None] = {}
    hint: str | None = None
    for pool in pools.values():
        for target in pool.targets:
            if target.place in asked or any(part in target.model for part in NO_CHAT):
                continue
            error, _ = context.service.targets.ask_once(pool, target, context.deadline.within(ASK_SECONDS))
            asked[target.place] = None
            if error is not None:
                asked[target.place] = f"{pool.name}: {target.name}: {error.status} {error.message}"
                hint = hint or error.hint
    if failed := [finding for finding in asked.values() if finding is not None]:
        raise CheckFailed(f"{len(failed)} of {len(asked)} targets do not answer: {'; '.join(failed)}", hint or REMEDY)
    finding = f"{len(asked)} targets of {len(pools)} aliases answer"
    targets = [target for pool in pools.values() for target in pool.targets]
    if context.service.settings.genai_endpoint and any(target.region and not target.url for target in targets):
        finding += "; OCI_GENAI_ENDPOINT stands for the region of each that has no url"
    return finding


REMEDY: Final = (
    "The region must have the model (https://docs.oracle.com/en-us/iaas/Content/generative-ai/regions.htm), and the "
    "function needs a way there: a service gateway reaches its own region only, others take a NAT gateway."
)
