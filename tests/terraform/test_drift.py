"""The function and its deployment say the same: settings, routes, memory and timeout, permissions, what comes later."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from tests.terraform.hcl import Configuration, Expression, literal, read
from tests.terraform.terraform_cli import ROOT, TERRAFORM

from model_service.batch.ledger import LEDGER_FOLDER
from model_service.errors import SettingsError
from model_service.openai_api.operations import OPERATIONS
from model_service.openai_api.resources import RESOURCES
from model_service.openai_api.responses import SURFACE
from model_service.responses_by_chat.conversation_store import CONVERSATION_FOLDER
from model_service.settings import VARIABLES
from model_service.settings_parsers import IDENTITY_PARTS, MAX_THREADS
from model_service.usage.metrics import DIMENSIONS, EVENTS, METRICS

FUNCTION_YAML = yaml.safe_load((ROOT / "func.yaml").read_text())
README = (TERRAFORM / "README.md").read_text()

# The locals through which a setting gets the OCID or the name of something that Terraform may make itself.
THROUGH = {
    "local.genai_compartment_ocid": "genai_compartment_ocid",
    "local.overflow_place": "overflow_bucket",
    "local.responses_place": "responses_bucket",
    "local.relay_destinations": "relay_destinations",
    "local.tasks": "tasks",
    "local.caller_headers": "caller_headers",
    "local.caller_keys": "caller_keys",
}

# What people have set for the OCI CLI; a function has a region and a key of its own.
OF_THE_COMMAND_LINE = {"OCI_CLI_PASSPHRASE", "OCI_CLI_REGION"}

# What hands records to the function or takes their results: without tasks, none of it makes sense.
FOR_RECORDS = {
    "create_queue",
    "create_results_bucket",
    "create_results_topic",
    "create_stream",
    "event_rules",
    "notification_topics",
}

SWITCH = re.compile(
    r"\b(var|local)\.(create_|enable_|has_|apm_|metrics_|destination_|event_rules|ledger_|named_|relay_|request_buckets|sink_|source_)"
)


def root() -> Configuration:
    """Return the root module; it is parsed by the first test that asks, and not where tests are only collected."""
    return read(TERRAFORM)


def settings() -> Mapping[str, Expression]:
    found: Mapping[str, Expression] = literal(root().locals["settings"])
    return found


def variable_of(setting: str) -> str:
    text = settings()[setting].text
    through = [name for local, name in THROUGH.items() if local in text]
    [name] = through or set(re.findall(r"\bvar\.(\w+)", text))
    return name


def defaults(folder: str = ".") -> Mapping[str, Any]:
    return {name: literal(one.get("default")) for name, one in read((TERRAFORM / folder).resolve()).variables.items()}


def test_every_setting_that_the_code_reads_is_set_from_terraform_and_no_other() -> None:
    assert settings().keys() == {variable.name for variable in VARIABLES.values()} - OF_THE_COMMAND_LINE


def test_a_setting_has_a_variable_that_names_it_and_leaves_it_alone_by_default() -> None:
    for setting in settings():
        variable = root().variables[variable_of(setting)]
        assert literal(variable["description"]).startswith(f"{setting}: ")
        assert literal(variable["default"]) in (None, [], {}, False), setting


@pytest.mark.parametrize(
    ("variable", "nonsense"),
    [
        ("auth_type", "nonsense"),
        ("transport", "nonsense"),
        ("endpoint_families", '{"ocid1.generativeaiendpoint.oc1..e": "nonsense"}'),
    ],
)
def test_terraform_takes_the_values_that_the_code_takes(variable: str, nonsense: str) -> None:
    with pytest.raises(SettingsError) as refused:
        VARIABLES[variable].read(nonsense)
    [validation] = root().variables[variable]["validation"]
    [listed] = re.findall(r"contains\(\[(.*?)\]", validation["condition"])
    taken = re.sub(r"[\s\"]", "", listed).split(",")
    assert f"one of {', '.join(taken)}" in str(refused.value)


def test_terraform_takes_as_many_threads_as_the_code() -> None:
    [validation] = root().variables["batch_concurrency"]["validation"]
    assert f"<= {MAX_THREADS} " in validation["condition"]


def test_what_is_made_for_records_is_off_and_needs_tasks() -> None:
    given, section = defaults(), README.partition("## Records that arrive by themselves")[2].partition("\n## ")[0]
    assert literal(root().locals["made_for_records"]).keys() == FOR_RECORDS
    assert not any(given[name] for name in FOR_RECORDS)
    assert {name for name in FOR_RECORDS if f"`{name}`" not in section} == set()


def test_the_gateway_has_a_route_for_every_route_of_the_function_and_no_other() -> None:
    groups = (literal(value) for name, value in root().locals.items() if name.endswith("_routes"))
    routed = {(method, f"/v1{path}") for group in groups for path, methods in group.items() for method in methods}
    # The deployment's prefix is /v1; the other paths of an operation have a prefix of their own.
    paths = [(one, path) for one in OPERATIONS for path in one.paths if path.startswith("/v1/")]
    operations = {
        (one.method, f"{path}{below}") for one, path in paths for below in ("", "/{id}")[: 1 + bool(one.below)]
    }
    served = operations | {(one.method, f"/v1{one.path}") for one in (*SURFACE, *RESOURCES)}
    assert {(method, re.sub(r"\{\w+\*?\}", "{id}", path)) for method, path in routed} == served


def test_every_group_of_routes_is_merged_into_the_deployment() -> None:
    groups = {name for name in root().locals if name.endswith("_routes")}
    assert set(re.findall(r"local\.(\w+_routes)", root().locals["routes"])) == groups


def test_there_are_not_more_routes_than_a_deployment_may_have() -> None:
    """50: https://docs.oracle.com/en-us/iaas/Content/APIGateway/Reference/apigatewaylimits.htm"""
    assert sum(len(literal(one)) for name, one in root().locals.items() if name.endswith("_routes")) <= 50


