from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_oci import MockOci, Request, Response
from mock_oci.services.generative_ai.responses.response_store import ResponseStore

MODEL = "openai.gpt-oss-120b"
LLAMA = "meta.llama-3.3-70b-instruct"
GEMINI = "google.gemini-2.5-pro"
OSAKA = "inference.generativeai.ap-osaka-1.oci.oraclecloud.com"
CHICAGO = "inference.generativeai.us-chicago-1.oci.oraclecloud.com"
BODY = {"model": MODEL, "input": "Hi"}
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
Surface = Callable[..., Response]
Sign = Callable[..., Request]


def _json(response: Response, status: int = 200) -> Any:
    assert isinstance(response.body, bytes)
    assert response.status == status, response.body
    assert response.headers["content-type"] == "application/json"
    return json.loads(response.body)


def _said(answer: Any) -> str:
    return str(next(item for item in answer["output"] if item["type"] == "message")["content"][0]["text"])


def _message(role: str, text: str) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": [{"type": "input_text", "text": text}]}


@pytest.fixture
def create(surface: Surface) -> Callable[..., Response]:
    def send(body: Any = BODY, **headers: str) -> Response:
        return surface("POST", "/responses", body, **headers)

    return send


@pytest.fixture
def signed(oci: MockOci, sign: Sign) -> Callable[..., Response]:
    """Creates a response with an API signing key; keywords become headers."""
    user = oci.principals.api_key_user()

    def send(body: Any = BODY, **headers: str) -> Response:
        request = sign(user.key_id, user.private_pem, body=json.dumps(body).encode(), target="/openai/v1/responses")
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return oci.answer(Request("POST", request.target, {**request.headers, **named}, request.body))

    return send


def test_a_complete_response_has_openais_shape(oci: MockOci, create: Surface) -> None:
    answer = _json(create())
    assert re.fullmatch(r"resp_[0-9a-f]+", answer["id"])
    assert (answer["object"], answer["status"], answer["model"]) == ("response", "completed", MODEL)
    assert answer["created_at"] == answer["completed_at"] == int(oci.clock())
    assert (answer["error"], answer["incomplete_details"], answer["previous_response_id"]) == (None, None, None)
    (item,) = answer["output"]
    assert re.fullmatch(r"msg_[0-9a-f]{48}", item["id"])
    assert (item["type"], item["role"], item["status"]) == ("message", "assistant", "completed")
    assert "Hi" in item["content"][0]["text"]
    usage = answer["usage"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"] > usage["input_tokens"] > 0


def test_a_response_repeats_what_was_asked(create: Surface) -> None:
    asked = {"instructions": "Be kind.", "metadata": {"a": "b"}, "temperature": 0.5, "store": False, "tools": [WEATHER]}
    answer = _json(create({**BODY, **asked, "text": {"verbosity": "low"}}))
    assert {name: answer[name] for name in asked} == asked
    assert answer["text"] == {"format": {"type": "text"}, "verbosity": "low"}


def test_xai_answers_in_its_own_way(create: Surface) -> None:
    answer = _json(create({**BODY, "model": "xai.grok-4.3"}))
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer["id"])
    assert answer["usage"]["num_sources_used"] == 0
    assert answer["usage"]["input_tokens_details"]["text_tokens"] == answer["usage"]["input_tokens"]


def test_a_reasoning_model_reasons_first(oci: MockOci, create: Surface) -> None:
    oci.script.chat("So.", reasoning="I thought hard.")
    answer = _json(create({**BODY, "model": "openai.gpt-5", "include": ["reasoning.encrypted_content"]}))
    reasoning, message = answer["output"]
    assert reasoning["summary"] == [{"type": "summary_text", "text": "I thought hard."}]
    assert reasoning["encrypted_content"]
    assert (message["type"], answer["usage"]["output_tokens_details"]) == ("message", {"reasoning_tokens": 3})
    assert _json(create({**BODY, "model": "openai.gpt-5"}))["output"][0]["summary"] == []


def test_json_that_was_asked_for_satisfies_its_schema(create: Surface) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    wanted = {"format": {"type": "json_schema", "name": "x", "schema": schema, "strict": True}}
    assert isinstance(json.loads(_said(_json(create({**BODY, "text": wanted}))))["n"], int)


def test_a_schema_that_no_value_fits_is_refused(create: Surface) -> None:
    wanted = {"format": {"type": "json_schema", "name": "x", "schema": {"$ref": "#"}}}
    assert _json(create({**BODY, "text": wanted}), 400)["error"]["code"] == "invalid_schema"


