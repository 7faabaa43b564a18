"""The messages of a chat in OCI's GENERIC format, and the fields of an assistant's message both ways.

Source: oci.generative_ai_inference.models.Message and its subclasses, .ChatContent and its subclasses
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from model_service.openai_api.chat import Message
from model_service.transports.native.formats.messages import (
    ChatTurn,
    ContentPart,
    PartTable,
    ToolCall,
    ToolResult,
    check_fields,
    image_url,
    native_parts,
    own,
    text_part,
    turns_of,
)
from model_service.transports.native.formats.openai_answers import mapping, objects, snake_case
from model_service.transports.native.formats.parameters import NativeFields, known_fields, refusal, require_string

# Llama's backend fails on a message with calls and without text, Gemini's and gpt-oss's refuse an empty one
# (https://github.com/oracle/langchain-oracle/issues/78).
PLACEHOLDER: Final = "."


def generic_messages(messages: Sequence[Message], *, one_call_per_turn: bool) -> list[NativeFields]:
    """Raises ``InvalidRequest`` that names what cannot be carried."""
    turns = turns_of(messages)
    if one_call_per_turn:
        turns = [single for turn in turns for single in _single_calls(turn)]
    return [native for turn in turns for native in _natives(turn)]


def generic_annotation(native: Mapping[str, Any]) -> dict[str, Any]:
    """OpenAI's ``url_citation`` for OCI's."""
    cited = mapping(native.get("urlCitation"))
    return {"type": "url_citation", "url_citation": {snake_case(name): value for name, value in cited.items()}}


def _single_calls(turn: ChatTurn) -> Iterator[ChatTurn]:
    """Gemini takes one call and one result at a time: parallel calls go as if made one after the other."""
    if len(turn.calls) < 2:
        yield turn
        return
    results = {result.call.id: result for result in turn.results}
    for number, call in enumerate(turn.calls):
        message = turn.message if number == 0 else {"role": "assistant"}
        yield replace(turn, message=message, calls=(call,), results=(results[call.id],))


def _natives(turn: ChatTurn) -> Iterator[NativeFields]:
    check_fields(turn.path, turn.message, FIELDS)
    yield _native(turn)
    for result in turn.results:
        yield _tool_message(result)


def _native(turn: ChatTurn) -> NativeFields:
    message = turn.message
    native: NativeFields = {"role": turn.role.upper()}
    content = native_parts(turn.path, message.get("content"), PARTS)
    if turn.calls:
        native["toolCalls"] = [_call(call) for call in turn.calls]
        content = [part for part in content if part != {"type": "TEXT", "text": ""}]
        content = content or [{"type": "TEXT", "text": PLACEHOLDER}]
    if content:
        native["content"] = content
    for name, own_name in (("name", "name"), ("refusal", "refusal"), ("reasoning_content", "reasoningContent")):
        if message.get(name):
            native[own_name] = require_string(f"{turn.path}.{name}", message[name])
    annotations = objects(message.get("annotations"))
    return native | ({"annotations": [_annotation(one) for one in annotations]} if annotations else {})


def _call(call: ToolCall) -> NativeFields:
    return {"id": call.id, "type": "FUNCTION", "name": call.name, "arguments": call.arguments or "{}"}


def _tool_message(result: ToolResult) -> NativeFields:
    check_fields(result.path, result.message, FIELDS)
    content = native_parts(result.path, result.message.get("content"), PARTS)
    return {"role": "TOOL", "toolCallId": result.call.id, "content": content or [{"type": "TEXT", "text": ""}]}


def _annotation(annotation: Mapping[str, Any]) -> NativeFields:
    cited = mapping(annotation.get("url_citation"))
    names = {"start_index": "startIndex", "end_index": "endIndex", "title": "title", "url": "url"}
    citation = {own_name: cited[name] for name, own_name in names.items() if name in cited}
    return {"type": "url_citation", "urlCitation": citation}


def _image(path: str, part: ContentPart) -> NativeFields:
    return {"type": "IMAGE", "imageUrl": image_url(path, part)}


def _audio(path: str, part: ContentPart) -> NativeFields:
    given = known_fields(f"{path}.input_audio", part.get("input_audio"), "data", "format")
    encoding, content = (require_string(f"{path}.input_audio.{key}", given.get(key)) for key in ("format", "data"))
    return {"type": "AUDIO", "audioUrl": {"url": f"data:audio/{encoding};base64,{content}"}}


def _file(path: str, part: ContentPart) -> NativeFields:
    # A file's name is for people; a file_id is of a store that this surface does not reach.
    given = known_fields(f"{path}.file", part.get("file"), "file_data", "filename")
    url = require_string(f"{path}.file.file_data", given.get("file_data"))
    if not url.startswith("data:"):
        raise refusal(f"{path}.file.file_data", "this should be a data URL, such as data:application/pdf;base64,…")
    return {"type": "DOCUMENT", "documentUrl": {"url": url}}


def _linked(kind: str) -> Any:
    """``video_url`` and ``audio_url``, as vLLM's clients have them."""

    def make(path: str, part: ContentPart) -> NativeFields:
        name = f"{kind.lower()}_url"
        given = known_fields(f"{path}.{name}", part.get(name), "url")
        return {"type": kind, f"{kind.lower()}Url": {"url": require_string(f"{path}.{name}.url", given.get("url"))}}

    return make


_PLAIN: Final = frozenset({"name"})
FIELDS: Final = {
    "system": _PLAIN,
    "developer": _PLAIN,
    "user": _PLAIN,
    "assistant": _PLAIN | {"tool_calls", "refusal"},
    "tool": frozenset({"tool_call_id", "name"}),  # the name is that of the call
}

PARTS: Final[PartTable] = {
    "text": text_part,
    "image_url": _image,
    "input_audio": _audio,
    "file": _file,
    "video_url": _linked("VIDEO"),
    "audio_url": _linked("AUDIO"),
    "TEXT": text_part,
    "IMAGE": own,
    "DOCUMENT": own,
    "VIDEO": own,
    "AUDIO": own,
}
