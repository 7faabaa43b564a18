"""COHEREV2, the chat format of Cohere's vision and reasoning models (docs: CohereChatRequestV2)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from mock_oci.model.replies import Reply, ToolCall, words_of
from mock_oci.services.generative_ai.native.cohere import response_format
from mock_oci.services.generative_ai.native.cohere_rules import SAMPLING
from mock_oci.services.generative_ai.native.format import Answer, Format
from mock_oci.services.generative_ai.native.refusal import check_shape, from_cohere, misshapen, unanswered
from mock_oci.services.shapes import each, link, mapping, one_by, one_of, record, text, truth
from mock_oci.services.shapes import whole as whole_number
from mock_oci.wire import Body

_PIECE = 12  # characters of arguments per event


def check(model: str, request: Body) -> None:
    """Raise Refused for a wrong shape, and for tool calls that no tool message answers."""
    del model
    check_shape(_SHAPE, request, "chatRequest")
    if not request["messages"]:
        raise misshapen("chatRequest.messages is empty")
    open_calls: set[Any] = set()
    for message in [*request["messages"], {"role": "USER"}]:
        if message["role"] == "TOOL":
            open_calls.discard(message["toolCallId"])
        elif open_calls:
            raise from_cohere(unanswered(open_calls))
        else:
            open_calls = {call["id"] for call in message.get("toolCalls") or ()}


def asked(request: Body) -> Body:
    """Write the request in OpenAI's words."""
    chat: Body = {"messages": [_message(message) for message in request["messages"]]}
    chat |= {"max_tokens": request.get("maxTokens"), "stop": request.get("stopSequences")}
    chat["response_format"] = response_format(request)
    if request.get("tools"):
        chat["tools"] = [{"type": "function", "function": tool["function"]} for tool in request["tools"]]
        chat["tool_choice"] = (request.get("toolsChoice") or "auto").lower()
    return chat


def _message(message: Body) -> Body:
    chat_message: Body = {
        "role": message["role"].lower(),
        "content": [_part(part) for part in message.get("content") or ()],
    }
    if message.get("toolCalls"):
        chat_message["tool_calls"] = message["toolCalls"]
    return chat_message


def _part(part: Body) -> Body:
    if part["type"] == "IMAGE_URL":
        return {"type": "image_url", "image_url": part["imageUrl"]}
    return {"type": "text", "text": part.get("text") or ""}


def whole(answer: Answer) -> Body:
    reply = answer.replies[0]
    id_ = hashlib.sha256(f"{answer.model}/{answer.serial}".encode()).hexdigest()[:32]
    response: Body = {"id": id_, "message": _said(reply), "finishReason": _finish(reply), "usage": answer.usage}
    if answer.request.get("isLogProbsEnabled"):
        # oci.generative_ai_inference.models.LogProbability; every token is equally likely to the emulator.
        response["logProbabilities"] = [
            {"tokenIds": [number], "text": piece, "logProbabilities": [-0.25]}
            for number, piece in enumerate(reply.pieces)
        ]
    return {"apiFormat": "COHEREV2", **response}


def _said(reply: Reply) -> Body:
    content = [*_thought(reply.reasoning), *(_text(reply.text) if not reply.tool_calls else [])]
    message: Body = {"role": "ASSISTANT", "content": content}
    if reply.tool_calls:
        message |= {"toolPlan": reply.text, "toolCalls": [_call(call, call.arguments) for call in reply.tool_calls]}
    return message


def events(answer: Answer) -> Iterator[Body]:
    """Yield text in pieces (the plan, before tool calls), the calls in fragments, and an end that says only why.

    Source: langchain_oci's unit tests of the vision models; tool calls are streamed as Cohere's own V2 does.
    """
    reply = answer.replies[0]
    for piece in words_of(reply.reasoning):
        yield _event({"content": _thought(piece)})
    for piece in reply.pieces:
        yield _event({"toolPlan": piece} if reply.tool_calls else {"content": _text(piece)})
    for call in reply.tool_calls:
        yield _event({"toolCalls": [_call(call, "")]})
        for start in range(0, len(call.arguments), _PIECE):
            part = {"type": "FUNCTION", "function": {"arguments": call.arguments[start : start + _PIECE]}}
            yield _event({"toolCalls": [part]})
    usage = {"usage": answer.usage} if answer.streams_usage else {}
    yield {**_event({}), "finishReason": _finish(reply), **usage}


def _event(fields: Body) -> Body:
    return {"apiFormat": "COHEREV2", "message": {"role": "ASSISTANT", **fields}}


def _call(call: ToolCall, arguments: str) -> Body:
    return {"id": call.id, "type": "FUNCTION", "function": {"name": call.name, "arguments": arguments}}


def _text(text: str) -> list[Body]:
    return [{"type": "TEXT", "text": text}]


def _thought(text: str) -> list[Body]:
    return [{"type": "THINKING", "thinking": text}] if text else []


def _finish(reply: Reply) -> str:
    return _FINISH.get(reply.finish_reason, reply.finish_reason.upper())


_TYPE = {"type": text}
_IMAGE_URL = record({"url": link, "detail": one_of("AUTO", "LOW", "HIGH")}, ["url"])
_CONTENT = each(
    one_by(
        "type",
        {
            "TEXT": record({**_TYPE, "text": text}, ["text"]),
            "IMAGE_URL": record({**_TYPE, "imageUrl": _IMAGE_URL}, ["imageUrl"]),
            "DOCUMENT": record({**_TYPE, "document": mapping}, ["document"]),
            "THINKING": record({**_TYPE, "thinking": text}, ["thinking"]),
        },
    )
)
_SAID = {"role": text, "content": _CONTENT}
_TOOL_CALL = record({**_TYPE, "id": text, "function": mapping}, ["id", "type", "function"])
_MESSAGE = one_by(
    "role",
    {
        "SYSTEM": record(_SAID, ["content"]),
        "USER": record(_SAID, ["content"]),
        "ASSISTANT": record(
            {**_SAID, "toolPlan": text, "toolCalls": each(_TOOL_CALL), "citations": each(mapping)},
        ),
        "TOOL": record({**_SAID, "toolCallId": text}, ["toolCallId"]),
    },
)
_FUNCTION = record({"name": text, "description": text, "parameters": mapping}, ["name", "parameters"])

_SHAPE = record(
    {
        **SAMPLING,
        "apiFormat": text,
        "messages": each(_MESSAGE),
        "citationOptions": record({"mode": one_of("FAST", "ACCURATE", "OFF")}),
        "toolsChoice": one_of("REQUIRED", "NONE"),
        "tools": each(one_by("type", {"FUNCTION": record({**_TYPE, "function": _FUNCTION}, ["function"])})),
        "isStrictToolsEnabled": truth,
        "isLogProbsEnabled": truth,
        "thinking": record({**_TYPE, "tokenBudget": whole_number(1)}, ["type"]),
        "priority": whole_number(0),
    },
    ["messages"],
)
_FINISH = {
    "stop": "COMPLETE",
    "length": "MAX_TOKENS",
    "tool_calls": "TOOL_CALL",
    "content_filter": "ERROR_TOXIC",
    "failed": "ERROR",
}

FORMAT = Format(check, asked, whole, events, plans=True)
