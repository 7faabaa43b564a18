from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_oci import MockOci, Request, Response

MODEL = "meta.llama-3.3-70b-instruct"
USER = [{"role": "user", "content": "Hi"}]
BODY = {"model": MODEL, "messages": USER}
Ask = Callable[..., Response]
Sign = Callable[..., Request]


def _json(response: Response) -> Any:
    assert isinstance(response.body, bytes)
    assert response.headers["content-type"] == "application/json"
    return json.loads(response.body)


def _chunks(response: Response) -> list[Any]:
    assert response.status == 200, response.body
    events = b"".join(response.body).decode().split("\n\n")  # type: ignore[arg-type]
    assert events[-2:] == ["data: [DONE]", ""]
    return [json.loads(event.removeprefix("data: ")) for event in events[:-2]]


@pytest.fixture
def signed(oci: MockOci, sign: Sign) -> Callable[..., Response]:
    """Asks with an API signing key; keywords become headers."""
    user = oci.principals.api_key_user()

    def send(body: Any = BODY, target: str = "/openai/v1/chat/completions", **headers: str) -> Response:
        request = sign(user.key_id, user.private_pem, body=json.dumps(body).encode(), target=target)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return oci.answer(Request("POST", target, {**request.headers, **named}, request.body))

    return send


def test_a_complete_answer_has_openais_shape(oci: MockOci, ask: Ask) -> None:
    response = ask(BODY)
    answer = _json(response)
    assert answer["object"] == "chat.completion"
    assert answer["id"].startswith("chatcmpl-")
    assert (answer["created"], answer["model"]) == (int(oci.clock()), MODEL)
    choice = answer["choices"][0]
    assert choice["message"]["role"] == "assistant"
    assert "Hi" in choice["message"]["content"]
    assert choice["finish_reason"] == "stop"
    assert answer["usage"]["total_tokens"] > answer["usage"]["prompt_tokens"] > 0


@pytest.mark.not_through("server", why="no client sends such a header")
def test_the_request_id_has_three_segments_and_begins_with_the_callers(ask: Ask) -> None:
    assert re.fullmatch(r"[0-9A-F]{32}/[0-9A-F]{32}/[0-9A-F]{32}", ask(BODY).headers["opc-request-id"])
    mine = "0123456789abcdef" * 2
    assert ask(BODY, opc_request_id=mine).headers["opc-request-id"].startswith(mine + "/")
    assert not ask(BODY, opc_request_id="x\r\ny").headers["opc-request-id"].startswith("x")


