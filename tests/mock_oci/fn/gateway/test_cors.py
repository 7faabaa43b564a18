from collections.abc import Callable
from typing import Any

POLICY = {
    "allowedOrigins": ["https://a.example"],
    "allowedMethods": ["GET", "POST"],
    "allowedHeaders": ["authorization"],
    "exposedHeaders": ["opc-request-id"],
    "isAllowCredentialsEnabled": True,
    "maxAgeInSeconds": 600,
}
PREFLIGHT = {"origin": "https://a.example", "access-control-request-method": "POST"}


def shared(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.startswith("access-control-")}


def test_a_preflight_is_answered_without_a_credential_and_without_the_function(authorized: Callable[..., Any]) -> None:
    gateway = authorized({"active": False}, cors=POLICY)
    response = gateway.ask(PREFLIGHT, method="OPTIONS")
    assert response.status == 204
    assert shared(response.headers) == {
        "access-control-allow-origin": "https://a.example",
        "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers": "authorization",
        "access-control-expose-headers": "opc-request-id",
        "access-control-allow-credentials": "true",
        "access-control-max-age": "600",
    }
    assert gateway.functions.calls == []


def test_an_origin_that_is_not_allowed_gets_none_of_it(gateway: Callable[..., Any]) -> None:
    made = gateway({"cors": POLICY})
    headers = {**PREFLIGHT, "origin": "https://b.example"}
    assert not shared(made.ask(headers, method="OPTIONS").headers)
    assert not shared(made.ask({"origin": "https://b.example"}).headers)


def test_answers_and_refusals_can_be_read_by_the_page(authorized: Callable[..., Any]) -> None:
    gateway = authorized({"active": False}, cors=POLICY)
    response = gateway.ask({"origin": "https://a.example"})
    assert (response.status, response.headers["access-control-allow-origin"]) == (401, "https://a.example")


def test_any_origin(gateway: Callable[..., Any]) -> None:
    made = gateway({"cors": {"allowedOrigins": ["*"]}})
    assert shared(made.ask({"origin": "https://b.example"}).headers) == {"access-control-allow-origin": "*"}


def test_other_options_go_to_the_function(gateway: Callable[..., Any]) -> None:
    made = gateway({"cors": POLICY})
    assert made.ask({"origin": "https://a.example"}, method="OPTIONS").status == 200
    assert len(made.functions.calls) == 1
