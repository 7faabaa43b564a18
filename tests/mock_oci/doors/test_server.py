from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator

import httpx
import pytest

from mock_oci import Disconnect, LoopbackServer, Request, Response

_WAIT = 10.0


def _echo(request: Request) -> Response:
    seen = {"method": request.method, "target": request.target, "headers": dict(request.headers)}
    seen["body"] = request.body.decode()
    return Response(200, {"content-type": "application/json"}, json.dumps(seen).encode())


def _say(server: LoopbackServer, raw: bytes) -> bytes:
    """What comes back for raw bytes and an end of input."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=_WAIT) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def _get(url: str) -> httpx.Response:
    return httpx.get(url, trust_env=False, timeout=_WAIT)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_request_arrives_as_it_stood_on_the_wire(method: str) -> None:
    with LoopbackServer(_echo) as server:
        reply = httpx.request(method, f"{server.url}/a%20b?x=%2F", content=b"hi", headers={"X-Y": "1"}, trust_env=False)
    seen = reply.json()
    assert (seen["method"], seen["target"], seen["body"]) == (method, "/a%20b?x=%2F", "hi")
    assert seen["headers"]["x-y"] == "1"
    assert reply.headers["content-type"] == "application/json"


def test_leading_slashes_and_repeated_headers_are_kept() -> None:
    raw = b"GET //a//b HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: 2\r\nConnection: close\r\n\r\n"
    with LoopbackServer(_echo) as server:
        seen = json.loads(_say(server, raw).partition(b"\r\n\r\n")[2])
    assert seen["target"] == "//a//b"
    assert seen["headers"]["x-a"] == "1, 2"


def test_a_chunked_request_body_is_read_whole() -> None:
    raw = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    with LoopbackServer(_echo) as server:
        seen = json.loads(_say(server, raw + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n").partition(b"\r\n\r\n")[2])
    assert seen["body"] == "abcde"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: five\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhi",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\nabc",
        b"\x00\xff" * 100 + b"\r\n\r\n",
    ],
)
def test_a_broken_request_ends_its_connection_and_nothing_else(raw: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    with LoopbackServer(_echo) as server:
        assert b" 200 " not in _say(server, raw)
        assert _get(server.url).status_code == 200
    assert capfd.readouterr() == ("", "")


def test_a_connection_is_kept_alive_and_ended_by_close() -> None:
    server = LoopbackServer(_echo).start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=_WAIT) as connection:
        for _ in range(2):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")
        server.close()
        assert connection.recv(1) == b""


def test_closing_leaves_no_thread_and_frees_the_port() -> None:
    before = set(threading.enumerate())
    with LoopbackServer(_echo) as server:
        port = server.port
        with httpx.Client(trust_env=False) as client:
            client.get(server.url)
    assert set(threading.enumerate()) <= before
    with LoopbackServer(_echo, port) as again:
        assert again.port == port


def test_who_connects_to_a_port_that_is_only_taken_waits_for_the_start() -> None:
    server = LoopbackServer(_echo).bind()
    with contextlib.closing(server), socket.create_connection(("127.0.0.1", server.port), timeout=_WAIT) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        connection.settimeout(0.1)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.settimeout(_WAIT)
        server.start()
        assert connection.recv(12) == b"HTTP/1.1 200"


def test_a_port_that_is_only_taken_is_given_back() -> None:
    server = LoopbackServer(_echo).bind()
    port = server.port
    server.close()
    LoopbackServer(_echo, port).start().close()


def test_a_taken_port_is_refused() -> None:
    with LoopbackServer(_echo) as server, pytest.raises(OSError, match="in use"):
        LoopbackServer(_echo, server.port).start()


def test_a_server_that_is_not_started_has_no_port() -> None:
    with pytest.raises(RuntimeError):
        _ = LoopbackServer(_echo).port


def test_each_piece_of_a_stream_arrives_before_the_next_is_made() -> None:
    received = threading.Semaphore(0)

    def pieces() -> Iterator[bytes]:
        for number in range(3):
            yield b"%d" % number
            assert received.acquire(timeout=_WAIT)

    with (
        LoopbackServer(lambda request: Response(200, {}, pieces())) as server,
        httpx.stream("GET", server.url, trust_env=False) as reply,
    ):
        seen = []
        for chunk in reply.iter_raw():
            seen.append(chunk)
            received.release()
    assert seen == [b"0", b"1", b"2"]


def test_empty_pieces_do_not_end_a_stream() -> None:
    with LoopbackServer(lambda request: Response(200, {}, [b"a", b"", b"b"])) as server:
        assert _get(server.url).content == b"ab"


def test_a_stream_that_raises_cuts_the_connection_mid_body() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"so far"
        raise Disconnect

    with LoopbackServer(lambda request: Response(200, {}, pieces())) as server:
        raw = _stream(server, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        with pytest.raises(httpx.RemoteProtocolError):
            _get(server.url)
    assert raw.endswith(b"6\r\nso far\r\n")


def test_disconnect_cuts_the_connection_before_the_response() -> None:
    def answer(request: Request) -> Response:
        raise Disconnect

    with LoopbackServer(answer) as server:
        assert _stream(server, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n") == b""


def test_a_client_that_leaves_closes_the_stream() -> None:
    left, closed = threading.Event(), threading.Event()

    def pieces() -> Iterator[bytes]:
        try:
            yield b"one"
            assert left.wait(_WAIT)
            yield b"two"
            yield b"three"
        finally:
            closed.set()

    with LoopbackServer(lambda request: Response(200, {}, pieces())) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=_WAIT) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            while b"one" not in connection.recv(65536):
                pass
        left.set()
        assert closed.wait(_WAIT)


def test_a_server_that_closes_ends_its_streams() -> None:
    closed, gate = threading.Event(), threading.Event()

    def pieces() -> Iterator[bytes]:
        try:
            yield b"one"
            gate.wait(_WAIT)
            yield b"two"
        finally:
            closed.set()

    server = LoopbackServer(lambda request: Response(200, {}, pieces())).start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=_WAIT) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        while b"one" not in connection.recv(65536):
            pass
        closing = threading.Thread(target=server.close)
        closing.start()
        assert connection.recv(1) == b""
        gate.set()
        closing.join(_WAIT)
    assert closed.wait(_WAIT)


def test_many_slow_streams_run_at_once() -> None:
    everyone = threading.Barrier(40)

    def pieces() -> Iterator[bytes]:
        yield b"a"
        everyone.wait(_WAIT)
        yield b"b"

    results: list[bytes] = []
    with LoopbackServer(lambda request: Response(200, {}, pieces())) as server:
        raw = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
        request = raw.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        clients = [threading.Thread(target=lambda: results.append(_stream(server, request))) for _ in range(40)]
        for client in clients:
            client.start()
        for client in clients:
            client.join(_WAIT)
    assert len(results) == 40
    assert all(result.endswith(b"1\r\nb\r\n0\r\n\r\n") for result in results)


def _stream(server: LoopbackServer, raw: bytes) -> bytes:
    """What comes back for raw bytes, up to the end of the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=_WAIT) as connection:
        connection.sendall(raw)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_complete_response_is_one_write() -> None:
    with (
        LoopbackServer(lambda request: Response(200, {"x": "y"}, b"z" * 1000)) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=_WAIT) as connection,
    ):
        connection.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        head, _, body = connection.recv(65536).partition(b"\r\n\r\n")
    assert b"Content-Length: 1000" in head
    assert len(body) == 1000


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_has_none(status: int) -> None:
    with LoopbackServer(lambda request: Response(status)) as server:
        assert _get(server.url).status_code == status


def test_head_gets_the_headers_alone() -> None:
    with LoopbackServer(lambda request: Response(200, {}, b"body")) as server:
        raw = _stream(server, b"HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    assert raw.endswith(b"Content-Length: 4\r\n\r\n")


def test_a_fault_of_the_answer_is_a_500_that_says_so(caplog: pytest.LogCaptureFixture) -> None:
    def answer(request: Request) -> Response:
        raise KeyError("shelf")

    with LoopbackServer(answer) as server:
        reply = _get(server.url)
    assert reply.status_code == 500
    assert reply.json()["message"] == "mock_oci failed: KeyError: 'shelf'"
    assert "no answer to GET /" in caplog.text


def test_a_status_of_ones_own_needs_no_phrase() -> None:
    with LoopbackServer(lambda request: Response(299, {}, b"")) as server:
        assert _get(server.url).status_code == 299
