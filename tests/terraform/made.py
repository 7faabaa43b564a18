"""What Terraform makes of each feature's variables: statements, configuration, deployment; ``made.json`` has it all.

``python -m tests.terraform.made`` writes the file anew (a minute or two of terraform); ``test_made`` holds it true.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from tests.terraform.terraform_cli import Terraform, attached, copied

from mock_oci.identity.tenancy import Tenancy, ocid

FILE: Final = Path(__file__).with_name("made.json")
REGION: Final = "us-chicago-1"
FUNCTION: Final = ocid("fnfunc", "model-service", REGION)
Made = dict[str, Any]

# All that is off by itself or can be turned off is off, so that a feature has its own statements and no other's.
BASE: Final = {
    "tenancy_ocid": Tenancy().tenancy_id,
    "compartment_ocid": Tenancy().compartment_id,
    "region": REGION,
    "home_region": REGION,
    "function_source": "given",
    "function_id": FUNCTION,
    "create_repository": False,
    "create_network": False,
    "function_subnet_ids": ["ocid1.subnet.oc1..function"],
    "gateway_subnet_id": "ocid1.subnet.oc1..gateway",
    "gateway_endpoint_type": "PRIVATE",
    "gateway_authentication": "none",
    "create_gateway": False,
    "create_logs": False,
    "create_alarms": False,
    "enable_completions": False,
    "enable_embeddings": False,
    "enable_models": False,
    "enable_responses": False,
    "enable_status": False,
}
_TASK: Final = {
    "request": {
        "model": "meta.llama-3.3-70b-instruct",
        "messages": [{"role": "user", "content": "Say {{ text }}"}],
    }
}
_RESULTS: Final = {"bucket": "model-service-results", "name": "{{ id }}.json"}


def _tasks(sinks: dict[str, Any], *tasks: dict[str, Any], **more: Any) -> str:
    named = {**sinks, "failed": {"bucket": "model-service-results", "name": "failed/{{ id }}.json"}}
    return json.dumps(
        {"sinks": named, "dead_letters": "failed", **more, "tasks": [{**_TASK, **task} for task in tasks]}
    )


# By feature, the variables that turn it on; OCIDs that end in a word stand for what a scenario makes.
FEATURES: Final[dict[str, dict[str, Any]]] = {
    "chat": {"create_gateway": True, "enable_completions": True, "enable_status": True},
    "embeddings": {"enable_embeddings": True},
    "rerank": {"enable_rerank": True},
    "responses": {"enable_responses": True, "create_gateway": True},
    "models": {"enable_models": True},
    "files": {"create_gateway": True, "enable_files": True},
    "vector stores": {"create_gateway": True, "enable_vector_stores": True},
    "containers": {"create_gateway": True, "enable_containers": True},
    "speech": {"create_gateway": True, "enable_speech": True},
    "dedicated endpoints": {"enable_dedicated_endpoints": True},
    "large answers": {"create_overflow_bucket": True},
    "kept responses": {"create_responses_bucket": True, "enable_responses": True, "create_gateway": True},
    "requests from objects": {"request_buckets": ["requests"]},
    "relay": {"create_relay_queue": True, "create_relay_stream": True},
    "records from a stream": {
        "create_stream": True,
        "create_results_bucket": True,
        "tasks": _tasks(
            {"results": _RESULTS},
            {"name": "prompts", "match": {"source": "streaming"}, "sink": "results"},
        ),
    },
    "records from a queue": {
        "create_queue": True,
        "create_results_bucket": True,
        "ledger_bucket": "ledger",
        "sink_streams": ["ocid1.stream.oc1..answers"],
        "sink_queues": ["ocid1.queue.oc1..work"],
        "sink_topics": ["ocid1.onstopic.oc1..bell"],
        "sink_functions": ["ocid1.fnfunc.oc1..next"],
        "tasks": _tasks(
            {
                "stream": {"stream": "ocid1.stream.oc1..answers"},
                "queue": {"queue": "ocid1.queue.oc1..work"},
                "topic": {"topic": "ocid1.onstopic.oc1..bell"},
                "function": {"function": "ocid1.fnfunc.oc1..next"},
            },
            *(
                {"name": name, "match": {"source": "queue", "where": f"value.{name}"}, "sink": name}
                for name in ("stream", "queue", "topic", "function")
            ),
            ledger={"bucket": "ledger"},
        ),
    },
    "files that arrive": {
        "create_results_bucket": True,
        "source_buckets": ["inbox"],
        "event_rules": {
            "files": {"event_types": ["com.oraclecloud.objectstorage.createobject"], "filter": "{}"},
        },
        "tasks": _tasks(
            {"results": _RESULTS},
            {
                "name": "files",
                "match": {"type": "com.oraclecloud.objectstorage.*object", "bucket": "inbox"},
                "read": {"as": "text"},
                "request": {**_TASK["request"], "messages": [{"role": "user", "content": "{{ content }}"}]},
                "sink": "results",
            },
        ),
    },
    "keys": {
        "create_gateway": True,
        "gateway_authentication": "keys",
        "create_keys_secret": True,
        "vault_id": "ocid1.vault.oc1..vault",
        "vault_key_id": "ocid1.key.oc1..key",
        "metrics_namespace": "model_service",
        "enable_playground": True,
        "cors_allowed_origins": ["https://app.example.com"],
    },
    "settings elsewhere": {
        "create_gateway": True,
        "gateway_authentication": "keys",
        "caller_keys": "ocid1.vaultsecret.oc1..keys",
        "service_config": "oci://settings/service.json",
    },
    "usage in a bucket": {"create_logs": True, "create_usage_bucket": True},
    "tokens": {
        "create_gateway": True,
        "gateway_authentication": "jwt",
        "jwks_uri": "https://login.example.com/keys",
        "jwt_issuers": ["https://login.example.com/"],
        "jwt_audiences": ["model-service"],
        "gateway_scopes": ["models.use"],
        "identity_headers": {"x-model-service-caller": "sub"},
        "rate_limit": 5,
        "rate_limit_key": "TOTAL",
        "usage_plans": {
            "small": {"requests_per_second": 10, "quota": 3, "period": "DAY", "when_used_up": "REJECT"},
        },
        "usage_plan_subscribers": {"team-a": "small"},
        "usage_plan_tokens": {"team-a": "subscription-of-team-a"},
    },
    "detached calls": {
        "success_destination": {"kind": "STREAM", "id": "ocid1.stream.oc1..done"},
        "failure_destination": {"kind": "NOTIFICATION", "id": "ocid1.onstopic.oc1..failed"},
    },
    "other compartments pay": {
        "enable_embeddings": True,
        "allowed_compartments": ["ocid1.compartment.oc1..payer"],
    },
    "a dynamic group": {"create_dynamic_group": True},
    "traces": {"apm_domain_id": "ocid1.apmdomain.oc1..apm"},
}
OUTPUTS: Final = {"statements": "policy_statements", "config": "config"}
TYPES: Final = (
    "oci_apigateway_deployment",
    "oci_apigateway_subscriber",
    "oci_apigateway_usage_plan",
    "oci_identity_dynamic_group",
    "oci_queue_queue",
    "oci_streaming_stream",
    "oci_vault_secret",
)
ATTRIBUTES: Final = (
    *("id", "name", "display_name", "secret_name", "matching_rule"),
    *("path_prefix", "specification", "entitlements", "usage_plans", "clients"),
)


def make(terraform: Terraform, folder: Path, features: Collection[str] = FEATURES) -> dict[str, Made]:
    """Apply these features at once in ``folder``, and return what was made of each."""
    copied(folder)
    root = folder / "features"
    root.mkdir()
    modules = {_label(name): {"source": "../terraform", **BASE, **FEATURES[name]} for name in features}
    outputs = {
        label: {"value": {name: f"${{module.{label}.{output}}}" for name, output in OUTPUTS.items()}}
        for label in modules
    }
    (root / "main.tf.json").write_text(json.dumps({"module": modules, "output": outputs}))
    terraform.init(root)
    terraform.must(root, "apply", "-auto-approve", "-input=false", "-no-color", seconds=900)
    state = json.loads(terraform.must(root, "show", "-json"))["values"]
    resources = {
        module["address"].removeprefix("module."): module["resources"]
        for module in state["root_module"]["child_modules"]
    }
    return {
        name: _numbered({**state["outputs"][_label(name)]["value"], "resources": _kept(resources[_label(name)])})
        for name in features
    }


def _label(name: str) -> str:
    return name.replace(" ", "_")


def _kept(resources: list[Made]) -> list[Made]:
    """Return what a gateway is made of, and of what statements name the OCID and the name alone."""
    return [
        {
            "address": item["address"].partition(".")[2].partition(".")[2],
            "type": item["type"],
            "values": {name: item["values"][name] for name in ATTRIBUTES if name in item["values"]},
        }
        for item in sorted(resources, key=lambda item: str(item["address"]))
        if item["type"] in TYPES
    ]


def _numbered(made: Made) -> Made:
    """Return what was made with the stand-in's OCIDs counted from one in it: they come in any order."""
    text, numbers = json.dumps(made, sort_keys=True), {}
    for number in re.findall(r"standin(\d{6})", text):
        numbers.setdefault(number, f"{len(numbers) + 1:06}")
    numbered: Made = json.loads(re.sub(r"standin(\d{6})", lambda match: f"standin{numbers[match[1]]}", text))
    return numbered


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made_in, attached(Path(made_in)) as stand_in:
        FILE.write_text(json.dumps(make(stand_in, Path(made_in)), indent=1, sort_keys=True) + "\n")
