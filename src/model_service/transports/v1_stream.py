"""The stream of V1: which events are chunks, and when the answer that they make is whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field
from itertools import pairwise

from model_service.errors import StreamBroken
from model_service.light_dataclasses import dataclass
from model_service.logs.redaction import redact
from model_service.openai_api.chat import ChatRequest, Chunk, finish_reasons
from model_service.openai_api.encoding import DONE, read_json
from model_service.openai_api.event_stream import read_event_groups
from model_service.openai_api.text_chunks import TextChunks
from model_service.upstream.error_body import ErrorBody, error_in, error_in_repr
from model_service.upstream.response import END_SECONDS, USAGE_SECONDS, UpstreamResponse


def read_chunks(pieces: Iterable[bytes], response: UpstreamResponse, request: ChatRequest) -> Iterator[Chunk]:
    """Yield the chunks of an answer; raise ``StreamBroken`` where OCI says so, or ends before every choice has."""
    progress = _Progress(request.choices, request.include_usage and not request.hides_usage)
    for chunk in _noted(pieces, response, progress):
        if progress.is_complete:
            response.expect_end(progress.patience)
        yield chunk
    if not progress.is_complete:
        message = "OCI ended the stream before the answer was complete."
        raise StreamBroken(message, opc_request_id=response.opc_request_id)


def _noted(pieces: Iterable[bytes], response: UpstreamResponse, progress: _Progress) -> Iterator[Chunk]:
    """Yield the chunks up to ``[DONE]``; ``progress`` knows of each that brings more than text."""
    known = TextChunks()
    for events in read_event_groups(pieces):
        for (name, text), (_, following) in pairwise([*events, (None, "")]):
            if text == DONE:
                progress.is_done = True
                response.expect_end(END_SECONDS)  # the connection is for the next call then
                return
            chunk: Chunk | None = known.read(text, following) if name is None else None
            if chunk is None and (chunk := _chunk(name, text, response)) is not None:
                progress.note(chunk)
                known.learn(text, chunk)
            if chunk is not None:
                yield chunk


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
