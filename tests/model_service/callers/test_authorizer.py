"""The verdict that API Gateway asks for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from model_service.callers.authorizer import AuthorizationRequest, Authorizer
from model_service.callers.keys import KeyRing, new_key
from model_service.fn.invocation import Deadline

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


class Keys:
    def __init__(self, ring: KeyRing) -> None:
        self.ring = ring

    def key_ring(self, deadline: Deadline) -> KeyRing:
        return self.ring


def verdict(token: str, ring: KeyRing) -> dict[str, object]:
    authorizer = Authorizer(Keys(ring), clock=lambda: NOW)
    return authorizer.answer(AuthorizationRequest(token), Deadline.after(10)).completion


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
