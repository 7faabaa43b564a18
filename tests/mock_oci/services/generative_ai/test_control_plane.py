from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from oci.exceptions import ServiceError
from oci.pagination import list_call_get_all_results
from tests.mock_oci.conftest import Clock

from mock_oci import MockOci, Request, Response

LLAMA = "meta.llama-3.3-70b-instruct"
COMMAND = "cohere.command-a-03-2025"
Call = Callable[..., Response]
Read = Callable[[Response], Any]


@pytest.fixture
def listed(call: Call, oci: MockOci, said: Read) -> Callable[..., list[Any]]:
    """The items of one list; keywords become the query."""

    def ask(what: str, host: str = "127.0.0.1:1", **query: Any) -> list[Any]:
        text = urlencode({"compartmentId": oci.tenancy.compartment_id, **query}, doseq=True)
        items: list[Any] = said(call("GET", f"/20231130/{what}?{text}", host=host))["items"]
        return items

    return ask


def test_the_sdk_pages_through_all_models(live: MockOci, control: Any) -> None:
    compartment = live.tenancy.compartment_id
    pages = list_call_get_all_results(control.list_models, compartment, limit=4, sort_by="displayName").data
    names = [model.display_name for model in pages]
    assert names == sorted(names)
    assert LLAMA in names
    assert len(names) == len(control.list_models(compartment).data.items)


def test_the_sdk_follows_an_endpoint_to_its_models_vendor(live: MockOci, control: Any) -> None:
    endpoint = control.get_endpoint(live.catalogue.add_endpoint(COMMAND, name="mine")).data
    assert (endpoint.display_name, endpoint.lifecycle_state) == ("mine", "ACTIVE")
    model = control.get_model(endpoint.model_id).data
    assert (model.vendor, model.display_name) == ("cohere", COMMAND)


def test_the_sdk_discovers_what_serves_which_api(live: MockOci, control: Any) -> None:
    compartment = live.tenancy.compartment_id
    items = control.list_model_discovery(compartment, region=["us-ashburn-1"], serving_mode=["ON_DEMAND"]).data.items
    grok = next(item for item in items if item.model_id == "xai.grok-4.3")
    assert "OPENAI_V1_RESPONSES" in grok.api_capability
    assert (grok.model_access, grok.vendor) == ("PROXY", "xai")
    assert LLAMA not in [item.model_id for item in items]


def test_a_models_id_is_an_ocid_and_its_display_name_the_id_on_demand(listed: Callable[..., list[Any]]) -> None:
    model = listed("models", displayName=COMMAND)[0]
    assert model["id"].startswith("ocid1.generativeaimodel.oc1.us-chicago-1.")
    assert (model["compartmentId"], model["type"], model["capabilities"]) == (None, "BASE", ["CHAT"])


def test_a_model_stands_there_once_for_each_use(listed: Callable[..., list[Any]]) -> None:
    rows = listed("models", displayName=LLAMA)
    assert [row["capabilities"] for row in rows] == [["CHAT"], ["FINE_TUNE"]]
    assert len({row["id"] for row in rows}) == 2


def test_models_are_those_of_the_region(listed: Callable[..., list[Any]]) -> None:
    names = [row["displayName"] for row in listed("models", "generativeai.us-ashburn-1.oci.oraclecloud.com")]
    assert "xai.grok-4.3" in names
    assert LLAMA not in names


def test_filters_are_followed_and_may_be_given_more_than_once(listed: Callable[..., list[Any]]) -> None:
    rows = listed("models", capability=["TEXT_EMBEDDINGS", "TEXT_RERANK"], vendor="cohere")
    assert {row["capabilities"][0] for row in rows} == {"TEXT_EMBEDDINGS", "TEXT_RERANK"}
    assert listed("models", vendor="nobody") == []
    assert listed("models", lifecycleState="DELETED") == []


def test_a_retired_model_says_since_when(listed: Callable[..., list[Any]], clock: Clock) -> None:
    assert listed("modelDiscovery", isOnDemandRetired="true") == []
    clock.now += 30 * 86_400
    retired = listed("models", displayName="cohere.embed-english-v3.0")[0]
    assert retired["timeOnDemandRetired"] == "2026-09-30T00:00:00Z"
    names = [row["modelId"] for row in listed("modelDiscovery", isOnDemandRetired="true")]
    assert {"cohere.embed-english-v3.0", "cohere.embed-multilingual-v3.0"} <= set(names)
    assert all(name.startswith("cohere.embed-") for name in names)


