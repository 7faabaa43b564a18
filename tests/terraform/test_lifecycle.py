"""The life of the complete example on mock_oci: made, found unchanged, changed, taken away, and what was made.

The stand-in for Oracle's provider makes each resource with the calls of the SDK that the provider makes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.terraform.example_variables import VALUES, given
from tests.terraform.terraform_cli import ROOT, Terraform, attached, copied

from mock_oci import MockOci, serve
from mock_oci.fn.functions import LocalFunctions
from mock_oci.fn.gateway import LocalGateway, LocalIssuer, applied_deployment
from mock_oci.services.connector_hub import ConnectorHub
from mock_oci.services.control_planes import StoredResources
from mock_oci.services.events import Events
from mock_oci.services.functions import Destination, Functions
from mock_oci.services.notifications import Notifications
from mock_oci.services.object_storage import ObjectStorage
from mock_oci.services.queues import Queues
from mock_oci.services.streaming import Streaming
from model_service.batch.tasks.file import read_tasks
from model_service.oci_names import ObjectLocation
from model_service.settings import VARIABLES, Settings

UNCHANGED = 0  # what `plan -detailed-exitcode` then exits with
OTHER_MEMORY = 2048
FORBIDDEN = re.compile(
    r"all-resources|in tenancy|manage generative-ai-family|(?:functions-family|fn-\w+)(?!.* where ALL)", re.IGNORECASE
)

# What a statement has to say so that a sink of this kind can be written to.
WRITES = {
    "bucket": "OBJECT_CREATE",
    "stream": "STREAM_PRODUCE",
    "queue": "QUEUE_PRODUCE",
    "topic": "ONS_TOPIC_PUBLISH",
    "function": "use fn-invocation",
    "none": "",
}


@dataclass(frozen=True)
class Applied:
    terraform: Terraform
    folder: Path
    resources: list[dict[str, Any]]
    told: list[str]
    functions: LocalFunctions

    @property
    def number(self) -> int:
        """Of what was made, without what was only looked up."""
        return sum(one["mode"] == "managed" for one in self.resources)

    def values(self, type_name: str) -> list[dict[str, Any]]:
        return [one["values"] for one in self.resources if one["type"] == type_name]

    @property
    def statements(self) -> list[str]:
        return [statement for policy in self.values("oci_identity_policy") for statement in policy["statements"]]

    def run(self, *words: str) -> tuple[int, str]:
        done = self.terraform.run(self.folder, *words, "-no-color", "-input=false", *self.told)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def cloud() -> MockOci:
    return MockOci()


@pytest.fixture(scope="module")
def variables(cloud: MockOci) -> dict[str, str]:
    """Return the example's variables, with what has to be in the tenancy already."""
    return {
        **VALUES,
        "alarms_topic_id": cloud.state_of(Notifications).create_topic("alarms").id,
        "compartment_ocid": cloud.tenancy.compartment_id,
        "genai_compartment_ocid": cloud.tenancy.tenancy_id,
        "tenancy_ocid": cloud.tenancy.tenancy_id,
    }


@pytest.fixture(scope="module")
def complete(
    cloud: MockOci,
    variables: dict[str, str],
    terraform_is_there: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Applied]:
    user = cloud.principals.api_key_user()
    config = {
        "tenancy": user.tenancy_id,
        "user": user.user_id,
        "fingerprint": user.fingerprint,
        "key_content": user.private_pem,
        "region": cloud.region,
    }
    folder = copied(tmp_path_factory.mktemp("complete")) / "examples" / "complete"
    told = given(folder, variables)
    with (
        serve(cloud) as served,
        LocalFunctions(cloud, served.url) as functions,
        attached(tmp_path_factory.mktemp("emulated"), served.url, config) as terraform,
    ):
        functions.images["model-service"] = ROOT
        functions.created_config["MODEL_SERVICE_OCI_ENDPOINT"] = served.url
        cloud.state_of(ObjectStorage).create_bucket("settings")
        cloud.state_of(ObjectStorage).put("settings", "service.json", b"{}")
        terraform.init(folder)
        terraform.must(folder, "apply", "-auto-approve", "-input=false", "-no-color", *told)
        state = json.loads(terraform.must(folder, "show", "-json"))
        [module] = state["values"]["root_module"]["child_modules"]
        yield Applied(terraform, folder, module["resources"], told, functions)


def test_the_function_understands_the_settings_that_it_is_given(complete: Applied, cloud: MockOci) -> None:
    [function] = complete.values("oci_functions_function")
    settings = Settings.load(function["config"])
    assert function["config"].keys() <= {variable.name for variable in VARIABLES.values()}
    assert settings.compartment_id == cloud.tenancy.tenancy_id
    assert settings.aliases["prod"] == "meta.llama-3.3-70b-instruct"
    assert (settings.responses_store, settings.log_requests) == (False, True)
    assert settings.batch_concurrency == 16


def test_the_tasks_stand_in_one_line_and_name_a_topic_that_is_made_beside_them(complete: Applied) -> None:
    [function], topics = complete.values("oci_functions_function"), complete.values("oci_ons_notification_topic")
    text = function["config"]["MODEL_SERVICE_TASKS"]
    assert text.isprintable()
    assert read_tasks(text, "tasks.yaml").sinks["bell"].place in {topic["id"] for topic in topics}


