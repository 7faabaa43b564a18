import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pytest

from mock_oci.fn.fdk_answer import BODY_LIMIT
from mock_oci.fn.fdk_socket import await_turn, canonical, exchange, exchanging, request_bytes
from mock_oci.services.functions.invoke_errors import InvokeError

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@contextmanager
def serving(serve: Callable[[socket.socket], None]) -> Iterator[Path]:
    """A Unix socket that takes one request, and then does this with the connection."""

    def take() -> None:
        connection, _ = listener.accept()
        with connection, suppress(ConnectionError):  # the reader may have had enough
            connection.recv(65536)
            serve(connection)

    # A test's own folder can have a longer path than a Unix socket may have.
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, socket.socket(socket.AF_UNIX) as listener:
        path = Path(folder, "s")
        listener.bind(str(path))
        listener.listen()
        thread = threading.Thread(target=take)
        thread.start()
        yield path
        thread.join()


def answering(answer: bytes) -> AbstractContextManager[Path]:
    return serving(lambda connection: connection.sendall(answer))


def test_the_request_is_the_one_that_go_would_write() -> None:
    headers = {"fn-intent": "httprequest", "content-type": "a/b", "fn-http-h-x": "1", "user-agent": "tests"}
    assert request_bytes(headers, b"hello") == (
        b"POST /call HTTP/1.1\r\nHost: localhost\r\nUser-Agent: tests\r\nTransfer-Encoding: chunked\r\n"
        b"Content-Type: a/b\r\nFn-Http-H-X: 1\r\nFn-Intent: httprequest\r\nAccept-Encoding: gzip\r\n\r\n"
        b"5\r\nhello\r\n0\r\n\r\n"
    )


def test_an_empty_body_is_the_last_chunk_alone() -> None:
    assert request_bytes({"accept-encoding": "br"}, b"").endswith(b"Accept-Encoding: br\r\n\r\n0\r\n\r\n")


@pytest.mark.parametrize("header", [{"x": "a\r\nb: c"}, {"x\n": "a"}, {"x": "a\0"}])
def test_a_line_break_never_gets_into_a_request(header: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="line break"):
        request_bytes(header, b"")


def test_a_header_beyond_latin_1_goes_out_as_utf_8() -> None:
    assert "X: ł€\r\n".encode() in request_bytes({"x": "ł€"}, b"")


@pytest.mark.parametrize(
    ("name", "expected"), [("fn-http-h-x", "Fn-Http-H-X"), ("X-CONTENT-SHA256", "X-Content-Sha256"), ("a--b", "A--B")]
)
def test_names_are_spelt_as_go_spells_them(name: str, expected: str) -> None:
    assert canonical(name) == expected


def test_an_answer_is_read_up_to_its_length_though_the_connection_stays_open() -> None:
    answer = b"HTTP/1.1 502 Bad Gateway\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\n\r\nokmore"
    with answering(answer) as path:
        read = exchange(path, {}, b"")
    assert (read.status, read.body) == (502, b"ok")
    assert read.headers == {"x-a": "1, 2", "content-length": "2"}


CHUNKS = [
    (b"0\r\n\r\n", b""),
    (b"2\r\nok\r\n1\r\n!\r\n0\r\n\r\nmore", b"ok!"),
    (b"0a;name=value\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n", b"\r\n" * 5),
    (b"00000001 \nx\n0\nX-Trailer: 1\n\n", b"x"),
]


