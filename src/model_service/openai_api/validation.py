"""Requests checked: what is wrong is a 400 that names the field.

The fields of a chat are checked by a schema, those of other requests one at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from model_service.errors import InvalidRequest
from model_service.oci_names import COMPARTMENT_OCID, PROJECT_OCID, REGION_NAME
from model_service.openai_api.schema_validator import SchemaValidator, ValidationError


def invalid_field(name: str, problem: str) -> InvalidRequest:
    """Return the error to raise for a field; ``problem`` is what follows its name, and never quotes its value."""
    return InvalidRequest(f"{name}: {problem}", param=name)


def reject_unknown_fields(body: Mapping[str, Any], known: frozenset[str]) -> None:
    """Raise ``InvalidRequest`` for a field that OCI has no place for, instead of dropping it; null says nothing."""
    for name, value in body.items():
        if name not in known and value is not None:
            raise invalid_field(name, "unknown field; OCI has nothing of the kind for this operation.")


def require_string(body: Mapping[str, Any], name: str) -> str:
    """Return a non-empty string; raise ``InvalidRequest`` for anything else."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise invalid_field(name, "must be a non-empty string.")
    return value


def optional_string(body: Mapping[str, Any], name: str) -> str | None:
    """Return a non-empty string, or ``None`` where there is none or null.

    Raise ``InvalidRequest`` for anything else.
    """
    return None if body.get(name) is None else require_string(body, name)


def optional_count(body: Mapping[str, Any], name: str) -> int | None:
    """Return an integer of at least 1, or ``None``; raise ``InvalidRequest`` for anything else."""
    value = body.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise invalid_field(name, "must be an integer of at least 1.")
    return value


def optional_bool(body: Mapping[str, Any], name: str) -> bool | None:
    """Return true, false or ``None``; raise ``InvalidRequest`` for anything else."""
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise invalid_field(name, "must be true or false.")
    return value


def optional_compartment(body: Mapping[str, Any]) -> str | None:
    """Return the OCID in ``compartment_id``, or ``None``; raise ``InvalidRequest`` for anything else."""
    value = optional_string(body, "compartment_id")
    if value is not None and not COMPARTMENT_OCID.fullmatch(value):
        raise invalid_field("compartment_id", "must be the OCID of a compartment or of a tenancy.")
    return value


def optional_region(body: Mapping[str, Any]) -> str | None:
    """Return the name in ``region``, or ``None``; raise ``InvalidRequest`` for what cannot be a region's."""
    value = optional_string(body, "region")
    if value is not None and not REGION_NAME.fullmatch(value):
        raise invalid_field("region", "must be a region such as us-chicago-1, or its short name such as ord.")
    return value


def invalid_chat(error: ValidationError, body: Mapping[str, Any]) -> InvalidRequest:
    """Return the error to raise for a chat request; it names the first field that is wrong, and never its value."""
    # In a union every alternative complains; the complaint that got deepest is about what the caller meant.
    complaint = max(error.errors(include_input=False, include_url=False), key=lambda found: len(found["loc"]))
    if not complaint["loc"]:
        return InvalidRequest("A field name has half a surrogate pair.")  # which pydantic takes for no string
    param = _path(complaint["loc"], body)
    return InvalidRequest(f"{param}: {in_words_of_json(complaint)}", param=param)


def in_words_of_json(complaint: Any) -> str:
    """Return what pydantic says of a value, in the words of JSON: array, object, string."""
    kind, context = complaint["type"], complaint.get("ctx", {})
    if kind == "literal_error":
        return "must be one of " + str(context["expected"]).replace("'", "").replace(" or ", ", ")
    return WORDS_OF_JSON[kind].format(**context) if kind in WORDS_OF_JSON else str(complaint["msg"])


# By pydantic's type of an error: https://docs.pydantic.dev/latest/errors/validation_errors/
WORDS_OF_JSON: Final[Mapping[str, str]] = {
    "missing": "is required",
    "string_type": "must be a string",
    "string_too_short": "must be a non-empty string",
    "string_too_long": "must have at most {max_length} characters",
    "list_type": "must be an array",
    "too_short": "must be an array of at least {min_length} item",
    "dict_type": "must be an object",
    "bool_type": "must be a boolean",
    "int_type": "must be an integer",
    "int_from_float": "must be an integer",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "greater_than": "must be greater than {gt:g}",
    "greater_than_equal": "must be {ge:g} or more",
    "less_than_equal": "must be {le:g} or less",
}