def test_chat_completions_response_format_is_silently_ignored(create: Surface) -> None:
    assert _said(_json(create({**BODY, "response_format": {"type": "json_object"}}))).startswith("You asked")


def test_a_function_call_has_an_item_id_and_a_call_id(create: Surface) -> None:
    (call,) = _json(create({**BODY, "input": "get_weather for Oslo", "tools": [WEATHER]}))["output"]
    assert (call["type"], call["name"], json.loads(call["arguments"])) == (
        "function_call",
        "get_weather",
        {"city": "Oslo"},
    )
    assert call["id"].startswith("fc_")
    assert call["call_id"].startswith("call_")


def test_a_result_is_answered_by_its_call_id_and_the_question_is_remembered(create: Surface) -> None:
    first = _json(create({**BODY, "input": "get_weather for Oslo", "tools": [WEATHER]}))
    result = {"type": "function_call_output", "call_id": first["output"][0]["call_id"], "output": "12 degrees"}
    second = _json(create({**BODY, "input": [result], "previous_response_id": first["id"]}))
    assert "get_weather for Oslo" in _said(second)
    assert "12 degrees" in _said(second)


def test_an_items_id_is_no_call_id(create: Surface) -> None:
    first = _json(create({**BODY, "input": "get_weather for Oslo", "tools": [WEATHER]}))
    result = {"type": "function_call_output", "call_id": first["output"][0]["id"], "output": "12"}
    error = _json(create({**BODY, "input": [result], "previous_response_id": first["id"]}), 400)["error"]
    assert error["message"].startswith("No tool call found for function call output with call_id fc_")


def test_a_call_without_its_result_cannot_be_continued(create: Surface) -> None:
    first = _json(create({**BODY, "input": "get_weather for Oslo", "tools": [WEATHER]}))
    error = _json(create({**BODY, "previous_response_id": first["id"]}), 400)["error"]
    assert error["message"].startswith("No tool output found for function call call_")


@pytest.mark.parametrize(
    ("choice", "kinds"),
    [("none", ["message"]), ("required", ["function_call"]), ({"type": "function", "name": "f"}, ["function_call"])],
)
def test_tool_choice_decides(create: Surface, choice: Any, kinds: list[str]) -> None:
    asked = {"tools": [{"type": "function", "name": "f"}], "tool_choice": choice}
    assert [item["type"] for item in _json(create({**BODY, **asked}))["output"]] == kinds


def test_three_turns_are_remembered_by_the_id_of_the_last(create: Surface) -> None:
    first = _json(create({**BODY, "input": "I am Ada"}))
    second = _json(create({**BODY, "input": "I live in Oslo", "previous_response_id": first["id"]}))
    third = _json(create({**BODY, "input": "Who am I?", "previous_response_id": second["id"]}))
    assert third["previous_response_id"] == second["id"]
    assert '"I am Ada", "I live in Oslo"' in _said(third)
    assert third["usage"]["input_tokens"] > second["usage"]["input_tokens"] > first["usage"]["input_tokens"]


def test_instructions_are_not_carried_over(create: Surface) -> None:
    first = _json(create({**BODY, "instructions": "one two three four five six seven"}))
    second = _json(create({**BODY, "previous_response_id": first["id"]}))
    assert second["usage"]["input_tokens"] == first["usage"]["total_tokens"] - 11 + 4 + 5


def test_a_response_can_be_retrieved_and_deleted(surface: Surface, create: Surface) -> None:
    answer = _json(create())
    path = f"/responses/{answer['id']}"
    assert _json(surface("GET", path)) == answer
    assert _json(surface("DELETE", path)) == {"id": answer["id"], "object": "response", "deleted": True}
    inner = json.loads(_json(surface("GET", path), 404)["message"])
    assert inner["error"]["message"] == f"Response with id '{answer['id']}' not found."
    assert surface("DELETE", path).status == 404


def test_what_is_not_stored_is_neither_found_nor_continued(surface: Surface, create: Surface) -> None:
    answer = _json(create({**BODY, "store": False}))
    assert (answer["status"], answer["store"]) == ("completed", False)
    assert surface("GET", f"/responses/{answer['id']}").status == 404
    error = _json(create({**BODY, "previous_response_id": answer["id"]}), 400)["error"]
    assert (error["param"], error["code"]) == ("previous_response_id", "previous_response_not_found")