def test_a_stream_says_the_same_in_pieces(ask: Ask) -> None:
    response = ask({**BODY, "stream": True})
    assert response.headers["content-type"] == "text/event-stream"
    chunks = _chunks(response)
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    text = "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)
    assert text == _json(ask(BODY))["choices"][0]["message"]["content"]
    assert chunks[-1]["choices"][0] == {"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}
    assert not any("usage" in chunk for chunk in chunks)


def test_usage_is_streamed_only_when_asked_for(ask: Ask) -> None:
    chunks = _chunks(ask({**BODY, "stream": True, "stream_options": {"include_usage": True}}))
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"] == _json(ask(BODY))["usage"]
    assert all(chunk["usage"] is None for chunk in chunks[:-1])


def test_tool_calls_are_streamed_in_fragments(oci: MockOci, ask: Ask) -> None:
    calls = [{"name": "f", "arguments": {"city": "Oslo, in Norway"}}, {"name": "g", "arguments": {}}]
    oci.script.chat(tool_calls=calls)
    deltas = [chunk["choices"][0]["delta"] for chunk in _chunks(ask({**BODY, "stream": True}))]
    fragments = [delta["tool_calls"][0] for delta in deltas if "tool_calls" in delta]
    heads = [part for part in fragments if "id" in part]
    assert [(part["index"], part["function"]) for part in heads] == [
        (0, {"name": "f", "arguments": ""}),
        (1, {"name": "g", "arguments": ""}),
    ]
    first = "".join(part["function"]["arguments"] for part in fragments if part["index"] == 0)
    assert json.loads(first) == {"city": "Oslo, in Norway"}
    assert len(fragments) > 4


def test_a_complete_tool_call_has_no_text(oci: MockOci, ask: Ask) -> None:
    oci.script.chat(tool_calls=[{"name": "f", "arguments": {}}])
    choice = _json(ask(BODY))["choices"][0]
    assert choice["message"]["content"] is None
    assert choice["message"]["tool_calls"][0]["type"] == "function"
    assert choice["finish_reason"] == "tool_calls"


def test_n_choices_are_told_apart_by_index(ask: Ask) -> None:
    assert [choice["index"] for choice in _json(ask({**BODY, "n": 2}))["choices"]] == [0, 1]
    chunks = _chunks(ask({**BODY, "n": 2, "stream": True}))
    assert {chunk["choices"][0]["index"] for chunk in chunks} == {0, 1}


def test_xai_answers_in_its_own_way(ask: Ask) -> None:
    answer = _json(ask({**BODY, "model": "xai.grok-4.3"}))
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer["id"])
    assert answer["usage"]["num_sources_used"] == 0
    assert answer["usage"]["prompt_tokens_details"]["text_tokens"] == answer["usage"]["prompt_tokens"]


@pytest.mark.parametrize("header", ["compartmentid", "opc_compartment_id"])
def test_a_signed_request_names_a_compartment(oci: MockOci, signed: Ask, header: str) -> None:
    assert signed(**{header: oci.tenancy.compartment_id}).status == 200
    assert signed(**{header: oci.tenancy.tenancy_id}).status == 200


def test_a_signed_request_without_a_compartment_is_refused(signed: Ask) -> None:
    response = signed()
    assert (response.status, _json(response)["message"]) == (400, "Compartment ID must be provided")


def test_a_strange_compartment_reads_as_not_found(signed: Ask) -> None:
    response = signed(compartmentid="ocid1.compartment.oc1..elsewhere")
    assert response.status == 404
    assert _json(response) == {
        "code": "NotAuthorizedOrNotFound",
        "message": "Authorization failed or requested resource not found.",
    }


def test_whoever_is_denied_gets_a_404_until_allowed(oci: MockOci, signed: Ask, ask: Ask) -> None:
    compartment = oci.tenancy.compartment_id
    oci.deny(oci.tenancy.user_id)
    assert signed(compartmentid=compartment).status == 404
    assert ask(BODY).status == 200
    oci.allow(oci.tenancy.user_id)
    assert signed(compartmentid=compartment).status == 200
    oci.deny("generativeaiapikey")
    assert ask(BODY).status == 404


def test_an_unknown_api_key_is_refused(ask: Ask, oci: MockOci) -> None:
    assert ask(BODY, authorization="Bearer sk-unknown").status == 401
    assert ask(BODY, authorization="Basic eDp5").status == 401
    assert len(oci.refusals) == 2


def test_the_old_base_serves_signed_requests_only(oci: MockOci, signed: Ask) -> None:
    old = "/20231130/actions/v1/chat/completions"
    assert signed(target=old, compartmentid=oci.tenancy.compartment_id).status == 200
    secret = oci.principals.generative_ai_api_key().secret
    assert oci.answer(Request("POST", old, {"authorization": f"Bearer {secret}"}, b"{}")).status == 401


def test_an_unknown_model_is_named_in_the_404(ask: Ask) -> None:
    response = ask({**BODY, "model": "meta.llama-9"})
    assert response.status == 404
    message = _json(response)["message"]
    assert message.startswith("Entity with key meta.llama-9 not found (this local OCI has ")
    assert "meta.llama-3.3-70b-instruct" in message


