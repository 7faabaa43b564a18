"""What becomes of a request when its connection fails, on both ways to OCI: what was asked is charged once."""

from __future__ import annotations

import errno
import gzip
import socket
import struct
import threading
import time
import zlib

import pytest
from tests.model_service.upstream.conftest import Send, answer, answers, peer_that, read_request, says

from model_service.errors import DeadlineExceeded, ModelServiceError, UpstreamError, UpstreamUnreachable
from model_service.upstream import sdk_sockets
from model_service.upstream.response import read_object, read_value
from model_service.upstream.retries import passes
from model_service.upstream.sockets import SOCKET_OPTIONS

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
EVENTS = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def wait(seconds: float) -> None:
    time.sleep(seconds)


TORN = {
    "nothing at all": b"",
    "half a status line": b"HTTP/1.1 20",
    "no end of the head": HEAD,
    "half a header": HEAD + b"content-len",
    "a length that is not reached": HEAD + b'content-length: 20\r\n\r\n{"a": 1}',
    "a length that cuts the answer": HEAD + b'content-length: 5\r\n\r\n{"a": 1}',
    "lengths that differ": HEAD + b"content-length: 2\r\ncontent-length: 8\r\n\r\n{}",
    "half a chunk": CHUNKED + b'8\r\n{"a"',
    "no last chunk": CHUNKED + chunk(b'{"a": 1}'),
    "a size of a chunk that is none": CHUNKED + b'zz\r\n{"a": 1}\r\n',
    "a body that ends with its connection, too early": HEAD + b'\r\n{"a": ',
    "an empty body": HEAD + b"content-length: 0\r\n\r\n",
    "no JSON": HEAD + b"content-length: 6\r\n\r\n<html>",
    "half a compressed body": HEAD + b"content-encoding: gzip\r\n\r\n" + gzip.compress(b'{"a": 1}' * 99)[:-9],
}


@pytest.mark.parametrize("name", TORN)
def test_an_answer_that_is_cut_off_is_lost_and_never_asked_for_again(send: Send, name: str) -> None:
    with peer_that(says(TORN[name])) as peer:
        with pytest.raises(ModelServiceError) as caught:
            read_object(send(peer.url))
        assert caught.value.code == "connection_lost"
        assert not passes(caught.value)
        assert peer.requests == [0]


@pytest.mark.parametrize("name", TORN)
def test_an_answer_that_is_cut_off_is_not_asked_for_again_over_a_kept_connection_either(send: Send, name: str) -> None:
    def serve(connection: socket.socket) -> None:
        answers()(connection)
        says(TORN[name])(connection)

    with peer_that(serve, answers(times=9)) as peer:
        send(peer.url).read()
        with pytest.raises(ModelServiceError) as caught:
            read_object(send(peer.url))
        assert caught.value.code == "connection_lost"
        assert peer.requests == [0, 0]


@pytest.mark.parametrize("seconds", [0.0, 0.05])
@pytest.mark.parametrize("ends", [lambda _: None, reset], ids=["closed", "reset"])
def test_a_kept_connection_whose_peer_read_the_request_and_hung_up_is_not_asked_again(
    send: Send, seconds: float, ends: object
) -> None:
    def serve(connection: socket.socket) -> None:
        answers()(connection)
        read_request(connection)
        time.sleep(seconds)
        ends(connection)  # type: ignore[operator]

    with peer_that(serve, answers(times=9)) as peer:
        send(peer.url).read()
        with pytest.raises(UpstreamUnreachable) as caught:
            send(peer.url)
        assert caught.value.code == "connection_lost"
        assert peer.requests == [0, 0]


@pytest.mark.parametrize("ends", [lambda _: None, reset], ids=["closed", "reset"])
def test_a_kept_connection_that_died_idle_is_replaced(send: Send, ends: object) -> None:
    over = threading.Event()

    def serve(connection: socket.socket) -> None:
        answers()(connection)
        ends(connection)  # type: ignore[operator]
        over.set()

    with peer_that(serve, serve, answers(b"[]")) as peer:
        for _ in range(2):
            send(peer.url).read()
            assert over.wait(10)
            over.clear()
            time.sleep(0.05)  # until it is closed
        assert send(peer.url).read() == b"[]"
        assert peer.requests == [0, 1, 2]


