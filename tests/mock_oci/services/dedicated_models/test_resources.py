"""Clusters, endpoints, imported models and routing profiles are made by the SDK's client, and serve."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import oci as sdk
import pytest

from mock_oci import LoopbackServer, MockOci
from mock_oci.model.catalogue import ocid_of

Models, Asked = sdk.generative_ai.models, sdk.generative_ai_inference.models
LLAMA = "meta.llama-3.3-70b-instruct"


@pytest.fixture
def client(sdk_client: Callable[[Any], Any]) -> Any:
    return sdk_client(sdk.generative_ai.GenerativeAiClient)


@pytest.fixture
def cluster(client: Any, live: MockOci) -> str:
    details = Models.CreateDedicatedAiClusterDetails(
        compartment_id=live.tenancy.compartment_id, type="HOSTING", unit_count=1, unit_shape="LARGE_GENERIC"
    )
    return str(client.create_dedicated_ai_cluster(details).data.id)


@pytest.fixture
def create(client: Any, live: MockOci, cluster: str) -> Callable[..., Any]:
    """Makes an endpoint for a model's OCID on the cluster."""

    def make(model_id: str = "", **more: Any) -> Any:
        model = live.catalogue.on_demand(LLAMA, live.region)
        assert model is not None
        home = {"compartment_id": live.tenancy.compartment_id, "dedicated_ai_cluster_id": cluster}
        details = {"model_id": model_id or ocid_of(model.model, live.region), "display_name": "e", **home, **more}
        return client.create_endpoint(Models.CreateEndpointDetails(**details))

    return make


@pytest.fixture
def chat(sdk_client: Callable[[Any], Any], live: MockOci) -> Callable[[str], str]:
    """Asks an endpoint natively, and returns the model that answered."""
    inference = sdk_client(sdk.generative_ai_inference.GenerativeAiInferenceClient)

    def ask(endpoint: str) -> str:
        said = Asked.UserMessage(content=[Asked.TextContent(text="Hi")])
        details = Asked.ChatDetails(
            compartment_id=live.tenancy.compartment_id,
            serving_mode=Asked.DedicatedServingMode(endpoint_id=endpoint),
            chat_request=Asked.GenericChatRequest(messages=[said]),
        )
        return str(inference.chat(details).data.model_id)

    return ask


def refused(ask: Callable[..., Any], *arguments: Any, **named: Any) -> tuple[int, str]:
    with pytest.raises(sdk.exceptions.ServiceError) as refusal:
        ask(*arguments, **named)
    return refusal.value.status, refusal.value.code


def test_an_endpoint_that_is_made_serves_until_it_is_deleted(
    client: Any, live: MockOci, cluster: str, create: Callable[..., Any], chat: Callable[[str], str]
) -> None:
    made = create()
    work = client.get_work_request(made.headers["opc-work-request-id"]).data
    assert (work.status, work.operation_type, work.resources[0].identifier) == (
        "SUCCEEDED", "CREATE_ENDPOINT", made.data.id,
    )  # fmt: skip
    assert chat(made.data.id) == LLAMA
    home = live.tenancy.compartment_id
    assert [item.id for item in client.list_endpoints(home).data.items] == [made.data.id]
    assert refused(client.delete_dedicated_ai_cluster, cluster) == (409, "IncorrectState")
    client.delete_endpoint(made.data.id, if_match=client.get_endpoint(made.data.id).headers["etag"])
    assert refused(chat, made.data.id)[0] == 404
    assert refused(client.get_endpoint, made.data.id)[0] == 404
    client.delete_dedicated_ai_cluster(cluster)
    assert client.list_dedicated_ai_clusters(home).data.items == []


def test_both_are_changed_in_the_version_that_was_seen(client: Any, cluster: str, create: Callable[..., Any]) -> None:
    endpoint, seen = create().data.id, client.get_dedicated_ai_cluster(cluster)
    more = Models.UpdateDedicatedAiClusterDetails(unit_count=3)
    assert client.update_dedicated_ai_cluster(cluster, more, if_match=seen.headers["etag"]).data.unit_count == 3
    assert refused(client.update_dedicated_ai_cluster, cluster, more, if_match=seen.headers["etag"])[0] == 412
    named = client.update_endpoint(endpoint, Models.UpdateEndpointDetails(display_name="other")).data
    assert (named.display_name, named.dedicated_ai_cluster_id) == ("other", cluster)