def test_a_response_expires_with_its_projects_retention(oci: MockOci, clock: Any, surface: Surface) -> None:
    short = oci.projects.create(responses_hours=1).id
    id_ = _json(surface("POST", "/responses", BODY, openai_project=short))["id"]
    clock.now += 3599
    assert surface("GET", f"/responses/{id_}", openai_project=short).status == 200
    clock.now += 1
    assert surface("GET", f"/responses/{id_}", openai_project=short).status == 404
    assert surface("POST", "/responses", {**BODY, "previous_response_id": id_}, openai_project=short).status == 400


def test_projects_are_isolated(oci: MockOci, surface: Surface, create: Surface) -> None:
    other = oci.projects.create().id
    id_ = _json(create())["id"]
    assert surface("GET", f"/responses/{id_}", openai_project=other).status == 404
    assert create({**BODY, "previous_response_id": id_}, openai_project=other).status == 400


def test_input_items_are_listed_newest_first_in_pages(surface: Surface, create: Surface) -> None:
    given = [_message("user", "one"), _message("user", "two"), {"type": "message", "role": "user", "content": "three"}]
    path = f"/responses/{_json(create({**BODY, 'input': given}))['id']}/input_items"
    listed = _json(surface("GET", path))
    assert [item["content"][0]["text"] for item in listed["data"]] == ["three", "two", "one"]
    assert (listed["first_id"], listed["has_more"]) == (listed["data"][0]["id"], False)
    page = _json(surface("GET", f"{path}?order=asc&limit=2"))
    assert ([item["content"][0]["text"] for item in page["data"]], page["has_more"]) == (["one", "two"], True)
    rest = _json(surface("GET", f"{path}?order=asc&limit=2&after={page['last_id']}"))
    assert ([item["content"][0]["text"] for item in rest["data"]], rest["has_more"]) == (["three"], False)
    for limit in ("0", "101", "x", "9" * 5000):
        assert surface("GET", f"{path}?limit={limit}").status == 400


def test_a_background_run_ends_on_the_clock(clock: Any, surface: Surface, create: Surface) -> None:
    queued = _json(create({**BODY, "background": True}))
    assert (queued["status"], queued["output"], queued["usage"]) == ("queued", [], None)
    path = f"/responses/{queued['id']}"
    assert _json(surface("GET", path))["status"] == "queued"
    clock.now += 1
    assert _json(surface("GET", path))["status"] == "in_progress"
    assert create({**BODY, "previous_response_id": queued["id"]}).status == 400
    clock.now += 2
    done = _json(surface("GET", path))
    assert (done["status"], done["completed_at"] - done["created_at"]) == ("completed", 3)
    assert "Hi" in _said(done)
    assert create({**BODY, "previous_response_id": queued["id"]}).status == 200


def test_how_long_a_run_takes_can_be_set(oci: MockOci, clock: Any, surface: Surface, create: Surface) -> None:
    store = oci.state_of(ResponseStore)
    store.queued_seconds, store.running_seconds = 0, 60
    id_ = _json(create({**BODY, "background": True}))["id"]
    assert _json(surface("GET", f"/responses/{id_}"))["status"] == "in_progress"
    clock.now += 60
    assert _json(surface("GET", f"/responses/{id_}"))["status"] == "completed"


def test_a_background_run_can_be_cancelled_once_or_twice(clock: Any, surface: Surface, create: Surface) -> None:
    id_ = _json(create({**BODY, "background": True}))["id"]
    for _ in range(2):
        assert _json(surface("POST", f"/responses/{id_}/cancel"))["status"] == "cancelled"
    clock.now += 10
    answer = _json(surface("GET", f"/responses/{id_}"))
    assert (answer["status"], answer["output"]) == ("cancelled", [])
    assert create({**BODY, "previous_response_id": id_}).status == 400


def test_what_has_ended_stays_as_it_ended(clock: Any, surface: Surface, create: Surface) -> None:
    id_ = _json(create({**BODY, "background": True}))["id"]
    clock.now += 3
    assert _json(surface("POST", f"/responses/{id_}/cancel"))["status"] == "completed"
    synchronous = _json(create())["id"]
    error = _json(surface("POST", f"/responses/{synchronous}/cancel"), 400)["error"]
    assert error["message"] == "Cannot cancel a synchronous response."


