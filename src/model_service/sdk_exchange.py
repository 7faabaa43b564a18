"""An answer that the SDK brings, while it is under way; and what can go wrong on the way, in errors of ours.

Importing this module brings ``oci``.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import urllib3.exceptions
from oci._vendor import requests

from model_service.errors import DeadlineExceeded, ModelServiceError, UpstreamError, UpstreamUnreachable
from model_service.sdk_network import Wire
from model_service.traffic_log import TrafficLog
from model_service.upstream_errors import upstream_error

PIECE: Final = 65536  # bytes, at most, that are read at a time
LONGEST_ERROR: Final = 65536  # bytes of an error's body that are read


@dataclass(frozen=True)
class NativeExchange:
    """An answer of OCI that is under way: its status and headers are known, its body not read yet."""

    response: Any  # requests.Response
    wire: Wire
    log: TrafficLog

    @property
    def status(self) -> int:
        status: int = self.response.status_code
        return status

    @property
    def opc_request_id(self) -> str | None:
        return self.header("opc-request-id")

    @property
    def is_stream(self) -> bool:
        return (self.header("content-type") or "").startswith("text/event-stream")

    def header(self, name: str) -> str | None:
        value: str | None = self.response.headers.get(name)
        return value

    def read(self) -> bytes:
        """The whole body."""
        return b"".join(self.pieces())

    def pieces(self) -> Generator[bytes, None, None]:
        """The body as it comes; close it to stop early, which closes the connection."""
        with self._open(), failures(self.response.url):
            while piece := self._next():
                self.log.saw(piece)
                yield piece

    def expect_end(self, within: float) -> None:
        """Everything has come that should: an end of the body that does not come in ``within`` seconds is none
        to wait for (https://github.com/cohere-ai/cohere-python/issues/756)."""
        self.wire.patience = within

    def refusal(self) -> UpstreamError:
        """The error that the body describes, for a status that is none of success."""
        head = b""
        # What has come is enough to say what OCI refused.
        with closing(self.pieces()) as pieces, suppress(DeadlineExceeded, UpstreamUnreachable):
            for piece in pieces:
                head += piece
                if len(head) >= LONGEST_ERROR:
                    break
        retry_after = self.header("retry-after")
        return upstream_error(self.status, head, opc_request_id=self.opc_request_id, retry_after=retry_after)

    def _next(self) -> bytes:
        # Around each read and not around the loop: between two of them the reader of the stream runs.
        with self.wire.in_use():
            try:
                piece: bytes = self.response.raw.read1(PIECE, decode_content=True)
            except (urllib3.exceptions.ReadTimeoutError, DeadlineExceeded):
                if self.wire.patience is None:
                    raise
                return b""  # all is said: there is nothing to be late for
        return piece

    @contextmanager
    def _open(self) -> Iterator[None]:
        try:
            yield
        finally:
            self.response.close()
            self.log.answered(self.status, self.opc_request_id)


@contextmanager
def failures(url: str) -> Iterator[None]:
    """The exceptions of the SDK, of requests and of urllib3 become ours, here and nowhere else; around a call as
    around the reading of a stream."""
    try:
        yield
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
        raise _failure(error, urlsplit(url).hostname or "") from error


def _failure(error: BaseException, host: str) -> ModelServiceError:
    # The SDK wraps requests' exceptions, which wrap urllib3's: the outermost that a row names is the one.
    causes = list(_causes(error))
    for cause in causes:
        for kind, failure in FAILURES:
            if isinstance(cause, kind):
                return failure(host, causes)
    return UpstreamUnreachable("The connection to OCI broke.", code="connection_lost")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _cannot_connect(host: str, causes: Sequence[BaseException]) -> ModelServiceError:
    # The innermost says "[Errno -2] Name or service not known", or "certificate verify failed"; those around it
    # quote the URL.
    return UpstreamUnreachable(f"Cannot connect to {host}: {causes[-1]}.")


FAILURES: Final[Sequence[tuple[type[Exception], Callable[[str, Sequence[BaseException]], ModelServiceError]]]] = (
    (urllib3.exceptions.NewConnectionError, _cannot_connect),  # before its parent, the next row
    (
        urllib3.exceptions.ConnectTimeoutError,
        lambda *_: UpstreamUnreachable("OCI did not accept a connection in time."),
    ),
    (
        urllib3.exceptions.ReadTimeoutError,
        lambda *_: DeadlineExceeded("OCI did not answer before the deadline of this invocation."),
    ),
    (
        urllib3.exceptions.DecodeError,
        lambda *_: UpstreamUnreachable("OCI sent a body that cannot be decompressed."),
    ),
    (urllib3.exceptions.SSLError, _cannot_connect),
)