def test_a_kept_connection_that_dies_as_it_is_used_is_replaced(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    # The look at a connection before it is used comes too early to see that the peer has hung up.
    monkeypatch.setattr("httpcore._backends.sync.is_socket_readable", lambda _: False)
    monkeypatch.setattr(sdk_sockets._Timed, "is_connected", True)
    with peer_that(answers(), answers(), answers(b"[]")) as peer:
        for _ in range(2):
            send(peer.url).read()
            time.sleep(0.05)
        assert send(peer.url).read() == b"[]"
        assert peer.requests == [0, 1, 2]


def test_a_large_request_that_did_not_arrive_as_a_whole_was_not_lost(send: Send) -> None:
    def hang_up(connection: socket.socket) -> None:
        connection.recv(100)
        reset(connection)

    with peer_that(hang_up) as peer, pytest.raises(UpstreamUnreachable) as caught:
        send(peer.url, body={"text": "x" * 20_000_000})
    assert caught.value.code == "upstream_unreachable"
    assert passes(caught.value)


@pytest.mark.parametrize(("level", "option", "value"), SOCKET_OPTIONS)
def test_every_connection_finds_a_peer_that_has_vanished(
    send: Send, monkeypatch: pytest.MonkeyPatch, level: int, option: int, value: int
) -> None:
    with peer_that(answers()) as peer:
        response = send(peer.url)
        assert response.attempt.socket is not None
        set_to = response.attempt.socket.getsockopt(level, option)
        response.read()
    assert set_to == value


def test_a_request_that_is_given_up_is_reset(send: Send) -> None:
    told = threading.Event()

    def stall(connection: socket.socket) -> None:
        read_request(connection)
        try:
            connection.recv(1)
        except ConnectionResetError:
            told.set()

    with peer_that(stall) as peer:
        with pytest.raises(DeadlineExceeded):
            send(peer.url, seconds=0.8)
        assert told.wait(10)


@pytest.mark.parametrize(
    "ending",
    [b"0\r\n\r\n", b"", b"zz\r\n", b": a comment"],
    ids=["its end", "a closed connection", "a broken chunk", "half a chunk"],
)
def test_a_stream_in_which_all_was_said_has_ended_well_however_it_ends(send: Send, ending: bytes) -> None:
    with peer_that(says(EVENTS, chunk(b"data: 1\n\n"), ending)) as peer:
        response = send(peer.url)
        pieces = response.iter_bytes()
        assert next(pieces) == b"data: 1\n\n"
        response.expect_end(5.0)
        assert list(pieces) == []


def test_a_stream_in_which_not_all_was_said_has_not(send: Send) -> None:
    with peer_that(says(EVENTS, chunk(b"data: 1\n\n"))) as peer:
        pieces = send(peer.url).iter_bytes()
        next(pieces)
        with pytest.raises(UpstreamUnreachable):
            next(pieces)


def test_a_streamed_answer_leaves_its_connection_for_the_next_call(send: Send) -> None:
    def serve(connection: socket.socket) -> None:
        for _ in range(3):
            read_request(connection)
            connection.sendall(EVENTS + chunk(b"data: 1\n\ndata: [DONE]\n\n"))
            time.sleep(0.02)
            connection.sendall(b"0\r\n\r\n")

    with peer_that(serve) as peer:
        for _ in range(3):
            response = send(peer.url)
            pieces = response.iter_bytes()
            next(pieces)
            response.expect_end(0.2)
            pieces.close()  # the reader has seen all that it wants
        assert peer.requests == [0, 0, 0]


def test_a_body_that_stays_open_costs_its_reader_no_more_than_a_moment(send: Send) -> None:
    over = threading.Event()

    def trickle(connection: socket.socket) -> None:
        while not over.wait(0.02):
            connection.sendall(chunk(b": still here\n\n"))

    with peer_that(says(EVENTS, chunk(b"data: [DONE]\n\n"), then=trickle)) as peer:
        response = send(peer.url)
        pieces = response.iter_bytes()
        next(pieces)
        response.expect_end(0.2)
        started = time.monotonic()
        pieces.close()
        assert time.monotonic() - started < 5  # a bound on the wait itself, not on speed
        over.set()


def test_an_error_leaves_its_connection_for_the_next_call(send: Send) -> None:
    def serve(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(answer(b'{"code": "400", "message": "no"}').replace(b"200 OK", b"400 Bad Request"))
        answers()(connection)

    with peer_that(serve) as peer:
        with pytest.raises(UpstreamError):
            send(peer.url)
        send(peer.url).read()
        assert peer.requests == [0, 0]


@pytest.mark.parametrize(("status", "becomes"), [(399, 502), (422, 422), (599, 599), (600, 502), (999, 502)])
def test_a_status_that_http_does_not_have_does_not_go_through(send: Send, status: int, becomes: int) -> None:
    head = b"HTTP/1.1 %d Odd\r\ncontent-length: 2\r\n\r\n{}" % status
    with peer_that(says(head)) as peer, pytest.raises(ModelServiceError) as caught:
        send(peer.url)
    assert caught.value.status == becomes


def test_a_switch_of_protocols_is_no_answer(send: Send) -> None:
    with peer_that(says(b"HTTP/1.1 101 Switching\r\n\r\n")) as peer, pytest.raises(ModelServiceError) as caught:
        send(peer.url)
    assert caught.value.status in (502, 503)


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 205 Reset\r\ncontent-length: 0\r\n\r\n"]
)
def test_a_success_without_a_body_is_a_success(send: Send, head: bytes) -> None:
    with peer_that(says(head)) as peer:
        assert read_object(send(peer.url)) == {}


BODY = b'{"a": "' + b"b" * 200_000 + b'"}'
DEFLATE = zlib.compressobj(wbits=-15)
COMPRESSED = {
    "gzip": gzip.compress(BODY),
    "X-GZip": gzip.compress(BODY[:1000]) + gzip.compress(BODY[1000:]),
    "deflate": zlib.compress(BODY),
    "Deflate": DEFLATE.compress(BODY) + DEFLATE.flush(),
    "identity": BODY,
}


@pytest.mark.parametrize("coding", COMPRESSED)
def test_a_compressed_body_is_read_in_every_form_that_was_offered(send: Send, coding: str) -> None:
    with peer_that(answers_with(coding, COMPRESSED[coding])) as peer:
        assert read_value(send(peer.url)) == {"a": "b" * 200_000}


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "gzip"])
def test_a_body_that_cannot_be_decompressed_is_no_answer(send: Send, coding: str) -> None:
    with peer_that(answers_with(coding, BODY)) as peer, pytest.raises(UpstreamUnreachable):
        read_value(send(peer.url))


def answers_with(coding: str, body: bytes) -> object:
    return says(answer(body, f"content-encoding: {coding}"))


def test_without_a_free_descriptor_nothing_was_asked_and_it_may_be_tried_again(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> socket.socket:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("socket.create_connection", refused)
    monkeypatch.setattr("urllib3.util.connection.create_connection", refused)
    with pytest.raises(UpstreamUnreachable, match="Too many open files") as caught:
        send("http://127.0.0.1:9")
    assert passes(caught.value)