@pytest.mark.parametrize("model", ["cohere.command-a-03-2025", "cohere.command-r-08-2024", "cohere.unheard-of"])
def test_every_cohere_model_is_refused(ask: Ask, model: str) -> None:
    response = ask({**BODY, "model": model})
    assert (response.status, _json(response)["message"]) == (400, "Unsupported OpenAI operation")


def test_a_cohere_model_behind_an_endpoint_is_refused_too(oci: MockOci, ask: Ask) -> None:
    assert ask({**BODY, "model": oci.catalogue.add_endpoint("cohere.command-a-03-2025")}).status == 400


def test_a_model_must_be_in_the_hosts_region(ask: Ask) -> None:
    assert ask(BODY, host="inference.generativeai.eu-frankfurt-1.oci.oraclecloud.com").status == 200
    assert ask(BODY, host="inference.generativeai.us-phoenix-1.oci.oraclecloud.com").status == 404
    assert ask(BODY, host="127.0.0.1:8080").status == 200


def test_a_routing_profile_reaches_another_region(oci: MockOci, ask: Ask) -> None:
    profile = oci.catalogue.add_routing_profile("google.gemini-3.5-flash", "ap-osaka-1")
    for stream in (False, True):
        response = ask({**BODY, "model": profile, "stream": stream})
        assert response.status == 200
        assert response.headers["x-genai-selected-region"] == "ap-osaka-1"


def test_a_dedicated_endpoint_serves_its_model(oci: MockOci, ask: Ask) -> None:
    endpoint = oci.catalogue.add_endpoint("meta.llama-3.3-70b-instruct")
    response = ask({**BODY, "model": endpoint})
    assert response.status == 200
    assert "x-genai-selected-region" not in response.headers
    assert ask({**BODY, "model": endpoint + "x"}).status == 404


def test_a_streaming_client_that_advertises_zstd_is_refused_loudly(ask: Ask) -> None:
    response = ask({**BODY, "stream": True}, accept_encoding="gzip, ZSTD")
    assert response.status == 400
    assert "gzip, deflate" in _json(response)["error"]["message"]
    assert ask(BODY, accept_encoding="gzip, zstd").status == 200
    assert ask({**BODY, "stream": True}, accept_encoding="gzip, deflate").status == 200


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": None}, "messages"),
        ({"messages": "Hi"}, "messages"),
        ({"messages": ["Hi"]}, "messages"),
        ({"messages": [{"role": "robot", "content": "Hi"}]}, "messages"),
        ({"messages": [{"role": "user"}]}, "messages"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages"),
        ({"messages": [{"role": "user", "content": [5]}]}, "messages"),
        ({"messages": [{"role": "tool", "content": "Hi"}]}, "messages"),
        ({"temperature": "hot"}, "temperature"),
        ({"stream": "yes"}, "stream"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"stop": 5}, "stop"),
        ({"tools": {}}, "tools"),
        ({"tools": [{"type": "function"}]}, "tools[0]"),
        ({"response_format": {"type": "xml"}}, "response_format"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"store": False}, "store"),
        ({"model": None}, "model"),
        ({"model": 5}, "model"),
        ({"n": 0}, "n"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"stop": ["a", 5]}, "stop"),
        ({"tools": [{"function": {"name": "f", "parameters": 5}}]}, "tools[0]"),
        ({"response_format": {"type": "json_schema", "json_schema": {"schema": 5}}}, "response_format"),
    ],
)
def test_a_malformed_request_gets_openais_error(ask: Ask, change: dict[str, Any], param: str) -> None:
    response = ask({**BODY, **change})
    assert response.status == 400
    error = _json(response)["error"]
    assert (error["type"], error["param"]) == ("invalid_request_error", param)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_a_body_that_is_not_an_object_is_refused(ask: Ask, body: bytes) -> None:
    assert ask(body).status == 400


