import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.mock_oci.conftest import Clock

from mock_oci import LocalStack, Response
from mock_oci.operations import oci_error

KEY = {"authorization": "Bearer a"}
OPEN = {"active": True}
KEEPS_KEYS = Path(__file__).parents[2] / "functions" / "keeps_keys"


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def test_an_authorizer_is_asked_with_the_callers_header_as_the_gateway(authorized: Callable[..., Any]) -> None:
    gateway = authorized(OPEN)
    assert gateway.status(KEY) == 200
    assert gateway.functions.questions == [{"type": "USER_DEFINED", "data": {"authorization": "Bearer a"}}]
    asked = gateway.functions.calls[0]
    assert asked["function"] == "judge"
    assert asked["headers"] == {"content-type": "application/json"}
    assert asked["caller"].subject_id.startswith("ocid1.apigateway.")
    assert asked.get("intent") is None


def test_an_absent_value_is_left_out_of_the_question_and_several_are_an_array(gateway: Callable[..., Any]) -> None:
    parameters = {"k": "request.query[k]", "n": "request.header[N]"}
    policy = {"type": "CUSTOM_AUTHENTICATION", "functionId": "j", "parameters": parameters, "cacheKey": ["k"]}
    made = gateway({"authentication": policy})
    made.functions.verdicts = [OPEN]
    made.ask(path="/v1?k=1&k=2")
    assert made.functions.questions == [{"type": "USER_DEFINED", "data": {"k": ["1", "2"]}}]


def test_a_single_token_is_sent_as_it_stands_in_the_header(gateway: Callable[..., Any]) -> None:
    made = gateway({"authentication": {"type": "CUSTOM_AUTHENTICATION", "functionId": "j", "tokenHeader": "X-Token"}})
    made.functions.verdicts = [OPEN]
    assert made.status({"x-token": "Bearer a"}) == 200
    assert made.functions.questions == [{"type": "TOKEN", "token": "Bearer a"}]
    assert made.status() == 401
    assert len(made.functions.questions) == 1


@pytest.mark.parametrize(
    ("verdict", "status", "challenge"),
    [
        ({"active": False, "wwwAuthenticate": 'Bearer realm="x"'}, 401, 'Bearer realm="x"'),
        ({"active": False}, 401, None),
        ({}, 401, None),
        ({"active": "true"}, 401, None),
        ([], 502, None),
        ({"active": True, "expiresAt": "tomorrow"}, 502, None),
        (Response(200, {}, b"{"), 502, None),
        (oci_error(502, "function failed", "FunctionInvokeExecutionFailed"), 502, None),
        (oci_error(504, "Timed out", "FunctionInvokeTimeout"), 502, None),
        (oci_error(429, "User-rate limit exceeded", "TooManyRequests"), 502, None),
        (oci_error(404, "Authorization failed or requested resource not found.", "NotAuthorizedOrNotFound"), 500, None),
    ],
)
def test_what_a_client_gets_for_each_verdict(
    authorized: Callable[..., Any], verdict: Any, status: int, challenge: str | None
) -> None:
    gateway = authorized(verdict)
    response = gateway.ask(KEY)
    assert (response.status, response.headers.get("www-authenticate")) == (status, challenge)
    assert [call["function"] for call in gateway.functions.calls] == ["judge"]


@pytest.mark.parametrize(
    ("expires_in", "kept"),
    [(None, 60), (-100, 60), (5, 60), (600, 600), (86_400, 3600)],
)
def test_a_verdict_is_kept_as_long_as_it_says_but_a_minute_at_least_and_an_hour_at_most(
    authorized: Callable[..., Any], clock: Clock, expires_in: float | None, kept: int
) -> None:
    verdict = OPEN if expires_in is None else {"active": True, "expiresAt": iso(clock.now + expires_in)}
    gateway = authorized(verdict)
    asked = []
    for moment in (0, kept - 1, kept):
        clock.now = 1_790_000_000.0 + moment
        assert gateway.status(KEY) == 200
        asked.append(len(gateway.functions.questions))
    assert asked == [1, 1, 2]


def test_a_revoked_key_opens_until_its_verdict_runs_out(authorized: Callable[..., Any], clock: Clock) -> None:
    gateway = authorized(OPEN, {"active": False})
    statuses = []
    for _ in range(3):
        statuses.append(gateway.status(KEY))
        clock.now += 40
    assert statuses == [200, 200, 401]


