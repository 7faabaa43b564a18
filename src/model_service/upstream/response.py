"""An answer of OCI that is under way, whichever library brings it: its status is known, its body not read yet."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import field
from typing import Any, Final

from model_service.errors import ModelServiceError, UpstreamError
from model_service.fn.limits import Limits, json_fits
from model_service.light_dataclasses import dataclass
from model_service.openai_api.encoding import read_json
from model_service.upstream.error_body import error_in, error_in_success, upstream_error
from model_service.upstream.request_log import TrafficLog
from model_service.upstream.sockets import Attempt, current

# Seconds for what may still come of a stream in which every choice has given its reason to finish: the usage, if it was
# asked for, and the end of the body, which OCI is known to leave open.
# Some backends give a reason with every chunk, or before a tool call: then more comes, in the pace of a model.
USAGE_SECONDS: Final = 2.0
END_SECONDS: Final = 1.0

# Of a body that nobody wants, so that its connection can be used again.
DRAIN_SECONDS: Final = 0.2
MAX_DRAINED_BYTES: Final = 65536

EVENT_STREAM: Final = re.compile(rb"(data|event|id|retry)?:|(data|event|id|retry)[\r\n]")


@dataclass
class UpstreamResponse(ABC):
    """``raw`` is the library's own: of httpx or of requests, which agree on all that is used of it here."""

    raw: Any
    attempt: Attempt
    log: TrafficLog | None
    limits: Limits
    _is_read: bool = field(default=False, init=False)
    _is_broken: bool = field(default=False, init=False)

    @property
    def status(self) -> int:
        status: int = self.raw.status_code
        return status

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def opc_request_id(self) -> str | None:
        return self.header("opc-request-id")

    @property
    def is_stream(self) -> bool:
        """Return whether it says that it is a stream; a media type is the same in capitals (RFC 9110, 8.3.1)."""
        return (self.header("content-type") or "").strip().lower().startswith("text/event-stream")

    def header(self, name: str) -> str | None:
        value: str | None = self.raw.headers.get(name)
        return value

    def read(self) -> bytes:
        """Return the whole body, decompressed."""
        return b"".join(self.iter_bytes())

    def iter_bytes(self) -> Generator[bytes, None, None]:
        """Yield the body, decompressed, as it comes.

        Close it to stop early, which closes the connection, unless everything was said and only the end was missing.

        Raises ``UpstreamError`` with ``upstream_answer_too_large`` beyond what ``limits`` allow.
        """
        size = unended = 0
        max_bytes = self.limits.stream_bytes if self.is_stream else self.limits.answer_bytes
        max_line = self.limits.line_bytes if self.is_stream else max_bytes
        pieces = self._decompressed()
        with self._open(pieces):
            while piece := self._next_of(pieces):
                size += len(piece)
                end = max(piece.rfind(b"\n"), piece.rfind(b"\r"))
                unended = len(piece) - end - 1 + (unended if end < 0 else 0)
                if size > max_bytes or unended > max_line:
                    raise self.too_large()
                yield piece

    def sniffed(self) -> tuple[bool, Generator[bytes, None, None]]:
        """Return whether the body is server-sent events, and the body, as ``iter_bytes`` yields it.

        The media type may be wrong: a stream is labelled JSON, or an error in JSON is labelled a stream.
        """
        pieces = self.iter_bytes()
        head = b""
        for piece in pieces:
            head = (head + piece).lstrip(b"\xef\xbb\xbf \t\r\n")
            if head[:1] in (b"{", b"[") or len(head) >= len("retry:"):
                break
        is_json = head[:1] in (b"{", b"[")
        is_stream = not is_json and (self.is_stream or EVENT_STREAM.match(head) is not None)
        return is_stream, _resumed(head, pieces)

    def expect_end(self, within: float) -> None:
        """Wait no longer than ``within`` seconds for what follows.

        Everything has come that should: the end of a body is not waited for
        (https://github.com/cohere-ai/cohere-python/issues/756).
        """
        self.attempt.expect_end(within)

    def to_error(self) -> UpstreamError:
        """Return the error that the body describes, for a status that is none of success."""
        head = b""
        # What has come is enough to say what OCI refused.
        with closing(self.iter_bytes()) as pieces, suppress(ModelServiceError):
            for piece in pieces:
                head += piece
                if len(head) >= self.limits.error_bytes:
                    break
        retry_after = self.header("retry-after")
        head = head[: self.limits.error_bytes]
        error = upstream_error(self.status, head, opc_request_id=self.opc_request_id, retry_after=retry_after)
        if self.status == 401:
            # Imported on first use: it is for errors only.
            from model_service.upstream.clock import skew_hint  # noqa: PLC0415 - see above

            error.hint = skew_hint(self.header("date"))
        return error

    def too_large(self) -> UpstreamError:
        """Return the error for an answer that would take more memory than there is for it."""
        return UpstreamError(
            "OCI's answer is larger than this function has memory for.",
            code="upstream_answer_too_large",
            hint="Ask for less, or give the function more memory.",
            opc_request_id=self.opc_request_id,
        )

    def close(self) -> None:
        """Leave the body unread."""
        with self._open(self._decompressed()):
            pass

    @abstractmethod
    def _received(self) -> Iterator[bytes]:
        """Yield the body as it is on the wire."""

    @abstractmethod
    def _failures(self) -> AbstractContextManager[None]:
        """Turn the library's exceptions into ours inside it."""

    def _decompressed(self) -> Iterator[bytes]:
        coding = self.header("content-encoding")
        if not coding:
            return self._received()
        from model_service.upstream.decompression import decompressed  # noqa: PLC0415 - most answers have no use for it

        return decompressed(self._received(), coding)

    def _next_of(self, pieces: Iterator[bytes]) -> bytes:
        """Return the next piece, empty at the end; where all is said, nothing can be late or broken any more."""
        if self.attempt.quiet_until is not None and self.attempt.is_over():
            return b""
        # Set for each step and not for the loop: between two steps the reader of the stream runs.
        token = current.set(self.attempt)
        try:
            piece = next(pieces, b"")
        except Exception:  # noqa: BLE001 - it is raised again, as ours where it is one of the library's
            return self._end_broken()
        finally:
            current.reset(token)
        self._is_read = not piece
        if self.log is not None:
            self.log.saw(piece)
        return piece

    def _end_broken(self) -> bytes:
        """Raise what is being handled as an error of ours; return an end where all was said."""
        self._is_broken = True
        try:
            with self._failures():
                raise  # noqa: PLE0704 - it is called where an exception is handled
        except ModelServiceError:
            if self.attempt.quiet_until is None:
                raise
        return b""

    @contextmanager
    def _open(self, pieces: Iterator[bytes]) -> Iterator[None]:
        try:
            yield
        finally:
            all_is_said = self.attempt.quiet_until is not None or not self.is_success
            if all_is_said and not self._is_read and not self._is_broken:
                self._drain(pieces)
            if not self._is_read:
                self.attempt.abandon()
            self.raw.close()
            if self.log is not None:
                self.log.answered(self.status, self.opc_request_id)

    def _drain(self, pieces: Iterator[bytes]) -> None:
        """Read what is left of a body that nobody wants, if it is little and comes at once.

        A connection can be used again only after the end.
        """
        self.attempt.expect_end(DRAIN_SECONDS)
        drained = 0
        while drained < MAX_DRAINED_BYTES and (piece := self._next_of(pieces)):
            drained += len(piece)


