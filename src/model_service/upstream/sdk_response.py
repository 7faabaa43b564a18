"""An answer that the SDK brings, while it is under way; and what can go wrong on the way, in errors of ours.

Importing this module brings ``oci``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Final
from urllib.parse import urlsplit

import urllib3.exceptions
from oci._vendor import requests

from model_service.errors import DeadlineExceeded, ModelServiceError, UpstreamUnreachable
from model_service.upstream.response import UpstreamResponse

PIECE_BYTES: Final = 65536  # at most, that are read at a time


class SdkUpstreamResponse(UpstreamResponse):
    """Over ``requests.Response``."""

    def _received(self) -> Iterator[bytes]:
        return iter(lambda: self.raw.raw.read1(PIECE_BYTES, decode_content=False), b"")

    def _failures(self) -> AbstractContextManager[None]:
        return failures(self.raw.url)


@contextmanager
def failures(url: str) -> Iterator[None]:
    """Turn the exceptions of requests and of urllib3 into ours, here and nowhere else; around a call as around the
    reading of a stream."""
    try:
        yield
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
        raise _failure(error, urlsplit(url).hostname or "") from error


def _failure(error: BaseException, host: str) -> ModelServiceError:
    # requests' exceptions wrap urllib3's: the outermost that a row names is the one.
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
    (urllib3.exceptions.SSLError, _cannot_connect),
)
