"""Chunks that leave the container as they come, on the real FDK's own socket; no gateway in between."""

from __future__ import annotations

import itertools
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fdk.context import InvokeContext

from mock_oci import LoopbackServer, MockOci, Request, Response
from mock_oci.fn.fdk_socket import request_bytes
from mock_oci.fn.functions import LocalFunctions
from model_service.fn import fdk_response
from model_service.fn.invocation import Deadline
from model_service.fn.reply import Reply
from model_service.logs import log

ROOT = Path(__file__).resolve().parents[3]
STREAM = json.dumps(
    {"model": "meta.llama-3.3-70b-instruct", "messages": [{"role": "user", "content": "Hello"}], "stream": True}
).encode()
NDJSON = json.dumps({**json.loads(STREAM), "stream_format": "ndjson"}).encode()
WAIT = 20  # seconds after which a test gives up; none waits that long


def chunk(text: str | None = None, finish: str | None = None) -> dict[str, Any]:
    return {"id": "c1", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]}


def event(value: Any) -> bytes:
    return b"data: " + (value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\n\n"


class Model:
    """A model that says its next word only when it is told to, and knows when nobody listens any more."""

    def __init__(self) -> None:
        self._next = threading.Semaphore(0)
        self._silent = False
        self.gone = threading.Event()

    def say_next(self) -> None:
        self._next.release()

    def fall_silent(self) -> None:
        """Ends what is still being said, so that no thread is left over."""
        self._silent = True
        self._next.release(2)

    def answer(self, _request: Request) -> Response:
        return Response(200, {"content-type": "text/event-stream"}, self._words())

    def _words(self) -> Iterator[bytes]:
        try:
            for number in itertools.count():
                if not self._next.acquire(timeout=WAIT) or self._silent:
                    return
                yield event(chunk(f"word{number} "))
        finally:
            self.gone.set()


@contextmanager
def function_with(answer: Callable[[Request], Response], **config: str) -> Iterator[Any]:
    with LoopbackServer(answer) as upstream, LocalFunctions(MockOci(), upstream.url, confine="no-freeze") as functions:
        function = functions.deploy(ROOT, name="model-service", config=config)
        function.warm()
        yield function


@contextmanager
def call(function: Any, body: bytes = STREAM, **headers: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(WAIT)
        connection.connect(str(function.containers[0].socket))
        connection.sendall(request_bytes({"fn-call-id": "01", **headers}, body))
        yield connection


def read_until(connection: socket.socket, wanted: bytes) -> bytes:
    received = b""
    while wanted not in received:
        piece = connection.recv(65536)
        assert piece, received
        received += piece
    return received


@pytest.fixture
def model() -> Iterator[Model]:
    model = Model()
    yield model
    model.fall_silent()


def test_each_chunk_leaves_before_the_next_one_is_made(model: Model) -> None:
    with function_with(model.answer) as function, call(function) as connection:
        for number in range(5):
            model.say_next()
            received = read_until(connection, f"word{number} ".encode())
            if number == 0:
                assert b"transfer-encoding: chunked" in received.lower()
                assert b"x-model-service-delivery: chunked" in received.lower()
        model.fall_silent()


def test_a_reader_that_goes_away_closes_the_call_upstream_and_leaves_the_container_usable(model: Model) -> None:
    with function_with(model.answer) as function:
        with call(function) as connection:
            model.say_next()
            read_until(connection, b"word0")
        for _ in range(400):  # the next words find nobody
            model.say_next()
            if model.gone.wait(WAIT / 400):
                break
        assert model.gone.is_set()
        line = function.log.wait_for(lambda line: '"reader_gone"' in line, WAIT)
        assert '"status":444' in line
        with call(function) as connection:
            model.say_next()
            read_until(connection, b"word0")
        model.fall_silent()


def test_the_body_ends_properly_and_the_connection_serves_the_next_call() -> None:
    oci = MockOci()
    with LoopbackServer(oci.answer) as upstream, LocalFunctions(oci, upstream.url, confine="no-freeze") as functions:
        function = functions.deploy(ROOT, name="model-service")
        function.warm()
        with call(function) as connection:
            for _ in range(3):
                assert b"[DONE]" in read_until(connection, b"\r\n0\r\n\r\n")
                connection.sendall(request_bytes({"fn-call-id": "01"}, STREAM))
            read_until(connection, b"\r\n0\r\n\r\n")


def test_a_gateway_gets_its_headers_with_a_streamed_answer_too() -> None:
    headers = {
        "fn-intent": "httprequest",
        "fn-http-method": "POST",
        "fn-http-request-url": "/v1/chat/completions",
        "fn-http-h-host": "gateway",
        "fn-http-h-accept": "application/x-ndjson",
    }
    oci = MockOci()
    with LoopbackServer(oci.answer) as upstream, LocalFunctions(oci, upstream.url, confine="no-freeze") as functions:
        function = functions.deploy(ROOT, name="model-service")
        function.warm()
        with call(function, **headers) as connection:
            head = read_until(connection, b"\r\n0\r\n\r\n").partition(b"\r\n\r\n")[0].lower().decode().splitlines()
    assert "fn-http-status: 200" in head
    assert [line for line in head if "content-type" in line] == ["content-type: application/x-ndjson"]
    assert "fn-http-h-x-model-service-delivery: chunked" in head


def test_lines_instead_of_events_for_functions_and_pipes() -> None:
    words = [event(chunk("Hel")), event(chunk("lo", "stop")), event(b"[DONE]")]
    answer = Response(200, {"content-type": "text/event-stream"}, b"".join(words))
    with function_with(lambda _request: answer) as function, call(function, NDJSON) as connection:
        body = unchunked(read_until(connection, b"\r\n0\r\n\r\n"))
    assert [json.loads(line) for line in body.splitlines()] == [chunk("Hel"), chunk("lo", "stop")]


def test_an_error_after_the_first_chunk_is_a_last_line() -> None:
    answer = Response(200, {"content-type": "text/event-stream"}, event(chunk("Hel")) + event(b"{'error': 'busy'}"))
    with function_with(lambda _request: answer) as function, call(function, NDJSON) as connection:
        *_, last = unchunked(read_until(connection, b"\r\n0\r\n\r\n")).splitlines()
    assert json.loads(last)["error"]["code"] == "stream_broken"


def test_an_answer_that_the_platform_would_not_let_through_ends_with_an_error_before_it_is_too_long() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield event(chunk("x" * 60_000))

    with (
        function_with(lambda _request: Response(200, {"content-type": "text/event-stream"}, endless())) as function,
        call(function) as connection,
    ):
        received = read_until(connection, b"\r\n0\r\n\r\n")
    assert len(received) < 6_000_000
    assert b'"code":"answer_too_large"' in received[-2000:]


def test_memory_stays_flat_however_long_the_answer_is() -> None:
    def long() -> Iterator[bytes]:
        for _ in range(90):
            yield event(chunk("x" * 60_000))
        yield event(chunk(None, "stop"))

    with function_with(lambda _request: Response(200, {"content-type": "text/event-stream"}, long())) as function:
        memory = []
        for _ in range(2):
            with call(function) as connection:
                read_until(connection, b"\r\n0\r\n\r\n")
            status = Path(f"/proc/{function.containers[0].pid}/status").read_text()
            memory.append(int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]))
    assert memory[1] - memory[0] < 2_000  # kB; each of the two answers has 5,400


