"""The messages of a chat in OCI's COHEREV2 format.

Source: oci.generative_ai_inference.models.CohereMessageV2 and .CohereContentV2, and their subclasses
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

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
    plain_text,
    text_part,
    turns_of,
)
from model_service.transports.native.formats.parameters import NativeFields, require_object, require_string


def cohere_v2_messages(messages: Sequence[Message]) -> list[NativeFields]:
    """Raises ``InvalidRequest`` that names what cannot be carried."""
    natives: list[NativeFields] = []
    for turn in turns_of(messages):
        check_fields(turn.path, turn.message, FIELDS)
        natives.append(_message(turn))
        natives += [_tool_message(result) for result in turn.results]
    return natives


def _message(turn: ChatTurn) -> NativeFields:
    message = turn.message
    native: NativeFields = {"role": ROLES[turn.role]}
    content: list[NativeFields] = []
    if thought := message.get("reasoning_content"):
        content = [{"type": "THINKING", "thinking": require_string(f"{turn.path}.reasoning_content", thought)}]
    if turn.calls:
        # What the model says about the tools that it calls has a place of its own here.
        plan = plain_text(turn.path, message.get("content"))
        native |= {"toolCalls": [_call(call) for call in turn.calls], **({"toolPlan": plan} if plan else {})}
    else:
        content += native_parts(turn.path, message.get("content"), PARTS) or [dict(PLACEHOLDER)]
    if message.get("citations"):
        native["citations"] = message["citations"]
    return native | ({"content": content} if content else {})


def _call(call: ToolCall) -> NativeFields:
    return {"id": call.id, "type": "FUNCTION", "function": {"name": call.name, "arguments": call.arguments or "{}"}}


def _tool_message(result: ToolResult) -> NativeFields:
    check_fields(result.path, result.message, FIELDS)
    content = native_parts(result.path, result.message.get("content"), PARTS)
    return {"role": "TOOL", "toolCallId": result.call.id, "content": content or [dict(PLACEHOLDER)]}


def _document(path: str, part: ContentPart) -> NativeFields:
    return {"type": "DOCUMENT", "document": require_object(f"{path}.document", part.get("document"))}


def _image(path: str, part: ContentPart) -> NativeFields:
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