def test_what_cannot_serve_is_refused(client: Any, live: MockOci, create: Callable[..., Any]) -> None:
    grok = live.catalogue.on_demand("xai.grok-4.3", live.region)
    assert grok is not None
    assert refused(create, ocid_of(grok.model, live.region))[0] == 400
    assert refused(create, "ocid1.generativeaimodel.oc1..none")[0] == 404
    assert refused(create, dedicated_ai_cluster_id="ocid1.generativeaidedicatedaicluster.oc1..none")[0] == 404
    guarded = Models.ContentModerationConfig(is_enabled=True, mode="BLOCK")
    assert refused(create, content_moderation_config=guarded) == (501, "NotImplemented")
    tuning = Models.CreateDedicatedAiClusterDetails(
        compartment_id=live.tenancy.compartment_id, type="FINE_TUNING", unit_count=1, unit_shape="LARGE_GENERIC"
    )
    another = client.create_dedicated_ai_cluster(tuning).data.id
    assert refused(create, dedicated_ai_cluster_id=another) == (400, "InvalidParameter")
    assert client.list_endpoints(live.tenancy.compartment_id).data.items == []


def test_an_imported_model_is_had_on_an_endpoint_and_in_no_list_of_models(
    client: Any, live: MockOci, create: Callable[..., Any], chat: Callable[[str], str]
) -> None:
    source = Models.HuggingFaceModel(model_id="acme/big", access_token="hf_secret")
    home = live.tenancy.compartment_id
    details = Models.CreateImportedModelDetails(
        compartment_id=home, display_name="big", vendor="acme", data_source=source, capabilities=["TEXT_TO_TEXT"]
    )
    imported = client.create_imported_model(details).data
    assert imported.data_source.access_token is None
    assert chat(create(imported.id).data.id) == imported.id
    assert imported.id not in {item.id for item in client.list_models(home).data.items}
    assert [item.vendor for item in client.list_imported_models(home, capability=["TEXT_TO_TEXT"]).data.items] == [
        "acme"
    ]
    assert client.list_imported_models(home, capability=["EMBEDDING"]).data.items == []
    nowhere = Models.ObjectStorageObject(namespace_name="n", bucket_name="b")
    wrong = Models.CreateImportedModelDetails(compartment_id=home, data_source=nowhere)
    assert refused(client.create_imported_model, wrong)[0] == 400


def test_a_routing_profile_that_is_made_stands_for_its_model(client: Any, live: MockOci, http: httpx.Client) -> None:
    details = Models.CreateRoutingProfileDetails(
        compartment_id=live.tenancy.compartment_id, display_name="p",
        model_routing_policy=Models.ModelRoutingPolicy(allowed_models=["openai.gpt-oss-120b"]),
        region_routing_policy=Models.RegionRoutingPolicy(allowed_regions=["us-ashburn-1", "eu-frankfurt-1"]),
    )  # fmt: skip
    profile = client.create_routing_profile(details).data.id
    body = {"model": profile, "messages": [{"role": "user", "content": "Hi"}]}
    answer = http.post("/openai/v1/chat/completions", json=body)
    assert (answer.status_code, answer.headers["x-genai-selected-region"]) == (200, "eu-frankfurt-1")
    two = Models.ModelRoutingPolicy(allowed_models=["a", "b"])
    change = Models.UpdateRoutingProfileDetails(model_routing_policy=two)
    assert refused(client.update_routing_profile, profile, change) == (400, "InvalidParameter")
    client.delete_routing_profile(profile)
    assert http.post("/openai/v1/chat/completions", json=body).status_code == 404


def test_what_was_added_by_hand_is_deleted_by_the_client_too(
    client: Any, live: MockOci, chat: Callable[[str], str]
) -> None:
    endpoint = live.catalogue.add_endpoint(LLAMA, name="mine")
    shown = client.get_endpoint(endpoint).data
    assert client.get_dedicated_ai_cluster(shown.dedicated_ai_cluster_id).data.type == "HOSTING"
    assert chat(endpoint) == LLAMA
    client.delete_endpoint(endpoint)
    assert refused(chat, endpoint)[0] == 404


def test_a_reset_forgets_what_was_made_and_keeps_what_was_added_by_hand(
    live: MockOci, server: LoopbackServer, create: Callable[..., Any], chat: Callable[[str], str]
) -> None:
    del server
    made, mine = create().data.id, live.catalogue.add_endpoint(LLAMA, name="mine")
    live.reset()
    assert refused(chat, made)[0] == 404
    assert chat(mine) == LLAMA