def test_an_answer_of_a_deprecated_model_says_so(generic: Callable[..., Any], ask: Callable[..., Any]) -> None:
    old, said = "meta.llama-3.2-90b-vision-instruct", {"messages": [{"role": "user", "content": "Hi"}]}
    for answer in (generic(old), generic(old, isStream=True), ask({**said, "model": old})):
        assert answer.headers["model-retirement-info"].startswith("timeDeprecated=2026-05-15")
    assert "model-retirement-info" not in ask({**said, "model": LLAMA}).headers


def test_discovery_shows_every_region_wherever_it_is_asked(listed: Callable[..., list[Any]]) -> None:
    everywhere = listed("modelDiscovery")
    assert everywhere == listed("modelDiscovery", "generativeai.ap-osaka-1.oci.oraclecloud.com")
    osaka = listed("modelDiscovery", region="ap-osaka-1", modelAccess="PROXY")
    assert {row["vendor"] for row in osaka} == {"google"}
    assert not any(name.startswith("_") for row in everywhere for name in row)


def test_cohere_has_no_openai_api_and_one_model_has_only_responses(listed: Callable[..., list[Any]]) -> None:
    by_id = {row["modelId"]: row["apiCapability"] for row in listed("modelDiscovery")}
    assert by_id[COMMAND] == []
    assert by_id["openai.gpt-5.5-pro"] == ["OPENAI_V1_RESPONSES"]
    assert len(by_id[LLAMA]) == 2


def test_pages_are_named_by_a_header(call: Call, oci: MockOci, said: Read) -> None:
    target = f"/20231130/models?compartmentId={oci.tenancy.compartment_id}&limit=40"
    first = call("GET", target)
    second = call("GET", f"{target}&page={first.headers['opc-next-page']}")
    assert "opc-next-page" not in second.headers
    ids = [row["id"] for page in (first, second) for row in said(page)["items"]]
    assert len(ids) == len(set(ids)) > 40


def test_lists_are_sorted_both_ways(listed: Callable[..., list[Any]]) -> None:
    names = [row["displayName"] for row in listed("models", sortBy="displayName")]
    assert names == sorted(names)
    falling = [row["displayName"] for row in listed("models", sortBy="displayName", sortOrder="DESC")]
    assert falling == sorted(names, reverse=True)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "MissingParameter"),
        ("compartmentId=COMPARTMENT&limit=0", "InvalidParameter"),
        ("compartmentId=COMPARTMENT&limit=many", "InvalidParameter"),
        ("compartmentId=COMPARTMENT&page=two", "InvalidParameter"),
        ("compartmentId=COMPARTMENT&sortBy=size", "InvalidParameter"),
        ("compartmentId=COMPARTMENT&sortOrder=UP", "InvalidParameter"),
        ("compartmentId=COMPARTMENT&colour=red", "InvalidParameter"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(call: Call, oci: MockOci, query: str, code: str) -> None:
    response = call("GET", "/20231130/models?" + query.replace("COMPARTMENT", oci.tenancy.compartment_id))
    assert isinstance(response.body, bytes)
    assert (response.status, json.loads(response.body)["code"]) == (400, code)


def test_an_unknown_ocid_and_a_denied_caller_are_the_same_404(control: Any, live: MockOci) -> None:
    endpoint = live.catalogue.add_endpoint(COMMAND)
    model = control.get_endpoint(endpoint).data.model_id
    live.deny("user")
    calls = [(control.get_endpoint, endpoint), (control.get_model, model), (control.get_model, "ocid1.x.oc1..y")]
    calls.append((control.list_models, live.tenancy.compartment_id))
    for operation, name in calls:
        with pytest.raises(ServiceError) as error:
            operation(name)
        assert (error.value.status, error.value.code) == (404, "NotAuthorizedOrNotFound")


def test_an_endpoint_is_listed_in_its_region_only(listed: Callable[..., list[Any]], oci: MockOci) -> None:
    oci.catalogue.add_endpoint(LLAMA)
    assert len(listed("endpoints", displayName=LLAMA)) == 1
    assert listed("endpoints", "generativeai.ap-osaka-1.oci.oraclecloud.com") == []


def test_an_endpoint_is_listed_in_its_compartment_only(listed: Callable[..., list[Any]], oci: MockOci) -> None:
    oci.catalogue.add_endpoint(LLAMA)
    assert listed("endpoints", compartmentId=oci.tenancy.tenancy_id) == []
    assert listed("models", compartmentId=oci.tenancy.tenancy_id) == listed("models")


def test_an_api_key_is_not_enough(oci: MockOci) -> None:
    secret = oci.principals.generative_ai_api_key().secret
    for path in ("models", "endpoints", "modelDiscovery", "models/x", "endpoints/x"):
        request = Request("GET", f"/20231130/{path}", {"authorization": f"Bearer {secret}"})
        assert oci.answer(request).status == 401
