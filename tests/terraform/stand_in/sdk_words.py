"""Resources in Terraform's words and in the SDK's: names, blocks of one, and strings for numbers."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from tests.terraform.stand_in.schema import Block

State = dict[str, Any]
_TYPE: Final = re.compile(r"list\[(?P<item>.+)\]|dict\(str, (?P<value>.+)\)|(?P<one>\w+)")
# Terraform's name of an argument, where it is not the SDK's; both without underscores, which they set differently.
_SDK_NAMES: Final = {
    "accesstype": "publicaccesstype",
    "action": "actions",
    "bucketid": "id",
    "bucket": "bucketname",
    "createdtime": "timecreated",
    "enabled": "isenabled",
    "inactivestate": "inactivestatus",
    "rules": "items",
    "state": "lifecyclestate",
    "stateless": "isstateless",
}


def to_api(models: Any, name: str, values: Mapping[str, Any]) -> State:
    """Return the body of a request: the model ``name``, and what its subtypes add."""
    given = {_plain(key): value for key, value in values.items()}
    body = {}
    for made in _family(models, name):
        for attribute, wire in made.attribute_map.items():
            value = _told(given, _plain(attribute))
            if value not in (None, [], {}):
                body[wire] = _converted(models, made.swagger_types[attribute], value)
    return body


@cache
def _family(models: Any, name: str) -> list[Any]:
    """Return one of the model, and one of each of its subtypes."""
    model = getattr(models, name)
    return [model(), *(kind() for kind in _classes(models) if issubclass(kind, model))]


@cache
def _classes(models: Any) -> list[type]:
    """Return what the SDK loads of a service once it is looked at: hundreds of classes."""
    return [kind for _, kind in inspect.getmembers(models, inspect.isclass)]


def state_of(block: Block, told: State, found: Mapping[str, Any]) -> State:
    """Return a resource's state: what was told, as it is ``found`` now, and what is computed.

    What Terraform was not told stays unsaid, as the optional arguments of Oracle's provider do.
    """
    state: State = {name: _masked(told.get(name), _found(found, name)) for name in (*block.arguments, *block.blocks)}
    for name in block.computed:
        state[name] = _of_type(block.arguments[name].type, _found(found, name))
    return state | ({"timeouts": told["timeouts"]} if "timeouts" in told else {})


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _told(given: Mapping[str, Any], sdk_name: str) -> Any:
    names = [sdk_name, *(ours for ours, theirs in _SDK_NAMES.items() if theirs == sdk_name and ours != "bucketid")]
    return next((given[name] for name in names if given.get(name) not in (None, [])), None)


def _found(found: Mapping[str, Any], name: str) -> Any:
    by_name = {_plain(key): value for key, value in found.items()}
    return by_name.get(_plain(name), by_name.get(_SDK_NAMES.get(_plain(name), "")))


def _converted(models: Any, kind: str, value: Any) -> Any:
    match = _TYPE.fullmatch(kind)
    assert match is not None, kind
    if match["item"]:
        return [_converted(models, match["item"], item) for item in value]
    if match["value"]:
        return {key: _converted(models, match["value"], item) for key, item in value.items()}
    if hasattr(models, kind):
        return to_api(models, kind, value[0] if isinstance(value, list) else value)
    if kind == "bool" and isinstance(value, str):
        return value == "true"
    if kind == "object" and isinstance(value, str):
        return json.loads(value)
    return int(value) if kind == "int" else value


def _masked(told: Any, found: Any) -> Any:
    """Return ``found`` in the form of ``told``, as far as something was told."""
    if told is None or told == []:
        return told
    if isinstance(told, dict):
        values = found if isinstance(found, dict) else {}
        return {key: _masked(value, values.get(key, _found(values, key))) for key, value in told.items()}
    if isinstance(told, list):
        items = found if isinstance(found, list) else [] if found is None else [found]
        return [_masked(*pair) for pair in zip(told, items, strict=True)] if len(items) == len(told) else items
    if isinstance(told, str) and isinstance(found, dict):
        return told if json.loads(told) == found else json.dumps(found)
    if isinstance(told, str):
        return str(found).lower() if isinstance(found, bool) else None if found is None else str(found)
    return found


def _of_type(kind: Any, value: Any) -> Any:
    if isinstance(kind, list):
        simple = kind[1] in ("string", "number") and value is not None
        return value if simple else {} if kind[0] == "map" else []
    if value is None or isinstance(value, dict | list):
        return None
    return str(value) if kind == "string" else value