@pytest.mark.parametrize("folder", [".", "modules/code-only-function"])
def test_memory_and_timeout_are_those_of_func_yaml(folder: str) -> None:
    given = defaults(folder)
    wanted = (FUNCTION_YAML["memory"], FUNCTION_YAML["timeout"])
    assert (given["memory_in_mbs"], given["timeout_in_seconds"]) == wanted


def test_the_name_is_that_of_func_yaml() -> None:
    assert defaults()["name"] == FUNCTION_YAML["name"]


def grants() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for table in ("function_grants", "service_grants"):
        found |= literal(root().locals[table])
    return found


def test_a_statement_belongs_to_something_that_can_be_switched_off() -> None:
    always = {name for name, grant in grants().items() if grant["on"] is True}
    assert always == {"chat"}, "only chat is what the function is for"
    switches = {name: grant["on"].text for name, grant in grants().items() if name not in always}
    assert {name for name, switch in switches.items() if not SWITCH.search(switch)} == set()


def test_a_statement_is_in_the_table_of_the_readme() -> None:
    assert {name for name in grants() if f"`{name}`" not in README} == set()


def test_no_statement_is_broad() -> None:
    texts = [str(grant.get("can") or grant["text"].text) for grant in grants().values()]
    assert not [text for text in texts if re.search(r"all-resources|in tenancy|manage generative-ai-family", text)]
    family = [text for text in texts if "functions-family" in text]
    assert len(family) == 1
    assert "where ALL {request.principal.type = 'ApiGateway'" in family[0]


def test_the_function_may_overwrite_its_ledger_and_conversations_and_nothing_else() -> None:
    overwriting = {name: grant for name, grant in grants().items() if "OVERWRITE" in str(grant.get("can"))}
    assert overwriting.keys() == {"ledger", "conversations"}
    for name, folder in (("ledger", LEDGER_FOLDER), ("conversations", CONVERSATION_FOLDER)):
        assert f"target.object.name = '{folder}/*'" in str(overwriting[name]["only"])


def test_an_alarm_and_a_chart_are_of_metrics_that_the_function_sends() -> None:
    sent = METRICS.keys() | {name for metrics in EVENTS.values() for name in metrics}
    alarms, charts = literal(root().locals["own_alarms"]), literal(root().locals["own_charts"])
    queries = [*(alarm["query"] for alarm in alarms.values()), *(chart["mql"] for chart in charts)]
    named = [query.partition("[")[0] for query in queries]
    assert set(named) <= sent
    assert set(DIMENSIONS) >= {chart["dimension"] for chart in charts}
    assert {"DeadLetters", "DeadLettersLost", "RecordsLeft", "BudgetRefusals", "ConfigStale"} <= set(named)


def test_the_headers_of_a_keys_verdict_are_those_that_the_function_reads() -> None:
    parts, headers = literal(root().locals["parts_by_context"]), literal(root().locals["key_headers"])
    verdict = {"caller", "team", "key", "models"}
    assert set(headers.values()) == verdict
    assert {parts[claim] for claim in verdict} == set(IDENTITY_PARTS)


@pytest.fixture(scope="module")
def form() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((TERRAFORM / "schema.yaml").read_text())
    return loaded


def test_the_form_of_resource_manager_has_every_variable_once(form: Mapping[str, Any]) -> None:
    grouped = [name for group in form["variableGroups"] for name in group["variables"]]
    assert sorted(grouped) == sorted(root().variables)


def test_the_form_of_resource_manager_asks_for_what_has_no_default(form: Mapping[str, Any]) -> None:
    hidden = {name for group in form["variableGroups"] if group.get("visible") is False for name in group["variables"]}
    needed = {name for name, one in root().variables.items() if "default" not in one}
    filled_by_itself = {"tenancy_ocid", "compartment_ocid", "region"}
    assert needed <= filled_by_itself | set(form["variables"])
    assert not needed & hidden - filled_by_itself


def test_the_form_of_resource_manager_describes_what_there_is(form: Mapping[str, Any]) -> None:
    given = defaults()
    assert form["variables"].keys() <= root().variables.keys()
    assert form["outputs"].keys() <= root().outputs.keys()
    for name, field in form["variables"].items():
        assert field["title"], name
        if "default" in field:
            assert field["default"] == given[name], name
