"""A container's last moments and its idle ones, in a real FDK process."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fdk import context as fdk_context
from fdk.async_http import protocol as fdk_protocol
from fdk.async_http.protocol import HttpProtocol

from mock_oci import LoopbackServer, MockOci, Request, Response
from mock_oci.fn.fdk_socket import request_bytes
from mock_oci.fn.functions import LocalFunctions
from model_service.fn.fdk_server import calm_timers, keep_classes

ROOT = Path(__file__).resolve().parents[3]
CHAT: dict[str, Any] = {"model": "meta.llama-3.3-70b-instruct", "messages": [{"role": "user", "content": "Hello"}]}
WAIT = 20  # seconds after which a test gives up; none waits that long


def chunk(text: str | None, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "c1", "choices": [choice]}).encode() + b"\n\n"


@contextmanager
def function_with(answer: Callable[[Request], Response]) -> Iterator[Any]:
    with LoopbackServer(answer) as upstream, LocalFunctions(MockOci(), upstream.url, confine="no-freeze") as functions:
        function = functions.deploy(ROOT, name="model-service", config={})
        function.warm()
        yield function


@contextmanager
def call(function: Any, body: dict[str, Any], **headers: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(WAIT)
        connection.connect(str(function.containers[0].socket))
        connection.sendall(request_bytes({"fn-call-id": "01", **headers}, json.dumps(body).encode()))
        yield connection


def rest_of(connection: socket.socket, pause: float = 0.0) -> bytes:
    received = bytearray()
    while piece := connection.recv(65_536):
        received += piece
        time.sleep(pause)
    return bytes(received)


def wait_for_the_end_of(pid: int) -> None:
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.02)
    raise AssertionError("the process goes on")


def test_a_signal_to_stop_lets_a_stream_be_finished_first() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def answer(_request: Request) -> Response:
        def words() -> Iterator[bytes]:
            yield chunk("one ")
            begun.set()
            go_on.wait(WAIT)
            for number in range(30):  # a stopping loop still goes around a few times
                time.sleep(0.02)
                yield chunk(f"word{number} ")
            yield from (chunk(None, "stop"), b"data: [DONE]\n\n")

        return Response(200, {"content-type": "text/event-stream"}, words())

    with function_with(answer) as function, call(function, {**CHAT, "stream": True}) as connection:
        pid = function.containers[0].pid
        assert begun.wait(WAIT)
        os.kill(pid, signal.SIGTERM)
        time.sleep(0.1)
        go_on.set()
        assert b"data: [DONE]" in rest_of(connection)
        wait_for_the_end_of(pid)


def test_a_signal_to_stop_lets_a_long_answer_out_to_a_slow_reader() -> None:
    text = "x" * 5_900_000
    message = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    whole = json.dumps({"id": "c", "object": "chat.completion", "choices": [message]}).encode()

    def answer(_request: Request) -> Response:
        return Response(200, {"content-type": "application/json"}, whole)

    with function_with(answer) as function, call(function, CHAT) as connection:
        pid = function.containers[0].pid
        connection.recv(1)
        os.kill(pid, signal.SIGTERM)
        assert len(rest_of(connection, pause=0.002)) > len(text)
        wait_for_the_end_of(pid)


def test_a_signal_to_stop_ends_an_idle_container_at_once() -> None:
    def answer(_request: Request) -> Response:
        return Response(400, {}, b"{}")

    with function_with(answer) as function, call(function, CHAT) as connection:
        connection.recv(65_536)
        os.kill(function.containers[0].pid, signal.SIGTERM)
        wait_for_the_end_of(function.containers[0].pid)


def test_a_reader_that_stands_still_is_given_up_at_the_deadline_and_the_model_with_it() -> None:
    gone = threading.Event()

    def answer(_request: Request) -> Response:
        def words() -> Iterator[bytes]:
            try:
                for _ in range(100):
                    yield chunk("x" * 50_000)
            finally:
                gone.set()

        return Response(200, {"content-type": "text/event-stream"}, words())

    deadline = (datetime.now(UTC) + timedelta(seconds=4)).isoformat(timespec="seconds")
    with function_with(answer) as function:
        with call(function, {**CHAT, "stream": True}, **{"fn-deadline": deadline}):
            assert gone.wait(WAIT)  # although this end is open, and nothing is read
        with call(function, CHAT) as connection:
            assert connection.recv(65_536)  # the container goes on


def test_an_idle_connection_is_never_overdue(monkeypatch: pytest.MonkeyPatch) -> None:
    def time_left() -> float:
        connection = HttpProtocol(loop=SimpleNamespace(), request_handler=None, error_handler=None)
        connection.keep_alive_timeout = 75
        connection._last_response_time = fdk_protocol.current_time
        left: float = connection.keep_alive_time_left()
        return left

    monkeypatch.setattr(fdk_protocol, "current_time", None)
    assert time_left() == 0, "the FDK has a clock of its own now: calm_timers() is not needed any more"
    calm_timers()
    assert time_left() == 75


def test_a_package_that_is_installed_beside_is_not_imported_by_accident(tmp_path: Path) -> None:
    (tmp_path / "trio.py").write_text("raise SystemExit('trio was imported')\n")
    command = "import func, httpx, model_service.transports.v1"
    subprocess.run([sys.executable, "-c", command], cwd=ROOT, env={"PYTHONPATH": str(tmp_path)}, check=True)


def test_the_fdk_makes_its_class_once_and_fills_it_for_each_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fdk_context, "namedtuple", fdk_context.namedtuple)
    keep_classes()
    values = [
        fdk_context.context_from_format("http-stream", headers={}, data=None)[0].TracingContext().zipkin_attrs()
        for _ in range(2)
    ]
    assert type(values[0]) is type(values[1])
    traced = fdk_context.TracingContext(True, "url", "trace", "span", None, 1, "0").zipkin_attrs()
    assert (traced.trace_id, traced.parent_span_id, traced.is_sampled) == ("trace", "span", True)