def test_each_credential_has_a_verdict_of_its_own(authorized: Callable[..., Any]) -> None:
    gateway = authorized({"active": True, "context": {"team": "a"}}, {"active": False})
    assert [gateway.status({"authorization": f"Bearer {key}"}) for key in ("a", "b", "a", "b")] == [200, 401, 200, 401]
    assert len(gateway.functions.questions) == 2


def test_a_failure_is_not_kept(authorized: Callable[..., Any]) -> None:
    gateway = authorized(oci_error(502, "function failed", "FunctionInvokeExecutionFailed"), OPEN)
    assert [gateway.status(KEY), gateway.status(KEY)] == [502, 200]


@pytest.mark.parametrize(
    ("scope", "status"), [(["read"], 200), ("write read", 200), (["write"], 403), (None, 403), (7, 403)]
)
def test_a_route_may_ask_for_one_of_several_scopes(authorized: Callable[..., Any], scope: Any, status: int) -> None:
    authorization = {"type": "ANY_OF", "allowedScope": ["read", "admin"]}
    assert authorized({**OPEN, "scope": scope}, authorization=authorization).status(KEY) == status


REFUSED = [
    {"type": "JWT_AUTHENTICATION", "functionId": "j"},
    {"type": "CUSTOM_AUTHENTICATION", "functionId": "j"},
    {"type": "CUSTOM_AUTHENTICATION", "functionId": "j", "tokenHeader": "a", "parameters": {"a": "request.query[a]"}},
    {"type": "TOKEN_AUTHENTICATION", "tokenHeader": "a", "validationPolicy": {"type": "REMOTE_DISCOVERY"}},
    {"type": "CUSTOM_AUTHENTICATION", "functionId": "j", "tokenHeader": "a", "validationFailurePolicy": {}},
    {"type": "CUSTOM_AUTHENTICATION", "functionId": "j", "parameters": {"a": "request.query[a]"}},
    {"type": "CUSTOM_AUTHENTICATION", "functionId": "j", "parameters": {"a": "request.cert[a]"}, "cacheKey": ["a"]},
    {"type": "CUSTOM_AUTHENTICATION", "functionId": "j", "parameters": {"a": "request.query[a]"}, "cacheKey": ["b"]},
    {
        "type": "CUSTOM_AUTHENTICATION",
        "functionId": "j",
        "parameters": {f"a{number}": "request.query[a]" for number in range(11)},
        "cacheKey": ["a1"],
    },
]


@pytest.mark.parametrize("policy", REFUSED, ids=range(len(REFUSED)))
def test_a_policy_that_is_not_emulated_is_refused_when_the_gateway_is_made(
    gateway: Callable[..., Any], policy: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"mock_oci|must be|takes|at most"):
        gateway({"authentication": policy})


def test_the_bare_500_of_a_missing_policy(authorized: Callable[..., Any]) -> None:
    gateway = authorized(OPEN)
    gateway.functions.oci.deny("apigateway")
    assert (gateway.ask(KEY).status, gateway.functions.calls) == (500, [])
    gateway.functions.oci.allow("apigateway")
    assert gateway.status(KEY) == 200


def test_a_function_that_may_not_be_invoked_is_a_bare_500_without_authentication_too(
    gateway: Callable[..., Any],
) -> None:
    made = gateway({})
    made.functions.oci.deny(made.local.principal.id)
    response = made.ask()
    assert (response.status, json.loads(response.body)["message"]) == (500, "Internal Server Error")
    assert made.functions.calls == []


def test_a_stack_with_keys_asks_its_own_function_and_tells_it_who_calls() -> None:
    with LocalStack(KEEPS_KEYS, authentication="keys") as stack, httpx.Client(trust_env=False, timeout=30) as http:
        forged = {"X-Model-Service-Team": "other", "X-Model-Service-Models": "all"}
        told = http.get(stack.gateway_url, headers={"Authorization": "Bearer red", **forged})
        refused = http.get(stack.gateway_url, headers={"X-Model-Service-Caller": "me"})
        broken = http.get(stack.gateway_url, headers={"Authorization": "Bearer broken"})
    assert told.json() == {"caller": "red-app", "team": "red", "key": "1", "models": None}
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, 'Bearer realm="tests"')
    assert broken.status_code == 502


def test_a_stack_knows_no_other_authentication() -> None:
    with pytest.raises(ValueError, match="authentication must be one of none, keys"):
        LocalStack(KEEPS_KEYS, authentication="jwt")
