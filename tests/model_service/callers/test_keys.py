"""Keys: only the one that was handed out opens, as long as it is valid, and nothing of it is kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from model_service.callers.keys import KEY, KeyRing, new_key
from model_service.errors import SettingsError

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def test_a_key_opens_and_its_document_says_nothing_of_its_secret() -> None:
    text, key = new_key("ada", "search", now=NOW)
    ring = KeyRing.parse(json.loads(json.dumps(KeyRing([key]).document())))
    found = ring.check(text, NOW)
    assert found is not None
    assert (found.owner, found.team, found.id) == ("ada", "search", KEY.fullmatch(text)["id"])  # type: ignore[index]
    secret = text.split("_")[2]
    assert secret not in json.dumps(ring.document())
    assert secret[:8] not in repr(key)


@pytest.mark.parametrize("place", [5, 16, 30, -1])
def test_a_key_with_another_character_does_not_open(place: int) -> None:
    text, key = new_key("ada", None, now=NOW)
    changed = text[:place] + ("a" if text[place] != "a" else "b") + (text[place:][1:])
    assert KeyRing([key]).check(changed, NOW) is None


@pytest.mark.parametrize("text", ["", "msk_", "sk-abc", "msk_0123456789_" + "a" * 38, "x" * 100_000, "msk_é"])
def test_what_is_no_key_does_not_open(text: str) -> None:
    assert KeyRing([new_key("ada", None, now=NOW)[1]]).check(text, NOW) is None


def test_a_key_of_another_ring_does_not_open() -> None:
    text, _ = new_key("ada", None, now=NOW)
    assert KeyRing([new_key("ada", None, now=NOW)[1]]).check(text, NOW) is None
    assert KeyRing().check(text, NOW) is None


def test_a_key_that_is_revoked_or_too_old_does_not_open() -> None:
    text, key = new_key("ada", None, now=NOW, expires=(NOW + timedelta(hours=1)).isoformat())
    ring = KeyRing([key])
    assert ring.check(text, NOW)
    assert ring.check(text, NOW + timedelta(hours=1)) is None
    assert ring.revoke(key.id).check(text, NOW) is None
    with pytest.raises(KeyError):
        ring.revoke("0000000000")


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ([], "must be an object"),
        ({"key": []}, "did you mean keys"),
        ({"keys": [{"id": "a", "owner": "ada"}]}, "digest: is missing"),
        ({"keys": [{"id": "a", "owner": "ada", "digest": "secret"}]}, "keys.0.digest: must be a SHA-256 digest"),
        ({"keys": [{"id": "a", "owner": "ada", "digest": "0" * 64, "expires": "tomorrow"}]}, "must be a moment"),
    ],
)
def test_a_document_that_is_wrong_is_refused_without_its_values(document: object, problem: str) -> None:
    with pytest.raises(SettingsError, match=problem) as refused:
        KeyRing.parse(document)
    assert "secret" not in refused.value.message
