"""An answer that the SDK brings, while it is under way; and what can go wrong on the way, in errors of ours.

Importing this module brings ``oci``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Final

import urllib3.exceptions
from oci._vendor import requests

from model_service.errors import DeadlineExceeded, ModelServiceError, UpstreamUnreachable
from model_service.network import Network
from model_service.network.failures import unreachable
from model_service.upstream.response import UpstreamResponse

PIECE_BYTES: Final = 65536  # at most, that are read at a time


class SdkUpstreamResponse(UpstreamResponse):
    """Over ``requests.Response``."""

    def _received(self) -> Iterator[bytes]:
        return iter(lambda: self.raw.raw.read1(PIECE_BYTES, decode_content=False), b"")

    def _failures(self) -> AbstractContextManager[None]:
        return failures(self.raw.url, Network())


@contextmanager
def failures(url: str, network: Network) -> Iterator[None]:
    """Turn the exceptions of requests and of urllib3 into ours, here and nowhere else.

    Around a call as around the reading of a stream.
    """
    try:
        yield
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
        raise _failure(error, url, network) from error


def _failure(error: BaseException, url: str, network: Network) -> ModelServiceError:
    # requests' exceptions wrap urllib3's: the outermost that a row names is the one.
    causes = list(_causes(error))
    for cause in causes:
        for kind, failure in FAILURES:
            if isinstance(cause, kind):
                return failure(causes[-1], url, network)
    return UpstreamUnreachable("The connection to OCI broke.", code="connection_lost")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _cannot_connect(innermost: BaseException, url: str, network: Network) -> ModelServiceError:
    # It says "[Errno -2] Name or service not known", or "certificate verify failed"; those around it quote the URL.
    return unreachable(url, innermost, network)


FAILURES: Final[Sequence[tuple[type[Exception], Callable[[BaseException, str, Network], ModelServiceError]]]] = (
    (urllib3.exceptions.NewConnectionError, _cannot_connect),  # before its parent, the next row
    (urllib3.exceptions.ConnectTimeoutError, _cannot_connect),
    (urllib3.exceptions.ProxyError, _cannot_connect),
    (
        urllib3.exceptions.ReadTimeoutError,
        lambda *_: DeadlineExceeded("OCI did not answer before the deadline of this invocation."),
    ),
    (urllib3.exceptions.SSLError, _cannot_connect),
)
