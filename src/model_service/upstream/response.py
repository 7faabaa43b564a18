"""An answer of OCI that is under way, whichever library brings it: its status is known, its body not read yet."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from typing import Any, ClassVar, Final

from model_service.errors import DeadlineExceeded, UpstreamError, UpstreamUnreachable
from model_service.upstream.error_body import upstream_error
from model_service.upstream.request_log import TrafficLog
from model_service.upstream.sockets import Conversation

LONGEST_ERROR: Final = 65536  # bytes of an error's body that are read

# Seconds for what may still come of a stream in which every choice has given its reason to finish: the usage, if it was
# asked for, and the end of the body, which OCI is known to leave open.
# Some backends give a reason with every chunk, or before a tool call: then more comes, in the pace of a model.
USAGE_SECONDS: Final = 2.0
END_SECONDS: Final = 1.0

EVENT_STREAM: Final = re.compile(rb"(data|event|id|retry)?:|(data|event|id|retry)[\r\n]")


@dataclass(frozen=True)
class UpstreamResponse(ABC):
    """``response`` is the library's own: of httpx or of requests, which agree on all that is used of it here."""

    response: Any
    conversation: Conversation
    log: TrafficLog

    late: ClassVar[tuple[type[Exception], ...]]
    """What says that nothing has come in time: the library's exceptions, and ``DeadlineExceeded``."""

    @property
    def status(self) -> int:
        status: int = self.response.status_code
        return status

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def opc_request_id(self) -> str | None:
        return self.header("opc-request-id")

    @property
    def is_stream(self) -> bool:
        return (self.header("content-type") or "").strip().lower().startswith("text/event-stream")

    def header(self, name: str) -> str | None:
        value: str | None = self.response.headers.get(name)
        return value

    def read(self) -> bytes:
        """The whole body."""
        return b"".join(self.iter_bytes())

    def iter_bytes(self) -> Generator[bytes, None, None]:
        """The body as it comes; close it to stop early, which closes the connection."""
        coming = self._coming()
        with self._open(), self._failures():
            while piece := self._next_of(coming):
                self.log.saw(piece)
                yield piece

    def sniffed(self) -> tuple[bool, Iterator[bytes]]:
        """Return whether the body is server-sent events, and the body.

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
        return is_stream, chain([head], pieces)

    def expect_end(self, within: float) -> None:
        """Everything has come that should: an end of the body that does not come in ``within`` seconds is none
        to wait for (https://github.com/cohere-ai/cohere-python/issues/756)."""
        self.conversation.expect_end(within)

    def to_error(self) -> UpstreamError:
        """The error that the body describes, for a status that is none of success."""
        head = b""
        # What has come is enough to say what OCI refused.
        with closing(self.iter_bytes()) as pieces, suppress(DeadlineExceeded, UpstreamUnreachable):
            for piece in pieces:
                head += piece
                if len(head) >= LONGEST_ERROR:
                    break
        retry_after = self.header("retry-after")
        return upstream_error(self.status, head, opc_request_id=self.opc_request_id, retry_after=retry_after)

    def close(self) -> None:
        """Leave the body unread."""
        with self._open():
            pass

    @abstractmethod
    def _coming(self) -> Iterator[bytes]:
        """The body as the library has it."""

    @abstractmethod
    def _failures(self) -> AbstractContextManager[None]:
        """The library's exceptions become ours inside it."""

    def _next_of(self, coming: Iterator[bytes]) -> bytes:
        """Empty at the end."""
        # Around each step and not around the loop: between two steps the reader of the stream runs.
        if self.conversation.is_over():
            return b""
        with self.conversation.on_the_wire():
            try:
                return next(coming, b"")
            except self.late:
                if self.conversation.quiet_until is None:
                    raise
                return b""  # all is said: there is nothing to be late for

    @contextmanager
    def _open(self) -> Iterator[None]:
        try:
            yield
        finally:
            self.response.close()
            self.log.answered(self.status, self.opc_request_id)


def read_value(exchange: UpstreamResponse) -> Any:
    """The JSON that an answer is; raises ``UpstreamError`` where it is none."""
    try:
        return json.loads(exchange.read())
    except (ValueError, RecursionError):
        raise UpstreamError(
            "OCI answered with something that is no JSON.", opc_request_id=exchange.opc_request_id
        ) from None


def read_object(exchange: UpstreamResponse) -> dict[str, Any]:
    value = read_value(exchange)
    if not isinstance(value, Mapping):
        raise UpstreamError("OCI answered with JSON that is no object.", opc_request_id=exchange.opc_request_id)
    return dict(value)
