import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mock_oci.fdk_socket import canonical, exchange, request_bytes
from mock_oci.invoke_errors import InvokeError


@contextmanager
def answering(answer: bytes) -> Iterator[Path]:
    """A Unix socket that takes one request and answers it with these bytes."""
    # A test's own folder can have a longer path than a Unix socket may have.
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, socket.socket(socket.AF_UNIX) as listener:
        path = Path(folder, "s")
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield path
        thread.join()


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
    (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 11_000 + b"\r\n", "FunctionInvokeResponseHeaderTooLarge"),
]


@pytest.mark.parametrize(("answer", "code"), BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_answer_is_a_failure_with_a_code(answer: bytes, code: str) -> None:
    with answering(answer) as path, pytest.raises(InvokeError) as failed:
        exchange(path, {}, b"")
    assert failed.value.code == code
