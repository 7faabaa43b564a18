"""The SDK transport against the local OCI: formats and serving modes, streams, refusals, and where a call goes."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mock_oci import LoopbackServer, MockOci, Response
from mock_oci.doors.in_process import mock_oci
from mock_oci.model.catalogue import ocid_of
from model_service.app import App
from model_service.auth.service_endpoints import ServiceEndpoints
from model_service.errors import (
    DeadlineExceeded,
    InvalidRequest,
    ModelServiceError,
    StreamBroken,
    UpstreamError,
    UpstreamRefused,
)
from model_service.fn.invocation import Deadline, HttpRequest, Invocation
from model_service.logs import log
from model_service.models import Model
from model_service.service import Service
from model_service.settings import Settings
from model_service.transports.native.chat import REFUSES_TO_STREAM
from model_service.upstream.retries import Retries

COMMAND = "cohere.command-a-03-2025"
VISION = "cohere.command-a-vision-07-2025"
LLAMA = "meta.llama-3.3-70b-instruct"
QWEN = "qwen.qwen3-32b"
CHAT = "/20231130/actions/chat"
ELSEWHERE = "eu-frankfurt-1"
PNG = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "the weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@pytest.fixture
def service(environment: dict[str, str]) -> Iterator[Service]:
    with closing(Service(Settings.load(environment))) as service:
        service.native.retries = Retries(sleep=lambda _: None)
        yield service


def asked_at(url: str, service: Service) -> ServiceEndpoints:
    return ServiceEndpoints(replace(service.settings, genai_endpoint=url), lambda: service.credential)


def model(service: Service, name: str = COMMAND, timeout: float = 30) -> Model:
    return Model(name, service, timeout)


def sent(oci: MockOci) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in oci.requests if request.path == CHAT]


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], list[str]]]:
    """The events in the log since ``log.configure()``, which the test calls: stderr is another in a fixture."""
    yield lambda: [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()]
    logging.getLogger("model_service").handlers = []  # the stream that it writes to ends with the test


def text_of(answer: Any) -> str:
    if isinstance(answer, dict):
        return answer["choices"][0]["message"]["content"]
    return "".join(choice["delta"].get("content") or "" for chunk in answer for choice in chunk["choices"])


def test_a_request_goes_out_in_oci_s_envelope(service: Service, oci: MockOci) -> None:
    model(service).complete("Hello", max_tokens=9)
    (body,) = sent(oci)
    assert body["compartmentId"] == oci.tenancy.compartment_id
    assert body["servingMode"] == {"servingType": "ON_DEMAND", "modelId": COMMAND}
    assert (body["chatRequest"]["message"], body["chatRequest"]["maxTokens"]) == ("Hello", 9)


def test_a_compartment_of_the_request_wins(service: Service, oci: MockOci) -> None:
    model(service).complete("Hello", compartment_id=oci.tenancy.tenancy_id)
    assert sent(oci)[0]["compartmentId"] == oci.tenancy.tenancy_id


@pytest.mark.parametrize(
    ("name", "api_format"),
    [(COMMAND, "COHERE"), ("cohere.command-r-08-2024", "COHERE"), (VISION, "COHEREV2")],
)
def test_the_model_decides_the_format(service: Service, oci: MockOci, name: str, api_format: str) -> None:
    model(service, name).complete("Hello")
    assert sent(oci)[0]["chatRequest"]["apiFormat"] == api_format


def test_any_other_model_is_asked_in_the_generic_format(environment: dict[str, str], oci: MockOci) -> None:
    with closing(Service(Settings.load({**environment, "LOCUS_OCI_TRANSPORT": "sdk"}))) as service:
        model(service, LLAMA).complete("Hello")
    assert sent(oci)[0]["chatRequest"]["apiFormat"] == "GENERIC"


def test_a_model_s_ocid_is_served_on_demand(service: Service, oci: MockOci) -> None:
    llama = next(one for one in oci.catalogue.models if one.id == LLAMA)
    name = ocid_of(llama, oci.region)
    model(service, name).complete("Hello")
    assert sent(oci)[0]["servingMode"] == {"servingType": "ON_DEMAND", "modelId": name}


def test_a_picture_is_seen_by_a_cohere_model_with_eyes(service: Service) -> None:
    answer = model(service, VISION).complete([{"role": "user", "content": [{"type": "text", "text": "?"}, PNG]}])
    assert "1 image" in text_of(answer)


def test_an_answer_has_an_id_of_its_own_and_the_model_s_name(service: Service) -> None:
    answers = [model(service).complete("Hello") for _ in range(2)]
    assert answers[0]["id"] != answers[1]["id"]
    assert answers[0]["id"].startswith("chatcmpl-")
    assert answers[0]["model"] == COMMAND and answers[0]["created"] > 0


def test_chunks_come_as_the_model_speaks(service: Service, oci: MockOci) -> None:
    go_on = threading.Event()

    def body() -> Iterator[bytes]:
        yield b'data: {"apiFormat":"COHERE","text":"Hel"}\n\n'
        assert go_on.wait(10)
        yield b'data: {"apiFormat":"COHERE","text":"Hello","finishReason":"COMPLETE"}\n\n'

    with LoopbackServer(lambda _: Response(200, {"content-type": "text/event-stream"}, body())) as server:
        service.native.endpoints = asked_at(server.url, service)
        chunks = model(service).stream("Hello")
        assert text_of([next(chunks)]) == "Hel"  # the server waits for us to have seen it
        go_on.set()
        assert text_of(list(chunks)) == "lo"


@pytest.mark.parametrize("event", ['{"text": "Hello", "finishReason": "COMPLETE"}', "[DONE]"])
def test_a_stream_whose_connection_stays_open_ends_with_its_last_event(service: Service, event: str) -> None:
    # As OCI does it: https://github.com/cohere-ai/cohere-python/issues/756
    over = threading.Event()

    def body() -> Iterator[bytes]:
        yield b'data: {"text":"Hello","finishReason":"COMPLETE"}\n\n'
        yield b"data: " + event.encode() + b"\n\n"
        over.wait(10)

    with LoopbackServer(lambda _: Response(200, {"content-type": "text/event-stream"}, body())) as server:
        service.native.endpoints = asked_at(server.url, service)
        assert text_of(model(service).stream("Hello")) == "Hello"
        over.set()


def test_usage_that_comes_after_the_finish_is_waited_for(service: Service, oci: MockOci) -> None:
    oci.script.raw(
        [
            b'data: {"index":0,"message":{"role":"ASSISTANT","content":[{"type":"TEXT","text":"Hi"}]}}\n\n',
            b'data: {"message":{"role":"ASSISTANT","content":[]},"finishReason":"stop"}\n\n',
            b'data: {"usage":{"promptTokens":1,"completionTokens":2,"totalTokens":3}}\n\n',
        ],
        chunk_delay=0.3,  # longer than the wait for a mere end
        path=CHAT,
    )
    endpoint = oci.catalogue.add_endpoint(LLAMA)
    chunks = list(model(service, endpoint).stream("Hello", stream_options={"include_usage": True}))
    assert chunks[-1]["usage"]["total_tokens"] == 3


def test_a_second_choice_is_waited_for_after_the_first_has_finished(service: Service, oci: MockOci) -> None:
    pieces = [
        f'data: {{"index":{index},"message":{{"content":[{{"type":"TEXT","text":"{index}"}}]}},"finishReason":"stop"}}'
        for index in (0, 1)
    ]
    oci.script.raw([f"{piece}\n\n".encode() for piece in pieces], chunk_delay=0.3, path=CHAT)
    endpoint = oci.catalogue.add_endpoint(LLAMA)
    assert text_of(model(service, endpoint).stream("Hello", n=2)) == "01"


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([b'data: {"text":"Hel"}\n\n'], id="ends-too-early"),
        pytest.param([b'data: {"text":"Hel"}\n\n', b"data: {'error': 'busy'}\n\n"], id="python-repr"),
        pytest.param([b'data: {"text":"Hel"}\n\n', b'data: {"code":"500","message":"no"}\n\n'], id="oci-error"),
    ],
)
def test_a_stream_that_breaks_is_an_error_with_its_request_id(
    service: Service, oci: MockOci, pieces: list[bytes]
) -> None:
    oci.script.raw(pieces, path=CHAT)
    chunks = model(service).stream("Hello")
    assert text_of([next(chunks)]) == "Hel"
    with pytest.raises(StreamBroken) as caught:
        list(chunks)
    assert caught.value.opc_request_id


def test_a_stream_that_stalls_late_ends_at_the_deadline(service: Service) -> None:
    over = threading.Event()

    def body() -> Iterator[bytes]:
        yield b'data: {"text":"Hel"}\n\n'
        over.wait(10)

    with LoopbackServer(lambda _: Response(200, {"content-type": "text/event-stream"}, body())) as server:
        service.native.endpoints = asked_at(server.url, service)
        chunks = model(service, timeout=0.9).stream("Hello")
        assert text_of([next(chunks)]) == "Hel"
        with pytest.raises(DeadlineExceeded):
            list(chunks)
        over.set()


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"text"', b"{}", b'{"chatResponse": null}'])
@pytest.mark.parametrize("name", [COMMAND, VISION])
def test_an_answer_that_is_none_is_oci_s_fault(service: Service, oci: MockOci, name: str, body: bytes) -> None:
    oci.script.raw(body, content_type="application/json", path=CHAT)
    with pytest.raises(UpstreamError) as caught:
        model(service, name).complete("Hello")
    assert caught.value.opc_request_id


def test_a_content_type_and_a_finish_reason_that_nobody_knows_survive(service: Service, oci: MockOci) -> None:
    message = {"role": "ASSISTANT", "content": [{"type": "HOLOGRAM", "hologram": [1, 2]}]}
    choice = {"index": 0, "finishReason": "dreaming", "message": message}
    answer = {"chatResponse": {"apiFormat": "GENERIC", "choices": [choice]}}
    oci.script.raw(json.dumps(answer).encode(), content_type="application/json", path=CHAT)
    endpoint = oci.catalogue.add_endpoint(LLAMA)
    (said,) = model(service, endpoint).complete("Hello")["choices"]
    assert (said["finish_reason"], said["message"]["native_finish_reason"]) == ("stop", "dreaming")
    assert said["message"]["content_parts"] == message["content"]


@pytest.mark.parametrize(
    ("served", "api_format"), [(LLAMA, "GENERIC"), (COMMAND, "COHERE"), (VISION, "COHEREV2"), (QWEN, "GENERIC")]
)
def test_a_dedicated_endpoint_is_asked_in_the_format_of_its_model(
    service: Service, oci: MockOci, served: str, api_format: str
) -> None:
    endpoint = oci.catalogue.add_endpoint(served)
    for _ in range(2):
        model(service, endpoint).complete("Hello")
    assert [body["chatRequest"]["apiFormat"] for body in sent(oci)] == [api_format] * 2
    assert sent(oci)[0]["servingMode"] == {"servingType": "DEDICATED", "endpointId": endpoint}
    assert len(oci.requests) == 4  # the endpoint and the model are looked up once


def test_a_family_in_the_settings_spares_the_lookup(environment: dict[str, str], oci: MockOci) -> None:
    endpoint = oci.catalogue.add_endpoint(COMMAND)
    families = {"MODEL_SERVICE_ENDPOINT_FAMILIES": json.dumps({endpoint: "cohere"})}
    with closing(Service(Settings.load({**environment, **families}))) as service:
        model(service, endpoint).complete("Hello")
    assert [request.path for request in oci.requests] == [CHAT]


def test_an_endpoint_that_cannot_be_looked_up_says_what_to_set(service: Service, oci: MockOci) -> None:
    with pytest.raises(UpstreamRefused) as caught:
        model(service, "ocid1.generativeaiendpoint.oc1.us-chicago-1.unknown").complete("Hello")
    assert caught.value.status == 404
    assert "MODEL_SERVICE_ENDPOINT_FAMILIES" in str(caught.value.hint)


@pytest.mark.parametrize("name", [COMMAND, "ocid1.generativeaiendpoint.oc1.us-chicago-1.e"])
def test_without_a_compartment_the_error_says_where_to_give_one(
    environment: dict[str, str], oci: MockOci, tmp_path: Path, name: str
) -> None:
    paths = [tmp_path / "resource_principal" / name for name in ("rpst", "private.pem")]
    variables = {
        **environment,
        "OCI_RESOURCE_PRINCIPAL_VERSION": "2.2",
        "OCI_RESOURCE_PRINCIPAL_RPST": str(paths[0]),
        "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM": str(paths[1]),
        "MODEL_SERVICE_ENDPOINT_FAMILIES": json.dumps({"ocid1.generativeaiendpoint.oc1.us-chicago-1.e": "generic"}),
    }
    del variables["OCI_COMPARTMENT_ID"]
    with closing(Service(Settings.load(variables))) as service, pytest.raises(InvalidRequest) as caught:
        model(service, name).complete("Hello")
    assert (caught.value.status, caught.value.code) == (400, "compartment_required")
    assert "OCI_COMPARTMENT_ID" in str(caught.value.hint)
    assert not oci.requests


@pytest.mark.parametrize("streaming", ["refused", "plain"])
def test_an_endpoint_that_does_not_stream_answers_in_one_chunk_and_the_reply_says_so(
    environment: dict[str, str], oci: MockOci, streaming: str, logged: Callable[[], list[str]]
) -> None:
    log.configure()
    endpoint = oci.catalogue.add_endpoint(LLAMA, streaming=streaming)
    body = {"model": endpoint, "messages": [{"role": "user", "content": "Hello"}], "stream": True}
    http = HttpRequest("POST", "/v1/chat/completions", {})
    app = App(environment)
    reply = app.answer(Invocation(json.dumps(body).encode(), Deadline.after(30), http=http))
    assert reply.headers["x-model-service-streamed"] == "false"
    first, done = b"".join(reply.body).decode().strip().split("\n\n")
    app.service.close()
    assert done == "data: [DONE]"
    assert "Hello" in text_of([json.loads(first.removeprefix("data: "))])
    assert logged() == (["stream_refused", "invocation"] if streaming == "refused" else ["invocation"])
    assert len(sent(oci)) == (2 if streaming == "refused" else 1)


def test_a_reply_that_is_streamed_says_nothing_of_it(environment: dict[str, str]) -> None:
    body = {"model": COMMAND, "messages": [{"role": "user", "content": "Hello"}], "stream": True}
    app = App(environment)
    reply = app.answer(Invocation(json.dumps(body).encode(), Deadline.after(30)))
    b"".join(reply.body)
    app.service.close()
    assert "x-model-service-streamed" not in reply.headers


@pytest.mark.parametrize(
    ("status", "message", "asked"),
    [
        (400, "isStream is not supported: this endpoint does not support streaming.", 2),
        (400, "Streaming is not supported for this model", 2),
        (422, "This endpoint does not support stream responses", 2),
        (501, "stream mode not implemented", 2),
        (400, "Invalid 'temperature'", 1),
        (400, "upstream connect error", 1),
        (401, "streaming is not supported", 1),
        (404, "streaming is not supported", 1),
        (429, "streaming is not supported", 3),
        (503, "streaming is not supported", 3),
    ],
)
def test_only_a_refusal_that_says_so_is_asked_again_without_streaming(
    service: Service, oci: MockOci, status: int, message: str, asked: int
) -> None:
    oci.script.error(status, message=message, times=asked if asked != 2 else 1, path=CHAT)
    try:
        text = text_of(model(service).stream("Hello"))
    except UpstreamError as error:
        assert error.status == status
        text = ""
    assert len(sent(oci)) == asked
    assert bool(text) is (asked == 2)
    assert sent(oci)[-1]["chatRequest"]["isStream"] is (asked != 2)


@pytest.mark.parametrize("said", ["", "a mainstream model is not supported", "The stream of requests is too fast"])
def test_words_that_only_resemble_a_refusal_are_none(said: str) -> None:
    assert REFUSES_TO_STREAM.search(said) is None


@pytest.mark.parametrize("stream", [False, True])
def test_calls_that_qwen_writes_as_text_are_real_calls(service: Service, oci: MockOci, stream: bool) -> None:
    endpoint = oci.catalogue.add_endpoint(QWEN, tool_calls="text")
    question = [{"role": "user", "content": "Call get_weather for Lisbon"}]
    if stream:
        chunks = list(model(service, endpoint).stream(question, tools=[TOOL]))
        calls = [call for chunk in chunks for c in chunk["choices"] for call in c["delta"].get("tool_calls") or []]
        finish = chunks[-1]["choices"][0]["finish_reason"]
    else:
        (choice,) = model(service, endpoint).complete(question, tools=[TOOL])["choices"]
        calls, finish = choice["message"]["tool_calls"], choice["finish_reason"]
    assert finish == "tool_calls"
    assert calls[0]["function"]["name"] == "get_weather"
    assert "Lisbon" in "".join(call["function"].get("arguments", "") for call in calls)


def test_an_error_has_a_hint(service: Service, oci: MockOci) -> None:
    oci.script.error(404, "NotAuthorizedOrNotFound", "Authorization failed or requested resource not found.", path=CHAT)
    with pytest.raises(UpstreamRefused) as caught:
        model(service).complete("Hello")
    assert f"use generative-ai-family in compartment id {oci.tenancy.compartment_id}" in str(caught.value.hint)


def test_a_format_that_the_model_does_not_speak_has_a_hint(environment: dict[str, str], oci: MockOci) -> None:
    endpoint = oci.catalogue.add_endpoint(COMMAND)
    families = {"MODEL_SERVICE_ENDPOINT_FAMILIES": json.dumps({endpoint: "generic"})}
    with (
        closing(Service(Settings.load({**environment, **families}))) as service,
        pytest.raises(UpstreamRefused) as caught,
    ):
        model(service, endpoint).complete("Hello")
    assert "MODEL_SERVICE_ENDPOINT_FAMILIES" in str(caught.value.hint)


def test_a_failure_inside_an_answer_is_an_error(service: Service, oci: MockOci) -> None:
    answer = {
        "chatResponse": {"apiFormat": "COHERE", "text": "", "finishReason": "ERROR", "errorMessage": "overheated"}
    }
    oci.script.raw(json.dumps(answer).encode(), content_type="application/json", path=CHAT)
    with pytest.raises(ModelServiceError, match="overheated"):
        model(service).complete("Hello")


def test_each_endpoint_is_called_in_its_own_region(environment: dict[str, str], oci: MockOci) -> None:
    del environment["OCI_GENAI_ENDPOINT"]
    abroad = MockOci(region=ELSEWHERE)
    endpoint = abroad.catalogue.add_endpoint(COMMAND)
    with mock_oci(oci), closing(Service(Settings.load(environment))) as service:
        model(service).complete("Hello")
        with pytest.raises(UpstreamRefused):  # the local tenancy has no such endpoint; where it was looked for counts
            model(service, endpoint).complete("Hello")
    hosts = [request.headers["host"] for request in oci.requests]
    assert hosts == [
        f"inference.generativeai.{oci.region}.oci.oraclecloud.com",
        f"generativeai.{ELSEWHERE}.oci.oraclecloud.com",
    ]


def test_a_closed_service_opens_new_connections(service: Service) -> None:
    model(service).complete("Hello")
    service.close()
    assert text_of(model(service).complete("Hello"))
