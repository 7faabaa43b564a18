"""A service file: what it may say, and what a person who got it wrong is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from model_service.errors import SettingsError
from model_service.service_file.reading import read_service_file
from model_service.service_file.shape import Limit, ModelRule, Price

COMPLETE = (Path(__file__).parent / "complete.yaml").read_text()
SRC = Path(__file__).resolve().parents[3] / "src"


def test_a_complete_file_is_read() -> None:
    file = read_service_file(COMPLETE, "service.yaml")
    assert file.aliases == {"prod": "openai.gpt-oss-120b"}
    assert file.allowed == ("meta.*", "openai.*", "cohere.*")
    assert file.rules == (ModelRule("openai.*", {"temperature": 0.2}, 4096, ("logprobs",)),)
    assert file.teams["search"].limits["tokens_per_day"] == Limit(hard=1_000_000, soft=800_000)
    assert file.callers["ada"].team == "search"
    assert file.everyone.models == ("meta.*",)
    assert file.isolation == "caller"
    assert file.prices.of("meta.llama-3.3-70b-instruct") == Price(0.72, 0.72)
    assert file.prices.date == "2026-11-01"


def test_json_says_the_same_as_yaml_and_costs_no_yaml_parser() -> None:
    program = (
        "import sys\n"
        "from model_service.service_file.reading import read_service_file\n"
        "print(read_service_file(sys.stdin.read(), 'service.json').aliases, 'yaml' in sys.modules)"
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
    assert run.stdout.strip() == "{'prod': 'meta.llama'} False"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("models:\n  alowed: []\n", "service.yaml, line 2: models.alowed: unknown field; did you mean allowed?"),
        ("model: {}\n", "line 1: model: unknown field; did you mean models?"),
        ("zzz: 1\n", "line 1: zzz: unknown field; must be one of models, callers, prices"),
        ("models:\n  allowed: meta.*\n", "line 2: models.allowed: must be an array"),
        ("models:\n  rules:\n  - max_tokens: 5\n", "line 3: models.rules[0]: match: is missing"),
        (
            "models:\n  rules:\n  - match: x\n    max_tokens: 0\n",
            "line 4: models.rules[0].max_tokens: must be",
        ),
        ("models:\n  rules:\n  - match: x\n    defaults: {stream: true}\n", "belongs to the caller"),
        ("callers:\n  isolation: all\n", "line 2: callers.isolation: must be one of team, caller, none"),
        ("callers:\n  teams: {a: {team: b}}\n", "callers.teams.a.team: unknown field"),
        (
            "callers:\n  teams: {a: {}}\n  callers: {x: {team: b}}\n",
            "line 3: callers.callers.x.team: no team",
        ),
        (
            "callers:\n  everyone:\n    limits: {tokens_per_hour: 1}\n",
            "line 3: callers.everyone.limits.tokens_per",
        ),
        ("callers:\n  everyone:\n    limits: {tokens_per_day: -1}\n", "must be a number of 0 or more"),
        (
            "callers:\n  everyone:\n    limits: {tokens_per_day: {soft: 2, hard: 1}}\n",
            "soft: must not be more",
        ),
        ("callers:\n  everyone:\n    compartment_id: mine\n", "must be the OCID of a compartment"),
        ("prices: {date: today}\n", "must be a date such as"),
        ("prices:\n  models: {x: {input: true}}\n", "must be a number"),
        ('{"models": {"alias": {}}}', "line 1: models.alias: unknown field; did you mean aliases?"),
        ("a: [\n", "line 2"),
        ("[]", "must be an object"),
        ('{"a": 1', "line 1"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_service_file(text, "service.yaml")
    assert problem in refused.value.message
    assert refused.value.message.startswith("MODEL_SERVICE_CONFIG: service.yaml")


def test_a_file_without_an_end_is_refused_before_it_is_read() -> None:
    with pytest.raises(SettingsError, match="more than 1048576 bytes"):
        read_service_file("#" * 1_048_577, "service.yaml")
