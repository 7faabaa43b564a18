"""The Responses transport over real sockets, against a double that answers what OCI is known to answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mock_oci import LoopbackServer, MockOci
from mock_oci.identity.signatures import verify
from mock_oci.wire import Request, Response
from model_service.errors import (
    InvalidRequest,
    ModelServiceError,
    PreviousResponseNotFound,
    ProjectRequired,
    StreamBroken,
    UpstreamError,
    UpstreamRefused,
    UpstreamThrottled,
)
from model_service.fn.invocation import Deadline
from model_service.openai_api.chat import Answer, ChatRequest, Complete, Stream
from model_service.openai_api.responses import surface_request
from model_service.routing import resolve
from model_service.service import Service
from model_service.transports import chat_model
from model_service.transports.call import Call
from model_service.transports.responses.chat import OCIResponsesModel
from model_service.transports.responses.passthrough import OCIResponsesSurface, write_raw_events
from model_service.upstream.client import UpstreamClient

PAYLOADS = Path(__file__).parent / "payloads"
COMPARTMENT = "ocid1.compartment.oc1..c"
PROJECT = "ocid1.generativeaiproject.oc1.us-chicago-1.p"
HELLO = {"role": "user", "content": "Hello"}
GPT = "openai.gpt-5.5-pro"


class Wire:
    """What comes next from OCI, and what has come to it."""

    def __init__(self) -> None:
        self.next = Response(500)
        self.requests: list[Request] = []

    def answer(self, request: Request) -> Response:
        self.requests.append(request)
        return self.next

    def will_say(self, status: int, body: Any) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.next = Response(status, {"content-type": "application/json", "opc-request-id": "A/B/C"}, content)

    def will_answer(self, name: str) -> None:
        self.will_say(200, (PAYLOADS / f"{name}.json").read_bytes())

    def will_stream(self, *pieces: bytes) -> None:
        self.next = Response(200, {"content-type": "text/event-stream", "opc-request-id": "A/B/C"}, pieces)

    @property
    def sent(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.requests[-1].body)
        return body


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def upstream(wire: Wire, service: Service) -> Iterator[UpstreamClient]:
    with LoopbackServer(wire.answer) as server, closing(UpstreamClient(server.url, service.credential)) as upstream:
        yield upstream


def call(**fields: Any) -> Call:
    return Call(Deadline.after(30), **{"compartment_id": COMPARTMENT, "project_id": PROJECT, **fields})


def chat(*messages: dict[str, Any], **fields: Any) -> ChatRequest:
    return ChatRequest.parse({"model": GPT, "messages": list(messages) or [HELLO], **fields})


def complete(upstream: UpstreamClient, request: ChatRequest, **fields: Any) -> dict[str, Any]:
    answer = OCIResponsesModel(resolve(GPT, aliases={}), upstream).complete(request, call(**fields))
    assert isinstance(answer, Complete)
    return answer.completion


def stream(upstream: UpstreamClient, request: ChatRequest) -> Stream:
    return OCIResponsesModel(resolve(GPT, aliases={}), upstream).stream(request, call())


def text_of(answer: Stream) -> str:
    return "".join(choice["delta"].get("content") or "" for chunk in answer.chunks for choice in chunk["choices"])


def test_a_responses_only_model_is_reached_through_responses(service: Service) -> None:
    assert isinstance(chat_model(resolve(GPT, aliases={}), service), OCIResponsesModel)
    assert isinstance(chat_model(resolve("responses:xai.grok-4.3", aliases={}), service), OCIResponsesModel)


def test_a_chat_request_goes_out_as_responses_with_all_three_headers(wire: Wire, upstream: UpstreamClient) -> None:
    wire.will_answer("text")
    completion = complete(upstream, chat(max_tokens=99))
    assert completion["choices"][0]["message"]["content"] == "Hello, wörld!"
    request = wire.requests[-1]
    assert (request.method, request.target) == ("POST", "/openai/v1/responses")
    assert (request.headers["compartmentid"], request.headers["opc-compartment-id"]) == (COMPARTMENT, COMPARTMENT)
    assert request.headers["openai-project"] == PROJECT
    assert wire.sent == {
        "model": GPT,
        "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]}],
        "max_output_tokens": 99,
    }


def test_without_a_project_no_header_is_sent(wire: Wire, upstream: UpstreamClient) -> None:
    wire.will_answer("text")
    complete(upstream, chat(), project_id=None)
    assert "openai-project" not in wire.requests[-1].headers


def test_a_tool_loop_continues_with_nothing_but_what_the_first_reply_gave(wire: Wire, upstream: UpstreamClient) -> None:
    wire.will_answer("calls")
    first = complete(upstream, chat())
    calls = first["choices"][0]["message"]["tool_calls"]
    results = [{"role": "tool", "tool_call_id": one["id"], "content": "4 °C"} for one in calls]
    wire.will_answer("text")
    second = complete(upstream, chat(*results, provider_state=first["provider_state"]))
    assert wire.sent["previous_response_id"] == first["id"]
    assert [item["call_id"] for item in wire.sent["input"]] == ["call_paris", "call_oslo"]
    assert second["provider_state"] == {"previous_response_id": "resp_ord_0c9a4d1e"}


def test_a_streamed_reply_can_be_continued_too(wire: Wire, upstream: UpstreamClient) -> None:
    wire.will_stream((PAYLOADS / "text.sse").read_bytes())
    *_, last = stream(upstream, chat()).chunks
    assert wire.sent["stream"] is True
    wire.will_answer("text")
    complete(
        upstream,
        chat(HELLO, {"role": "assistant", "content": "Hi"}, HELLO, provider_state=last["provider_state"]),
    )
    assert (len(wire.sent["input"]), wire.sent["previous_response_id"]) == (1, "resp_ord_0c9a4d1e")


def test_where_nothing_may_be_stored_the_full_history_goes_and_no_id_comes_back(
    wire: Wire, upstream: UpstreamClient
) -> None:
    wire.will_answer("text")
    history = (HELLO, {"role": "assistant", "content": "Hi"}, HELLO)
    assert "provider_state" not in complete(upstream, chat(*history), may_store=False)
    assert (len(wire.sent["input"]), wire.sent["store"]) == (3, False)


def test_a_request_that_cannot_work_is_never_sent(wire: Wire, upstream: UpstreamClient) -> None:
    for request in (chat(n=2), chat(store=False, previous_response_id="resp_1")):
        with pytest.raises(InvalidRequest):
            complete(upstream, request)
    assert wire.requests == []


@pytest.mark.parametrize("cut", [1, 7, 100_000])
def test_a_stream_is_read_however_it_is_cut(wire: Wire, upstream: UpstreamClient, cut: int) -> None:
    events = (PAYLOADS / "text.sse").read_bytes()
    wire.will_stream(*(events[at : at + cut] for at in range(0, len(events), cut)))
    answer = stream(upstream, chat())
    assert (text_of(answer), answer.opc_request_id) == ("Hello, wörld!", "A/B/C")


def test_an_answer_that_comes_whole_to_a_stream_request_is_one_chunk(wire: Wire, upstream: UpstreamClient) -> None:
    wire.will_answer("calls")
    (chunk,) = stream(upstream, chat()).chunks
    assert [call["index"] for call in chunk["choices"][0]["delta"]["tool_calls"]] == [0, 1]
    assert chunk["provider_state"] == {"previous_response_id": "resp_ord_7b22f0"}


def test_a_stream_that_ends_early_is_broken(wire: Wire, upstream: UpstreamClient) -> None:
    wire.will_stream((PAYLOADS / "text.sse").read_bytes().partition(b"event: response.completed")[0])
    answer = stream(upstream, chat())
    with pytest.raises(StreamBroken) as error:
        list(answer.chunks)
    assert error.value.opc_request_id == "A/B/C"


def test_a_failure_before_the_first_chunk_has_its_status(wire: Wire, upstream: UpstreamClient) -> None:
    failed = {"type": "response.failed", "response": {"error": {"code": "rate_limit_exceeded", "message": "Slow."}}}
    wire.will_stream(f"data: {json.dumps(failed)}\n\n".encode())
    with pytest.raises(UpstreamThrottled) as error:
        next(stream(upstream, chat()).chunks)
    assert (error.value.status, error.value.opc_request_id) == (429, "A/B/C")
    assert error.value.hint


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"choices": []}', b'{"status": "queued", "output": []}'])
def test_what_is_no_response_is_an_error(wire: Wire, upstream: UpstreamClient, body: bytes) -> None:
    wire.will_say(200, body)
    with pytest.raises(UpstreamError) as error:
        complete(upstream, chat())
    assert (error.value.status, error.value.opc_request_id) == (502, "A/B/C")


UNKNOWN_ID = {
    "error": {
        "message": "Previous response with id 'resp_1' not found.",
        "type": "invalid_request_error",
        "param": "previous_response_id",
        "code": "previous_response_not_found",
    }
}


@pytest.mark.parametrize("status", [400, 404])
@pytest.mark.parametrize("body", [UNKNOWN_ID, {"code": str(404), "message": json.dumps(UNKNOWN_ID)}])
@pytest.mark.parametrize("ask", [complete, stream])
def test_an_unknown_id_says_to_start_again(
    wire: Wire, upstream: UpstreamClient, status: int, body: Any, ask: Any
) -> None:
    wire.will_say(status, body)
    with pytest.raises(PreviousResponseNotFound, match="Start again") as error:
        ask(upstream, chat(previous_response_id="resp_1"))
    assert (error.value.status, error.value.code) == (400, "previous_response_not_found")
    assert error.value.opc_request_id == "A/B/C"


def test_an_unknown_id_that_the_stream_tells_of_is_the_same_error(wire: Wire, upstream: UpstreamClient) -> None:
    wire.will_stream(f"data: {json.dumps({'type': 'error', **UNKNOWN_ID})}\n\n".encode())
    with pytest.raises(PreviousResponseNotFound) as error:
        list(stream(upstream, chat(previous_response_id="resp_1")).chunks)
    assert error.value.opc_request_id == "A/B/C"


def test_a_missing_project_is_named_although_oci_says_compartment(wire: Wire, upstream: UpstreamClient) -> None:
    wire.will_say(400, {"code": "400", "message": "Compartment ID must be provided."})
    with pytest.raises(ProjectRequired) as error:
        complete(upstream, chat(), project_id=None)
    assert "MODEL_SERVICE_PROJECT_ID" in (error.value.hint or "")


def test_any_other_refusal_is_what_it_is(wire: Wire, upstream: UpstreamClient) -> None:
    wire.will_say(422, b"Failed to deserialize the JSON body into the target type: missing field 'input'")
    with pytest.raises(UpstreamRefused, match="missing field") as error:
        complete(upstream, chat())
    assert error.value.status == 422


# The surface itself


def pass_through(upstream: UpstreamClient, method: str, path: str, body: Any = None, **fields: Any) -> Answer:
    request = surface_request(method, path, body or {})
    route = request.route({"prod": f"responses:{GPT}"})
    return OCIResponsesSurface(route, upstream).send(request, call(**fields))


def test_a_response_is_created_with_the_upstream_name_and_comes_back_untouched(
    wire: Wire, upstream: UpstreamClient
) -> None:
    wire.will_answer("text")
    answer = pass_through(upstream, "POST", "/v1/responses", {"model": "oci:prod", "input": "Hello", "x_new": 1})
    assert answer == Complete(json.loads((PAYLOADS / "text.json").read_text()), "A/B/C")
    assert wire.sent == {"model": GPT, "input": "Hello", "x_new": 1}
    assert wire.requests[-1].headers["openai-project"] == PROJECT


def test_a_streamed_response_comes_back_byte_for_byte(wire: Wire, upstream: UpstreamClient) -> None:
    events = (PAYLOADS / "calls.sse").read_bytes()
    wire.will_stream(events[:333], events[333:])
    answer = pass_through(upstream, "POST", "/v1/responses", {"model": GPT, "input": "Hello", "stream": True})
    assert isinstance(answer, Stream)
    assert b"".join(write_raw_events(answer.chunks)) == events


def test_a_raw_stream_that_breaks_raises_with_its_request_id(wire: Wire, upstream: UpstreamClient) -> None:
    wire.will_stream(b"data: {'error': 'transient'}\n\n")
    answer = pass_through(upstream, "GET", "/v1/responses/resp_1?stream=true&starting_after=4")
    assert isinstance(answer, Stream)
    with pytest.raises(StreamBroken) as error:
        list(answer.chunks)
    assert error.value.opc_request_id == "A/B/C"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/responses/resp_1", b""),
        ("DELETE", "/responses/resp_1", b""),
        ("POST", "/responses/resp_1/cancel", b""),
        ("GET", "/responses/resp_1/input_items?include%5B%5D=reasoning.encrypted_content&limit=2", b""),
        ("POST", "/conversations", b'{"metadata":{"a":"b"}}'),
        ("DELETE", "/conversations/conv_1/items/msg_1", b""),
    ],
)
def test_each_operation_goes_out_signed_under_its_path(
    wire: Wire, upstream: UpstreamClient, oci: MockOci, method: str, path: str, body: bytes
) -> None:
    wire.will_say(200, {"id": "x", "deleted": True})
    answer = pass_through(upstream, method, "/genai/v1" + path, json.loads(body or b"{}"))
    assert answer == Complete({"id": "x", "deleted": True}, "A/B/C")
    request = wire.requests[-1]
    assert (request.method, request.target, request.body) == (method, "/openai/v1" + path, body)
    verify(request, oci.principals, oci.clock())


def test_a_status_of_success_is_kept(wire: Wire, upstream: UpstreamClient) -> None:
    wire.will_say(202, {"status": "queued"})
    body = {"model": GPT, "input": "Hello", "background": True}
    assert pass_through(upstream, "POST", "/v1/responses", body) == Complete({"status": "queued"}, "A/B/C", 202)


def test_where_nothing_may_be_stored_the_surface_says_so_upstream(wire: Wire, upstream: UpstreamClient) -> None:
    wire.will_answer("text")
    pass_through(upstream, "POST", "/v1/responses", {"model": GPT, "input": "Hello"}, may_store=False)
    assert wire.sent["store"] is False


def test_the_surface_names_its_errors_too(wire: Wire, upstream: UpstreamClient) -> None:
    wire.will_say(400, UNKNOWN_ID)
    with pytest.raises(PreviousResponseNotFound):
        pass_through(upstream, "POST", "/v1/responses", {"model": GPT, "input": "x", "previous_response_id": "resp_1"})


@pytest.mark.parametrize("body", [{"input": "Hello"}, {"model": 7, "input": "x"}, {"model": "", "input": "x"}])
def test_a_response_without_a_model_is_not_asked_for(
    wire: Wire, upstream: UpstreamClient, body: dict[str, Any]
) -> None:
    with pytest.raises(InvalidRequest) as error:
        pass_through(upstream, "POST", "/v1/responses", body)
    assert (error.value.param, wire.requests) == ("model", [])


def test_a_body_that_is_no_object_is_an_error(wire: Wire, upstream: UpstreamClient) -> None:
    wire.will_say(200, b"[1]")
    with pytest.raises(ModelServiceError) as error:
        pass_through(upstream, "GET", "/v1/responses/resp_1")
    assert error.value.opc_request_id == "A/B/C"


def test_a_conversation_store_goes_out_in_the_place_of_a_project(upstream: UpstreamClient, wire: Wire) -> None:
    store = "ocid1.generativeaiconversationstore.oc1.us-chicago-1.amaaaaaaexample"
    wire.will_answer("text")
    complete(upstream, chat(), project_id=store)
    headers = wire.requests[-1].headers
    assert (headers["opc-conversation-store-id"], headers.get("openai-project")) == (store, None)


def test_what_the_model_cannot_take_is_left_out_and_said_or_refused(upstream: UpstreamClient, wire: Wire) -> None:
    model = OCIResponsesModel(resolve("openai.gpt-5.5-pro", aliases={}), upstream)
    request = chat(stop=["x"], temperature=0.2, seed=None, frequency_penalty=0)
    wire.will_answer("text")
    answer = model.complete(request, call())
    assert set(answer.dropped) == {"stop", "temperature"}
    assert wire.sent.keys().isdisjoint({"stop", "temperature", "frequency_penalty"})
    with pytest.raises(InvalidRequest, match="cannot take this parameter"):
        model.complete(request, call(refuses_unsupported=True))


def test_an_answer_that_comes_as_a_stream_unasked_is_put_together(
    upstream: UpstreamClient, wire: Wire, events: Callable[[str], bytes]
) -> None:
    wire.will_answer("text")
    whole = complete(upstream, chat())
    wire.will_stream(events("text"))
    streamed = complete(upstream, chat())
    assert streamed["choices"][0]["message"]["content"] == whole["choices"][0]["message"]["content"]
    assert streamed["usage"] == whole["usage"]