def unchunked(answer: bytes) -> bytes:
    _, _, rest = answer.partition(b"\r\n\r\n")
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        body, rest = body + rest[:length], rest[length + 2 :]
    return body


@pytest.fixture
def context() -> InvokeContext:
    return InvokeContext("app", "app", "fn", "fn", "01", headers={})


def test_where_the_fdk_has_no_such_place_the_answer_goes_out_whole_and_the_log_says_so_once(
    context: InvokeContext, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fdk_response, "_warned", set())
    log.configure()
    for _ in range(2):
        response = fdk_response.respond(context, Reply(200, iter([b"Hel", b"lo"])), Deadline.after(5))
        assert response.body_bytes() == b"Hello"
        assert context.GetResponseHeaders()["x-model-service-delivery"] == "complete"
    assert capsys.readouterr().err.count("streaming_unavailable") == 1


def test_a_complete_answer_needs_no_bridge(context: InvokeContext) -> None:
    assert fdk_response.respond(context, Reply(200, b"{}"), Deadline.after(5)).body_bytes() == b"{}"


def held_by(pid: int) -> tuple[int, int]:
    """How many threads and open files a process has."""
    process = Path(f"/proc/{pid}")
    return len(list((process / "task").iterdir())), len(list((process / "fd").iterdir()))


def test_callers_that_hang_up_leave_no_thread_and_no_connection_behind() -> None:
    def talkative() -> Iterator[bytes]:
        for number in range(400):
            yield event(chunk(f"word{number} " * 100))

    def answer(_request: Request) -> Response:
        return Response(200, {"content-type": "text/event-stream"}, talkative())

    def hang_up() -> None:
        written = function.log.written
        with call(function) as connection:
            read_until(connection, b"word0")
        assert function.log.wait_for(lambda line: '"invocation"' in line, WAIT, after=written)

    with function_with(answer) as function:
        hang_up()
        before = held_by(function.containers[0].pid)
        for _ in range(20):
            hang_up()
        threads, files = held_by(function.containers[0].pid)
    assert threads == before[0]
    assert files <= before[1] + 1  # the one that may be closing at this moment
