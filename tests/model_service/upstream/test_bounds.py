"""What OCI sends has a bound, however it is sent: nothing that is larger than there is memory for is held."""

from __future__ import annotations

import gzip
import socket
import threading
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from tests.model_service.upstream.conftest import Send, answer, peer_that, read_request, says

from model_service.errors import UpstreamError
from model_service.fn.limits import MEBIBYTE, Limits
from model_service.upstream.response import UpstreamResponse, read_value

SMALL = replace(
    Limits.for_memory(128),
    answer_bytes=2 * MEBIBYTE,
    stream_bytes=4 * MEBIBYTE,
    line_bytes=MEBIBYTE,
    json_bytes=3 * MEBIBYTE,
)
EVENTS = b"HTTP/1.1 200 OK\r\ncontent-type: Text/Event-Stream\r\n"
BOMB = gzip.compress(b" " * 100 * MEBIBYTE)


def without_end(piece: bytes) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection.sendall(piece * (65536 // len(piece)))

    return serve


def reads(response: UpstreamResponse) -> object:
    return read_value(response)


def streams(response: UpstreamResponse) -> object:
    return sum(map(len, response.iter_bytes()))


@pytest.mark.parametrize(
    ("serve", "read"),
    [
        (says(b"HTTP/1.1 200 OK\r\n\r\n", then=without_end(b" ")), reads),
        (says(EVENTS, b"\r\n", then=without_end(b"data: a\n\n")), streams),
        (says(EVENTS, b"\r\ndata: ", then=without_end(b"a")), streams),
        (says(answer(BOMB, "content-encoding: gzip")), reads),
        (says(EVENTS, b"content-encoding: gzip\r\n\r\n", BOMB), streams),
        (says(answer(b"[" + b"{}," * 400_000 + b"{}]")), reads),
        (says(answer(b"[" + b"[[]]," * 300_000 + b"0]")), reads),
        (says(answer(b'["' + b"a" * 1_800_000 + b'\\ud83d\\ude00"]')), reads),
    ],
    ids=["a body", "a stream", "a line", "a bomb", "a bomb in a stream", "objects", "lists", "wide characters"],
)
def test_what_is_larger_than_its_bound_is_an_error_of_oci_and_never_held(
    send: Send, serve: Callable[[socket.socket], None], read: Callable[[UpstreamResponse], object]
) -> None:
    with peer_that(serve) as peer:
        response = send(peer.url, limits=SMALL)
        tracemalloc.start()
        with pytest.raises(UpstreamError) as caught:
            read(response)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert (caught.value.status, caught.value.code) == (502, "upstream_answer_too_large")
    assert peak < 8 * MEBIBYTE


def test_an_error_without_end_says_what_it_began_with_and_its_connection_is_closed(send: Send) -> None:
    closed = threading.Event()

    def serve(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 400 Bad\r\n\r\n")
        without_end(b"no")(connection)
        closed.set()

    with peer_that(serve) as peer:
        with pytest.raises(UpstreamError, match="nonono") as caught:
            send(peer.url, limits=SMALL)
        assert closed.wait(10)
    assert caught.value.status == 400


def test_an_error_that_is_a_bomb_is_an_error(send: Send) -> None:
    bomb = answer(BOMB, "content-encoding: gzip").replace(b"200 OK", b"403 Forbidden")
    with peer_that(says(bomb)) as peer, pytest.raises(UpstreamError) as caught:
        send(peer.url, limits=SMALL)
    assert caught.value.status == 403


def test_what_is_within_the_bounds_goes_through(send: Send) -> None:
    body = b'["' + b"a" * 1_900_000 + b'"]'
    with peer_that(says(answer(body))) as peer:
        assert len(send(peer.url, limits=SMALL).read()) == len(body)
    lines = b"data: " + b"a" * 1_000_000 + b"\n\n"
    with peer_that(says(EVENTS, b"\r\n", lines * 4)) as peer:
        assert streams(send(peer.url, limits=SMALL)) == len(lines) * 4
