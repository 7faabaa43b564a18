"""Both ways to OCI as one function, over real sockets: what is promised of a connection, both keep."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field

import pytest

from model_service.auth import credential_for
from model_service.fn.invocation import Deadline
from model_service.fn.limits import Limits
from model_service.settings import Settings
from model_service.upstream.client import UpstreamClient
from model_service.upstream.request_log import LogPolicy
from model_service.upstream.response import UpstreamResponse
from model_service.upstream.retries import Retries
from model_service.upstream.sdk_client import SdkClient

BODY = {"text": "a secret plan"}

Serve = Callable[[socket.socket], None]


@dataclass
class Peer:
    """A server whose connections each do what they are told, one after the other; ``requests`` have the number of the
    connection that each came in on."""

    url: str
    requests: list[int] = field(default_factory=list)


@contextmanager
def peer_that(*serves: Serve) -> Iterator[Peer]:
    """Give each connection to the next of ``serves``, and the later ones to the last."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        peer = Peer(f"http://127.0.0.1:{listener.getsockname()[1]}")

        def accept() -> None:
            with suppress(OSError):  # the test may be over before all have come
                number = 0
                while True:
                    connection, _ = listener.accept()
                    serve = serves[min(number, len(serves) - 1)]
                    threading.Thread(target=run, args=(connection, number, serve), daemon=True).start()
                    number += 1

        def run(connection: socket.socket, number: int, serve: Serve) -> None:
            with connection, suppress(OSError):
                serve(_Counting(connection, lambda: peer.requests.append(number)))  # type: ignore[arg-type] # quacks

        threading.Thread(target=accept, daemon=True).start()
        yield peer


class _Counting:
    """A connection that counts the requests that are read from it."""

    def __init__(self, connection: socket.socket, count: Callable[[], None]) -> None:
        self._connection = connection
        self._count = count

    def read_request(self) -> bytes:
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, body = received.partition(b"\r\n\r\n")
        lengths = (line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        while len(body) < int(next(lengths, b"0")):
            body += self._more()
        self._count()
        return body

    def _more(self) -> bytes:
        piece = self._connection.recv(65536)
        if not piece:
            raise ConnectionError
        return piece

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)


def read_request(connection: socket.socket) -> None:
    connection.read_request()  # type: ignore[attr-defined] # it is a _Counting


def answer(body: bytes, *headers: str) -> bytes:
    """A whole answer over HTTP."""
    lines = ["HTTP/1.1 200 OK", "content-type: application/json", f"content-length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def answers(body: bytes = b"{}", *, times: int = 1) -> Serve:
    """Answer so many requests, and hang up without having read another."""

    def serve(connection: socket.socket) -> None:
        for _ in range(times):
            read_request(connection)
            connection.sendall(answer(body))

    return serve


def says(*pieces: bytes, then: Serve | None = None) -> Serve:
    """Send ``pieces``, whatever they are, for the first request, do what is to be done ``then``, and hang up."""

    def serve(connection: socket.socket) -> None:
        read_request(connection)
        for piece in pieces:
            connection.sendall(piece)
        if then is not None:
            then(connection)

    return serve


Send = Callable[..., UpstreamResponse]


@pytest.fixture(params=["httpx", "sdk"])
def send(request: pytest.FixtureRequest, environment: dict[str, str]) -> Iterator[Send]:
    """``send(url, seconds=…, limits=…, tries=…)``: a request on the way that the parameter names."""
    credential = credential_for(Settings.load(environment))
    clients: dict[tuple[str, Limits | None], UpstreamClient | SdkClient] = {}

    def over_httpx(url: str, limits: Limits | None, deadline: Deadline, body: dict[str, str]) -> UpstreamResponse:
        new = UpstreamClient(url, credential, LogPolicy(), limits or Limits.for_memory())
        client = clients.setdefault((url, limits), new)
        assert isinstance(client, UpstreamClient)
        return client.send("POST", "/", body, {}, deadline)

    def over_sdk(url: str, limits: Limits | None, deadline: Deadline, body: dict[str, str]) -> UpstreamResponse:
        new = SdkClient(credential, LogPolicy(), Retries(sleep=lambda _: None), limits or Limits.for_memory())
        client = clients.setdefault(("", limits), new)
        assert isinstance(client, SdkClient)
        return client.send("POST", url, "/actions/chat", body, deadline)

    way = {"httpx": over_httpx, "sdk": over_sdk}[request.param]
    with ExitStack() as stack:
        yield lambda url, seconds=30.0, limits=None, body=BODY: way(url, limits, Deadline.after(seconds), body)
        for client in clients.values():
            stack.callback(client.close)
