"""Stories of models, and of what functions ask besides: secrets, metrics and logs."""

from __future__ import annotations

import re
from typing import Any

from tests.mock_oci.conftest import FakeFunction
from tests.mock_oci.coverage.contract.asking import Asking, encoded

_INFERENCE, _CONTROL = "GenerativeAiInferenceClient", "GenerativeAiClient"
_TAGS = {"freeformTags": {"a": "b"}, "definedTags": {}}


def inference(ask: Asking) -> None:
    home = {"compartmentId": ask.home}
    text = {"type": "TEXT", "text": "Hi"}
    generic = {"apiFormat": "GENERIC", "messages": [{"role": "USER", "content": [text]}]}
    v2 = {**generic, "apiFormat": "COHEREV2"}
    asked = [
        ("meta.llama-3.3-70b-instruct", generic),
        ("cohere.command-a-03-2025", {"apiFormat": "COHERE", "message": "Hi"}),
        ("cohere.command-a-vision-07-2025", v2),
    ]
    for model, request in asked:
        mode = {"servingType": "ON_DEMAND", "modelId": model}
        ask(f"{_INFERENCE}.chat", body={**home, "servingMode": mode, "chatRequest": request})
    mode = {"servingType": "ON_DEMAND", "modelId": "cohere.embed-v4.0"}
    ask(f"{_INFERENCE}.embed_text", body={**home, "servingMode": mode, "inputs": ["a"]})
    mode = {"servingType": "ON_DEMAND", "modelId": "cohere.rerank-v4.0-fast"}
    ask(f"{_INFERENCE}.rerank_text", body={**home, "servingMode": mode, "input": "a", "documents": ["a", "b"]})
    configs = {
        "contentModerationConfig": {"categories": ["OVERALL", "BLOCKLIST"]},
        "personallyIdentifiableInformationConfig": {"types": ["EMAIL"]},
        "promptInjectionConfig": {},
    }
    judged = {"type": "TEXT", "content": "build a bomb, ada@example.com"}
    ask(f"{_INFERENCE}.apply_guardrails", body={**home, "input": judged, "guardrailConfigs": configs})
    ask(f"{_INFERENCE}.list_guardrail_versions", headers={"opc-compartment-id": ask.home})


def models(ask: Asking) -> None:
    home = {"compartmentId": ask.home}
    listed = ask(f"{_CONTROL}.list_models", query=home).body["items"]
    ask(f"{_CONTROL}.get_model", listed[0]["id"])
    ask(f"{_CONTROL}.list_model_discovery", query=home)
    hours = {"responsesRetentionInHours": 24, "conversationsRetentionInHours": 24}
    about = {"displayName": "p", "description": "d", "conversationConfig": hours, **_TAGS}
    project = ask(f"{_CONTROL}.create_generative_ai_project", body={**home, **about}).id
    ask(f"{_CONTROL}.list_generative_ai_projects", query=home)
    ask(f"{_CONTROL}.get_generative_ai_project", project)
    ask(f"{_CONTROL}.update_generative_ai_project", project, body={"displayName": "q"})
    ask(f"{_CONTROL}.delete_generative_ai_project", project)


def dedicated(ask: Asking) -> None:
    home = {"compartmentId": ask.home}
    shape = {"type": "HOSTING", "unitCount": 1, "unitShape": "LARGE_GENERIC", "displayName": "c", "description": "d"}
    made = ask(f"{_CONTROL}.create_dedicated_ai_cluster", body={**home, **shape, **_TAGS})
    ask(f"{_CONTROL}.get_work_request", made.headers["opc-work-request-id"])
    source = {"sourceType": "HUGGING_FACE_MODEL", "modelId": "acme/big"}
    own = {"displayName": "big", "dataSource": source, "vendor": "acme", "capabilities": ["TEXT_TO_TEXT"]}
    imported = _each(ask, "imported_model", "importedModels", {**own, "version": "1"})
    on = {"modelId": imported, "dedicatedAiClusterId": made.id, "contentModerationConfig": {"isEnabled": False}}
    endpoint = _each(ask, "endpoint", "endpoints", {**on, "displayName": "e"})
    policies = {
        "modelRoutingPolicy": {"allowedModels": ["openai.gpt-oss-120b"]},
        "regionRoutingPolicy": {"allowedRegions": ["us-chicago-1"]},
    }
    profile = _each(ask, "routing_profile", "routingProfiles", {"displayName": "p", **policies})
    ask(f"{_CONTROL}.list_dedicated_ai_clusters", query=home)
    ask(f"{_CONTROL}.get_dedicated_ai_cluster", made.id)
    ask(f"{_CONTROL}.update_dedicated_ai_cluster", made.id, body={"unitCount": 2})
    ask(f"{_CONTROL}.delete_routing_profile", profile)
    ask(f"{_CONTROL}.delete_endpoint", endpoint)
    ask(f"{_CONTROL}.delete_imported_model", imported)
    ask(f"{_CONTROL}.delete_dedicated_ai_cluster", made.id)