@pytest.mark.parametrize("schema", [{"$ref": "#"}, {"type": "object", "properties": 5}, {"enum": []}])
def test_a_schema_that_no_value_fits_is_refused(ask: Ask, schema: dict[str, Any]) -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    response = ask({**BODY, "response_format": wanted})
    assert (response.status, _json(response)["error"]["code"]) == (400, "invalid_schema")


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["role", "content", "type", "text", "function", "name", "json_schema"]), inner
        )
    ),
    max_leaves=6,
)
_FIELDS = ["messages", "stop", "tools", "tool_choice", "response_format", "n", "max_tokens", "stream_options", "stream"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(change=st.dictionaries(st.sampled_from(_FIELDS), _ANYTHING))
def test_no_body_does_more_than_be_refused(ask: Ask, change: dict[str, Any]) -> None:
    response = ask({**BODY, **change})
    assert response.status in (200, 400)
    assert b"".join([response.body] if isinstance(response.body, bytes) else response.body)


def test_a_null_reads_as_absent(ask: Ask) -> None:
    nothing = {"temperature": None, "stop": None, "tools": None, "stream": None, "n": None, "response_format": None}
    assert ask({**BODY, **nothing}).status == 200


_IMAGE = {"type": "image_url", "image_url": {"url": "data:,"}}
_PICTURES = [{"role": "user", "content": [{"type": "text", "text": "Hi"}, _IMAGE, _IMAGE]}]
_TOOLS = [{"type": "function", "function": {"name": "hi"}}]


@pytest.mark.parametrize(
    ("model", "change", "words"),
    [
        ("openai.gpt-5", {"max_tokens": 5}, "max_completion_tokens"),
        ("openai.o3", {"temperature": 0.2}, "temperature"),
        ("openai.gpt-5-mini", {"stop": "x"}, "stop"),
        ("xai.grok-4.3", {"presence_penalty": 0}, "presencePenalty"),
        ("xai.grok-4.3", {"frequency_penalty": 0.5}, "frequencyPenalty"),
        ("xai.grok-4.20-reasoning", {"reasoning_effort": "low"}, "does not support parameter reasoningEffort"),
        ("xai.grok-4.20-multi-agent", {"tools": _TOOLS}, "require beta access"),
        ("openai.gpt-oss-120b", {"messages": [{"role": "user", "content": ""}]}, "Message content cannot be empty"),
        ("openai.gpt-oss-20b", {"messages": _PICTURES}, "image"),
        ("meta.llama-3.2-90b-vision-instruct", {"messages": _PICTURES}, "At most 1 image(s)"),
    ],
)
def test_each_family_refuses_what_it_does_not_take(ask: Ask, model: str, change: dict[str, Any], words: str) -> None:
    response = ask({**BODY, "model": model, **change})
    assert response.status == 400
    assert words in json.dumps(_json(response))


@pytest.mark.parametrize(
    ("model", "change"),
    [
        ("openai.gpt-5", {"max_completion_tokens": 5, "temperature": 1}),
        ("openai.gpt-oss-120b", {"max_tokens": 5, "temperature": 0.2, "stop": "x", "reasoning_effort": "low"}),
        ("meta.llama-3.3-70b-instruct", {"presence_penalty": 1, "messages": _PICTURES}),
        ("xai.grok-4.3", {"reasoning_effort": "low", "tools": _TOOLS}),
    ],
)
def test_and_takes_what_it_does(ask: Ask, model: str, change: dict[str, Any]) -> None:
    assert ask({**BODY, "model": model, **change}).status == 200


def test_gemini_silently_ignores_tools_here(ask: Ask) -> None:
    asked = {"tools": _TOOLS, "tool_choice": "required"}
    assert _json(ask({**BODY, "model": MODEL, **asked}))["choices"][0]["finish_reason"] == "tool_calls"
    assert _json(ask({**BODY, "model": "google.gemini-2.5-pro", **asked}))["choices"][0]["finish_reason"] == "stop"
