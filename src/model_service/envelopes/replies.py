"""An answer or an error as the body of a reply: the same at every doorway."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from model_service.errors import AnswerTooLarge, InvalidRequest, ModelServiceError
from model_service.fn.reply import LARGEST, Reply
from model_service.openai_api.chat import Answer, Complete, Stream, ended_in_time
from model_service.openai_api.encoding import ENCODINGS, write_json

ROOM_TO_END: Final = 262_144  # bytes kept back of what the platform lets out, for the chunk that tells why it ends


def stream_format(body: Mapping[str, Any], accept: str = "") -> str:
    """The encoding that a stream is asked for in: ``stream_format`` in the body, else the ``Accept`` header."""
    named = body.get("stream_format")
    if named is None:
        return next((name for name, encoding in ENCODINGS.items() if encoding.content_type in accept), "sse")
    if not isinstance(named, str) or named not in ENCODINGS:
        raise InvalidRequest(f"stream_format: must be one of {', '.join(ENCODINGS)}", param="stream_format")
    return named


def reply_with(answer: Answer, stream_format: str) -> Reply:
    """JSON for a complete answer; a stream as events or lines, which are made as they are taken."""
    request_id = {"opc-request-id": answer.opc_request_id} if answer.opc_request_id else {}
    if isinstance(answer, Complete):
        return Reply(answer.status, write_json(answer.completion), {"content-type": "application/json", **request_id})
    encoding = (answer.encoding if stream_format == "sse" else None) or ENCODINGS[stream_format]
    chunks = answer.chunks if answer.encoding else ended_in_time(answer.chunks)
    meter = _Meter()
    body = meter.measured(encoding.write(meter.limited(chunks, answer)))
    kind = {"content-type": encoding.content_type, "cache-control": "no-cache"}
    return Reply(200, body, {**kind, **request_id, **_notes(answer)})


def reply_with_error(error: ModelServiceError, status: int) -> Reply:
    headers = {"content-type": "application/json"}
    if error.opc_request_id:
        headers["opc-request-id"] = error.opc_request_id
    if error.retry_after:
        headers["retry-after"] = error.retry_after
    return Reply(status, write_json(error.body()), headers)


def _notes(answer: Stream) -> dict[str, str]:
    return {"x-model-service-streamed": "false"} if answer.at_once else {}


@dataclass
class _Meter:
    """Counts what goes out, and ends a stream that the platform would not let through to its end."""

    size: int = 0
    full: bool = False
    ended: bool = False  # what comes then is about the end, for which there is room

    def measured(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The same pieces; the first one that there is no room for is left out, and makes ``limited`` end."""
        for piece in pieces:
            if not self.ended and self.size + len(piece) > LARGEST - ROOM_TO_END:
                self.full = True
            else:
                self.size += len(piece)
                yield piece

    def limited(self, chunks: Iterator[Any], answer: Stream) -> Iterator[Any]:
        try:
            yield from self._until_full(chunks)
        finally:
            self.ended = True
        if self.full:
            if answer.rest_elsewhere is None:
                raise AnswerTooLarge(f"The answer is longer than the {LARGEST} bytes that the platform lets out.")
            yield answer.rest_elsewhere(chunks)

    def _until_full(self, chunks: Iterator[Any]) -> Iterator[Any]:
        for chunk in chunks:
            if self.full:
                return
            yield chunk
