"""Aliases with targets in a service file: what they may say, and what a person who got it wrong is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from model_service.errors import SettingsError
from model_service.service_file.reading import read_service_file
from model_service.service_file.shape import ServiceFile
from model_service.service_file.targets import ModelTarget, Resilience, TargetPool

SRC = Path(__file__).resolve().parents[3] / "src"
ENDPOINT = "ocid1.generativeaiendpoint.oc1.us-chicago-1.amaaaaaa"


def read(alias: Any, **models: Any) -> ServiceFile:
    return read_service_file(json.dumps({"models": {"aliases": {"prod": alias}, **models}}), "service.json")


def test_a_list_is_targets_in_its_order_each_with_a_name_of_its_own() -> None:
    places = [{"model": "openai.gpt-5", "region": "us-chicago-1"}, {"model": "openai.gpt-5", "region": "FRA"}]
    file = read([*places, "meta.llama-3.3-70b-instruct", {"model": "openai.gpt-5", "region": "eu-frankfurt-1"}])
    targets = file.pools["prod"].targets
    assert [(target.name, target.region) for target in targets] == [
        ("openai.gpt-5@us-chicago-1", "us-chicago-1"),
        ("openai.gpt-5@eu-frankfurt-1", "eu-frankfurt-1"),
        ("meta.llama-3.3-70b-instruct", None),
        ("openai.gpt-5@eu-frankfurt-1#2", "eu-frankfurt-1"),
    ]
    assert file.aliases == {"prod": "openai.gpt-5"}
    assert file.resilience == Resilience()


def test_an_object_with_a_model_is_one_target() -> None:
    pool = read({"model": "openai.gpt-5", "transport": "responses", "weight": 2}).pools["prod"]
    assert pool == TargetPool("prod", (ModelTarget("openai.gpt-5", "openai.gpt-5", "responses", weight=2.0),))


def test_an_endpoint_is_a_model_that_is_one_of_dedicated_endpoints() -> None:
    assert read([{"endpoint": ENDPOINT, "name": "own"}]).pools["prod"].targets[0].model == ENDPOINT


def test_what_holds_for_all_aliases_is_said_once_and_each_may_say_it_otherwise() -> None:
    resilience = {"tries": 2, "first_token_seconds": 5, "breaker_failures": 3}
    file = read({"targets": ["m"], "tries": 4, "repeat_charged": True}, resilience=resilience)
    pool = file.pools["prod"]
    assert (pool.tries, pool.first_token_seconds, pool.repeat_charged) == (4, 5.0, True)
    assert file.resilience == Resilience(breaker_failures=3)


@pytest.mark.parametrize(
    ("rules", "may", "may_not"),
    [
        ({"regions": ["eu-*"]}, "eu-frankfurt-1", "us-chicago-1"),
        ({"forbid_regions": ["us-*"]}, "eu-frankfurt-1", "us-chicago-1"),
        ({"regions": ["eu-*"], "forbid_regions": ["eu-frankfurt-1"]}, "eu-zurich-1", "eu-frankfurt-1"),
        ({"regions": ["fra"]}, "eu-frankfurt-1", "eu-zurich-1"),
    ],
)
def test_regions_are_patterns(rules: dict[str, Any], may: str, may_not: str) -> None:
    pool = read({"targets": [{"model": "m", "region": may}], **rules}).pools["prod"]
    assert pool.may_ask(may)
    assert not pool.may_ask(may_not)
    with pytest.raises(SettingsError, match=f"this alias may not be asked in {may_not}"):
        read({"targets": [{"model": "m", "region": may_not}], **rules})


@pytest.mark.parametrize(
    ("alias", "problem"),
    [
        ([], "models.aliases.prod: must have 1 to 20 targets"),
        ([{"model": "m"}] * 21, "models.aliases.prod: must have 1 to 20 targets"),
        (7, "models.aliases.prod: must be an object"),
        ({"tries": 2}, "models.aliases.prod: targets: is missing"),
        ([{"region": "us-chicago-1"}], "prod[0]: must have either model or endpoint"),
        ([{"model": "m", "endpoint": ENDPOINT}], "prod[0]: must have either model or endpoint"),
        ([{"endpoint": "m"}], "prod[0].endpoint: must be the OCID of a dedicated endpoint"),
        ([{"modell": "m"}], "prod[0].modell: unknown field; did you mean model?"),
        ([{"model": "m", "region": "chicago"}], "prod[0].region: must be a region such as us-chicago-1"),
        ([{"model": "m", "transport": "grpc"}], "transport: must be one of v1, responses, sdk"),
        ([{"model": "m", "weight": 0}], "weight: must be a number above 0"),
        ([{"model": "m", "priority": 0}], "priority: must be an integer of 1 or more"),
        ([{"model": "m", "url": "https://host/path"}], "url: must be https://<host> without a path"),
        ([{"model": "m", "name": "two words"}], "name: must be 1 to 255 letters"),
        ([{"model": "m", "name": "a"}, {"model": "n", "name": "a"}], "prod: two targets have the same name"),
        ({"targets": ["m"], "first_token_second": 1}, "did you mean first_token_seconds?"),
        ({"targets": ["m"], "answer_seconds": 3}, "answer_seconds: needs repeat_charged: true"),
        ({"targets": ["m"], "repeat_charged": "yes"}, "repeat_charged: must be true or false"),
        ({"targets": ["m"], "forbid_regions": ["usa-*"]}, "forbid_regions[0]: must be a region such as"),
        (
            {"targets": ["ocid1.generativeairoutingprofile.oc1..a"], "forbid_regions": ["us-*"]},
            "a routing profile chooses its region itself",
        ),
        (
            {"targets": [{"model": "m", "url": "https://10.0.0.1"}], "regions": ["eu-*"]},
            "m: region: is missing, where not every region may be asked",
        ),
    ],
)
def test_what_is_wrong_with_an_alias_is_named(alias: Any, problem: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(alias)
    assert problem in refused.value.message


def test_what_is_wrong_in_yaml_has_its_line() -> None:
    text = "models:\n  aliases:\n    prod:\n    - model: m\n    - model: n\n      region: nowhere\n"
    with pytest.raises(SettingsError, match=r"s.yaml, line 6: models.aliases.prod\[1\].region: must be a region"):
        read_service_file(text, "s.yaml")


def test_a_misspelt_field_of_resilience_is_named() -> None:
    with pytest.raises(
        SettingsError, match=r"resilience[.]breaker_failure: unknown field; did you mean breaker_failures"
    ):
        read("m", resilience={"breaker_failure": 1})


def test_a_file_without_targets_loads_nothing_of_them() -> None:
    program = (
        "import sys\n"
        "from model_service.service_file.reading import read_service_file\n"
        "read_service_file(sys.stdin.read(), 'service.json')\n"
        "print([name for name in sys.modules if 'target' in name and name.startswith('model_service')])"
    )
    text = json.dumps({"models": {"aliases": {"prod": "meta.llama"}}})
    run = subprocess.run(
        [sys.executable, "-c", program],
        input=text,
        env={"PYTHONPATH": str(SRC)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "[]"