@pytest.mark.parametrize(("chunks", "body"), CHUNKS, ids=range(len(CHUNKS)))
@pytest.mark.parametrize(
    "head", [CHUNKED, b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\ntransfer-encoding: Chunked\r\n\r\n"]
)
def test_an_answer_in_chunks_is_read_up_to_its_last(head: bytes, chunks: bytes, body: bytes) -> None:
    with answering(head + chunks) as path:
        assert exchange(path, {}, b"").body == body


def test_an_answer_in_chunks_may_come_byte_by_byte() -> None:
    def trickle(connection: socket.socket) -> None:
        for byte in CHUNKED + b"7\r\nat\r\nall\r\n2\r\n??\r\n0\r\n\r\n":
            connection.sendall(bytes([byte]))

    with serving(trickle) as path:
        assert exchange(path, {}, b"").body == b"at\r\nall??"


@pytest.mark.parametrize("head", [CHUNKED, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"])
def test_each_piece_is_there_before_the_next_one_is_sent(head: bytes) -> None:
    sent = {CHUNKED: (b"1\r\na\r\n", b"1\r\nb\r\n0\r\n\r\n")}.get(head, (b"a", b"b"))
    seen = threading.Event()

    def serve(connection: socket.socket) -> None:
        connection.sendall(head + sent[0])
        seen.wait(10)
        connection.sendall(sent[1])

    with serving(serve) as path, exchanging(path, {}, b"") as answer:
        assert answer.chunked == (head == CHUNKED)
        assert next(piece for piece in answer.pieces if piece) == b"a"
        assert next(answer.pieces) == b""  # nothing comes, and the reader hears of it
        seen.set()
        assert b"".join(answer.pieces) == b"b"


def test_no_piece_is_large_however_large_the_chunk() -> None:
    chunk = b"%x\r\n" % BODY_LIMIT + b"x" * BODY_LIMIT + b"\r\n0\r\n\r\n"
    with answering(CHUNKED + chunk) as path, exchanging(path, {}, b"") as answer:
        sizes = [len(piece) for piece in answer.pieces]
    assert sum(sizes) == BODY_LIMIT
    assert max(sizes) <= 65536


def test_a_turn_has_come_when_a_silent_connection_is_closed() -> None:
    with serving(lambda connection: None) as path:
        await_turn(path, 10)


def test_a_turn_that_does_not_come_is_given_up() -> None:
    done = threading.Event()
    with serving(lambda connection: bool(done.wait(10)) or None) as path:
        with pytest.raises(TimeoutError):
            await_turn(path, 0.01)
        done.set()


BROKEN = [
    (b"", "FunctionInvokeExecutionError"),
    (b"HTTP/1.1 200", "FunctionInvokeExecutionError"),
    (b"HTTP/1.1\r\n\r\n", "FunctionInvokeExecutionError"),
    (b"HTTP/1.1 two OK\r\n\r\n", "FunctionInvokeExecutionError"),
    (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "FunctionInvokeExecutionError"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", "FunctionInvokeExecutionError"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nhi", "FunctionInvokeExecutionError"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: some\r\n\r\n", "FunctionInvokeExecutionError"),
    (b"\r\n", "FunctionInvokeExecutionError"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 6291457\r\n\r\n", "FunctionInvokeResponseBodyTooLarge"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "FunctionInvokeExecutionError"),
    (CHUNKED, "FunctionInvokeExecutionError"),
    (CHUNKED + b"\r\n", "FunctionInvokeExecutionError"),
    (CHUNKED + b"2\r\no", "FunctionInvokeExecutionError"),
    (CHUNKED + b"2\r\nok\r\n", "FunctionInvokeExecutionError"),
    (CHUNKED + b"1\r\nok\r\n0\r\n\r\n", "FunctionInvokeExecutionError"),
    (CHUNKED + b"-1\r\n\r\n", "FunctionInvokeExecutionError"),
    (CHUNKED + b"0x1\r\na\r\n0\r\n\r\n", "FunctionInvokeExecutionError"),
    (CHUNKED + b"1;" + b"a" * 4096 + b"\r\na\r\n0\r\n\r\n", "FunctionInvokeExecutionError"),
    (CHUNKED + b"0\r\n", "FunctionInvokeExecutionError"),
    (CHUNKED + b"0\r\nX-Trailer: 1", "FunctionInvokeExecutionError"),
    (CHUNKED + b"1\r\na\r\n600000\r\n", "FunctionInvokeResponseBodyTooLarge"),
    (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 11_000 + b"\r\n", "FunctionInvokeResponseHeaderTooLarge"),
]


@pytest.mark.parametrize(("answer", "code"), BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_answer_is_a_failure_with_a_code(answer: bytes, code: str) -> None:
    with answering(answer) as path, pytest.raises(InvokeError) as failed:
        exchange(path, {}, b"")
    assert failed.value.code == code
