from collections.abc import Callable
from typing import Any

import pytest
from tests.mock_oci.conftest import Clock
from tests.mock_oci.fn.gateway.conftest import AUTHORIZER, Gateway

BY_HEADER = {"usagePlans": {"tokenLocations": ["request.headers[X-Client]"]}}


def plan(**entitlement: Any) -> list[dict[str, Any]]:
    clients = [{"name": "app", "token": "app"}, {"name": "job", "token": "job"}]
    subscribers = [{"displayName": "red", "clients": clients}]
    return [{"displayName": "p", "entitlements": [{"name": "e", **entitlement}], "subscribers": subscribers}]


def quota(value: int, unit: str, on_breach: str = "REJECT") -> dict[str, Any]:
    return {"value": value, "unit": unit, "resetPolicy": "CALENDAR", "operationOnBreach": on_breach}


@pytest.mark.parametrize("key", ["CLIENT_IP", "TOTAL"])
def test_a_rate_limit_refuses_what_is_too_much_for_one_second(
    gateway: Callable[..., Any], clock: Clock, key: str
) -> None:
    made = gateway({"rateLimiting": {"rateInRequestsPerSecond": 2, "rateKey": key}})
    assert [made.status() for _ in range(3)] == [200, 200, 429]
    clock.now += 1
    assert made.status() == 200


def test_a_quota_is_counted_for_each_client_until_its_unit_turns(gateway: Callable[..., Any], clock: Clock) -> None:
    made = gateway(BY_HEADER, usage_plans=plan(quota=quota(2, "HOUR")))
    clock.now = 1_790_000_000.0 - 1_790_000_000 % 3600
    assert [made.status({"x-client": "app"}) for _ in range(3)] == [200, 200, 429]
    assert made.status({"x-client": "job"}) == 200
    clock.now += 600
    assert made.ask({"x-client": "app"}).headers["retry-after"] == "3000"
    clock.now += 3000
    assert made.status({"x-client": "app"}) == 200


@pytest.mark.parametrize("unit", ["MINUTE", "HOUR", "DAY", "WEEK", "MONTH"])
def test_a_quota_turns_with_the_calendar(gateway: Callable[..., Any], clock: Clock, unit: str) -> None:
    made = gateway(BY_HEADER, usage_plans=plan(quota=quota(1, unit)))
    assert made.status({"x-client": "app"}) == 200
    wait = int(made.ask({"x-client": "app"}).headers["retry-after"])
    clock.now += wait - 1
    assert made.status({"x-client": "app"}) == 429
    clock.now += 1
    assert made.status({"x-client": "app"}) == 200


def test_a_quota_that_allows_lets_everything_through(gateway: Callable[..., Any]) -> None:
    made = gateway(BY_HEADER, usage_plans=plan(quota=quota(1, "DAY", "ALLOW")))
    assert [made.status({"x-client": "app"}) for _ in range(3)] == [200, 200, 200]


def test_a_plans_rate_is_by_the_second(gateway: Callable[..., Any], clock: Clock) -> None:
    made = gateway(BY_HEADER, usage_plans=plan(rateLimit={"value": 1, "unit": "SECOND"}))
    assert [made.status({"x-client": "app"}) for _ in range(2)] == [200, 429]
    clock.now += 1
    assert made.status({"x-client": "app"}) == 200


@pytest.mark.parametrize("headers", [{}, {"x-client": "stranger"}])
def test_who_has_no_subscribers_token_is_not_let_in(gateway: Callable[..., Any], headers: dict[str, str]) -> None:
    assert gateway(BY_HEADER, usage_plans=plan()).status(headers) == 401


def test_a_token_may_be_the_authorizers_word(authorized: Callable[..., Any]) -> None:
    functions = authorized({"active": True, "context": {"team": "app"}}).functions
    policies = {"authentication": AUTHORIZER, "usagePlans": BY_TEAM}
    made = Gateway(functions, policies, usage_plans=plan(quota=quota(1, "DAY")))
    assert [made.status({"authorization": "k"}) for _ in range(2)] == [200, 429]


BY_TEAM = {"tokenLocations": ["request.auth[team]"]}


@pytest.mark.parametrize(
    "policies",
    [
        {"rateLimiting": {"rateInRequestsPerSecond": 0, "rateKey": "TOTAL"}},
        {"rateLimiting": {"rateInRequestsPerSecond": True, "rateKey": "TOTAL"}},
        {"rateLimiting": {"rateInRequestsPerSecond": 1, "rateKey": "USER"}},
        {"usagePlans": {"tokenLocations": ["request.host[a]"]}},
        {"mutualTls": {}},
    ],
    ids=range(5),
)
def test_what_is_not_emulated_is_refused(gateway: Callable[..., Any], policies: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"mock_oci|must be"):
        gateway(policies)
