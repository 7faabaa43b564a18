"""The messages of a chat in OCI's COHEREV2 format.

Source: oci.generative_ai_inference.models.CohereMessageV2 and .CohereContentV2, and their subclasses
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from model_service.openai_api.chat import Message
from model_service.transports.native.formats.messages import (
    SPOKEN,
    ChatTurn,
    ContentPart,
    PartTable,
    image_url,
    native_parts,
    own,
    part_field,
    plain_text,
    reasoning_of,
    refusal_part,
    text_part,
    turns_of,
)
from model_service.transports.native.formats.parameters import NativeFields, require_object, require_string
from model_service.transports.native.formats.translation import Translation


def cohere_v2_messages(messages: Sequence[Message], translation: Translation) -> list[NativeFields]:
    """Return the native messages; raise ``InvalidRequest`` that names what cannot be carried."""
    natives: list[NativeFields] = []
    for turn in turns_of(messages, FIELDS, translation):
        natives.append(_message(turn))
        for result in turn.results:
            content = native_parts(result.path, result.message.get("content"), PARTS) or [dict(PLACEHOLDER)]
            natives.append({"role": "TOOL", "toolCallId": result.call.id, "content": content})
    return natives


def _message(turn: ChatTurn) -> NativeFields:
    message = turn.message
    native: NativeFields = {"role": ROLES[turn.role]}
    thought = reasoning_of(turn.path, message)
    content: list[NativeFields] = [{"type": "THINKING", "thinking": thought}] if thought else []
    # A refusal is what the model said: the format has no other place for it.
    refused = require_string(f"{turn.path}.refusal", message.get("refusal") or "")
    if turn.calls:
        # What the model says about the tools that it calls has a place of its own here.
        plan = plain_text(turn.path, message.get("content"), SPOKEN) + refused
        native["toolCalls"] = [
            {"id": call.id, "type": "FUNCTION", "function": {"name": call.name, "arguments": call.arguments}}
            for call in turn.calls
        ]
        if plan:
            native["toolPlan"] = plan
    else:
        table = PARTS if turn.role != "assistant" else {**PARTS, "refusal": refusal_part}
        said = native_parts(turn.path, message.get("content"), table)
        content += [*said, *([{"type": "TEXT", "text": refused}] if refused else [])] or [dict(PLACEHOLDER)]
    if message.get("citations"):
        native["citations"] = message["citations"]
    return native | ({"content": content} if content else {})


def _document(path: str, part: ContentPart) -> NativeFields:
    return {"type": "DOCUMENT", "document": require_object(f"{path}.document", part_field(path, part, "document"))}


# A message without content is refused (langchain-oracle, chat_models/providers/cohere.py).
PLACEHOLDER: Final[Mapping[str, Any]] = {"type": "TEXT", "text": " "}

ROLES: Final = {
    "system": "SYSTEM",
    "developer": "SYSTEM",
    "user": "USER",
    "assistant": "ASSISTANT",
}

FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "system": frozenset(),
    "developer": frozenset(),
    "user": frozenset(),
    "assistant": frozenset({"citations", "reasoning", "reasoning_content", "refusal", "tool_calls"}),
    "tool": frozenset({"tool_call_id", "name"}),  # the name is that of the call
}

PARTS: Final[PartTable] = {
    "text": text_part,
    "image_url": lambda path, part: {"type": "IMAGE_URL", "imageUrl": image_url(path, part)},
    "document": _document,
    "TEXT": text_part,
    "IMAGE_URL": own,
    "DOCUMENT": own,
}
