"""The stages that a stream passes on its way out, in their order: first its chunks, then the bytes they are written as.

Each stage is a generator around the one before it. What a stage raises ends the stream with an error of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from model_service.errors import AnswerTooLarge, InternalError, ModelServiceError
from model_service.fn.reply import MAX_REPLY_BYTES
from model_service.light_dataclasses import dataclass
from model_service.logs import log
from model_service.openai_api.chat import Stream, ended_in_time, without_usage
from model_service.openai_api.encoding import Encoding
from model_service.trace import Trace

if TYPE_CHECKING:
    from model_service.fn.invocation import Deadline
    from model_service.oci_services.large_payloads import Overflow

CLOSING_BYTES: Final = 262_144  # kept back of what the platform lets out, for the chunk that tells why it ends
MAX_TOGETHER_BYTES: Final = 65_536  # of chunks that leave in one piece


def chunk_stages(stream: Stream, trace: Trace, overflow: Overflow | None, deadline: Deadline) -> Stream:
    """Return the stream with its chunks kept for Object Storage, safe from bugs and noted in the log.

    Without usage that its caller did not ask for.
    """
    if overflow is not None and stream.encoding is None:
        stream = overflow.catching(stream, deadline)
    stream = trace.watch(replace(stream, chunks=_without_bugs(stream.chunks)))
    return replace(stream, chunks=without_usage(stream.chunks)) if stream.hides_usage else stream


def byte_stages(stream: Stream, encoding: Encoding) -> Iterator[bytes]:
    """Return the stream as bytes, closed properly at the deadline and cut at the size that the platform lets out."""
    chunks = stream.chunks if stream.encoding else ended_in_time(stream.chunks)
    limit, together = _SizeLimit(), _Together()
    return together.joined(limit.measured(encoding.write(together.noted(limit.limited(chunks, stream)))))


def logged_at_its_end(pieces: Iterator[bytes], trace: Trace) -> Iterator[bytes]:
    """Yield the same pieces, and write the log line after the last one, or when nobody wants the next."""
    trace.begin("stream")
    try:
        yield from pieces
    finally:
        trace.write(None)


def internal_error(bug: Exception) -> InternalError:
    """Return what is told of something that nobody expected; its words are logged, and may quote a prompt."""
    log.write_bug(bug)
    return InternalError("An internal error; the log of the function has more.")


def _without_bugs(chunks: Iterator[Any]) -> Iterator[Any]:
    try:
        yield from chunks
    except ModelServiceError:
        raise
    except Exception as bug:
        raise internal_error(bug) from bug


@dataclass
class _Together:
    """Let chunks that came together leave together: to write each by itself takes longer than all else about it."""

    is_followed: bool = False

    def noted(self, chunks: Iterator[Any]) -> Iterator[Any]:
        """Yield the same chunks, noting of each whether the next one is at hand."""
        for chunk in chunks:
            self.is_followed = getattr(chunk, "is_followed", False)  # of a TextChunk
            yield chunk

    def joined(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the pieces, joined as long as the next one need not be waited for."""
        waiting = bytearray()
        for piece in pieces:
            waiting += piece
            if not self.is_followed or len(waiting) > MAX_TOGETHER_BYTES:
                yield bytes(waiting)
                waiting.clear()
        if waiting:
            yield bytes(waiting)


@dataclass
class _SizeLimit:
    """Count what goes out, and end a stream that the platform would not let through to its end."""

    size: int = 0
    full: bool = False
    ended: bool = False  # what comes then is about the end, for which there is room

    def measured(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the same pieces; the first one without room is left out, and makes ``limited`` end."""
        for piece in pieces:
            if not self.ended and self.size + len(piece) > MAX_REPLY_BYTES - CLOSING_BYTES:
                self.full = True
            else:
                self.size += len(piece)
                yield piece

    def limited(self, chunks: Iterator[Any], stream: Stream) -> Iterator[Any]:
        """Yield chunks while there is room, then one that says where the rest is, or raise ``AnswerTooLarge``."""
        try:
            yield from self._until_full(chunks)
        finally:
            self.ended = True
        if self.full:
            if stream.rest_elsewhere is None:
                limit = f"the {MAX_REPLY_BYTES} bytes that the platform lets out"
                raise AnswerTooLarge(f"The answer is longer than {limit}.")
            yield stream.rest_elsewhere(chunks)

    def _until_full(self, chunks: Iterator[Any]) -> Iterator[Any]:
        for chunk in chunks:
            if self.full:
                return
            yield chunk
