"""Faults of the best-known peer that a transport could have: one test each, by the fault's number in issue 3's table.

Those of the formats are in ``formats/test_peer_faults.py``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from email.utils import formatdate
from itertools import count
from typing import Any

import pytest

from mock_oci import MockOci
from model_service import auth
from model_service.auth import signing
from model_service.errors import DeadlineExceeded, UpstreamError
from model_service.fn.invocation import Deadline
from model_service.models import Model
from model_service.openai_api.chat import Complete
from model_service.openai_api.embeddings import EmbeddingsRequest
from model_service.openai_api.operations import responses_request
from model_service.service import Service
from model_service.settings import Settings
from model_service.upstream.retries import Retries

COMMAND = "cohere.command-a-03-2025"
LLAMA = "meta.llama-3.3-70b-instruct"
RESPONSES = "responses:openai.gpt-oss-120b"
CHAT = "/20231130/actions/chat"
ON_EVERY_PATH = pytest.mark.parametrize("name", [COMMAND, LLAMA, RESPONSES])


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def service(environment: dict[str, str], oci: MockOci, slept: list[float]) -> Iterator[Service]:
    variables = {**environment, "MODEL_SERVICE_PROJECT_ID": oci.projects.default.id}
    with closing(Service(Settings.load(variables))) as service:
        service.native.retries = Retries(slept.append)
        yield service


def bodies(oci: MockOci) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in oci.requests if request.body]


def says(oci: MockOci, answer: Any) -> None:
    oci.script.raw(json.dumps(answer).encode(), content_type="application/json", path=CHAT)


@pytest.mark.parametrize("status", [400, 401, 404, 413])
def test_fault_03_an_error_of_a_stream_is_not_a_second_call_without_it(
    service: Service, oci: MockOci, status: int
) -> None:
    oci.script.error(status, message="no", times=9)
    with pytest.raises(UpstreamError) as caught:
        Model(COMMAND, service).stream("Hello")
    assert (caught.value.status, len(oci.requests)) == (status, 1)


def test_fault_04_a_complete_answer_to_a_request_for_a_stream_is_its_chunk(service: Service, oci: MockOci) -> None:
    says(oci, {"chatResponse": {"apiFormat": "COHERE", "text": "Hi", "finishReason": "COMPLETE"}})
    (chunk,) = Model(COMMAND, service).stream("Hello")
    assert chunk["choices"][0]["delta"]["content"] == "Hi"


def test_fault_06_an_empty_answer_is_not_asked_for_again(service: Service, oci: MockOci) -> None:
    says(oci, {"chatResponse": {"apiFormat": "COHERE", "text": "", "finishReason": "COMPLETE"}})
    assert Model(COMMAND, service).complete("Hello")["choices"][0]["message"]["content"] == ""
    assert len(oci.requests) == 1


@pytest.mark.parametrize(
    ("name", "serving_mode"),
    [
        ("ocid1.generativeaimodel.oc1.us-chicago-1.m", {"servingType": "ON_DEMAND"}),
        ("ocid1.generativeaiendpoint.oc1.us-chicago-1.e", {"servingType": "DEDICATED"}),
    ],
)
def test_fault_11_only_an_endpoint_s_ocid_is_dedicated(
    environment: dict[str, str], oci: MockOci, name: str, serving_mode: dict[str, str]
) -> None:
    families = json.dumps({"ocid1.generativeaiendpoint.oc1.us-chicago-1.e": "generic"})
    variables = {**environment, "MODEL_SERVICE_ENDPOINT_FAMILIES": families}
    with closing(Service(Settings.load(variables))) as service, pytest.raises(UpstreamError):
        Model(name, service).complete("Hello")
    assert bodies(oci)[0]["servingMode"].items() >= serving_mode.items()


def test_fault_11_a_routing_profile_is_a_model_of_v1(service: Service, oci: MockOci) -> None:
    profile = oci.catalogue.add_routing_profile(LLAMA, oci.region)
    Model(profile, service).complete("Hello")
    assert bodies(oci)[0]["model"] == profile


def test_fault_12_every_cohere_model_and_a_dedicated_one_is_asked_in_its_format(service: Service, oci: MockOci) -> None:
    for name in (COMMAND, "cohere.command-r-plus-08-2024", oci.catalogue.add_endpoint(COMMAND)):
        Model(name, service).complete("Hello")
        assert bodies(oci)[-1]["chatRequest"]["apiFormat"] == "COHERE"


def test_fault_12_the_session_token_is_renewed_on_the_path_of_the_sdk_too(
    environment: dict[str, str], oci: MockOci
) -> None:
    oci.script.error(401, "NotAuthenticated", "expired")
    with closing(Service(Settings.load({**environment, "OCI_PROFILE": "SESSION"}))) as service:
        Model(COMMAND, service).complete("Hello")
    assert len(oci.requests) == 2


def test_fault_12_failures_are_asked_again_three_times_in_all_and_close_no_circuit(
    service: Service, oci: MockOci, slept: list[float]
) -> None:
    for _ in range(5):
        oci.script.error(503, times=3)
        with pytest.raises(UpstreamError):
            Model(COMMAND, service).complete("Hello")
    assert (len(oci.requests), len(slept)) == (15, 10)
    assert Model(COMMAND, service).complete("Hello")


@ON_EVERY_PATH
def test_fault_13_an_error_of_a_stream_is_the_api_s_own(service: Service, oci: MockOci, name: str) -> None:
    oci.script.error(400, "InvalidParameter", "temperature is too hot")
    with pytest.raises(UpstreamError, match="too hot"):
        Model(name, service).stream("Hello")


@ON_EVERY_PATH
def test_fault_15_a_failure_in_a_stream_is_no_silent_end(service: Service, oci: MockOci, name: str) -> None:
    oci.script.raw([b'data: {"type": "error", "error": {"message": "busy"}}\n\n'])
    with pytest.raises(UpstreamError, match="busy"):
        list(Model(name, service).stream("Hello"))


@ON_EVERY_PATH
def test_fault_19_zstd_is_not_offered(service: Service, oci: MockOci, name: str) -> None:
    Model(name, service).complete("Hello")
    assert oci.requests[-1].headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.not_through("process", why="the SDK's deadline is kept on its socket")
@ON_EVERY_PATH
def test_fault_19_a_stall_ends_at_the_deadline_and_not_at_a_timeout_of_minutes(
    service: Service, oci: MockOci, name: str
) -> None:
    oci.script.delay(before=0.5)
    started = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        Model(name, service, timeout=0.7).complete("Hello")
    assert time.monotonic() - started < 30  # a bound on the wait itself, not on speed


def test_fault_20_all_four_credentials_are_there_for_every_path() -> None:
    assert {"api_key", "session_token", "instance_principal", "resource_principal"} <= set(auth.AUTH_TYPES)


@ON_EVERY_PATH
def test_fault_22_the_second_signature_after_a_401_is_of_its_own_date(
    environment: dict[str, str], oci: MockOci, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    seconds = count(time.time())
    monkeypatch.setattr(signing, "formatdate", lambda **_: formatdate(next(seconds), usegmt=True))
    oci.script.error(401, "NotAuthenticated", "expired")
    variables = {**environment, "OCI_PROFILE": "SESSION", "MODEL_SERVICE_PROJECT_ID": oci.projects.default.id}
    with closing(Service(Settings.load(variables))) as service:
        Model(name, service).complete("Hello")
    first, second = (request.headers["date"] for request in oci.requests)
    assert first != second


def test_fault_23_more_inputs_than_96_are_several_calls(service: Service, oci: MockOci) -> None:
    request = EmbeddingsRequest.parse({"model": "cohere.embed-v4.0", "input": ["a"] * 97})
    answer = service.call(service.resolve(request), request, Deadline.after(30))
    assert isinstance(answer, Complete)
    assert len(answer.completion["data"]) == 97
    assert sorted(len(body["inputs"]) for body in bodies(oci)) == [1, 96]


WEATHER = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}}


def test_fault_14_a_streamed_call_has_its_name_and_the_id_that_its_result_answers(
    service: Service, oci: MockOci
) -> None:
    model = Model(RESPONSES, service)
    question = {"role": "user", "content": "Call get_weather, please."}
    chunks = list(model.stream([question], tools=[WEATHER]))
    deltas = [call for chunk in chunks for choice in chunk["choices"] for call in choice["delta"].get("tool_calls", [])]
    call = {**deltas[0], "function": {**deltas[0]["function"], "arguments": "{}"}}
    assert call["function"]["name"] == "get_weather"
    assert call["id"].startswith("call_")
    result = {"role": "tool", "tool_call_id": call["id"], "content": "31 degrees"}
    answer = model.complete([question, {"role": "assistant", "tool_calls": [call]}, result], tools=[WEATHER])
    assert "31 degrees" in answer["choices"][0]["message"]["content"]
    sent = {item["type"]: item for item in bodies(oci)[-1]["input"]}
    assert sent["function_call"]["call_id"] == sent["function_call_output"]["call_id"] == call["id"]
    assert "id" not in sent["function_call"]


def test_fault_16_a_schema_goes_where_responses_wants_it(service: Service, oci: MockOci) -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    wanted = {"type": "json_schema", "json_schema": {"name": "place", "schema": schema}}
    answer = Model(RESPONSES, service).complete("Where?", response_format=wanted)
    assert set(json.loads(answer["choices"][0]["message"]["content"])) == {"city"}
    assert "response_format" not in bodies(oci)[-1]
    assert bodies(oci)[-1]["text"]["format"]["schema"] == schema


def test_fault_17_the_project_and_both_compartment_headers_go_out(service: Service, oci: MockOci) -> None:
    Model(RESPONSES, service).complete("Hello")
    headers = oci.requests[-1].headers
    assert headers["openai-project"] == oci.projects.default.id
    assert headers["compartmentid"] == headers["opc-compartment-id"] == oci.tenancy.compartment_id
    assert "opc-project-id" not in headers


def test_fault_18_parameters_refusals_and_errors_are_what_they_are(service: Service, oci: MockOci) -> None:
    model = Model(RESPONSES, service)
    oci.script.chat(refusal="I will not.")
    asked = {"temperature": 0.2, "tools": [WEATHER], "tool_choice": "none", "reasoning_effort": "low"}
    message = model.complete("Hello", **asked)["choices"][0]["message"]
    assert message["refusal"] == "I will not."
    sent = bodies(oci)[-1]
    assert (sent["temperature"], sent["tool_choice"], sent["reasoning"]) == (0.2, "none", {"effort": "low"})
    oci.script.error(429, message="slow down")
    with pytest.raises(UpstreamError, match="slow down") as caught:
        model.complete("Hello")
    assert caught.value.status == 429


def event(value: Any) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def chunk(finish_reason: str | None, **more: Any) -> bytes:
    return event(
        {"id": "c", "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": finish_reason}], **more}
    )


# What comes after the first two pieces never comes, and the connection stays open.
LEFT_OPEN = {
    LLAMA: [chunk(None), chunk("stop"), b"data: [DONE]\n\n"],
    COMMAND: [event({"text": "Hi"}), event({"text": "Hi", "finishReason": "COMPLETE"}), b": never\n\n"],
}


@pytest.mark.parametrize("name", LEFT_OPEN)
def test_a_stream_that_is_left_open_after_its_last_chunk_is_over(service: Service, oci: MockOci, name: str) -> None:
    oci.script.raw(LEFT_OPEN[name], stall_after=2, stall=3, cut_after=2)
    chunks = list(Model(name, service).stream("Hello"))
    assert [one["choices"][0]["finish_reason"] for one in chunks if one["choices"]][-1] == "stop"


def test_the_usage_that_was_asked_for_is_waited_for(service: Service, oci: MockOci) -> None:
    usage = event({"id": "c", "choices": [], "usage": {"total_tokens": 3}})
    oci.script.raw([chunk("stop"), usage, b"data: [DONE]\n\n"], chunk_delay=0.4)
    *_, last = Model(LLAMA, service).stream("Hello", stream_options={"include_usage": True})
    assert last["usage"] == {"total_tokens": 3}


def test_a_response_that_is_left_open_after_its_last_event_is_over(service: Service, oci: MockOci) -> None:
    events = [
        event({"type": "response.created"}),
        event({"type": "response.completed", "response": {}}),
        b": never\n\n",
    ]
    oci.script.raw(events, stall_after=2, stall=3, cut_after=2)
    request = responses_request({"model": "openai.gpt-oss-120b", "input": "Hello", "stream": True})
    answer = service.call(service.resolve(request), request, Deadline.after(30))
    assert [one.value["type"] for one in answer.chunks] == ["response.created", "response.completed"]
