"""The paths of the Responses API: what is let through to be signed, and what is not."""

from __future__ import annotations

from typing import Any

import pytest

from model_service.errors import InvalidRequest, MethodNotAllowed, PathNotFound
from model_service.openai_api.responses import SurfaceRequest, surface_request

CREATE = {"model": "alias", "input": "Hello"}
ID = "resp_sjc_qw1r6si1yt9vu959lrajoid2"


@pytest.mark.parametrize("prefix", ["", "/genai", "/genai/v1/more"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/responses"),
        ("GET", f"/responses/{ID}"),
        ("GET", "/responses/0f8fad5b-d9cb-469f-a165-70867728950e"),
        ("GET", f"/responses/{ID}?stream=true&starting_after=42"),
        ("GET", f"/responses/{ID}?include%5B%5D=file_search_call.results&include%5B%5D=reasoning.encrypted_content"),
        ("DELETE", f"/responses/{ID}"),
        ("POST", f"/responses/{ID}/cancel"),
        ("GET", f"/responses/{ID}/input_items?after=msg_1&limit=5&order=asc"),
        ("POST", "/conversations"),
        ("GET", "/conversations/conv_1"),
        ("POST", "/conversations/conv_1"),
        ("DELETE", "/conversations/conv_1"),
        ("GET", "/conversations/conv_1/items?limit=5"),
        ("POST", "/conversations/conv_1/items?include=message.output_text.logprobs"),
        ("GET", "/conversations/conv_1/items/msg_1"),
        ("DELETE", "/conversations/conv_1/items/msg_1"),
    ],
)
def test_every_operation_reaches_oci_under_its_own_path(prefix: str, method: str, path: str) -> None:
    assert surface_request(method, f"{prefix}/v1{path}", {}).target == "/openai/v1" + path


@pytest.mark.parametrize(
    "path",
    [
        "/v1/chat/completions",
        "/v1/conversations/conv_1/items/msg_1/more",
        "/responses",
        "/v1/responses/../conversations",
        "/v1/responses/a%2Fb",
        "/v1/responses/a%3Fb",
        "/v1/responses/..",
        "/v1/responses//cancel",
        "/v1/responses/a;b",
        "/v1/responses/" + "a" * 257,
        "/v1/responses/a\r\nx",
        "/v1/responses/ä",
    ],
)
def test_nothing_else_gets_into_a_signed_path(path: str) -> None:
    with pytest.raises(PathNotFound):
        surface_request("GET", path, {})


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/v1/responses"), ("GET", "/v1/conversations"), ("PATCH", "/v1/responses/a")]
)
def test_a_method_that_is_not_there_is_refused(method: str, path: str) -> None:
    with pytest.raises(MethodNotAllowed):
        surface_request(method, path, {})


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("x=1", "query"),
        ("limit=5&stream=true", "query"),
        ("after=a%26order%3Db", "after"),
        ("after=", "after"),
        ("after=a%0d%0a", "after"),
    ],
)
def test_a_query_carries_nothing_but_what_is_known(query: str, param: str) -> None:
    with pytest.raises(InvalidRequest) as error:
        surface_request("GET", f"/v1/responses/a/input_items?{query}", {})
    assert error.value.param == param


def test_the_body_goes_as_it_is_without_what_becomes_headers() -> None:
    ours = {"compartment_id": "ocid1.compartment.oc1..a", "project_id": "ocid1.generativeaiproject.oc1.iad.b"}
    request = surface_request("POST", "/v1/responses", {**CREATE, **ours, "x_new": [1]})
    assert request.body == {**CREATE, "x_new": [1]}
    assert {"compartment_id": request.compartment_id, "project_id": request.project_id} == ours


@pytest.mark.parametrize("field", ["compartment_id", "project_id"])
@pytest.mark.parametrize("value", ["proj_abc", "ocid1.user.oc1..a", 7, "ocid1.generativeaiproject.oc1..a\r\nx: y"])
def test_an_ocid_of_another_kind_never_becomes_a_header(field: str, value: Any) -> None:
    with pytest.raises(InvalidRequest) as error:
        surface_request("POST", "/v1/responses", {**CREATE, field: value})
    assert error.value.param == field


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/responses/a"), ("DELETE", "/v1/responses/a"), ("POST", "/v1/responses/a/cancel")]
)
def test_no_body_is_sent_where_there_is_none(method: str, path: str) -> None:
    assert surface_request(method, path, {"compartment_id": "ocid1.tenancy.oc1..a"}).body is None


def create(**fields: Any) -> SurfaceRequest:
    return surface_request("POST", "/v1/responses", {**CREATE, **fields})


def test_a_created_response_gets_the_upstream_name_of_its_model() -> None:
    assert create().for_model("openai.gpt-5.5-pro", may_store=True) == {**CREATE, "model": "openai.gpt-5.5-pro"}


def test_where_nothing_may_be_stored_that_is_what_is_sent() -> None:
    assert create().for_model("m", may_store=False) == {**CREATE, "model": "m", "store": False}
    assert create(store=False).for_model("m", may_store=False) == {**CREATE, "model": "m", "store": False}


@pytest.mark.parametrize(
    "fields",
    [{"store": True}, {"previous_response_id": "resp_1"}, {"conversation": {"id": "conv_1"}}, {"background": True}],
)
def test_where_nothing_may_be_stored_nothing_that_needs_it_is_sent(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as error:
        create(**fields).for_model("m", may_store=False)
    assert (error.value.param, error.value.code) == (next(iter(fields)), "store_disabled")


@pytest.mark.parametrize("path", ["/v1/conversations", "/v1/conversations/c", "/v1/conversations/c/items"])
def test_where_nothing_may_be_stored_no_conversation_is_written(path: str) -> None:
    request = surface_request("POST", path, {"items": []})
    assert request.for_model(None, may_store=True) == {"items": []}
    with pytest.raises(InvalidRequest, match="MODEL_SERVICE_RESPONSES_STORE"):
        request.for_model(None, may_store=False)


def test_what_is_stored_can_be_deleted_all_the_same() -> None:
    assert surface_request("DELETE", "/v1/conversations/c", {}).for_model(None, may_store=False) is None