def _resumed(head: bytes, pieces: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
    with closing(pieces):
        yield head
        yield from pieces


def read_value(response: UpstreamResponse, pieces: Iterable[bytes] | None = None, expected: str = "JSON") -> Any:
    """Return the JSON that an answer is.

    ``pieces`` are its body, where that has been begun, and ``expected`` is what a message calls it.

    Raises the error that OCI put in its place, ``UpstreamError`` with ``connection_lost`` where it is cut off or no
    JSON, and one with ``upstream_answer_too_large`` for what does not fit into memory.
    """
    body = bytearray()
    for piece in response.iter_bytes() if pieces is None else pieces:
        body += piece
    if not json_fits(body, response.limits.json_bytes):
        raise response.too_large()
    try:
        text = body.decode("utf-8-sig", "surrogatepass")
        body.clear()  # or a large answer would be in memory once more than need be
        value = read_json(text)
    except ValueError:
        raise UpstreamError(
            f"OCI answered with something other than {expected}.",
            code="connection_lost",
            opc_request_id=response.opc_request_id,
        ) from None
    if _is_error(value):
        raise error_in_success(value, "OCI answered with an error.", opc_request_id=response.opc_request_id)
    return value


def _is_error(value: Any) -> bool:
    # A response (of Responses) that failed has an error inside it, and is an answer.
    return error_in(value) is not None and not (isinstance(value, dict) and value.get("object") == "response")


def read_object(response: UpstreamResponse, pieces: Iterable[bytes] | None = None) -> dict[str, Any]:
    """Return the JSON object that an answer is, an empty one for a success without a body; raise as ``read_value``."""
    if response.status in STATUSES_WITHOUT_BODY:
        response.close()
        return {}
    value = read_value(response, pieces)
    if not isinstance(value, dict):
        raise UpstreamError("OCI answered with JSON that is not an object.", opc_request_id=response.opc_request_id)
    return value


STATUSES_WITHOUT_BODY: Final = frozenset({204, 205})  # RFC 9110, 15.3.5 and 15.3.6
