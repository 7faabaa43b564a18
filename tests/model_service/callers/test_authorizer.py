"""The verdict that API Gateway asks for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from model_service.callers.authorizer import AuthorizationRequest, Authorizer
from model_service.callers.keys import KeyRing, new_key
from model_service.errors import SettingsError
from model_service.fn.invocation import Deadline
from model_service.settings import Settings

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


@dataclass
class KeyPlaces:
    """A service whose keys stand in its settings."""

    settings: Settings
    region_services: Any = None
    object_storage: Any = None


def verdict(token: str, ring: KeyRing) -> dict[str, object]:
    service = KeyPlaces(Settings(keys=json.dumps(ring.document())))
    return Authorizer(service, clock=lambda: NOW).answer(AuthorizationRequest(token), Deadline.after(10)).completion


def test_without_keys_nobody_is_let_in_and_the_setting_is_named() -> None:
    with pytest.raises(SettingsError, match="MODEL_SERVICE_KEYS: is not set"):
        Authorizer(KeyPlaces(Settings())).answer(AuthorizationRequest("msk_"), Deadline.after(10))


@pytest.mark.parametrize("scheme", ["", "Bearer ", "bearer   "])
def test_a_key_opens_and_says_whose_it_is(scheme: str) -> None:
    text, key = new_key("ada", "search", now=NOW, models=("meta.*",))
    assert verdict(scheme + text, KeyRing([key])) == {
        "active": True,
        "scope": ["model-service"],
        "expiresAt": "2026-11-27T12:01:00+00:00",
        "context": {"caller": "ada", "team": "search", "key": key.id, "models": "meta.*"},
    }


def test_a_verdict_holds_no_longer_than_its_key() -> None:
    text, key = new_key("ada", None, now=NOW, expires=(NOW + timedelta(seconds=20)).isoformat())
    assert verdict(text, KeyRing([key]))["expiresAt"] == "2026-11-27T12:00:20+00:00"


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer sk-something", "Basic YTpi"])
def test_anything_else_does_not_open_and_is_told_how_to_ask(token: str) -> None:
    _, key = new_key("ada", None, now=NOW)
    assert verdict(token, KeyRing([key])) == {"active": False, "wwwAuthenticate": 'Bearer realm="model-service"'}


def test_nothing_of_a_key_is_shown_by_the_request() -> None:
    assert "secret" not in repr(AuthorizationRequest("secret"))
