"""Answers in chunks, from a real FDK through functions and gateway: as they come, or whole as on the platform."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from mock_oci import MockOci
from mock_oci.fn.functions import LocalFunctions
from mock_oci.fn.gateway import LocalGateway
from mock_oci.fn.local_function import LocalFunction
from mock_oci.fn.stack import LocalStack
from mock_oci.services.functions.invoke_errors import InvokeError
from mock_oci.wire import Request, Response

STREAMS = Path(__file__).parents[1] / "functions" / "streams"
MB = 1024 * 1024


@pytest.fixture(scope="module")
def functions() -> Iterator[LocalFunctions]:
    with LocalFunctions(MockOci(), confine="no-tmp") as functions:  # what is written there is seen from here
        yield functions


@pytest.fixture(scope="module")
def streams(functions: LocalFunctions) -> LocalFunction:
    """The function that answers in chunks, in one container, which every test leaves idle or ended."""
    return functions.deploy(STREAMS, name="streams", max_containers=1)


@pytest.fixture
def gates(tmp_path: Path) -> Path:
    (tmp_path / "gates").mkdir()
    return tmp_path / "gates"


def order(do: str, **what: Any) -> bytes:
    return json.dumps(
        {"do": do, **{name: str(it) if isinstance(it, Path) else it for name, it in what.items()}}
    ).encode()


def live(functions: LocalFunctions, function: LocalFunction, do: str, **what: Any) -> Any:
    """The body of the live answer, an iterator with a ``close``."""
    response = functions.invoke(function.id, order(do, **what), live=True)
    assert response.status == 200
    assert not isinstance(response.body, bytes)
    return response.body


def words(body: Iterator[bytes]) -> Iterator[bytes]:
    return (piece for piece in body if piece)


def code_of(response: Response) -> str:
    assert isinstance(response.body, bytes)
    return json.loads(response.body)["code"]


def until(happened: Callable[[], bool]) -> None:
    while not happened():
        time.sleep(0.002)


# Functions.


def test_the_platform_gives_an_answer_in_chunks_whole(functions: LocalFunctions, streams: LocalFunction) -> None:
    response = functions.invoke(streams.id, order("say", pieces=["Hel", "lo"]))
    assert (response.status, response.body) == (200, b"Hello")
    assert response.headers["content-type"] == "text/event-stream"
    assert "transfer-encoding" not in response.headers


def test_a_live_answer_comes_piece_by_piece(functions: LocalFunctions, streams: LocalFunction, gates: Path) -> None:
    body = live(functions, streams, "say", pieces=["a", "b", "c"], gates=gates)
    for number, piece in enumerate([b"a", b"b", b"c"]):
        (gates / str(number)).touch()
        assert next(words(body)) == piece
    assert list(words(body)) == []


def test_an_answer_that_is_no_stream_is_whole_even_live(functions: LocalFunctions) -> None:
    echo = functions.deploy(STREAMS.parent / "echo", name="echo")
    assert isinstance(functions.invoke(echo.id, live=True).body, bytes)


def test_a_detached_call_is_never_live(functions: LocalFunctions, streams: LocalFunction) -> None:
    body = order("say", pieces=["Hel", "lo"])
    assert functions.invoke(streams.id, body, invoke_type="detached", live=True).body == b""
    assert streams.detached_runs[-1].outcome.result(timeout=10).body == b"Hello"


def test_a_container_is_busy_until_its_live_answer_ends(
    functions: LocalFunctions, streams: LocalFunction, gates: Path
) -> None:
    body = live(functions, streams, "say", pieces=["a", "b"], gates=gates)
    assert code_of(functions.invoke(streams.id, order("say", pieces=["c"]))) == "TooManyRequests"
    (gates / "1").touch()
    assert b"".join(body) == b"ab"
    assert functions.invoke(streams.id, order("say", pieces=["c"])).body == b"c"


@pytest.mark.parametrize("read", [0, 1])
def test_a_function_notices_that_its_reader_left_and_its_container_serves_on(
    functions: LocalFunctions, streams: LocalFunction, gates: Path, read: int
) -> None:
    body = live(functions, streams, "say", pieces=["a", "b"], gates=gates)
    (container,) = streams.containers
    for _ in range(read):
        next(words(body))
    body.close()
    assert (gates / "left").exists()
    assert functions.invoke(streams.id, order("say", pieces=["c"])).body == b"c"
    assert streams.containers == (container,)


def test_a_live_answer_that_nobody_holds_any_more_frees_its_container(
    functions: LocalFunctions, streams: LocalFunction, gates: Path
) -> None:
    live(functions, streams, "say", pieces=["a", "b"], gates=gates)
    assert functions.invoke(streams.id, order("say", pieces=["c"])).body == b"c"


def test_a_container_that_does_not_notice_is_given_up(
    functions: LocalFunctions, streams: LocalFunction, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_oci.fn.container._DONE_SECONDS", 0.02)
    body = live(functions, streams, "say_and_hold_the_loop", text="a", path=tmp_path / "never")
    assert next(words(body)) == b"a"
    body.close()
    assert streams.containers == ()
    assert functions.invoke(streams.id, order("say", pieces=["c"])).body == b"c"


def test_the_next_call_waits_for_a_container_that_is_still_busy(
    functions: LocalFunctions, streams: LocalFunction, tmp_path: Path
) -> None:
    body = live(functions, streams, "say_and_hold_the_loop", text="a", path=tmp_path / "go")
    assert next(words(body)) == b"a"
    with ThreadPoolExecutor(1) as pool:
        closed = pool.submit(body.close)
        assert code_of(functions.invoke(streams.id, order("say", pieces=["c"]))) == "TooManyRequests"
        (tmp_path / "go").touch()
        closed.result(timeout=10)
    assert functions.invoke(streams.id, order("say", pieces=["c"])).body == b"c"


def test_the_deadline_kills_a_live_answer(functions: LocalFunctions, gates: Path) -> None:
    function = functions.deploy(STREAMS, name="killed", timeout=0.5)
    function.warm()
    body = live(functions, function, "say", pieces=["a", "b"], gates=gates)
    with pytest.raises(InvokeError, match="FunctionInvokeTimeout"):
        b"".join(body)
    assert function.containers == ()


def test_a_function_that_dies_within_its_answer_is_a_failure(functions: LocalFunctions, streams: LocalFunction) -> None:
    body = live(functions, streams, "say_and_leave", text="a")
    assert next(words(body)) == b"a"
    with pytest.raises(InvokeError, match="FunctionInvokeExecutionError"):
        next(words(body))
    assert streams.containers == ()
    buffered = functions.invoke(streams.id, order("say_and_leave", text="a"))
    assert (buffered.status, code_of(buffered)) == (502, "FunctionInvokeExecutionError")


def test_six_megabytes_of_chunks_pass(functions: LocalFunctions, streams: LocalFunction) -> None:
    much = {"size": 64 * 1024, "times": 96}
    assert functions.invoke(streams.id, order("say_much", **much)).body == b"x" * 6 * MB
    assert sum(map(len, live(functions, streams, "say_much", **much))) == 6 * MB


def test_more_than_six_megabytes_of_chunks_are_lost_or_cut(functions: LocalFunctions, streams: LocalFunction) -> None:
    much = {"size": 1024 * 1024 - 1, "times": 8}
    assert code_of(functions.invoke(streams.id, order("say_much", **much))) == "FunctionInvokeResponseBodyTooLarge"
    (container,) = streams.containers
    received = 0
    with pytest.raises(InvokeError, match="FunctionInvokeResponseBodyTooLarge"):
        for piece in live(functions, streams, "say_much", **much):
            received += len(piece)
    assert received == 6 * (MB - 1)
    assert streams.containers == (container,)


def test_closing_the_service_ends_its_live_answers_and_leaves_nothing_behind(gates: Path) -> None:
    threads = threading.active_count()
    with LocalFunctions(MockOci(), confine="no-tmp") as functions:  # what is written there is seen from here
        function = functions.deploy(STREAMS, name="closing")
        body = live(functions, function, "say", pieces=["a", "b"], gates=gates)
        functions.close()
        with pytest.raises(InvokeError, match="FunctionInvokeExecutionError"):
            b"".join(body)
    assert threading.active_count() <= threads


# The gateway.


@pytest.fixture
def relay(functions: LocalFunctions, streams: LocalFunction) -> Iterator[httpx.Client]:
    """A client of a gateway that relays live, in front of ``streams``."""
    with (
        LocalGateway(functions, {"/": streams}, live=True) as gateway,
        httpx.Client(base_url=gateway.url, trust_env=False, timeout=20) as client,
    ):
        yield client


def test_words_reach_a_client_as_they_come(relay: httpx.Client, gates: Path) -> None:
    with relay.stream("POST", "/", content=order("say", pieces=["a", "b"], gates=gates)) as response:
        pieces = response.iter_raw()
        assert next(pieces) == b"a"
        (gates / "1").touch()
        assert list(pieces) == [b"b"]
    assert response.headers["transfer-encoding"] == "chunked"
    assert response.headers["content-type"] == "text/event-stream"
    assert {"fn-call-id", "opc-request-id", "x-pid"} <= set(response.headers)
    assert "content-length" not in response.headers


def test_a_gateway_buffers_unless_it_is_told_not_to(functions: LocalFunctions, streams: LocalFunction) -> None:
    with LocalGateway(functions, {"/": streams}) as gateway:
        response = httpx.post(gateway.url, content=order("say", pieces=["Hel", "lo"]), trust_env=False)
    assert (response.text, response.headers["content-length"]) == ("Hello", "5")
    assert "transfer-encoding" not in response.headers


def test_a_client_that_leaves_while_nothing_comes_is_noticed(
    relay: httpx.Client, streams: LocalFunction, gates: Path
) -> None:
    with relay.stream("POST", "/", content=order("say", pieces=["a", "b"], gates=gates)) as response:
        assert next(response.iter_raw()) == b"a"
    until((gates / "left").exists)
    until(lambda: relay.post("/", content=order("say", pieces=["c"])).text == "c")
    assert len(streams.containers) == 1


@pytest.mark.parametrize("do", [{"do": "say_and_leave", "text": "a"}, {"do": "say_much", "size": MB, "times": 7}])
def test_a_client_sees_that_its_answer_was_cut(relay: httpx.Client, do: dict[str, Any]) -> None:
    with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
        relay.post("/", content=order(**do))


def test_a_stream_with_a_status_that_is_none_is_closed(
    functions: LocalFunctions, streams: LocalFunction, gates: Path
) -> None:
    gateway = LocalGateway(functions, {"/": streams}, live=True)
    body = order("say", pieces=["a", "b"], gates=gates, status="none")
    assert gateway.answer(Request("POST", "/", {}, body)).status == 502
    assert (gates / "left").exists()


@pytest.mark.parametrize(("method", "status"), [("HEAD", "200"), ("POST", "204")])
def test_a_stream_that_the_client_must_not_get_is_closed(
    relay: httpx.Client, gates: Path, method: str, status: str
) -> None:
    body = order("say", pieces=["a", "b"], gates=gates, status=status)
    assert relay.request(method, "/", content=body).content == b""
    until((gates / "left").exists)


# The stack.


@pytest.mark.parametrize("live", [False, True])
def test_a_stack_gives_whole_answers_unless_it_is_live(live: bool) -> None:
    with LocalStack(STREAMS, live=live) as stack:
        response = httpx.post(stack.gateway_url, content=order("say", pieces=["a", "b"]), trust_env=False)
    assert response.text == "ab"
    assert ("content-length" in response.headers) != live