def test_a_background_run_that_is_not_stored_can_be_polled_for_a_while(
    clock: Any, surface: Surface, create: Surface
) -> None:
    id_ = _json(create({**BODY, "background": True, "store": False}))["id"]
    clock.now += 3
    assert _json(surface("GET", f"/responses/{id_}"))["status"] == "completed"
    assert create({**BODY, "previous_response_id": id_}).status == 400
    clock.now += 600
    assert surface("GET", f"/responses/{id_}").status == 404


def test_scripts_end_a_response_otherwise(oci: MockOci, surface: Surface, create: Surface) -> None:
    oci.script.chat("So far", finish_reason="length")
    cut = _json(create())
    assert (cut["status"], cut["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    assert (cut["output"][0]["status"], cut["usage"]["output_tokens"]) == ("incomplete", 2)
    oci.script.chat("So", finish_reason="content_filter")
    assert _json(create())["incomplete_details"] == {"reason": "content_filter"}
    oci.script.chat("So", finish_reason="failed")
    failed = _json(create())
    assert (failed["status"], failed["error"]["code"], failed["output"]) == ("failed", "server_error", [])
    assert _json(surface("GET", f"/responses/{failed['id']}")) == failed
    assert create({**BODY, "previous_response_id": failed["id"]}).status == 400
    oci.script.chat(refusal="I will not.")
    part = _json(create())["output"][0]["content"][0]
    assert part == {"type": "refusal", "refusal": "I will not."}
    oci.script.error(429, "TooManyRequests", "slow down")
    assert create().status == 429


def test_a_limit_leaves_a_response_incomplete(create: Surface) -> None:
    answer = _json(create({**BODY, "max_output_tokens": 3}))
    assert (answer["status"], answer["usage"]["output_tokens"]) == ("incomplete", 3)


def test_a_signed_request_needs_opc_compartment_id(oci: MockOci, signed: Surface) -> None:
    compartment, project = oci.tenancy.compartment_id, oci.projects.default.id
    assert signed(opc_compartment_id=compartment, openai_project=project).status == 200
    for headers in ({}, {"compartmentid": compartment}):
        response = signed(openai_project=project, **headers)
        assert _json(response, 400) == {"code": "400", "message": "Compartment ID must be provided"}
    oci.deny(oci.tenancy.user_id)
    assert _json(signed(opc_compartment_id=compartment, openai_project=project), 404)["code"].startswith("NotAuth")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (MODEL, "Compartment ID must be provided."),
        ("xai.grok-4.3", "Non-OpenAI models require 'OpenAI-Project'"),
        (GEMINI, "Non-OpenAI models require 'OpenAI-Project'"),
    ],
)
def test_a_missing_project_hides_behind_other_words(create: Surface, model: str, message: str) -> None:
    assert _json(create({**BODY, "model": model}, openai_project=""), 400) == {"code": "400", "message": message}


def test_a_project_works_in_its_own_region_only(oci: MockOci, create: Surface, surface: Surface) -> None:
    there = oci.projects.create(region="ap-osaka-1").id
    for project in (there, "my-project", "ocid1.compartment.oc1..aaaa"):
        refusal = _json(create(openai_project=project), 400)
        assert refusal == {"code": "400", "message": "Invalid OpenAI project"}
    assert create(openai_project=there, host=OSAKA).status == 200


def test_a_new_project_is_not_found_for_minutes(oci: MockOci, clock: Any, create: Surface) -> None:
    new = oci.projects.create(age=0).id
    assert create(openai_project=new).status == 404
    clock.now += 150
    assert create(openai_project=new).status == 200
    oci.projects.delete(new)
    assert create(openai_project=new).status == 404


@pytest.mark.parametrize("model", ["cohere.command-a-03-2025", "cohere.command-r-08-2024", "cohere.unheard-of"])
def test_every_cohere_model_is_refused(create: Surface, model: str) -> None:
    assert _json(create({**BODY, "model": model}), 400)["message"] == "Unsupported OpenAI operation"


def test_not_every_model_is_served_here_in_every_region(oci: MockOci, create: Surface) -> None:
    osaka = oci.projects.create(region="ap-osaka-1").id
    assert create({**BODY, "model": LLAMA}).status == 404
    assert create({**BODY, "model": LLAMA}, host=OSAKA, openai_project=osaka).status == 200
    assert create({**BODY, "model": GEMINI}, host=CHICAGO).status == 200
    refusal = _json(create({**BODY, "model": GEMINI}, host=OSAKA, openai_project=osaka), 400)
    assert refusal["message"] == "Incorrect apiIdentifier GenerativeAiService.responses"
    assert _json(create({**BODY, "model": "xai.grok-99"}), 404)["message"].startswith(
        "Entity with key xai.grok-99 not found"
    )


