"""The life of the complete example: made, found unchanged, changed, taken away, and what was made in the meantime."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.terraform.example_variables import VALUES, given
from tests.terraform.terraform_cli import Terraform, copied

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
        done = self.terraform.run(self.folder, *words, "-no-color", "-input=false", *given(self.folder))
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def complete(terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Applied]:
    folder = copied(tmp_path_factory.mktemp("complete")) / "examples" / "complete"
    terraform.init(folder)
    terraform.must(folder, "apply", "-auto-approve", "-input=false", "-no-color", *given(folder))
    state = json.loads(terraform.must(folder, "show", "-json"))
    [module] = state["values"]["root_module"]["child_modules"]
    yield Applied(terraform, folder, module["resources"])


def test_it_is_made_found_unchanged_changed_and_taken_away(complete: Applied) -> None:
    assert complete.run("plan", "-detailed-exitcode")[0] == UNCHANGED

    said = complete.run("apply", "-auto-approve", "-refresh=false", f"-var=memory_in_mbs={OTHER_MEMORY}")[1]
    assert "0 added, 1 changed, 0 destroyed" in said

    said = complete.run("destroy", "-auto-approve", "-refresh=false")[1]
    assert f"{complete.number} destroyed" in said


def test_the_function_understands_the_settings_that_it_is_given(complete: Applied) -> None:
    [function] = complete.values("oci_functions_function")
    settings = Settings.load(function["config"])
    assert function["config"].keys() <= {variable.name for variable in VARIABLES.values()}
    assert settings.compartment_id == VALUES["genai_compartment_ocid"]
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


def test_every_statement_names_a_compartment_and_who_may(complete: Applied) -> None:
    [group] = complete.values("oci_identity_dynamic_group")
    who = ("any-user", f"dynamic-group id {group['id']}", "service faas", "service objectstorage-us-chicago-1")
    for statement in complete.statements:
        assert statement.startswith(tuple(f"Allow {one} to " for one in who))
        assert re.search(r" in compartment id ocid1\.compartment\.oc1\.\.(here|genai)\b", statement)
        assert "any-user" not in statement or "where ALL {request.principal.type = '" in statement


def test_no_secret_stands_in_what_is_made(complete: Applied) -> None:
    said = json.dumps([one for one in complete.resources if one["type"] != "oci_apigateway_subscriber"])
    assert VALUES["team_a_token"] not in said
