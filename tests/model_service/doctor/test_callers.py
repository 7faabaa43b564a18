"""The doctor's look at what callers depend on."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing

import pytest

from model_service.dispatch import Dispatch
from model_service.doctor.checks import Check, examine
from model_service.fn.invocation import Deadline
from model_service.openai_api.operations import DoctorRequest
from model_service.service import Service
from model_service.settings import Settings

HEADERS = json.dumps({"id": "x-model-service-caller"})
Look = Callable[..., Check]


@pytest.fixture
def look(environment: dict[str, str]) -> Look:
    def look(**settings: str) -> Check:
        with closing(Service(Settings.load({**environment, **settings}))) as service:
            report = examine(service, Dispatch(service).answer, DoctorRequest(), Deadline.after(20))
        return next(check for check in report.checks if check.name == "callers")

    return look


def test_without_callers_there_is_nothing_to_look_at(look: Look) -> None:
    assert look().verdict == "skip"


def test_what_there_is_is_told(look: Look) -> None:
    config, keys = json.dumps({"callers": {"teams": {"search": {}}}}), json.dumps({"keys": []})
    check = look(MODEL_SERVICE_CONFIG=config, MODEL_SERVICE_KEYS=keys, MODEL_SERVICE_IDENTITY_HEADERS=HEADERS)
    assert (check.verdict, check.detail) == (
        "ok",
        "a service file with 1 teams and 0 callers, 0 active keys, budgets are counted in each container alone",
    )


@pytest.mark.parametrize(
    ("settings", "detail"),
    [
        ({"MODEL_SERVICE_CONFIG": '{"model": {}}'}, "did you mean models"),
        ({"MODEL_SERVICE_KEYS": "/nowhere/keys.json"}, "/nowhere/keys.json cannot be read"),
        ({"MODEL_SERVICE_KEYS": "{}"}, "no header names the caller"),
        ({"MODEL_SERVICE_COUNTER": "redis://127.0.0.1:1/0"}, "the counter redis://127.0.0.1:1/0"),
    ],
)
def test_what_is_wrong_is_found(look: Look, settings: dict[str, str], detail: str) -> None:
    check = look(**settings)
    assert check.verdict == "fail"
    assert detail in check.detail
