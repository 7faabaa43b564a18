"""The loopback door: a threaded HTTP/1.1 server that hands requests to one function."""

from __future__ import annotations

import contextlib
import http.server
import json
import logging
import socket
import socketserver
import struct
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from mock_oci.doors.interception import head_of
from mock_oci.wire import Disconnect, Handler, Request, Response

_log = logging.getLogger(__name__)
_BODILESS = frozenset({204, 304})
_JOIN_SECONDS = 5.0  # a stream that sleeps longer than this keeps its (daemon) thread; close() does not hang


class LoopbackServer:
    """Serves ``answer`` on ``host:port`` (0 = any free port) between ``start()`` and ``close()``.

    ``answer`` is called in one thread per connection. It may raise ``Disconnect`` to cut the connection
    before responding; an iterable body that raises cuts it mid-body. When the client leaves, the body's
    ``close()`` is called. ``start()`` raises OSError when the port is taken.
    """

    def __init__(self, answer: Handler, port: int = 0, host: str = "127.0.0.1") -> None:
        self._answer = answer
        self._address = (host, port)
        self._listener: _Listener | None = None

    @property
    def port(self) -> int:
        if self._listener is None:
            raise RuntimeError("the server is not started")
        return int(self._listener.server_address[1])

    @property
    def url(self) -> str:
        return f"http://{self._address[0]}:{self.port}"

    def bind(self) -> Self:
        """Take the port: who connects before ``start()`` waits for it. Raises OSError when the port is taken."""
        if self._listener is None:
            self._listener = _Listener(self._answer, self._address)
        return self

    def start(self) -> Self:
        self.bind()
        if self._listener is not None and self._listener.accepting.ident is None:
            self._listener.accepting.start()
        return self

    def close(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.close()


class _Listener(socketserver.ThreadingTCPServer):
    """Accepts in one thread, gives each connection its own, and knows them all so that it can end them."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, answer: Handler, address: tuple[str, int]) -> None:
        self.answer = answer
        self._connections: set[socket.socket] = set()
        self._serving: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._closing = False
        super().__init__(address, _Connection)
        self._address = (address[0], int(self.server_address[1]))
        self.accepting = threading.Thread(target=self._accept, name="mock_oci accept", daemon=True)

    def _accept(self) -> None:
        while not self._closing:
            self.handle_request()

    def process_request(self, request: Any, client_address: Any) -> None:
        arguments = (request, client_address)
        thread = threading.Thread(target=self.process_request_thread, args=arguments, daemon=True)
        with self._lock:
            self._connections.add(request)
        if len(self._serving) > 2 * len(self._connections) + 32:  # now and then: looking costs each accept
            self._serving = [thread for thread in self._serving if thread.is_alive()]
        self._serving.append(thread)
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - base class
        _log.debug("connection from %s ended", client_address, exc_info=True)

    def close(self) -> None:
        self._closing = True
        if self.accepting.ident is not None:
            with contextlib.suppress(OSError), socket.create_connection(self._address):
                pass  # wakes handle_request(), which has no other portable way to notice
            self.accepting.join(_JOIN_SECONDS)
        self.server_close()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._serving:
            thread.join(_JOIN_SECONDS)


class _Connection(http.server.BaseHTTPRequestHandler):
    """One kept-alive connection: the standard library reads requests, this writes responses."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    def respond(self) -> None:
        try:
            response = self.server.answer(self._request())
        except Disconnect as fault:
            self._cut(fault)
            return
        except Exception as error:  # noqa: BLE001 - a fault of the emulator becomes a 500 and a traceback
            _log.exception("no answer to %s %s", self.command, self.path)
            body = {"code": "InternalServerError", "message": f"mock_oci failed: {type(error).__name__}: {error}"}
            response = Response(500, {"content-type": "application/json"}, json.dumps(body).encode())
        self._send(response)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = respond  # noqa: N815 - the base class looks up these names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's signature
        _log.debug(format, *args)

    def _request(self) -> Request:
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            key = name.lower()
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
        # Not self.path: the standard library folds leading slashes, and a signature covers the raw target.
        return Request(
            self.command, self.requestline.split()[1], headers, self._body(headers), has_left=self._client_left
        )

    def _body(self, headers: dict[str, str]) -> bytes:
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return b"".join(iter(self._chunk, b""))
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit():
            raise Disconnect(f"a content-length of {length!r} says nothing of where the body ends")
        return self._exactly(int(length))

    def _chunk(self) -> bytes:
        size = self.rfile.readline(64).split(b";")[0].strip()
        if not size or size.strip(b"0123456789abcdefABCDEF"):
            raise Disconnect(f"{size!r} is not a chunk size")
        piece = self._exactly(int(size, 16))
        self.rfile.readline(64)
        return piece

    def _exactly(self, size: int) -> bytes:
        body = self.rfile.read(size)
        if len(body) < size:
            raise Disconnect("the client left in the middle of its request")
        return body

    def _send(self, response: Response) -> None:
        bodiless = self.command == "HEAD" or response.status in _BODILESS
        if isinstance(response.body, bytes):
            stated = len(response.body) if response.content_length is None else response.content_length
            self.close_connection |= stated != len(response.body)
            head = head_of(response, {"Content-Length": str(stated)})
            self.wfile.write(head if bodiless else head + response.body)  # one packet: latency matters
            return
        self._stream(response, None if bodiless else response.body)

    def _stream(self, response: Response, pieces: Iterable[bytes] | None) -> None:
        try:
            self.wfile.write(head_of(response, {"Transfer-Encoding": "chunked"}))
            if pieces is not None:
                self._send_chunks(pieces)
        except Disconnect as fault:
            self._cut(fault)
        except Exception:  # noqa: BLE001 - whatever ends the body early, the client must see it cut
            _log.debug("body of %s %s was cut", self.command, self.path, exc_info=True)
            self.close_connection = True
        finally:
            response.close()

    def _cut(self, fault: Disconnect) -> None:
        self.close_connection = True
        if fault.sent:
            self.wfile.write(fault.sent)
        if fault.reset:
            linger = struct.pack("ii", 1, 0)  # on, for no time: what is not sent yet never is, and the peer gets a RST
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            socket.close(self.connection.detach())  # now: the base class would shut the connection down in order

    def _send_chunks(self, pieces: Iterable[bytes]) -> None:
        for piece in pieces:
            if self._client_left():
                raise Disconnect("the client left in the middle of the response")
            if piece:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def _client_left(self) -> bool:
        # A client that only stops sending is taken to have left: HTTP clients do not half-close.
        # The first write to a socket that its peer has closed succeeds; looking first spares the stream a piece.
        try:
            return not self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except ConnectionError:
            return True


def serve(answerer: Any, port: int = 0) -> LoopbackServer:
    """Start a server for anything with ``answer(request) -> Response``, such as a ``MockOci``."""
    return LoopbackServer(answerer.answer, port).start()
