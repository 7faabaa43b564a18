"""Chat messages as the input items of a Responses request.

OCI wants every item to say its type, and some models refuse an echoed item id, so none is sent
(jetuse ADR-0007: "expected a valid Responses API input payload").
Source: https://platform.openai.com/docs/api-reference/responses/create#responses-create-input
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from model_service.openai_api.chat import Message
from model_service.openai_api.stored_state import STATE
from model_service.openai_api.validation import invalid_field
from model_service.transports.responses.output_items import EXTRA_ANNOTATIONS, EXTRA_ITEMS

InputItem = dict[str, Any]
InputPart = dict[str, Any]
Drop = Callable[[str], None]

NO_OUTPUT: Final = "(no output)"  # OCI refuses an empty one


def input_items(messages: Iterable[tuple[int, Message]], calls: Mapping[str, str], drop: Drop) -> list[InputItem]:
    """Return the items of messages, each given with its place in the request.

    ``calls`` has the type of each call of the whole history by its id, since the result of a custom tool is an item of
    its own; ``drop`` is called with the names of what another model or gateway left in a history. Raise
    ``InvalidRequest`` that names the path of what Responses cannot carry.
    """
    items: list[InputItem] = []
    for place, message in messages:
        path = f"messages.{place}"
        role = ROLES.get(message["role"])
        if role is None:
            raise invalid_field(f"{path}.role", f"must be one of {', '.join(ROLES)}.")
        _check_fields(path, message, drop)
        items += _extra_items(path, message)
        items += role(path, message, calls)
    return items


def call_types(messages: Iterable[Message]) -> dict[str, str]:
    """Return the type of each call that a history has, by its id."""
    calls = (call for message in messages for call in message.get("tool_calls") or ())
    return {call["id"]: call.get("type") or "function" for call in calls}


def sendable_items(items: list[Any]) -> list[Any]:
    """Return items as OCI wants them of whoever wrote them for OpenAI, which is less strict.

    One with a role has the type ``message``, and the output of a tool is there and not empty (facts of openai-agents
    0.14 against OCI: "expected a valid Responses API input payload", "Missing required parameter: 'input[N].output'").
    """
    return [_sendable(item) if isinstance(item, dict) else item for item in items]


def text_of_message(path: str, message: Message) -> str:
    """Return the text of a message that has nothing else, for ``instructions``."""
    return "".join(part["text"] for part in _parts(path, message, TEXT_PARTS))


def is_instruction(message: Message) -> bool:
    """Return whether a message is of the application, and not of the conversation."""
    return message["role"] in ("system", "developer")


def _sendable(item: dict[str, Any]) -> dict[str, Any]:
    if item.get("type") is None and isinstance(item.get("role"), str):
        return {**item, "type": "message"}
    kind = item.get("type")
    if kind == "mcp_call" and item.get("output") is None and (item.get("error") or item.get("status") == "failed"):
        error = item.get("error")
        return {**item, "output": error if error and isinstance(error, str) else NO_OUTPUT}
    if isinstance(kind, str) and kind.endswith("_call_output") and item.get("output") in ("", None, []):
        return {**item, "output": NO_OUTPUT}
    return item


def _check_fields(path: str, message: Message, drop: Drop) -> None:
    content = message.get("content")
    if any(part.get("cache_control") for part in (content if isinstance(content, list) else ())):
        drop("cache_control")
    for name, value in message.items():
        if value is None or value in ([], ""):
            continue
        if name.startswith("reasoning") or name in LEFT_OUT or (name == "name" and message["role"] == "tool"):
            drop(name)
        elif name not in MESSAGE_FIELDS:
            raise invalid_field(f"{path}.{name}", "unknown field; the Responses API has no place for it.")


def is_plain_text(message: Message) -> bool:
    """Return whether a message says nothing but text, which could stand elsewhere."""
    content = message.get("content")
    parts = content if isinstance(content, list) else []
    plain = all(part["type"] in TEXT_PARTS and part.keys() <= {"type", "text"} for part in parts)
    return bool(content) and plain and all(message[name] is None for name in message.keys() - {"role", "content"})


def _extra_items(path: str, message: Message) -> list[InputItem]:
    """Return the items that an earlier reply had in the message, or that answer them: they are Responses' own."""
    extras = message.get(EXTRA_ITEMS) or []
    if not isinstance(extras, list) or not all(isinstance(item, dict) and item.get("type") for item in extras):
        raise invalid_field(f"{path}.{EXTRA_ITEMS}", "must be an array of objects with a type.")
    return sendable_items(extras)


def _message(message: Message, parts: list[InputPart]) -> InputItem:
    # OCI passes over a field that it does not know; a model that can tell speakers apart has it.
    name = {"name": message["name"]} if message.get("name") else {}
    return {"type": "message", "role": message["role"], "content": parts, **name}


def _prompt(path: str, message: Message, _calls: Mapping[str, str]) -> list[InputItem]:
    parts = _parts(path, message, INPUT_PARTS)
    if parts:
        return [_message(message, parts)]
    if message.get(EXTRA_ITEMS):
        return []
    raise invalid_field(f"{path}.content", "is required.")