def test_endpoints_and_routing_profiles_are_models_here_too(oci: MockOci, create: Surface) -> None:
    assert create({**BODY, "model": oci.catalogue.add_endpoint(LLAMA)}).status == 200
    profile = oci.catalogue.add_routing_profile(LLAMA, "ap-osaka-1")
    assert create({**BODY, "model": profile}).headers["x-genai-selected-region"] == "ap-osaka-1"


def test_a_responses_only_model_is_refused_by_chat_completions(surface: Surface, create: Surface) -> None:
    chat = {"model": "openai.gpt-5.5-pro", "messages": [{"role": "user", "content": "Hi"}]}
    error = _json(surface("POST", "/chat/completions", chat), 404)["error"]
    assert error["message"] == "This model is only supported in v1/responses and not in v1/chat/completions."
    assert create({**BODY, "model": "openai.gpt-5.5-pro"}).status == 200


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"model": MODEL, "messages": []}, 422, "missing field 'input'"),
        ({"model": MODEL}, 422, "missing field 'input'"),
        ({"input": "Hi"}, 422, "missing field 'model'"),
        ({**BODY, "input": 5}, 422, "input: data did not match any variant of untagged enum ResponseInput"),
        ([], 422, "invalid type: expected struct CreateResponse"),
    ],
)
def test_what_serde_cannot_read_is_a_422_in_plain_text(create: Surface, body: Any, status: int, text: str) -> None:
    response = create(body)
    assert (response.status, response.headers["content-type"]) == (status, "text/plain; charset=utf-8")
    assert response.body == f"Failed to deserialize the JSON body into the target type: {text}".encode()


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_a_body_that_is_not_json_is_a_400(create: Surface, body: bytes) -> None:
    assert create(body).status == 400


_CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
_RESULT = {"type": "function_call_output", "call_id": "c", "output": "x"}


@pytest.mark.parametrize(
    "items",
    [
        [],
        ["Hi"],
        [{"role": "user", "content": "Hi"}],
        [{"type": "message", "role": "tool", "content": "Hi"}],
        [{"type": "message", "role": "user"}],
        [{"type": "message", "role": "user", "content": [{"type": "text", "text": "Hi"}]}],
        [{"type": "message", "role": "user", "content": [{"type": "input_text"}]}],
        [{"type": "message", "role": "user", "content": [5]}],
        [{**_CALL, "call_id": None}],
        [{**_RESULT, "output": {}}],
        [{"type": "item_reference", "id": "x"}],
        [{"type": ["message"]}],
        [{**_CALL, "id": 5}],
    ],
)
def test_untyped_and_unknown_items_are_refused_in_one_sentence(create: Surface, items: Any) -> None:
    error = _json(create({**BODY, "input": items}), 400)["error"]
    assert error["message"] == "Invalid 'input': expected a valid Responses API input payload."
    assert (error["code"], error["param"]) == ("invalid_value", "input")


def test_a_stateless_history_is_taken_as_it_was_given_out(create: Surface) -> None:
    first = _json(create({**BODY, "model": "openai.gpt-5", "input": "get_weather for Oslo", "tools": [WEATHER]}))
    call = first["output"][-1]
    result = {
        "type": "function_call_output",
        "call_id": call["call_id"],
        "output": [{"type": "input_text", "text": "9"}],
    }
    asked = {"type": "message", "role": "developer", "content": "Be kind."}
    history = [asked, _message("user", "Weather?"), *first["output"], result]
    assert 'You asked: "Weather?" The tool says: 9' in _said(_json(create({**BODY, "input": history, "store": False})))


