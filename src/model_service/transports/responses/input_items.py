"""Chat messages as the input items of a Responses request.

OCI wants every item to say its type, and some models refuse an echoed item id, so none is sent
(jetuse ADR-0007: "expected a valid Responses API input payload").
Source: https://platform.openai.com/docs/api-reference/responses/create#responses-create-input
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from model_service.errors import InvalidRequest
from model_service.openai_api.chat import Message

InputItem = dict[str, Any]
InputPart = dict[str, Any]


def input_items(messages: Iterable[tuple[int, Message]]) -> list[InputItem]:
    """Return the items of messages, each given with its place in the request.

    Raise ``InvalidRequest`` that names the path of what Responses cannot carry; a message's ``name`` has no place there
    and is left out.
    """
    return [item for place, message in messages for item in _items(f"messages.{place}", message)]


def instructions_of(messages: Iterable[tuple[int, Message]]) -> str:
    """Return the text of the system and developer messages, for models that take it as ``instructions`` only."""
    return "\n\n".join(_text(f"messages.{place}", message) for place, message in messages if is_instruction(message))


def is_instruction(message: Message) -> bool:
    """Return whether a message is of the application, and not of the conversation."""
    return message["role"] in ("system", "developer")


def _items(path: str, message: Message) -> list[InputItem]:
    role = ROLES.get(message["role"])
    if role is None:
        raise InvalidRequest(f"{path}.role: must be one of {', '.join(ROLES)}.", param=f"{path}.role")
    return role(path, message)


def _prompt(path: str, message: Message) -> list[InputItem]:
    parts = _parts(path, message, INPUT_PARTS)
    if not parts:
        raise InvalidRequest(f"{path}.content: is required.", param=f"{path}.content")
    return [{"type": "message", "role": message["role"], "content": parts}]


def _answer(path: str, message: Message) -> list[InputItem]:
    """Return what the model said and the calls it made.

    An empty text is left out (gpt-oss: "content cannot be empty").
    """
    parts = [part for part in _parts(path, message, OUTPUT_PARTS) if part.get("text") != ""]
    if message.get("refusal"):
        parts.append({"type": "refusal", "refusal": message["refusal"]})
    said: list[InputItem] = [{"type": "message", "role": "assistant", "content": parts}] if parts else []
    calls = enumerate(message.get("tool_calls") or ())
    return said + [_call(f"{path}.tool_calls.{place}", call) for place, call in calls]


def _call(path: str, call: Mapping[str, Any]) -> InputItem:
    function = call.get("function")
    if function is None:
        raise InvalidRequest(f"{path}: only calls of functions can be sent.", param=path)
    return {
        "type": "function_call",
        "call_id": call["id"],
        "name": function["name"],
        "arguments": function["arguments"],
    }


def _tool_result(path: str, message: Message) -> list[InputItem]:
    call_id = message.get("tool_call_id")
    if not call_id:
        raise InvalidRequest(f"{path}.tool_call_id: is required.", param=f"{path}.tool_call_id")
    parts = _parts(path, message, INPUT_PARTS)
    only_text = all(part["type"] == "input_text" for part in parts)
    output = "".join(part["text"] for part in parts) if only_text else parts
    return [{"type": "function_call_output", "call_id": call_id, "output": output}]


def _text(path: str, message: Message) -> str:
    parts = _parts(path, message, TEXT_PARTS)
    return "".join(part["text"] for part in parts)


def _parts(path: str, message: Message, known: Mapping[str, Callable[[str, Any], InputPart]]) -> list[InputPart]:
    content = message.get("content")
    if content is None:
        return []
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    return [_part(f"{path}.content.{place}", part, known) for place, part in enumerate(content)]


def _part(path: str, part: InputPart, known: Mapping[str, Callable[[str, Any], InputPart]]) -> InputPart:
    convert = known.get(part["type"])
    if convert is None:
        expected = f"only {', '.join(known)}"
        raise InvalidRequest(f"{path}.type: Responses cannot carry this here, {expected}.", param=f"{path}.type")
    return convert(path, part)


def _text_part(kind: str) -> Callable[[str, Any], InputPart]:
    def convert(path: str, part: InputPart) -> InputPart:
        return {"type": kind, "text": _required(path, part, "text")}

    return convert


def _image_part(path: str, part: InputPart) -> InputPart:
    image = _required(path, part, "image_url")
    return {"type": "input_image", "image_url": image["url"], "detail": image.get("detail") or "auto"}


def _file_part(path: str, part: InputPart) -> InputPart:
    file = _required(path, part, "file")
    if not isinstance(file, dict):
        raise InvalidRequest(f"{path}.file: must be an object.", param=f"{path}.file")
    return {"type": "input_file", **file}


def _refusal_part(path: str, part: InputPart) -> InputPart:
    return {"type": "refusal", "refusal": _required(path, part, "refusal")}


def _as_it_is(_path: str, part: InputPart) -> InputPart:
    return part


def _required(path: str, part: InputPart, name: str) -> Any:
    value = part.get(name)
    if value is None:
        raise InvalidRequest(f"{path}.{name}: is required.", param=f"{path}.{name}")
    return value


TEXT_PARTS: Final[Mapping[str, Callable[[str, Any], InputPart]]] = {
    "text": _text_part("input_text"),
    "input_text": _text_part("input_text"),
}

INPUT_PARTS: Final[Mapping[str, Callable[[str, Any], InputPart]]] = {
    **TEXT_PARTS,
    "image_url": _image_part,
    "file": _file_part,
    "input_image": _as_it_is,
    "input_file": _as_it_is,
}

OUTPUT_PARTS: Final[Mapping[str, Callable[[str, Any], InputPart]]] = {
    "text": _text_part("output_text"),
    "refusal": _refusal_part,
    "output_text": _text_part("output_text"),
}

ROLES: Final[Mapping[str, Callable[[str, Message], list[InputItem]]]] = {
    "system": _prompt,
    "developer": _prompt,
    "user": _prompt,
    "assistant": _answer,
    "tool": _tool_result,
}
