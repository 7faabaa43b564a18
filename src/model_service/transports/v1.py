"""V1, OCI's OpenAI-compatible Chat Completions: what the caller wrote goes out, what OCI answered comes back.

Source: https://docs.oracle.com/en-us/iaas/Content/generative-ai/chat-completions-api.htm
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import Any, Final

from model_service.errors import StreamBroken
from model_service.light_dataclasses import dataclass
from model_service.logs.redaction import redact
from model_service.openai_api.chat import (
    ChatRequest,
    Chunk,
    Complete,
    Completion,
    Message,
    Stream,
    chunk_of,
    finish_reasons,
)
from model_service.openai_api.encoding import DONE, read_json, read_named_events
from model_service.routing import Route
from model_service.transports.call import Call, DroppedParameters
from model_service.upstream.client import UpstreamClient
from model_service.upstream.error_body import ErrorBody, error_in, error_in_repr, error_in_success
from model_service.upstream.response import END_SECONDS, USAGE_SECONDS, UpstreamResponse, read_value

OWN_MESSAGE_FIELDS: Final = ("provider_state", "response_items", "response_annotations")
PATH: Final = "/openai/v1/chat/completions"


@dataclass(frozen=True)
class OCIOpenAIModel:
    """A model behind ``/openai/v1/chat/completions``."""

    route: Route
    upstream: UpstreamClient

    def complete(self, request: ChatRequest, call: Call) -> Complete:
        """Return the answer as OCI sent it."""
        dropped = DroppedParameters(call.refuses_unsupported)
        response = self._post(request, call, dropped, stream=False)
        is_stream, pieces = response.sniffed()
        if not is_stream:
            return Complete(_completion(pieces, response), response.opc_request_id, dropped=tuple(dropped.names))
        from model_service.openai_api.accumulator import ChunkAccumulator  # noqa: PLC0415 - a backend's oddity

        whole = ChunkAccumulator()
        for chunk in _chunks(pieces, response, request):
            whole.add(chunk)
        return Complete(whole.completion(), response.opc_request_id, dropped=tuple(dropped.names))

    def stream(self, request: ChatRequest, call: Call) -> Stream:
        """Return the chunks as OCI sends them; one chunk where OCI answers at once."""
        dropped = DroppedParameters(call.refuses_unsupported)
        response = self._post(request, call, dropped, stream=True)
        is_stream, pieces = response.sniffed()
        if is_stream:
            return Stream(_chunks(pieces, response, request), response.opc_request_id, dropped=tuple(dropped.names))
        chunk = chunk_of(_completion(pieces, response))
        return Stream(iter([chunk]), response.opc_request_id, at_once=True, dropped=tuple(dropped.names))

    def _post(self, request: ChatRequest, call: Call, dropped: DroppedParameters, *, stream: bool) -> UpstreamResponse:
        body = self.route.quirks.apply(request.body, dropped.drop) | {"model": self.route.model}
        body["messages"] = list(map(_without_ours, request.messages))
        if stream or "stream" in body:
            body["stream"] = stream
        with call.hints(self.route):
            return self.upstream.send("POST", PATH, body, call.compartment_headers, call.deadline)


def _without_ours(message: Message) -> Message:
    """Return a message without the fields that replies of ours have for the Responses API; the rest is the caller's."""
    if message.keys().isdisjoint(OWN_MESSAGE_FIELDS):
        return message
    return {name: value for name, value in message.items() if name not in OWN_MESSAGE_FIELDS}


def _completion(pieces: Iterable[bytes], response: UpstreamResponse) -> Completion:
    answer = read_value(response, pieces, "a chat completion")
    choices = answer.get("choices") if isinstance(answer, dict) else None
    if not isinstance(choices, list) or not all(map(_is_choice, choices)):
        otherwise = "OCI answered with something other than a chat completion."
        raise error_in_success(answer, otherwise, opc_request_id=response.opc_request_id)
    completion: Completion = answer
    return completion


def _is_choice(value: Any) -> bool:
    message = (value.get("message") or {}) if isinstance(value, dict) else None
    calls = (message.get("tool_calls") or []) if isinstance(message, dict) else None
    return isinstance(calls, list) and all(isinstance(call, dict) for call in calls)


def _chunks(pieces: Iterable[bytes], response: UpstreamResponse, request: ChatRequest) -> Iterator[Chunk]:
    progress = _Progress(request.choices, request.include_usage and not request.hides_usage)
    for name, text in read_named_events(pieces):
        if text == DONE:
            progress.is_done = True
            response.expect_end(END_SECONDS)  # the connection is for the next call then
            break
        chunk = _chunk(name, text, response)
        if chunk is None:
            continue
        progress.note(chunk)
        if progress.is_complete:
            response.expect_end(progress.patience)
        yield chunk
    if not progress.is_complete:
        message = "OCI ended the stream before the answer was complete."
        raise StreamBroken(message, opc_request_id=response.opc_request_id)


@dataclass
class _Progress:
    """How far a stream has come; ``choices`` is how many were asked for.

    A reason to finish alone ends nothing: some backends give one with every chunk, or before the calls of tools
    (https://github.com/songquanpeng/one-api/issues/1477).
    """

    choices: int
    awaits_usage: bool
    seen: set[int] = field(default_factory=set)
    finished: set[int] = field(default_factory=set)
    is_done: bool = False

    def note(self, chunk: Chunk) -> None:
        """Take note of the choices that a chunk goes on with or ends, and of the usage."""
        self.awaits_usage = self.awaits_usage and not chunk.get("usage")
        for index, reason in finish_reasons(chunk).items():
            self.seen.add(index)
            if reason:
                self.finished.add(index)

    @property
    def is_complete(self) -> bool:
        """Whether every choice has ended; ``[DONE]`` says that there are no others."""
        enough = 1 if self.is_done else self.choices
        return len(self.finished) >= enough and len(self.finished) == len(self.seen)

    @property
    def patience(self) -> float:
        """Seconds to wait for what may still come of an answer that could be complete."""
        return USAGE_SECONDS if self.awaits_usage else END_SECONDS


def _chunk(name: str | None, text: str, response: UpstreamResponse) -> Chunk | None:
    """Return the chunk of an event; ``None`` for one that keeps the connection alive or tells of something else.

    Raise ``StreamBroken`` for an error, which may come as JSON or as the repr of a Python dict, and for what is not
    JSON. It quotes the provider, and never the model.
    """
    try:
        value = read_json(text)
    except ValueError:
        error = error_in_repr(text) or ErrorBody(text if name == "error" else "")
    else:
        if isinstance(value, dict) and not value.get("error") and name != "error":
            if value.get("usage") and value.get("choices") is None:
                return {**value, "choices": []}
            if "choices" in value:
                return value
        found = error_in({"error": value} if name == "error" else value)
        if found is None and (value is None or isinstance(value, dict)):
            return None
        error = found or ErrorBody("")
    if not error.message and name not in (None, "message", "error"):
        return None
    raise StreamBroken(
        redact(error.message) or "OCI sent something other than a chunk.",
        code=error.code,
        status=error.status,
        opc_request_id=response.opc_request_id,
    )
