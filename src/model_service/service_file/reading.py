"""Check a service file and read it: each error names the line and the path, and an unknown key gets a suggestion.

JSON is read by the standard library, so that a cold start pays for no YAML parser; the line of a fault is looked up
only once there is one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from model_service.errors import SettingsError
from model_service.oci_names import COMPARTMENT_OCID
from model_service.service_file.fields import (
    Fault,
    Path,
    Read,
    array_of,
    fields_of,
    map_of,
    matching,
    number,
    one_of,
    positive_integer,
    string,
)
from model_service.service_file.shape import LIMIT_NAMES, Limit, ModelRule, Price, Prices, Rights, ServiceFile

VARIABLE: Final = "MODEL_SERVICE_CONFIG"
MAX_BYTES: Final = 1024 * 1024
OPERATIONS: Final = ("chat", "completions", "embeddings", "rerank", "responses", "files", "audio", "models")
ISOLATION: Final = ("team", "caller", "none")
DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def read_service_file(text: str, name: str) -> ServiceFile:
    """Return the file that ``text`` holds, as JSON or YAML; ``name`` is what it is called in errors.

    Raise ``SettingsError``: ``service.yaml, line 12: models.alowed: unknown field; did you mean allowed?``.
    """
    if len(text.encode(errors="surrogatepass")) > MAX_BYTES:
        raise SettingsError(VARIABLE, f"{name} has more than {MAX_BYTES} bytes")
    try:
        value = json.loads(text) if text.lstrip().startswith("{") else None
    except (ValueError, RecursionError):
        value = None  # perhaps YAML's flow style; its reader names the line of what is wrong
    if value is None:
        value = _read_yaml(text, name).value
    try:
        return _service_file(value, ())
    except Fault as fault:
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in fault.path).removeprefix(".")
        line = _read_yaml(text, name).line(fault.path)
        raise SettingsError(VARIABLE, f"{name}, line {line}: {f'{path}: ' if path else ''}{fault}") from None


def _read_yaml(text: str, name: str) -> Any:
    # On first use: PyYAML takes 20 ms of a cold start, and JSON needs it for the line of a fault only.
    from model_service.service_file.yaml_lines import read_lined  # noqa: PLC0415 - see above

    try:
        return read_lined(text)
    except Fault as fault:
        raise SettingsError(VARIABLE, f"{name}, line {fault.line or 1}: {fault}") from None


def _parameters(value: Any, path: Path) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Fault("must be an object", path)
    for name in ("model", "messages", "stream"):
        if name in value:
            raise Fault("belongs to the caller and can have no default", (*path, name))
    return value


def _limit(value: Any, path: Path) -> Limit:
    if not isinstance(value, dict):
        return Limit(hard=number(value, path))
    limit = Limit(**fields_of(value, path, {"soft": number, "hard": number}))
    if limit.soft is not None and limit.hard is not None and limit.soft > limit.hard:
        raise Fault("must not be more than hard", (*path, "soft"))
    return limit


def _limits(value: Any, path: Path) -> dict[str, Limit]:
    return fields_of(value, path, dict.fromkeys(LIMIT_NAMES, _limit))


def _rule(value: Any, path: Path) -> ModelRule:
    read = fields_of(value, path, RULE)
    if "match" not in read:
        raise Fault("match: is missing", path)
    return ModelRule(**read)


def _rights(value: Any, path: Path) -> Rights:
    return Rights(**fields_of(value, path, RIGHTS))


def _team(value: Any, path: Path) -> Rights:
    return Rights(**fields_of(value, path, RIGHTS_OF_TEAM))


def _price(value: Any, path: Path) -> Price:
    return Price(**fields_of(value, path, dict.fromkeys(("input", "output", "cached_input", "search"), number)))


def _alias(value: Any, path: Path) -> Any:
    """Return a model id, or the fields of an alias with targets."""
    if isinstance(value, str):
        return string(value, path)
    from model_service.service_file.target_fields import read_alias  # noqa: PLC0415 - most files have none

    return read_alias(value, path)


def _resilience(value: Any, path: Path) -> dict[str, Any]:
    from model_service.service_file.target_fields import RESILIENCE  # noqa: PLC0415 - as above

    return fields_of(value, path, RESILIENCE)


def _aliases(models: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a ServiceFile has of aliases, with targets and without."""
    aliases = models.get("aliases", {})
    if "resilience" not in models and all(isinstance(value, str) for value in aliases.values()):
        return {"aliases": aliases}
    from model_service.service_file.target_fields import pools_of, resilience_of  # noqa: PLC0415 - as above

    resilience, defaults = resilience_of(models.get("resilience", {}))
    pools = pools_of(aliases, defaults, ("models", "aliases"))
    first = {name: pool.targets[0].model for name, pool in pools.items()}
    return {"aliases": {**aliases, **first}, "pools": pools, "resilience": resilience}


def _service_file(value: Any, path: Path) -> ServiceFile:
    read = fields_of(value, path, FILE)
    models, callers = read.get("models", {}), read.get("callers", {})
    file = ServiceFile(
        **_aliases(models),
        allowed=models.get("allowed"),
        rules=models.get("rules", ()),
        everyone=callers.get("everyone", Rights()),
        teams=callers.get("teams", {}),
        callers=callers.get("callers", {}),
        keys=callers.get("keys", {}),
        isolation=callers.get("isolation", "team"),
        prices=Prices(**read.get("prices", {})),
    )
    for name, rights in file.callers.items():
        if rights.team is not None and file.teams and rights.team not in file.teams:
            raise Fault(
                f"no team has this name; there are {', '.join(file.teams)}", ("callers", "callers", name, "team")
            )
    return file


RULE: Final[Mapping[str, Read]] = {
    "match": string,
    "defaults": _parameters,
    "max_tokens": positive_integer,
    "drop": array_of(string),
    "limits": _limits,
}

RIGHTS: Final[Mapping[str, Read]] = {
    "team": string,
    "labels": map_of(string),
    "models": array_of(string),
    "operations": array_of(one_of(*OPERATIONS)),
    "max_tokens": positive_integer,
    "compartment_id": matching(COMPARTMENT_OCID, "the OCID of a compartment"),
    "limits": _limits,
}

RIGHTS_OF_TEAM: Final = {name: read for name, read in RIGHTS.items() if name != "team"}

FILE: Final[Mapping[str, Read]] = {
    "models": lambda value, path: fields_of(value, path, MODELS),
    "callers": lambda value, path: fields_of(value, path, CALLERS),
    "prices": lambda value, path: fields_of(value, path, PRICES),
}

MODELS: Final[Mapping[str, Read]] = {
    "aliases": map_of(_alias),
    "resilience": _resilience,
    "allowed": array_of(string),
    "rules": array_of(_rule),
}

CALLERS: Final[Mapping[str, Read]] = {
    "everyone": _team,
    "teams": map_of(_team),
    "callers": map_of(_rights),
    "keys": map_of(_team),
    "isolation": one_of(*ISOLATION),
}

PRICES: Final[Mapping[str, Read]] = {
    "currency": string,
    "date": matching(DATE, "a date such as 2026-11-01"),
    "models": map_of(_price),
}
