import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

import mock_oci
from mock_oci import MockOci
from mock_oci.services.connector_hub import from_stream, to_function
from mock_oci.services.notifications import Notifications
from mock_oci.services.object_storage import ObjectStorage
from mock_oci.services.streaming import Streaming
from mock_oci.stack import LocalStack, run_once

FOLDERS = Path(__file__).parent / "functions"
RELAY = FOLDERS / "relay"
CHAT = {"model": "meta.llama-3.3-70b-instruct", "messages": [{"role": "user", "content": "Why is the sky blue?"}]}


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with LocalStack(RELAY, config={"GREETING": "hello"}) as stack:
        yield stack


@contextmanager
def command(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """``python -m mock_oci`` in a process of its own, ended afterwards whatever happens."""
    source = str(Path(mock_oci.__file__).parents[1])
    process = subprocess.Popen(
        [sys.executable, "-m", "mock_oci", *arguments],
        env={"PYTHONPATH": source, "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def test_a_chat_goes_through_gateway_function_and_oci_and_back(stack: LocalStack) -> None:
    response = httpx.post(f"{stack.gateway_url}/chat/completions", json=CHAT, trust_env=False, timeout=30)
    assert response.status_code == 200
    assert "sky" in response.json()["choices"][0]["message"]["content"]
    signed = stack.oci.requests[-1]
    assert signed.path == "/openai/v1/chat/completions"
    assert 'keyId="ST$' in signed.headers["authorization"]


def test_the_stack_tells_where_everything_is(stack: LocalStack) -> None:
    assert stack.gateway_url.endswith("/v1")
    assert len({stack.gateway_url, stack.oci_url, stack.invoke_url}) == 3
    assert stack.functions.find(stack.function.id) is stack.function
    assert httpx.get(stack.invoke_url, trust_env=False).status_code == 404


def test_the_function_finds_oci_and_its_own_config_in_its_environment(stack: LocalStack) -> None:
    config = stack.function.deployment.config
    assert config["OCI_GENAI_ENDPOINT"] == stack.oci_url
    assert config["OCI_COMPARTMENT_ID"] == stack.oci.tenancy.compartment_id
    assert config["OCI_REGION"] == "us-chicago-1"
    assert config["GREETING"] == "hello"


def test_a_container_is_warm_before_the_first_call_and_gone_after_the_last() -> None:
    with LocalStack(FOLDERS / "echo", oci=MockOci(region="eu-frankfurt-1")) as stack:
        (container,) = stack.function.containers
    assert not container.alive
    assert stack.function.containers == ()


def until(condition: Callable[[], object]) -> None:
    give_up = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def test_records_events_and_messages_move_by_themselves_while_the_stack_runs() -> None:
    with LocalStack(FOLDERS / "echo") as stack:
        hub, events, cloud, function = stack.connector_hub, stack.events, stack.oci, stack.function
        stream, topic = cloud.state_of(Streaming).create("s"), cloud.state_of(Notifications).create_topic("t")
        storage = cloud.state_of(ObjectStorage)
        storage.create_bucket("b", object_events=True)
        connector = hub.create("c", from_stream(stream.id), to_function(function.id))
        events.create("r", {}, [events.action("FAAS", function.id)])
        cloud.state_of(Notifications).subscribe(topic, "ORACLE_FUNCTIONS", function.id)
        stream.put([(None, b"x")])
        storage.put("b", "o", b"")
        cloud.state_of(Notifications).publish(topic, "m")
        until(lambda: connector.runs and events.deliveries)
    assert [run.status for run in connector.runs] == [200]
    assert [delivery.status for delivery in events.deliveries] == [200]
    assert [delivery.status for delivery in cloud.state_of(Notifications).deliveries] == [200]


def test_a_batch_whose_container_is_killed_comes_again_and_nothing_is_lost(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    config = {"ENDPOINT": "{endpoint}", "HANGS": str(begun)}
    with LocalStack(FOLDERS / "answers_batch", config=config) as stack:
        stack.connector_hub.backoff = lambda failures: 0.0
        storage, stream = stack.oci.state_of(ObjectStorage), stack.oci.state_of(Streaming).create("s")
        storage.create_bucket("results")
        stream.put([(None, b'{"n": 1}')] * 3)
        connector = stack.connector_hub.create("c", from_stream(stream.id), to_function(stack.function.id))
        until(begun.exists)
        (container,) = stack.function.containers
        assert [item.name for item in storage.objects("results")] == ["0"]
        container.kill()
        until(lambda: connector.runs and connector.runs[-1].status == 200)
    assert [(run.attempt, run.code) for run in connector.runs] == [(1, "FunctionInvokeExecutionError"), (2, "")]
    assert [item.name for item in storage.objects("results")] == ["0", "1", "2"]


def test_a_taken_port_leaves_nothing_behind() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        stack = LocalStack(FOLDERS / "echo", port=taken.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            stack.start()
    assert stack.function.containers == ()


def test_run_once_prints_the_answer_and_the_trace(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_once(RELAY, "Why is the sky blue?") == 0
    captured = capsys.readouterr()
    assert "  > Why is the sky blue?" in captured.out
    assert "sky" in captured.out.split("?", 1)[1]
    assert "  tokens      12 in + 30 out = 42\n" in captured.out
    assert "\x1b" not in captured.out
    assert captured.err == ""


@pytest.mark.parametrize(
    ("folder", "reason"),
    [("broken", "the gateway answered 502"), ("obedient", "the gateway answered 502"), ("nowhere", "nowhere")],
)
def test_run_once_says_why_there_is_no_answer(folder: str, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_once(FOLDERS / folder, "Why?") == 1
    error = capsys.readouterr().err
    assert error.startswith("mock_oci: ")
    assert reason in error
    assert "Traceback" not in error


def test_run_once_shows_the_log_of_a_function_that_failed(capsys: pytest.CaptureFixture[str]) -> None:
    run_once(FOLDERS / "broken", "Why?")
    assert "this function needs what is not installed" in capsys.readouterr().err


def test_run_once_wants_to_see_the_functions_summary(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_oci.stack._LOG_SECONDS", 0.05)
    assert run_once(FOLDERS / "mute", "Why?") == 1
    captured = capsys.readouterr()
    assert "  hello\n" in captured.out
    assert "logged no line" in captured.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_served_stack_is_ready_serves_and_ends_quietly(number: int, tmp_path: Path) -> None:
    with command("--function", str(RELAY), "--write-config", str(tmp_path / "config")) as process:
        assert process.stdout is not None
        ready, _, url = process.stdout.readline().strip().partition(": ")
        assert (ready, url.rpartition("/")[2]) == ("ready", "v1")
        assert (tmp_path / "config" / "env").exists()
        answer = httpx.post(f"{url}/chat/completions", json=CHAT, trust_env=False, timeout=30)
        process.send_signal(number)
        rest, log = process.communicate(timeout=20)
    assert answer.status_code == 200
    assert (process.returncode, rest) == (0, "")
    assert '"event": "invocation"' in log
    assert "Traceback" not in log


def test_a_taken_port_is_one_line_and_exit_code_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with command("--function", str(FOLDERS / "echo"), "--port", port) as process:
            out, error = process.communicate(timeout=20)
    assert (process.returncode, out) == (2, "")
    assert len(error.splitlines()) == 1
    assert port in error


@pytest.mark.parametrize(("flags", "framing"), [([], "transfer-encoding"), (["--buffered"], "content-length")])
def test_the_served_stack_is_live_or_buffered(flags: list[str], framing: str) -> None:
    with command("--function", str(FOLDERS / "streams"), *flags) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip().partition(": ")[2]
        order = {"do": "say", "pieces": ["a", "b"]}
        response = httpx.post(url, json=order, trust_env=False, timeout=30)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert response.text == "ab"
    assert {"transfer-encoding", "content-length"} & set(response.headers) == {framing}


def test_a_function_that_cannot_be_imported_is_not_ready() -> None:
    with command("--function", str(FOLDERS / "broken")) as process:
        out, error = process.communicate(timeout=20)
    assert (process.returncode, out) == (1, "")
    assert "this function needs what is not installed" in error
