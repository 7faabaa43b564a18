"""The messages of a chat in OCI's COHEREV2 format.

Source: oci.generative_ai_inference.models.CohereMessageV2 and .CohereContentV2, and their subclasses
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from model_service.transports.native.formats.messages import (
    Part,
    PartTable,
    ToolCall,
    ToolResult,
    Turn,
    check_fields,
    image_url,
    native_parts,
    own,
    plain_text,
    text_part,
    turns_of,
)
from model_service.transports.native.formats.parameters import Native, obj, text


def cohere_v2_messages(messages: Sequence[Mapping[str, Any]]) -> list[Native]:
    """Raises ``InvalidRequest`` that names what cannot be carried."""
    natives: list[Native] = []
    for turn in turns_of(messages):
        check_fields(turn.path, turn.message, FIELDS)
        natives.append(_message(turn))
        natives += [_tool_message(result) for result in turn.results]
    return natives


def _message(turn: Turn) -> Native:
    message = turn.message
    native: Native = {"role": ROLES[turn.role]}
    content = _thinking(turn)
    if turn.calls:
        # What the model says about the tools that it calls has a place of its own here.
        plan = plain_text(turn.path, message.get("content"))
        native |= {"toolCalls": [_call(call) for call in turn.calls], **({"toolPlan": plan} if plan else {})}
    else:
        content += native_parts(turn.path, message.get("content"), PARTS) or [dict(PLACEHOLDER)]
    if message.get("citations"):
        native["citations"] = message["citations"]
    return native | ({"content": content} if content else {})


def _thinking(turn: Turn) -> list[Native]:
    thought = turn.message.get("reasoning_content")
    return [{"type": "THINKING", "thinking": text(f"{turn.path}.reasoning_content", thought)}] if thought else []


def _call(call: ToolCall) -> Native:
    return {"id": call.id, "type": "FUNCTION", "function": {"name": call.name, "arguments": call.arguments or "{}"}}


def _tool_message(result: ToolResult) -> Native:
    check_fields(result.path, result.message, FIELDS)
    content = native_parts(result.path, result.message.get("content"), PARTS)
    return {"role": "TOOL", "toolCallId": result.call.id, "content": content or [dict(PLACEHOLDER)]}


def _document(path: str, part: Part) -> Native:
    return {"type": "DOCUMENT", "document": obj(f"{path}.document", part.get("document"))}


def _image(path: str, part: Part) -> Native:
    return {"type": "IMAGE_URL", "imageUrl": image_url(path, part)}


# A message without content is refused (langchain-oracle, chat_models/providers/cohere.py).
PLACEHOLDER: Final = {"type": "TEXT", "text": " "}

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
    "assistant": frozenset({"tool_calls"}),
    "tool": frozenset({"tool_call_id", "name"}),  # the name is that of the call
}

PARTS: Final[PartTable] = {
    "text": text_part,
    "image_url": _image,
    "document": _document,
    "TEXT": text_part,
    "IMAGE_URL": own,
    "DOCUMENT": own,
}
