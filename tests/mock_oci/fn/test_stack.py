import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from mock_oci import MockOci
from mock_oci.fn.stack import LocalStack
from mock_oci.services.apm import Apm
from mock_oci.services.connector_hub import from_stream, to_function
from mock_oci.services.notifications import Notifications
from mock_oci.services.object_storage import ObjectStorage
from mock_oci.services.streaming import Streaming

FOLDERS = Path(__file__).parents[1] / "functions"
RELAY = FOLDERS / "relay"
CHAT = {"model": "meta.llama-3.3-70b-instruct", "messages": [{"role": "user", "content": "Why is the sky blue?"}]}


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with LocalStack(RELAY, config={"GREETING": "hello"}) as stack:
        yield stack


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
    with LocalStack(FOLDERS / "answers_batch", config=config, confine="no-tmp") as stack:
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


def test_a_traced_function_is_told_its_trace_and_where_spans_go() -> None:
    with LocalStack(FOLDERS / "echo", tracing=True) as stack:
        told = httpx.get(stack.gateway_url, trust_env=False, timeout=30).json()
        span = {"traceId": told["headers"]["x-b3-traceid"], "id": told["headers"]["x-b3-spanid"]}
        uploaded = httpx.post(told["environment"]["OCI_TRACE_COLLECTOR_URL"], json=[span], trust_env=False)
    assert (told["environment"]["OCI_TRACING_ENABLED"], told["headers"]["x-b3-sampled"]) == ("1", "1")
    assert uploaded.status_code == 202
    assert stack.oci.state_of(Apm).spans == [span]


def test_a_taken_port_leaves_nothing_behind() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        stack = LocalStack(FOLDERS / "echo", port=taken.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            stack.start()
    assert stack.function.containers == ()
