"""POST /openai/v1/chat/completions as the inference endpoint serves it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mock_oci.identity.signatures import API_KEY, SIGNATURE
from mock_oci.model.catalogue import Target
from mock_oci.model.example_values import InvalidSchema
from mock_oci.model.local_model import replies_to, usage_of
from mock_oci.model.replies import Reply, ToolCall, Usage, words_of
from mock_oci.operations import Call, Operation, json_response, refusing
from mock_oci.services.generative_ai.chat.quirks import QUIRKS, without_ignored
from mock_oci.services.generative_ai.chat.rules import check_request
from mock_oci.services.generative_ai.openai_errors import openai_error
from mock_oci.services.generative_ai.openai_surface import (
    body_of,
    check_compartment,
    check_encoding,
    id_of,
    native_only,
    no_such_model,
    region_headers,
    target_of,
)
from mock_oci.services.generative_ai.quirks import check_quirks
from mock_oci.wire import Body, Response

_PARTS_OF_ARGUMENTS = 12  # characters per delta: several deltas per call, as a real stream has


@refusing
def complete(call: Call) -> Response:
    """Answer one completion or a stream of chunks. Each error has the body that its real layer words it in."""
    check_compartment(call, "compartmentid", "opc-compartment-id")
    body = body_of(call)
    target = target_of(call, body.get("model"))
    if target is None:
        raise no_such_model(call, body.get("model"))
    if target.model.vendor == "cohere" or "CHAT" not in target.model.capabilities:
        raise native_only()
    check_request(body)
    check_quirks(QUIRKS, target.model.id, body)
    check_encoding(call, body)
    try:
        return _completion(call, target, body).response()
    except InvalidSchema as error:
        raise openai_error(f"Invalid schema: {error}", code="invalid_schema") from error


def _completion(call: Call, target: Target, body: Body) -> _Completion:
    model = target.model.id
    asked = without_ignored(model, body)
    replies = (call.scripted,) if call.scripted else replies_to(asked)
    return _Completion(
        id=id_of("chatcmpl-", model, call.cloud.next_serial()),
        created=int(call.cloud.clock()),
        target=target,
        replies=tuple(reply if reply.usage else replace(reply, usage=usage_of(asked, reply)) for reply in replies),
        stream=bool(body.get("stream")),
        with_usage=bool((body.get("stream_options") or {}).get("include_usage")),
    )


@dataclass(frozen=True)
class _Completion:
    """An answer before it is written, complete or as chunks."""

    id: str
    created: int
    target: Target
    replies: tuple[Reply, ...]
    stream: bool
    with_usage: bool

    def response(self) -> Response:
        headers = region_headers(self.target)
        if not self.stream:
            return json_response(200, self._whole(), headers)
        return Response(200, {"content-type": "text/event-stream", **headers}, self._events())

    def _whole(self) -> dict[str, Any]:
        choices = [
            {"index": n, "message": _message(reply), "logprobs": None, "finish_reason": reply.finish_reason}
            for n, reply in enumerate(self.replies)
        ]
        return {**self._envelope("chat.completion"), "choices": choices, "usage": self._usage()}

    def _events(self) -> Iterator[bytes]:
        envelope = self._envelope("chat.completion.chunk")
        extra = {"usage": None} if self.with_usage else {}
        for index, reply in enumerate(self.replies):
            for delta, finish in _deltas(reply):
                choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
                yield _event({**envelope, "choices": [choice], **extra})
        if self.with_usage:
            yield _event({**envelope, "choices": [], "usage": self._usage()})
        yield b"data: [DONE]\n\n"

    def _envelope(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.target.model.id}

    def _usage(self) -> dict[str, Any]:
        counted = [reply.usage for reply in self.replies if reply.usage]
        total = Usage(counted[0].prompt_tokens, sum(usage.completion_tokens for usage in counted))
        return {
            "prompt_tokens": total.prompt_tokens,
            "completion_tokens": total.completion_tokens,
            "total_tokens": total.total_tokens,
            **(_xai_usage(total) if self.target.model.vendor == "xai" else {}),
        }


def _message(reply: Reply) -> dict[str, Any]:
    content = reply.text or (None if reply.tool_calls or reply.refusal else "")
    message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": reply.refusal or None}
    if reply.tool_calls:
        message["tool_calls"] = [_tool_call(call) for call in reply.tool_calls]
    return message


def _tool_call(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _deltas(reply: Reply) -> Iterator[tuple[dict[str, Any], str | None]]:
    """Yield the role, then text or refusal, then each tool call (its head, then its arguments), then why it ended."""
    yield {"role": "assistant", "content": None if reply.tool_calls and not reply.pieces else ""}, None
    for piece in reply.pieces:
        yield {"content": piece}, None
    for piece in words_of(reply.refusal):
        yield {"refusal": piece}, None
    for index, call in enumerate(reply.tool_calls):
        head = _tool_call(replace(call, arguments=""))
        yield {"tool_calls": [{"index": index, **head}]}, None
        for start in range(0, len(call.arguments), _PARTS_OF_ARGUMENTS):
            part = call.arguments[start : start + _PARTS_OF_ARGUMENTS]
            yield {"tool_calls": [{"index": index, "function": {"arguments": part}}]}, None
    yield {}, reply.finish_reason


def _event(chunk: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(chunk, separators=(",", ":")).encode() + b"\n\n"


def _xai_usage(usage: Usage) -> dict[str, Any]:
    """Return what xAI adds (seen by a third party in a recorded response)."""
    prompt = {"text_tokens": usage.prompt_tokens, "audio_tokens": 0, "image_tokens": 0, "cached_tokens": 0}
    return {"prompt_tokens_details": prompt, "num_sources_used": 0}


@refusing
def unsupported(_call: Call) -> Response:
    """Refuse what OpenAI has and this surface names but does not serve (seen in 2026-06: embeddings, models)."""
    raise native_only()


OPERATIONS = (
    Operation("POST", "/openai/v1/chat/completions", complete, (SIGNATURE, API_KEY), asks_model=True),
    # The base that oci-openai first used, before /openai/v1; it takes no API keys.
    Operation("POST", "/20231130/actions/v1/chat/completions", complete, asks_model=True),
    Operation("POST", "/openai/v1/embeddings", unsupported, (SIGNATURE, API_KEY)),
    Operation("GET", "/20231130/actions/v1/models", unsupported),
)
