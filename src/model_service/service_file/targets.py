"""What a service file says of an alias that stands for several targets: plain values without behaviour of their own."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cached_property
from typing import Final, Literal

from model_service.light_dataclasses import dataclass

ROUTING_PROFILE: Final = "ocid1.generativeairoutingprofile."


@dataclass(frozen=True)
class ModelTarget:
    """One place where a model is asked. What is ``None`` is as it is without targets.

    ``model`` is a model id or the OCID of a dedicated endpoint; ``url`` an inference endpoint of one's own, such as a
    private one; ``profile`` the profile of a config file that signs, as a region of another realm needs. Of the targets
    that can be asked those with the lowest ``priority`` come first, and share by ``weight``. ``context`` is how many
    tokens its model takes; the two limits are what is known beforehand of OCI's throttles.
    """

    name: str
    model: str
    transport: Literal["v1", "responses", "sdk"] | None = None
    region: str | None = None
    url: str | None = None
    profile: str | None = None
    compartment_id: str | None = None
    project_id: str | None = None
    weight: float = 1.0
    priority: int = 1
    context: int | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None

    @cached_property
    def place(self) -> str:
        """Return what two targets have in common whose troubles are the same ones."""
        return "|".join(part or "" for part in (self.model, self.transport, self.region, self.url, self.profile))


@dataclass(frozen=True)
class TargetPool:
    """An alias and its targets. It may be asked in ``regions`` (patterns) alone, and never in ``forbid_regions``.

    ``tries`` is the most of a call, the first among them. ``first_token_seconds`` is how long a stream may take to
    begin before another target is asked, ``answer_seconds`` how long a complete answer may take. ``repeat_charged``:
    what a model may have been charged for is asked again; ``longer_context``: what is too long for one target is asked
    of one that takes more; ``continue_streams``: a stream that breaks goes on from another target, for clients that say
    that they can take it.
    """

    name: str
    targets: tuple[ModelTarget, ...]
    regions: tuple[str, ...] | None = None
    forbid_regions: tuple[str, ...] = ()
    tries: int = 3
    first_token_seconds: float | None = None
    answer_seconds: float | None = None
    repeat_charged: bool = False
    longer_context: bool = False
    continue_streams: bool = False

    @property
    def is_restricted(self) -> bool:
        """Whether not every region may be asked."""
        return self.regions is not None or bool(self.forbid_regions)

    def may_ask(self, region: str) -> bool:
        """Return whether requests of this alias may go to a region."""
        if any(fnmatchcase(region, pattern) for pattern in self.forbid_regions):
            return False
        return self.regions is None or any(fnmatchcase(region, pattern) for pattern in self.regions)


@dataclass(frozen=True)
class Resilience:
    """What a container has in common for all of its targets.

    Of a target ``breaker_failures`` within ``breaker_seconds`` keep calls away from it for ``cooldown_seconds``, about
    twice as long after each probe that fails. ``retry_share``: how many further tries there may be for each call;
    ``spare_tries`` are there from the beginning, and come together again while all is well.
    """

    breaker_failures: int = 5
    breaker_seconds: float = 30.0
    cooldown_seconds: float = 10.0
    retry_share: float = 0.1
    spare_tries: int = 64