def test_images_are_seen(create: Surface) -> None:
    content = [{"type": "input_text", "text": "What?"}, {"type": "input_image", "image_url": "data:,"}]
    asked = {"model": "xai.grok-4.3", "input": [{"type": "message", "role": "user", "content": content}]}
    assert "I saw 1 image." in _said(_json(create(asked)))


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"max_tokens": 5}, "max_tokens"),
        ({"model": None}, "model"),
        ({"model": 5}, "model"),
        ({"stream": "yes"}, "stream"),
        ({"store": 1}, "store"),
        ({"temperature": "hot"}, "temperature"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"max_output_tokens": True}, "max_output_tokens"),
        ({"instructions": ["Hi"]}, "instructions"),
        ({"metadata": {"a": 1}}, "metadata"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools[0].name"),
        ({"tools": [{"type": "function", "name": "f", "parameters": 5}]}, "tools[0]"),
        ({"tool_choice": {"type": "function", "function": {"name": "f"}}}, "tool_choice.name"),
        ({"tool_choice": "often"}, "tool_choice"),
        ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
        ({"text": {"format": {"type": "json_schema", "json_schema": {}}}}, "text.format.name"),
        ({"text": {"format": {"type": "json_schema", "name": "x"}}}, "text.format.schema"),
        ({"conversation": {"name": "x"}}, "conversation.id"),
        ({"conversation": "conv_1", "previous_response_id": "resp_1"}, None),
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"input": [{"type": "reasoning", "summary": []}]}, "input"),
    ],
)
def test_a_malformed_request_gets_openais_error(create: Surface, change: dict[str, Any], param: str | None) -> None:
    error = _json(create({**BODY, **change}), 400)["error"]
    assert (error["type"], error["param"]) == ("invalid_request_error", param)


def test_chat_completions_max_tokens_is_told_where_to_go(create: Surface) -> None:
    error = _json(create({**BODY, "max_tokens": 5}), 400)["error"]
    assert error["message"] == "'max_tokens' is not supported on /v1/responses — use 'max_output_tokens'"


@pytest.mark.parametrize(
    ("model", "change", "words"),
    [
        (GEMINI, {"input": [_message("system", "Hi")]}, "Content with system role is not supported"),
        (
            GEMINI,
            {"input": [_message("user", "?"), {**_CALL, "id": "fc_1"}, _RESULT], "stream": True},
            "untagged enum ResponseInput",
        ),
        (GEMINI, {"reasoning": {"effort": "low"}}, "thinking_level is not supported"),
        ("xai.grok-4.20-reasoning", {"reasoning": {"effort": "low"}}, "does not support parameter reasoningEffort"),
        ("xai.grok-4.20-multi-agent", {"tools": [WEATHER]}, "require beta access"),
        (MODEL, {"input": ""}, "Message content cannot be empty"),
        (
            MODEL,
            {"input": [{"type": "message", "role": "user", "content": [{"type": "input_image", "image_url": ""}]}]},
            "image",
        ),
        ("openai.gpt-5", {"temperature": 0.2}, "'temperature' is not supported"),
    ],
)
def test_each_family_refuses_what_it_does_not_take(create: Surface, model: str, change: Any, words: str) -> None:
    assert words in json.dumps(_json(create({**BODY, "model": model, **change}), 400))


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (GEMINI, {"instructions": "Be kind."}),
        (GEMINI, {"input": [_message("user", "?"), {**_CALL, "id": "fc_1"}, _RESULT]}),
        (GEMINI, {"input": [_message("user", "?"), _CALL, _RESULT], "stream": True}),
        ("xai.grok-4.3", {"reasoning": {"effort": "low"}, "tools": [WEATHER]}),
        ("openai.gpt-5", {"temperature": 1, "reasoning": {"effort": "high"}}),
        (MODEL, {"input": [_message("system", "Hi"), _message("user", "Hi")]}),
    ],
)
def test_and_takes_what_it_does(create: Surface, model: str, change: Any) -> None:
    assert create({**BODY, "model": model, **change}).status == 200


def test_a_streaming_client_that_advertises_zstd_is_refused_loudly(create: Surface) -> None:
    assert create({**BODY, "stream": True}, accept_encoding="gzip, zstd").status == 400


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["role", "content", "type", "text", "format", "name", "id", "schema", "call_id"]), inner
        )
    ),
    max_leaves=6,
)
_FIELDS = [
    "input",
    "tools",
    "tool_choice",
    "text",
    "reasoning",
    "conversation",
    "include",
    "metadata",
    "stream",
    "store",
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(change=st.dictionaries(st.sampled_from(_FIELDS), _ANYTHING))
def test_no_body_does_more_than_be_refused(create: Surface, change: dict[str, Any]) -> None:
    response = create({**BODY, **change})
    assert response.status in (200, 400, 404, 422)
    assert b"".join([response.body] if isinstance(response.body, bytes) else response.body)
