"""Read the aliases of a service file: a model id each, a list of targets, or targets with what holds for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any, Final

from model_service.oci_names import COMPARTMENT_OCID, HOW_TO_ADD_A_REGION, PROJECT_OCID, Regions
from model_service.routing import MODEL_ID
from model_service.service_file.fields import (
    Fault,
    Path,
    Read,
    array_of,
    boolean,
    fields_of,
    matching,
    number,
    one_of,
    positive_integer,
    positive_number,
    string,
)
from model_service.service_file.targets import ROUTING_PROFILE, ModelTarget, Resilience, TargetPool

MAX_TARGETS: Final = 20
NAME: Final = re.compile(r"[\w.:/@#-]{1,255}", re.ASCII)  # it stands in headers and in the log
ENDPOINT: Final = re.compile(r"ocid1\.generativeaiendpoint\.[a-z0-9]+\.[a-z0-9-]*\.[A-Za-z0-9._-]+")
URL: Final = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+")


def read_alias(value: Any, path: Path) -> str | dict[str, Any]:
    """Return the model id of an alias, or the fields of a pool; raise ``Fault``."""
    if isinstance(value, str):
        return string(value, path)
    if isinstance(value, list):
        return {"targets": _targets(value, path)}
    if isinstance(value, dict) and "targets" not in value and not value.keys().isdisjoint(("model", "endpoint")):
        return {"targets": (_target(value, path),)}
    fields = fields_of(value, path, POOL)
    if "targets" not in fields:
        raise Fault("targets: is missing", path)
    return fields


def pools_of(aliases: Mapping[str, Any], defaults: Mapping[str, Any], path: Path) -> dict[str, TargetPool]:
    """Return the aliases that have targets; ``defaults`` are what ``models.resilience`` says of all of them."""
    return {
        name: _pool(name, {**defaults, **fields}, (*path, name))
        for name, fields in aliases.items()
        if isinstance(fields, dict)
    }


def resilience_of(fields: Mapping[str, Any]) -> tuple[Resilience, dict[str, Any]]:
    """Return what ``models.resilience`` says of the container, and what it says of every alias."""
    of_container = {name: value for name, value in fields.items() if name in CONTAINER}
    return Resilience(**of_container), {name: value for name, value in fields.items() if name in OPTIONS}


def _pool(name: str, fields: Mapping[str, Any], path: Path) -> TargetPool:
    pool = TargetPool(name=name, **{**fields, "targets": _named(fields["targets"])})
    names = [target.name for target in pool.targets]
    if len(set(names)) < len(names):
        raise Fault("two targets have the same name", path)
    if pool.answer_seconds is not None and not pool.repeat_charged:
        problem = "needs repeat_charged: true, since a model that has not answered in time may have been charged"
        raise Fault(problem, (*path, "answer_seconds"))
    for target in pool.targets if pool.is_restricted else ():
        _check_region(pool, target, path)
    return pool


def _check_region(pool: TargetPool, target: ModelTarget, path: Path) -> None:
    if target.model.startswith(ROUTING_PROFILE):
        raise Fault(
            f"{target.name}: a routing profile chooses its region itself, here not every region may be asked", path
        )
    if target.region is None and target.url is not None:
        raise Fault(f"{target.name}: region: is missing, where not every region may be asked", path)
    if target.region is not None and not pool.may_ask(target.region):
        raise Fault(f"{target.name}: this alias may not be asked in {target.region}", path)


def _named(targets: tuple[ModelTarget, ...]) -> tuple[ModelTarget, ...]:
    """Return the targets, those without a name with one of their own: model and region, and a number if need be."""
    taken = {target.name for target in targets if target.name}
    named = []
    for target in targets:
        if not target.name:
            place = target.model + (f"@{target.region}" if target.region else "")
            free = (f"{place}{suffix}" for suffix in ("", *(f"#{number}" for number in range(2, MAX_TARGETS + 2))))
            target = replace(target, name=next(name for name in free if name not in taken))  # noqa: PLW2901 - the same one
            taken.add(target.name)
        named.append(target)
    return tuple(named)


def _targets(value: Any, path: Path) -> tuple[ModelTarget, ...]:
    targets: tuple[ModelTarget, ...] = array_of(_target)(value, path)
    if not 1 <= len(targets) <= MAX_TARGETS:
        raise Fault(f"must have 1 to {MAX_TARGETS} targets", path)
    return targets


def _target(value: Any, path: Path) -> ModelTarget:
    if isinstance(value, str):
        value = {"model": value}
    fields = fields_of(value, path, TARGET)
    if ("model" in fields) == ("endpoint" in fields):
        raise Fault("must have either model or endpoint", path)
    return ModelTarget(**{"name": "", "model": fields.pop("endpoint", None), **fields})


def _region(value: Any, path: Path) -> str:
    region = Regions().identifier(value) if isinstance(value, str) else None
    if region is None:
        raise Fault(
            f"must be a region such as us-chicago-1, or its short name such as ord; {HOW_TO_ADD_A_REGION}", path
        )
    return region


def _region_pattern(value: Any, path: Path) -> str:
    """Return a pattern that can be one of regions: a misspelt one would forbid nothing."""
    pattern = string(value, path).lower()
    if not any(fnmatchcase(region, pattern) for region in SHAPES_OF_REGIONS):
        return _region(pattern, path)
    return pattern


# One for each part of the world, beside which a pattern with a wildcard has to fit.
SHAPES_OF_REGIONS: Final = tuple(Regions().known)

TARGET: Final[Mapping[str, Read]] = {
    "name": matching(NAME, "1 to 255 letters, digits and . : / @ # _ -"),
    "model": matching(MODEL_ID, "a model id (at most 255 letters, digits and . : / @ _ -)"),
    "endpoint": matching(ENDPOINT, "the OCID of a dedicated endpoint"),
    "transport": one_of("v1", "responses", "sdk"),
    "region": _region,
    "url": matching(URL, "https://<host> without a path"),
    "profile": string,
    "compartment_id": matching(COMPARTMENT_OCID, "the OCID of a compartment"),
    "project_id": matching(PROJECT_OCID, "the OCID of a project"),
    "weight": positive_number,
    "priority": positive_integer,
    "context": positive_integer,
    "requests_per_minute": positive_integer,
    "tokens_per_minute": positive_integer,
}

OPTIONS: Final[Mapping[str, Read]] = {
    "tries": positive_integer,
    "first_token_seconds": positive_number,
    "answer_seconds": positive_number,
    "repeat_charged": boolean,
    "longer_context": boolean,
    "continue_streams": boolean,
}

POOL: Final[Mapping[str, Read]] = {
    "targets": _targets,
    "regions": array_of(_region_pattern),
    "forbid_regions": array_of(_region_pattern),
    **OPTIONS,
}

CONTAINER: Final[Mapping[str, Read]] = {
    "breaker_failures": positive_integer,
    "breaker_seconds": positive_number,
    "cooldown_seconds": positive_number,
    "retry_share": number,
    "spare_tries": positive_integer,
}

RESILIENCE: Final[Mapping[str, Read]] = {**OPTIONS, **CONTAINER}
