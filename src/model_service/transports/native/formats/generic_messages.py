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
    image_url,
    native_parts,
    own,
    part_field,
    reasoning_of,
    text_part,
    turns_of,
)
from model_service.transports.native.formats.openai_answers import mapping, snake_case
from model_service.transports.native.formats.parameters import NativeFields, known_fields, require_string
from model_service.transports.native.formats.translation import Translation, refusal

# Llama's backend fails on a message with calls and without text, Gemini's and gpt-oss's refuse an empty one
# (https://github.com/oracle/langchain-oracle/issues/78).
PLACEHOLDER: Final = "."


def generic_messages(
    messages: Sequence[Message], translation: Translation, *, one_call_per_turn: bool
) -> list[NativeFields]:
    """Return the native messages; raise ``InvalidRequest`` that names what cannot be carried."""
    turns = turns_of(messages, FIELDS, translation)
    if one_call_per_turn:
        turns = [single for turn in turns for single in _single_calls(turn)]
    natives: list[NativeFields] = []
    for turn in turns:
        natives.append(_native(turn, translation))
        for result in turn.results:
            content = native_parts(result.path, result.message.get("content"), PARTS)
            content = content or [{"type": "TEXT", "text": ""}]
            natives.append({"role": "TOOL", "toolCallId": result.call.id, "content": content})
    return natives


def generic_annotation(native: Mapping[str, Any]) -> dict[str, Any]:
    """Return OpenAI's ``url_citation`` for OCI's."""
    cited = mapping(native.get("urlCitation"))
    return {"type": "url_citation", "url_citation": {snake_case(name): value for name, value in cited.items()}}


def _single_calls(turn: ChatTurn) -> Iterator[ChatTurn]:
    """Yield parallel calls as if made one after the other: Gemini takes one call and one result at a time."""
    if len(turn.calls) < 2:
        yield turn
        return
    results = {result.call.id: result for result in turn.results}
    for number, call in enumerate(turn.calls):
        message = turn.message if number == 0 else {"role": "assistant"}
        yield replace(turn, message=message, calls=(call,), results=(results[call.id],))


def _native(turn: ChatTurn, translation: Translation) -> NativeFields:
    message = turn.message
    native: NativeFields = {"role": turn.role.upper()}
    table = PARTS if turn.role != "assistant" else {**PARTS, "refusal": _refusal}
    parts = native_parts(turn.path, message.get("content"), table)
    content = [part for part in parts if part["type"] != "REFUSAL"]
    if turn.calls:
        native["toolCalls"] = [
            {"id": call.id, "type": "FUNCTION", "name": call.name, "arguments": call.arguments} for call in turn.calls
        ]
        content = [part for part in content if part != {"type": "TEXT", "text": ""}]
        content = content or [{"type": "TEXT", "text": PLACEHOLDER}]
    if content:
        native["content"] = content
    said = {
        "name": require_string(f"{turn.path}.name", message.get("name") or ""),
        "refusal": require_string(f"{turn.path}.refusal", message.get("refusal") or "")
        or "".join(part["refusal"] for part in parts if part["type"] == "REFUSAL"),
        "reasoningContent": reasoning_of(turn.path, message),
        "annotations": _annotations(turn, translation),
    }
    return native | {name: value for name, value in said.items() if value}


def _annotations(turn: ChatTurn, translation: Translation) -> list[NativeFields]:
    annotations = turn.message.get("annotations") or []
    if not isinstance(annotations, list):
        raise refusal(f"{turn.path}.annotations", "must be an array.")
    names = {"start_index": "startIndex", "end_index": "endIndex", "title": "title", "url": "url"}
    natives = []
    for annotation in annotations:
        cited = annotation.get("url_citation") if isinstance(annotation, Mapping) else None
        if isinstance(cited, Mapping):
            citation = {own_name: cited[name] for name, own_name in names.items() if name in cited}
            natives.append({"type": "url_citation", "urlCitation": citation})
        else:
            translation.leave_out("messages.annotations")  # files are not OCI's here
    return natives


def _refusal(path: str, part: ContentPart) -> NativeFields:
    return {"type": "REFUSAL", "refusal": require_string(f"{path}.refusal", part_field(path, part, "refusal"))}


def _audio(path: str, part: ContentPart) -> NativeFields:
    given = known_fields(f"{path}.input_audio", part_field(path, part, "input_audio"), "data", "format")
    encoding, content = (require_string(f"{path}.input_audio.{key}", given.get(key)) for key in ("format", "data"))
    return {"type": "AUDIO", "audioUrl": {"url": f"data:audio/{encoding};base64,{content}"}}


def _file(path: str, part: ContentPart) -> NativeFields:
    # A file's name is for people; a file_id is of a store that this surface does not reach.
    given = known_fields(f"{path}.file", part_field(path, part, "file"), "file_data", "filename")
    url = require_string(f"{path}.file.file_data", given.get("file_data"))
    if not url.startswith("data:"):
        raise refusal(f"{path}.file.file_data", "must be a data URL, such as data:application/pdf;base64,…")
    return {"type": "DOCUMENT", "documentUrl": {"url": url}}


def _linked(kind: str) -> Any:
    """Return what carries ``video_url`` or ``audio_url``, as vLLM's clients have them."""
    name = f"{kind.lower()}_url"

    def make(path: str, part: ContentPart) -> NativeFields:
        given = known_fields(f"{path}.{name}", part_field(path, part, name), "url")
        return {"type": kind, f"{kind.lower()}Url": {"url": require_string(f"{path}.{name}.url", given.get("url"))}}

    return make


NAME_ONLY: Final = frozenset({"name"})
FIELDS: Final = {
    "system": NAME_ONLY,
    "developer": NAME_ONLY,
    "user": NAME_ONLY,
    "assistant": NAME_ONLY | {"annotations", "reasoning", "reasoning_content", "refusal", "tool_calls"},
    "tool": frozenset({"tool_call_id", "name"}),  # the name is that of the call
}

PARTS: Final[PartTable] = {
    "text": text_part,
    "image_url": lambda path, part: {"type": "IMAGE", "imageUrl": image_url(path, part)},
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