def test_the_function_may_write_where_its_tasks_do_and_read_what_they_read(complete: Applied) -> None:
    [function], statements = complete.values("oci_functions_function"), complete.statements
    tasks = read_tasks(function["config"]["MODEL_SERVICE_TASKS"], "tasks.yaml")
    for sink in tasks.sinks.values():
        named = sink.place.bucket if isinstance(sink.place, ObjectLocation) else sink.place
        allowed = [one for one in statements if WRITES[sink.kind] in one]
        assert any(sink.kind in ("none", "topic") or f"'{named}'" in one for one in allowed), sink
    assert any(tasks.ledger and f"'{tasks.ledger.bucket}'" in one for one in statements if "OVERWRITE" in one)
    read = {task.match.bucket.bucket for task in tasks.tasks if task.reading and task.match.bucket}
    assert all(any("{OBJECT_READ}" in one and f"'{name}'" in one for one in statements) for name in read)


def test_no_statement_of_the_policy_goes_further_than_it_has_to(complete: Applied) -> None:
    assert [one for one in complete.statements if FORBIDDEN.search(one)] == []


def test_every_statement_names_a_compartment_and_who_may(complete: Applied, cloud: MockOci) -> None:
    [group] = complete.values("oci_identity_dynamic_group")
    who = ("any-user", f"dynamic-group id {group['id']}", "service faas", "service objectstorage-us-chicago-1")
    for statement in complete.statements:
        assert statement.startswith(tuple(f"Allow {one} to " for one in who))
        assert re.search(
            rf" in compartment id ({cloud.tenancy.compartment_id}|{cloud.tenancy.tenancy_id})\b", statement
        )
        assert "any-user" not in statement or "where ALL {request.principal.type = '" in statement


def test_no_secret_stands_in_what_is_made(complete: Applied) -> None:
    said = json.dumps([one for one in complete.resources if one["type"] != "oci_apigateway_subscriber"])
    assert VALUES["team_a_token"] not in said


def test_a_chat_goes_through_the_gateway_and_the_function_that_were_applied(complete: Applied, cloud: MockOci) -> None:
    """The policies that were applied count: the gateway may invoke, and the function may chat."""
    issuer = LocalIssuer(VALUES["jwt_issuer"], VALUES["jwks_uri"], cloud.clock)
    deployment = applied_deployment(cloud)
    body = {"model": "prod", "messages": [{"role": "user", "content": "Hi"}]}
    with LocalGateway(complete.functions, deployment, issuers=[issuer]) as gateway:
        url = f"{gateway.url}{deployment.path_prefix}/chat/completions"
        claims = {"sub": "app", "aud": VALUES["jwt_audience"], "scope": "model-service"}
        plan = {"x-subscription-token": VALUES["team_a_token"]}
        with httpx.Client(timeout=30, trust_env=False) as client:
            assert client.post(url, json=body).status_code == 401
            headers = {"authorization": f"Bearer {issuer.token(**claims)}", **plan}
            answer = client.post(url, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["choices"][0]["message"]["content"]


def test_the_channel_of_a_destination_is_applied(complete: Applied, cloud: MockOci) -> None:
    """That it is then found unchanged, the last test of the module sees."""
    main = complete.folder / "main.tf"
    topic = 'kind = "NOTIFICATION", id = var.failure_topic_id'
    assert topic in main.read_text()
    channel = 'kind = "QUEUE", id = var.work_queue_id, channel_id = "failed"'
    main.write_text(main.read_text().replace(topic, channel))
    said = complete.run("apply", "-auto-approve", "-refresh=false")[1]
    assert "0 destroyed" in said, said
    [function] = complete.values("oci_functions_function")
    found = cloud.state_of(Functions).find(function["id"])
    assert found is not None
    assert found[0].failure_destination == Destination(VALUES["work_queue_id"], "failed")


def left_in(cloud: MockOci) -> list[object]:
    """Return every resource that stands in the tenancy."""
    kinds = (StoredResources, Queues, Streaming, Events, ConnectorHub)
    return [*(item for kind in kinds for item in cloud.state_of(kind).all()), *cloud.state_of(ObjectStorage).buckets()]


def test_it_is_found_unchanged_changed_and_taken_away(complete: Applied, cloud: MockOci) -> None:
    """The last test of the module, for what it leaves is nothing."""
    assert complete.run("plan", "-detailed-exitcode")[0] == UNCHANGED

    said = complete.run("apply", "-auto-approve", "-refresh=false", f"-var=memory_in_mbs={OTHER_MEMORY}")[1]
    assert "0 added, 1 changed, 0 destroyed" in said
    [function] = complete.values("oci_functions_function")
    found = cloud.state_of(Functions).find(function["id"])
    assert found is not None
    assert found[0].memory == OTHER_MEMORY

    assert len(left_in(cloud)) > complete.number / 2
    said = complete.run("destroy", "-auto-approve", "-refresh=false")[1]
    assert f"{complete.number} destroyed" in said
    assert [getattr(item, "name", "") for item in left_in(cloud)] == ["settings"]
    assert cloud.state_of(Functions).find(function["id"]) is None
