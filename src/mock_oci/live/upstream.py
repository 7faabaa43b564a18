"""A request as it stands, sent to the real service, and its answer as plain data, a stream piece by piece."""

from __future__ import annotations

import contextlib
import http.client
import re
import ssl
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from mock_oci.doors.interception import OUTSIDE
from mock_oci.wire import Disconnect, Request, Response

_TIMEOUT_SECONDS = 300.0
_PIECE_BYTES = 65_536
_METADATA = "169.254.169.254"  # of an instance, which speaks no TLS
# Of one connection, and so not passed on (RFC 9110, 7.6.1); a body is framed and compressed anew.
_HOP_BY_HOP = re.compile(
    r"connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|expect|content-length|(?:content|accept)-encoding"
)
_COMPRESSED = {"gzip": 47, "x-gzip": 47, "deflate": zlib.MAX_WBITS}  # 47: gzip or zlib, whichever it is


class Upstream:
    """Sends requests to the host that they name, over TLS, by the proxy of the environment if there is one.

    ``url``: what answers for every host in its place: a private endpoint, or another local OCI. A request goes out as
    it was signed, except that its answer is asked for uncompressed. Raises ValueError for what is no URL.
    """

    def __init__(self, url: str | None = None, timeout: float = _TIMEOUT_SECONDS) -> None:
        parts = urlsplit(url or "https://none")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} must be a URL, such as http://127.0.0.1:9000")
        self._instead = None if url is None else parts
        self._timeout = timeout

    def send(self, request: Request) -> Response:
        """Return the answer of the host in ``request``'s headers. Raises Disconnect when there is none."""
        headers = {name: value for name, value in request.headers.items() if not _HOP_BY_HOP.fullmatch(name)}
        with OUTSIDE.reached():
            connection = self._connection(headers["host"])
            try:
                connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
                for name, value in {**headers, **_framing(request), "accept-encoding": "identity"}.items():
                    connection.putheader(name, value)
                connection.endheaders(request.body or None)
                answer = connection.getresponse()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                raise Disconnect(f"{headers['host']} cannot be asked: {error}") from error
        return _plain(answer, connection, request.method)

    def _connection(self, host: str) -> http.client.HTTPConnection:
        if self._instead is not None:
            kind = http.client.HTTPSConnection if self._instead.scheme == "https" else http.client.HTTPConnection
            return kind(self._instead.netloc, timeout=self._timeout)
        if host == _METADATA:
            return http.client.HTTPConnection(host, timeout=self._timeout)
        context = ssl.create_default_context()
        proxy = None if proxy_bypass(host) else getproxies().get("https")
        if proxy is None:
            return http.client.HTTPSConnection(host, timeout=self._timeout, context=context)
        connection = http.client.HTTPSConnection(urlsplit(proxy).netloc, timeout=self._timeout, context=context)
        connection.set_tunnel(host)
        return connection


def _framing(request: Request) -> dict[str, str]:
    stated = "content-length" in request.headers or request.method in ("POST", "PUT", "PATCH")
    return {"content-length": str(len(request.body))} if stated or request.body else {}


def _plain(answer: http.client.HTTPResponse, connection: http.client.HTTPConnection, method: str) -> Response:
    headers: dict[str, str] = {}
    for name, value in answer.getheaders():
        key = name.lower()
        if not _HOP_BY_HOP.fullmatch(key):
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
    pieces = _pieces(answer, connection)
    if answer.length is None and method != "HEAD":  # its end is not known beforehand
        return Response(answer.status, headers, pieces)
    return Response(answer.status, headers, b"".join(pieces))


def _pieces(answer: http.client.HTTPResponse, connection: http.client.HTTPConnection) -> Iterator[bytes]:
    """Yield the body as it comes, decompressed. Raises Disconnect when it is cut."""
    compressed = _COMPRESSED.get(answer.getheader("content-encoding", "").lower())
    reader: Any = zlib.decompressobj(compressed) if compressed else None
    with contextlib.closing(connection):
        try:
            while piece := answer.read1(_PIECE_BYTES):
                yield reader.decompress(piece) if reader else piece
        except (OSError, http.client.HTTPException, zlib.error) as error:
            raise Disconnect(f"the answer was cut: {error}") from error
        if answer.length:  # http.client takes an early end for the end when it reads in pieces
            raise Disconnect(f"the answer was cut {answer.length} bytes before its end")
        if reader:
            yield reader.flush()
