"""Generative AI API keys are made by the SDK's client and let their bearers in, until they do not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.mock_oci.conftest import CHAT, Clock

from mock_oci import MockOci, Request, Response

KEYS = "/20231130/apikeys"
Answered, Signed = Callable[..., Any], Callable[..., Response]


@pytest.fixture
def made(oci: MockOci, answered: Answered) -> Any:
    """A key of two secrets, as the answer to its creation shows it."""
    secrets = [
        {"keyName": "one", "timeExpiry": "2026-10-21T00:00:00Z"},
        {"keyName": "two", "timeExpiry": "2027-10-21T00:00:00Z"},
    ]
    details = {"displayName": "team", "compartmentId": oci.tenancy.compartment_id, "keyDetails": secrets}
    return answered("POST", KEYS, details)


@pytest.fixture
def enters(oci: MockOci) -> Callable[[str], bool]:
    def ask(secret: str) -> bool:
        body = {"model": "meta.llama-3.3-70b-instruct", "messages": [{"role": "user", "content": "Hi"}]}
        request = Request("POST", CHAT, {"authorization": f"Bearer {secret}"}, json.dumps(body).encode())
        status = oci.answer(request).status
        assert status in (200, 401)
        return status == 200

    return ask


def secrets_of(key: Any) -> list[str | None]:
    return [item["key"] for item in key["keys"]]


def test_secrets_let_in_and_are_shown_once(made: Any, answered: Answered, enters: Callable[[str], bool]) -> None:
    first, second = secrets_of(made)
    assert [enters(first), enters(second), enters("sk-none")] == [True, True, False]
    shown = answered("GET", f"{KEYS}/{made['id']}")
    assert secrets_of(shown) == [None, None]
    assert shown["keys"][0]["keyMask"].endswith(str(first)[-4:])
    assert [item["state"] for item in shown["keys"]] == ["ACTIVE", "ACTIVE"]


def test_a_secret_expires_by_the_clock(
    made: Any, answered: Answered, enters: Callable[[str], bool], clock: Clock
) -> None:
    clock.now += 60 * 86_400
    assert [enters(secret) for secret in secrets_of(made)] == [False, True]
    assert [item["state"] for item in answered("GET", f"{KEYS}/{made['id']}")["keys"]] == ["EXPIRED", "ACTIVE"]


def test_a_secret_is_turned_off_and_on_and_revoked_for_good(
    made: Any, answered: Answered, signed: Signed, enters: Callable[[str], bool]
) -> None:
    first, second = secrets_of(made)
    state = f"{KEYS}/{made['id']}/actions/setstate"
    answered("POST", state, {"keyName": "one", "state": "INACTIVE"})
    assert [enters(first), enters(second)] == [False, True]
    answered("POST", state, {"keyName": "one", "state": "ACTIVE"})
    assert enters(first)
    assert answered("POST", state, {"keyName": "one", "state": "REVOKED"})["keys"][0]["timeRevoked"]
    assert not enters(first)
    assert signed("POST", state, {"keyName": "one", "state": "ACTIVE"}).status == 409
    assert signed("POST", state, {"keyName": "none", "state": "ACTIVE"}).status == 400


def test_a_renewed_secret_takes_the_place_of_the_one_before(
    made: Any, answered: Answered, enters: Callable[[str], bool]
) -> None:
    first, second = secrets_of(made)
    details = {"details": {"keyName": "one", "timeExpiry": "2027-01-01T00:00:00Z"}}
    renewed, hidden = secrets_of(answered("POST", f"{KEYS}/{made['id']}/actions/renew", details))
    assert hidden is None
    assert [enters(first), enters(str(renewed)), enters(second)] == [False, True, True]


def test_a_key_is_named_listed_and_deleted(
    oci: MockOci, made: Any, answered: Answered, signed: Signed, enters: Callable[[str], bool]
) -> None:
    etag = signed("GET", f"{KEYS}/{made['id']}").headers["etag"]
    answered("PUT", f"{KEYS}/{made['id']}", {"displayName": "other"}, if_match=etag)
    [row] = answered("GET", f"{KEYS}?compartmentId={oci.tenancy.compartment_id}")["items"]
    assert (row["displayName"], secrets_of(row)) == ("other", [None, None])
    assert signed("DELETE", f"{KEYS}/{made['id']}", if_match=etag).status == 412
    assert signed("DELETE", f"{KEYS}/{made['id']}").status == 204
    assert [enters(secret) for secret in secrets_of(made)] == [False, False]


def test_a_reset_lets_nobody_in_by_what_was_made(oci: MockOci, made: Any, enters: Callable[[str], bool]) -> None:
    oci.reset()
    assert [enters(secret) for secret in secrets_of(made)] == [False, False]


@pytest.mark.parametrize(
    "secrets",
    [
        [],
        [{"keyName": "one", "timeExpiry": "2026-01-01T00:00:00Z"}],
        [{"keyName": "one"}],
        [{"keyName": name, "timeExpiry": "2027-01-01T00:00:00Z"} for name in ("one", "one")],
        [{"keyName": name, "timeExpiry": "2027-01-01T00:00:00Z"} for name in ("one", "two", "three")],
    ],
)
def test_what_is_no_key_is_refused(oci: MockOci, signed: Signed, secrets: list[Any]) -> None:
    details = {"displayName": "team", "compartmentId": oci.tenancy.compartment_id, "keyDetails": secrets}
    assert signed("POST", KEYS, details).status == 400


def test_a_key_makes_no_keys_and_what_its_bearer_may_ask_policies_say() -> None:
    oci = MockOci(policies=["Allow any-user to use generative-ai-chat in tenancy"])
    secret = oci.principals.generative_ai_api_key().secret
    bearer = {"authorization": f"Bearer {secret}"}
    assert oci.answer(Request("POST", KEYS, bearer, b"{}")).status == 401
    body = {"model": "meta.llama-3.3-70b-instruct", "messages": [{"role": "user", "content": "Hi"}]}
    asks = Request("POST", CHAT, bearer, json.dumps(body).encode())
    assert oci.answer(asks).status == 200
    oci.iam.add_policy(["Deny any-user to use generative-ai-chat in tenancy"])
    assert oci.answer(asks).status == 404