def _answer(path: str, message: Message, _calls: Mapping[str, str]) -> list[InputItem]:
    """Return what the model said and the calls it made.

    An empty text is left out (gpt-oss: "content cannot be empty").
    """
    parts = [part for part in _parts(path, message, OUTPUT_PARTS) if part.get("text") != ""]
    if message.get("refusal"):
        parts.append({"type": "refusal", "refusal": message["refusal"]})
    items = [_message(message, parts)] if parts else []
    calls = enumerate(message.get("tool_calls") or ())
    return items + [_call(f"{path}.tool_calls.{place}", call) for place, call in calls]


def _call(path: str, call: Mapping[str, Any]) -> InputItem:
    function, custom = call.get("function"), call.get("custom")
    if function is not None:
        return {
            "type": "function_call",
            "call_id": call["id"],
            "name": function["name"],
            "arguments": function["arguments"],
        }
    if not isinstance(custom, dict) or not isinstance(custom.get("name"), str):
        raise invalid_field(path, "must be the call of a function or of a custom tool.")
    text = custom.get("input")
    return {
        "type": "custom_tool_call",
        "call_id": call["id"],
        "name": custom["name"],
        "input": text if isinstance(text, str) else "",
    }


def _tool_result(path: str, message: Message, calls: Mapping[str, str]) -> list[InputItem]:
    call_id = message.get("tool_call_id")
    if not call_id:
        raise invalid_field(f"{path}.tool_call_id", "is required.")
    parts = _parts(path, message, INPUT_PARTS)
    only_text = all(part["type"] == "input_text" for part in parts)
    output: Any = "".join(part["text"] for part in parts) if only_text else parts
    kind = "custom_tool_call_output" if calls.get(call_id) == "custom" else "function_call_output"
    return [{"type": kind, "call_id": call_id, "output": output or NO_OUTPUT}]


def _parts(path: str, message: Message, known: Mapping[str, PartKind]) -> list[InputPart]:
    content = message.get("content")
    if content is None:
        return []
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    return [_part(f"{path}.content.{place}", part, known) for place, part in enumerate(content)]


def _part(path: str, part: InputPart, known: Mapping[str, PartKind]) -> InputPart:
    kind = known.get(part["type"])
    if kind is None:
        raise invalid_field(f"{path}.type", f"Responses cannot carry this here, only {', '.join(known)}.")
    convert, field = kind
    if part.get(field) is None and convert is not _as_it_is:
        raise invalid_field(f"{path}.{field}", "is required.")
    for name, value in part.items():
        if convert is not _as_it_is and name not in ("type", field, *PART_FIELDS) and value is not None:
            raise invalid_field(f"{path}.{name}", "unknown field; the Responses API has no place for it.")
    cache = {name: part[name] for name in ("prompt_cache_breakpoint",) if part.get(name) is not None}
    return {**convert(path, part), **cache}


def _text_part(_path: str, part: InputPart) -> InputPart:
    return {"type": "input_text", "text": part["text"]}


def _answer_part(_path: str, part: InputPart) -> InputPart:
    return {"type": "output_text", "text": part["text"]}


def _image_part(_path: str, part: InputPart) -> InputPart:
    image = part["image_url"]
    return {"type": "input_image", "image_url": image["url"], "detail": image.get("detail") or "auto"}


def _file_part(path: str, part: InputPart) -> InputPart:
    if not isinstance(part["file"], dict):
        raise invalid_field(f"{path}.file", "must be an object.")
    return {"type": "input_file", **part["file"]}


def _refusal_part(_path: str, part: InputPart) -> InputPart:
    return {"type": "refusal", "refusal": part["refusal"]}


def _as_it_is(_path: str, part: InputPart) -> InputPart:
    return part


# How a part is written, and the field that it has to have.
PartKind = tuple[Callable[[str, InputPart], InputPart], str]

TEXT_PARTS: Final[Mapping[str, PartKind]] = {"text": (_text_part, "text"), "input_text": (_text_part, "text")}

INPUT_PARTS: Final[Mapping[str, PartKind]] = {
    **TEXT_PARTS,
    "image_url": (_image_part, "image_url"),
    "file": (_file_part, "file"),
    "input_image": (_as_it_is, "image_url"),
    "input_file": (_as_it_is, "file_id"),
}

OUTPUT_PARTS: Final[Mapping[str, PartKind]] = {
    "text": (_answer_part, "text"),
    "refusal": (_refusal_part, "refusal"),
    "output_text": (_answer_part, "text"),
}

PART_FIELDS: Final = ("prompt_cache_breakpoint", "cache_control", "annotations", "logprobs")
"""What a part may have besides: OpenAI's mark for its cache, Anthropic's, and what an answer was given."""

MESSAGE_FIELDS: Final = frozenset(
    ("role", "content", "name", "refusal", "tool_calls", "tool_call_id", "annotations", STATE, EXTRA_ITEMS)
)

LEFT_OUT: Final = ("thinking_blocks", "provider_specific_fields", EXTRA_ANNOTATIONS)
"""What answers of other gateways carry, besides all that begins with ``reasoning``."""

ROLES: Final[Mapping[str, Callable[[str, Message, Mapping[str, str]], list[InputItem]]]] = {
    "system": _prompt,
    "developer": _prompt,
    "user": _prompt,
    "assistant": _answer,
    "tool": _tool_result,
}
