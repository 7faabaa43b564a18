"""GENERIC, the chat format of Meta, xAI, OpenAI, Google and imported models (docs: GenericChatResponse)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from mock_oci.model.replies import Reply, words_of
from mock_oci.services.generative_ai.native.format import Answer, Format
from mock_oci.services.generative_ai.native.generic_rules import check
from mock_oci.services.generative_ai.native.tool_call_dialects import deltas, written_call
from mock_oci.wire import Body


def asked(request: Body) -> Body:
    """Write the request in OpenAI's words."""
    chat = {theirs: request[ours] for ours, theirs in _SAME.items() if request.get(ours) is not None}
    chat["messages"] = [_message(message) for message in request["messages"]]
    if request.get("tools"):
        chat["tools"] = [{"type": "function", "function": _without_type(tool)} for tool in request["tools"]]
    if request.get("toolChoice"):
        choice = request["toolChoice"]
        function = {"type": "function", "function": {"name": choice.get("name")}}
        chat["tool_choice"] = function if choice["type"] == "FUNCTION" else choice["type"].lower()
    if request.get("responseFormat"):
        wanted = request["responseFormat"]
        chat["response_format"] = {"type": wanted["type"].lower(), "json_schema": wanted.get("jsonSchema")}
    return chat


def _message(message: Body) -> Body:
    chat_message: Body = {
        "role": message["role"].lower(),
        "content": [_part(part) for part in message.get("content") or ()],
    }
    if message.get("toolCalls"):
        chat_message["tool_calls"] = [
            {"id": call["id"], "type": "function", "function": _without_type(call)} for call in message["toolCalls"]
        ]
    return chat_message


def _part(part: Body) -> Body:
    if part["type"] == "IMAGE":
        return {"type": "image_url", "image_url": part["imageUrl"]}
    return {"type": "text", "text": part.get("text", "")}


def _without_type(described: Body) -> Body:
    return {name: value for name, value in described.items() if name != "type" and value is not None}


def whole(answer: Answer) -> Body:
    created = datetime.fromtimestamp(answer.created, UTC).isoformat(timespec="milliseconds")
    return {
        "apiFormat": "GENERIC",
        "timeCreated": created.replace("+00:00", "Z"),
        "choices": [_choice(answer, index, reply) for index, reply in enumerate(answer.replies)],
        "usage": {
            **answer.usage,
            "promptTokensDetails": {"cachedTokens": 0},
            "completionTokensDetails": {"reasoningTokens": 0},
        },
    }


def _choice(answer: Answer, index: int, reply: Reply) -> Body:
    vendor, silent = answer.target.model.vendor, not (reply.text or reply.tool_calls)
    if vendor in _MAY_BE_SILENT and silent and reply.finish_reason == "length":
        return {"index": index, "finishReason": _finish(vendor, reply)}
    message: Body = {"role": "ASSISTANT", "content": _text(reply.text), "toolCalls": []}
    if reply.tool_calls:
        message["content"] = _text(reply.text) if reply.text else _NO_TEXT.get(vendor)
        message["toolCalls"] = [written_call(vendor, call) for call in reply.tool_calls]
    message |= _beside(reply)
    choice: Body = {"index": index, "message": message, "finishReason": _finish(vendor, reply)}
    return {**choice, **_logprobs(answer.request, reply.pieces)}


def events(answer: Answer) -> Iterator[Body]:
    for index, reply in enumerate(answer.replies):
        yield from _events_of(answer, index, reply)
    if answer.streams_usage:
        yield {"usage": answer.usage}


def _events_of(answer: Answer, index: int, reply: Reply) -> Iterator[Body]:
    """Yield one choice's events; the last of the only choice has no index (seen for Llama.

    Elasticsearch's ocigenai tests).
    """
    vendor = answer.target.model.vendor
    for name, text in _beside(reply).items():
        for piece in words_of(text):
            yield {"index": index, "message": {"role": "ASSISTANT", name: piece}}
    for piece in reply.pieces:
        event = {"index": index, "message": {"role": "ASSISTANT", "content": _text(piece)}}
        yield {**event, **_logprobs(answer.request, (piece,))}
    for delta in deltas(vendor, reply.tool_calls):
        yield {"index": index, "message": {"role": "ASSISTANT", "toolCalls": delta}}
    numbered = {"index": index} if len(answer.replies) > 1 else {}
    last = {"message": {"role": "ASSISTANT", "content": _text("")}, "finishReason": _finish(vendor, reply)}
    yield {**numbered, **last}


def _beside(reply: Reply) -> dict[str, str]:
    """Return what stands beside the content; reasoning was seen streamed by xai.grok-3-mini (langchain_oci)."""
    said = {"reasoningContent": reply.reasoning, "refusal": reply.refusal}
    return {name: text for name, text in said.items() if text}


def _text(text: str) -> list[Body]:
    return [{"type": "TEXT", "text": text}]


def _finish(vendor: str, reply: Reply) -> str:
    return _FINISH.get(vendor, {}).get(reply.finish_reason, reply.finish_reason)


def _logprobs(request: Body, pieces: tuple[str, ...]) -> Body:
    """Return oci.generative_ai_inference.models.Logprobs; every token is equally likely to the emulator."""
    if request.get("logProbs") is None:
        return {}
    offsets = [sum(map(len, pieces[:number])) for number in range(len(pieces))]
    likely = [-0.25] * len(pieces)
    top = [{piece: "-0.25"} for piece in pieces] if request["logProbs"] else []
    logprobs = {"tokens": list(pieces), "tokenLogprobs": likely, "textOffset": offsets, "topLogprobs": top}
    return {"logprobs": logprobs}


_SAME = {
    "numGenerations": "n",
    "stop": "stop",
    "maxTokens": "max_tokens",
    "maxCompletionTokens": "max_completion_tokens",
    "isParallelToolCalls": "parallel_tool_calls",
}
# What a family calls the end when it does not use OpenAI's words (langchain-oracle; litellm's oci/chat/generic.py).
_FINISH = {"google": {"length": "max_tokens"}, "meta": {"tool_calls": "stop"}}

# A choice without any message: Gemini's, when reasoning has used up the limit (BerriAI/litellm#24816).
_MAY_BE_SILENT = frozenset({"google"})
# What stands beside tool calls for no text: null, except that Gemini has a part without its text
# (BerriAI/litellm#18654).
_NO_TEXT = {"google": [{"type": "TEXT"}]}

FORMAT = Format(check, asked, whole, events)