def _path(location: Sequence[int | str], body: Any) -> str:
    """Return pydantic's location without the names of union members: what the caller could follow in the JSON."""
    steps: list[str] = []
    for step in location[:-1]:
        if _has(body, step):
            body = body[step]
            steps.append(str(step))
    if _has(body, location[-1]) or isinstance(body, dict):
        steps.append(str(location[-1]))
    return ".".join(steps)


def _has(body: Any, step: int | str) -> bool:
    if isinstance(body, list):
        return isinstance(step, int) and step < len(body)
    return isinstance(body, dict) and step in body


def _list(of: Any, min_length: int = 0) -> Any:
    """Return the schema of an array, which ends with its first complaint.

    A million wrong elements would be a million errors, and out of memory.
    """
    return {"type": "list", "items_schema": of, "min_length": min_length, "fail_fast": True}


def _object(required: Mapping[str, Any] | None = None, **optional: Any) -> Any:
    """Return the schema of an object that may have other fields too; an optional one may also be null."""
    fields = {name: _field(kind, required=True) for name, kind in (required or {}).items()}
    for name, kind in optional.items():
        fields[name] = _field({"type": "nullable", "schema": kind}, required=False)
    return {"type": "typed-dict", "fields": fields, "extra_behavior": "allow"}


def _field(kind: Any, *, required: bool) -> Any:
    return {"type": "typed-dict-field", "schema": kind, "required": required}


def _either(*kinds: Any) -> Any:
    return {"type": "union", "choices": list(kinds)}


_STRING: Final = {"type": "str"}
_NAME: Final = {"type": "str", "min_length": 1, "max_length": 512}
_INTEGER: Final = {"type": "int"}
_NUMBER: Final = {"type": "float"}
_FLAG: Final = {"type": "bool"}
_ANY_OBJECT: Final = {"type": "dict", "keys_schema": _STRING}

_IMAGE: Final = _either(_STRING, _object({"url": _STRING}, detail=_STRING))
_PART: Final = _object({"type": _STRING}, text=_STRING, image_url=_IMAGE)
# Other gateways write null, "", "null" or the object itself for the arguments of a call.
_ARGUMENTS: Final = _either(_STRING, _ANY_OBJECT)
_CALL: Final = _object({"id": _STRING}, type=_STRING, function=_object({"name": _STRING}, arguments=_ARGUMENTS))
_MESSAGE: Final = _object(
    {"role": _NAME},
    content=_either(_STRING, _list(_PART)),
    name=_STRING,
    tool_calls=_list(_CALL),
    tool_call_id=_STRING,
)
_TOOL: Final = _object(
    {"type": _STRING}, function=_object({"name": _STRING}, description=_STRING, parameters=_ANY_OBJECT)
)

CHAT_SCHEMA: Final[Any] = _object(
    {"model": _NAME, "messages": _list(_MESSAGE, min_length=1)},
    stream=_FLAG,
    stream_options=_object(include_usage=_FLAG),
    tools=_list(_TOOL),
    tool_choice=_either(_STRING, _ANY_OBJECT),
    response_format=_ANY_OBJECT,
    max_tokens=_INTEGER,
    max_completion_tokens=_INTEGER,
    temperature=_NUMBER,
    top_p=_NUMBER,
    frequency_penalty=_NUMBER,
    presence_penalty=_NUMBER,
    seed=_INTEGER,
    n=_INTEGER,
    stop=_either(_STRING, _list(_STRING)),
    compartment_id={"type": "str", "pattern": rf"^{COMPARTMENT_OCID.pattern}$"},
    project_id={"type": "str", "pattern": rf"^{PROJECT_OCID.pattern}$"},
    relay=_ANY_OBJECT,
    unsupported={"type": "literal", "expected": ["drop", "refuse"]},
    region={"type": "str", "pattern": rf"^{REGION_NAME.pattern}$"},
    on_break={"type": "literal", "expected": ["error", "continue"]},
)

CHAT_REQUEST: Final = SchemaValidator(CHAT_SCHEMA)
