"""The two doors of mock_oci, for tests that go through the one that ``--door`` names: a socket, or their process."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from mock_oci import Disconnect, Request, Response, mock_oci, serve

PROCESS, SERVER = "process", "server"
WAIT: Final = 30.0
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection"})


@dataclass(frozen=True)
class OpenDoor:
    """Where clients find a backend: ``url`` has no path; ``send`` is a client that changes nothing of a request."""

    url: str
    send: Callable[[Request], Response]
    is_in_process: bool = False

    def endpoint(self, host: str) -> str:
        """Return the URL at which clients are told to find what OCI has on ``host``."""
        return f"https://{host}" if self.is_in_process else self.url


@contextmanager
def open_door(kind: str, backend: Any) -> Iterator[OpenDoor]:
    """Have a backend answer through the door of this kind while it is entered."""
    if kind == SERVER:
        with serve(backend) as server, ExitStack() as opened:
            yield OpenDoor(server.url, lambda request: _over_a_socket(server.port, request, opened))
        return
    with mock_oci(backend, credentials="none"):
        url = f"https://inference.generativeai.{backend.region}.oci.oraclecloud.com"
        yield OpenDoor(url, lambda request: _in_process(url, request), is_in_process=True)


def _over_a_socket(port: int, request: Request, opened: ExitStack) -> Response:
    """Send a request. What is left of an answer that nobody reads is closed with ``opened``."""
    connection = opened.enter_context(closing(http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT)))
    connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
    length = {"content-length": str(len(request.body))} if request.body else {}
    for name, value in {"host": f"127.0.0.1:{port}", **length, **request.headers}.items():
        connection.putheader(name, value)
    try:
        connection.endheaders(request.body)
        answer = connection.getresponse()
    except http.client.RemoteDisconnected as fault:
        raise Disconnect(str(fault)) from fault
    headers = {name.lower(): value for name, value in answer.getheaders() if name.lower() not in _FRAMING}
    opened.callback(answer.close)
    if answer.chunked:
        return Response(answer.status, headers, _chunks(answer.fp))
    try:
        return Response(answer.status, headers, answer.read())
    except http.client.IncompleteRead as fault:
        raise Disconnect(str(fault)) from fault


def _chunks(file: Any) -> Iterator[bytes]:
    """Yield each chunk of a body as it was sent."""
    while size := int(file.readline() or "-1", 16):
        piece = file.read(max(size, 0))
        if size < 0 or len(piece) < size:
            raise Disconnect("cut in the middle of the body")
        file.readline()
        yield piece


def _in_process(url: str, request: Request) -> Response:
    import httpx

    headers = dict(request.headers)
    asked = httpx.Request(request.method, url + request.target, headers=headers, content=request.body or None)
    try:
        answer = httpx.HTTPTransport(verify=False).handle_request(asked)
        kept = {name: value for name, value in answer.headers.items() if name not in _FRAMING}
        body = _pieces(answer)
        chunked = "transfer-encoding" in answer.headers
        return Response(answer.status_code, kept, body if chunked else b"".join(body))
    except httpx.RemoteProtocolError as fault:
        raise Disconnect(str(fault)) from fault


def _pieces(answer: Any) -> Iterator[bytes]:
    import httpx

    assert isinstance(answer.stream, httpx.SyncByteStream)
    with closing(answer.stream):
        try:
            yield from answer.stream
        except httpx.RemoteProtocolError as fault:
            raise Disconnect(str(fault)) from fault
