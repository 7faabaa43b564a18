"""What answers in one process for a backend that is served by another: a function's, for the hosts of OCI."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import urlsplit

from mock_oci.wire import Disconnect, Request, Response

_SECONDS = 300.0  # as long as a function may run
_PIECE = 65536
_FRAMING = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})


class ServedElsewhere:
    """Answers as the backend does that is served at ``url``, in another process."""

    def __init__(self, url: str) -> None:
        self._host = urlsplit(url).netloc

    def answer(self, request: Request) -> Response:
        """Send the request as it stands, its host too. Raises Disconnect when the answer does not come."""
        connection = HTTPConnection(self._host, timeout=_SECONDS)
        try:
            connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.items():
                if name not in _FRAMING:
                    connection.putheader(name, value)
            connection.putheader("content-length", str(len(request.body)))
            connection.endheaders(request.body)
            return _read(connection, connection.getresponse(), request.method)
        except (OSError, HTTPException) as error:
            connection.close()
            raise Disconnect(str(error)) from error


def _read(connection: HTTPConnection, answer: HTTPResponse, method: str) -> Response:
    headers = {name.lower(): value for name, value in answer.getheaders() if name.lower() not in _FRAMING}
    if answer.getheader("transfer-encoding"):
        return Response(answer.status, headers, _pieces(connection, answer))
    length = int(answer.getheader("content-length", "0")) if method == "HEAD" else None
    body = answer.read()
    connection.close()
    return Response(answer.status, headers, body, length)


def _pieces(connection: HTTPConnection, answer: HTTPResponse) -> Iterator[bytes]:
    """Yield a chunked body as it comes. Raises Disconnect when it is cut."""
    try:
        while piece := answer.read1(_PIECE):
            yield piece
    except (OSError, HTTPException) as error:
        raise Disconnect(str(error)) from error
    finally:
        connection.close()