def _each(ask: Asking, noun: str, plural: str, body: dict[str, Any]) -> str:
    home, listed = {"compartmentId": ask.home}, re.sub("[A-Z]", lambda match: f"_{match[0].lower()}", plural)
    made = ask(f"{_CONTROL}.create_{noun}", body={**home, **body, "description": "d", **_TAGS}).id
    ask(f"{_CONTROL}.list_{listed}", query=home)
    ask(f"{_CONTROL}.get_{noun}", made)
    ask(f"{_CONTROL}.update_{noun}", made, body={"displayName": "other"})
    return made


def api_keys(ask: Asking) -> None:
    secret = {"keyName": "one", "timeExpiry": "2027-01-01T00:00:00Z"}
    details = {"displayName": "k", "compartmentId": ask.home, "keyDetails": [secret], "description": "d", **_TAGS}
    key = ask(f"{_CONTROL}.create_api_key", body=details).id
    ask(f"{_CONTROL}.list_api_keys", query={"compartmentId": ask.home})
    ask(f"{_CONTROL}.get_api_key", key)
    ask(f"{_CONTROL}.update_api_key", key, body={"displayName": "other"})
    ask(f"{_CONTROL}.renew_api_key", key, body={"details": secret})
    ask(f"{_CONTROL}.set_api_key_state", key, body={"keyName": "one", "state": "INACTIVE"})
    ask(f"{_CONTROL}.delete_api_key", key)


def secrets(ask: Asking) -> None:
    vaults, reading = "VaultsClient", "SecretsClient"
    content = {"contentType": "BASE64", "content": encoded("first"), "name": "one"}
    where = {"vaultId": "ocid1.vault.oc1..v", "keyId": "ocid1.key.oc1..k", "compartmentId": ask.home}
    about = {"secretName": "keys", "description": "d", "metadata": {"a": "b"}, **_TAGS}
    secret = ask(f"{vaults}.create_secret", body={**where, **about, "secretContent": content}).id
    ask(f"{vaults}.get_secret", secret)
    ask(f"{vaults}.list_secrets", query={"compartmentId": ask.home})
    ask(f"{vaults}.update_secret", secret, body={"secretContent": {**content, "content": encoded("2"), "name": "two"}})
    ask(f"{vaults}.list_secret_versions", secret)
    ask(f"{vaults}.get_secret_version", secret, "1")
    ask(f"{reading}.get_secret_bundle", secret)
    query = {"secretName": "keys", "vaultId": "ocid1.vault.oc1..v"}
    ask(f"{reading}.get_secret_bundle_by_name", query=query)
    ask(f"{reading}.list_secret_bundle_versions", secret)
    ask(f"{vaults}.schedule_secret_deletion", secret, body={"timeOfDeletion": "2026-09-25T00:00:00Z"})
    ask(f"{vaults}.cancel_secret_deletion", secret)


def metrics(ask: Asking) -> None:
    client, when = "MonitoringClient", "2026-09-21T14:13:00Z"
    point = {"timestamp": when, "value": 1.5, "count": 1}
    metric = {
        "namespace": "models", "compartmentId": ask.home, "name": "tokens", "dimensions": {"model": "m"},
        "metadata": {"unit": "n"}, "datapoints": [point],
    }  # fmt: skip
    ask(f"{client}.post_metric_data", body={"metricData": [metric]})
    ask(f"{client}.list_metrics", query={"compartmentId": ask.home}, body={"name": "tokens"})
    asked = {"namespace": "models", "query": "tokens[1m].sum()"}
    ask.clock.now += 120
    ask(f"{client}.summarize_metrics_data", query={"compartmentId": ask.home}, body=asked)


def functions(ask: Asking) -> None:
    client, source = "FunctionsManagementClient", {"sourceType": "CONTAINER_IMAGE", "image": "ord.ocir.io/x/m:1"}
    application = ask(
        f"{client}.create_application",
        body={"displayName": "a", "compartmentId": ask.home, "subnetIds": [], "config": {"A": "b"}, **_TAGS},
    ).id
    ask(f"{client}.list_applications", query={"compartmentId": ask.home})
    ask(f"{client}.get_application", application)
    ask(f"{client}.update_application", application, body={"config": {"A": "c"}})
    details = {"displayName": "f", "applicationId": application, "memoryInMBs": 128}
    function = ask(f"{client}.create_function", body={**details, "sourceDetails": source}).id
    ask(f"{client}.list_functions", query={"applicationId": application})
    ask(f"{client}.get_function", function)
    ask(f"{client}.update_function", function, body={"memoryInMBs": 256})
    older = {"displayName": "g", "applicationId": application, "memoryInMBs": 128, "image": "ord.ocir.io/x/m:1"}
    second = ask(f"{client}/20181201.create_function", body=older).id
    ask(f"{client}/20181201.update_function", second, body={"memoryInMBs": 256})
    ask(f"{client}.delete_function", second)
    ask(f"{client}.delete_function", function)
    ask(f"{client}.delete_application", application)
    ask("FunctionsInvokeClient.invoke_function", FakeFunction(ask.oci).id, body=b"")
