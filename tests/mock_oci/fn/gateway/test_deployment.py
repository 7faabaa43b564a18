"""gateway.tf, by requests: the deployment that Terraform makes of it, read into a local gateway."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from tests.mock_oci.conftest import Clock
from tests.mock_oci.fn.gateway.conftest import FakeFunctions

from mock_oci import MockOci, Request, Response
from mock_oci.fn.gateway import LocalGateway, LocalIssuer, read_deployment

ROOT: Final = Path(__file__).resolve().parents[4]
MADE: Final[dict[str, Any]] = json.loads((ROOT / "tests/terraform/made.json").read_text())
CHAT = "/v1/chat/completions"
SUBSCRIPTION: Final = {"x-subscription-token": "subscription-of-team-a"}


class Deployed:
    """A feature's deployment in front of functions without containers."""

    def __init__(self, oci: MockOci, feature: str, *issuers: LocalIssuer) -> None:
        self.functions = FakeFunctions(oci)
        self.functions.served = read_deployment(MADE[feature]["resources"]).specification["routes"][0]["backend"][
            "functionId"
        ]
        self.local = LocalGateway(self.functions, read_deployment(MADE[feature]["resources"]), issuers=issuers)  # type: ignore[arg-type]  # as much of it as a gateway needs

    def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> Response:
        return self.local.answer(Request(method, path, {"content-type": "application/json", **(headers or {})}, b"{}"))

    def status(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> int:
        return self.ask(method, path, headers).status

    def reached(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return the client's headers that the function saw."""
        response = self.ask("POST", CHAT, headers)
        assert isinstance(response.body, bytes)
        assert response.status == 200, response.body
        return dict(json.loads(response.body))


@pytest.fixture
def issuer(clock: Clock) -> LocalIssuer:
    return LocalIssuer("https://login.example.com/", "https://login.example.com/keys", clock)


@pytest.fixture
def tokens(oci: MockOci, issuer: LocalIssuer) -> Deployed:
    return Deployed(oci, "tokens", issuer)


def bearer(issuer: LocalIssuer, lifetime: float = 3600, **claims: Any) -> dict[str, str]:
    usual = {"sub": "ada", "aud": "model-service", "scope": "models.use other"}
    return {"authorization": f"Bearer {issuer.token(lifetime=lifetime, **{**usual, **claims})}", **SUBSCRIPTION}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", CHAT, 200),
        ("GET", CHAT, 405),
        ("POST", "/v1/completions", 200),
        ("GET", "/v1/health", 200),
        ("GET", "/v1/openapi.json", 200),
        ("POST", "/v1/embeddings", 404),  # switched off: what the function may not do has no route
        ("POST", "/v1/responses", 404),
        ("POST", "/v1", 404),
        ("POST", "/chat/completions", 404),
        ("POST", f"{CHAT}/", 404),
        ("POST", f"{CHAT}/x", 404),
        ("POST", "/v1/chat", 404),
    ],
)
def test_a_gateway_has_the_routes_of_what_is_on_and_no_others(
    oci: MockOci, method: str, path: str, status: int
) -> None:
    assert Deployed(oci, "chat").status(method, path) == status


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v1/responses", 200),
        ("GET", "/v1/responses", 405),
        ("GET", "/v1/responses/resp_1", 200),
        ("DELETE", "/v1/responses/resp_1", 200),
        ("POST", "/v1/responses/resp_1", 405),
        ("POST", "/v1/responses/input_tokens", 200),  # the exact route goes before the one with a parameter
        ("POST", "/v1/responses/resp_1/cancel", 200),
        ("GET", "/v1/responses/resp_1/input_items", 200),
        ("GET", "/v1/responses/resp_1/other", 404),
        ("GET", "/v1/conversations/c/items/i", 200),
        ("GET", "/v1/conversations/c/items/i/j", 404),
    ],
)
def test_path_parameters_stand_for_one_segment(oci: MockOci, method: str, path: str, status: int) -> None:
    assert Deployed(oci, "responses").status(method, path) == status


def test_what_only_the_platform_may_say_never_gets_through(oci: MockOci) -> None:
    taken = ("oci-subject-id", "oci-subject-type", "oci-subject-tenancy-id", "fn-call-id", "fn-deadline", "fn-intent")
    seen = Deployed(oci, "chat").reached({**dict.fromkeys(taken, "me"), "fn-invoke-type": "detached", "x-mine": "1"})
    assert not {*taken, "fn-invoke-type"} & seen.keys()
    assert seen["x-mine"] == "1"


def test_a_token_of_the_issuer_opens_and_says_who_calls(tokens: Deployed, issuer: LocalIssuer) -> None:
    seen = tokens.reached({**bearer(issuer), "x-model-service-caller": "somebody else"})
    assert seen["x-model-service-caller"] == "ada"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another"},
        {"aud": ["a", "b"]},
        {"iss": "https://evil.example.com/"},
        {"exp": 0},
        {"exp": "soon"},
        {"exp": 10**400},
        {"exp": [1]},
        {"nbf": {}},
        {"nbf": 4_000_000_000},
        {"lifetime": -60},
    ],
)
def test_a_token_that_is_not_for_this_gateway_or_not_of_now_is_401(
    tokens: Deployed, issuer: LocalIssuer, claims: dict[str, Any]
) -> None:
    assert tokens.status("POST", CHAT, bearer(issuer, **claims)) == 401


def test_a_list_of_audiences_may_name_this_one_among_others(tokens: Deployed, issuer: LocalIssuer) -> None:
    assert tokens.status("POST", CHAT, bearer(issuer, aud=["other", "model-service"])) == 200
    assert tokens.status("POST", CHAT, bearer(issuer, lifetime=-5)) == 200  # within the skew of ten seconds


def test_a_token_of_somebody_elses_key_or_of_none_is_401(tokens: Deployed, issuer: LocalIssuer, clock: Clock) -> None:
    other = LocalIssuer(issuer.issuer, issuer.uri, clock)
    head, body, signature = issuer.token(sub="ada", aud="model-service").split(".")
    none = "eyJhbGciOiJub25lIn0"
    texts = ["", "Bearer", "Bearer x", "Bearer a.b.c", f"Basic {head}.{body}.{signature}", f"Bearer {none}.{body}."]
    texts += [f"Bearer {head}.{body}.{signature[:-4]}AAAA", f"Bearer {none}.{body}.{signature}", "Bearer " + "." * 900]
    for text in [*texts, bearer(other)["authorization"]]:
        response = tokens.ask("POST", CHAT, {"authorization": text, **SUBSCRIPTION})
        assert (response.status, response.headers["www-authenticate"][:6]) == (401, "Bearer"), text
    assert tokens.functions.calls == []


def test_a_scope_that_is_missing_is_403(tokens: Deployed, issuer: LocalIssuer) -> None:
    assert tokens.status("POST", CHAT, bearer(issuer, scope="other")) == 403
    assert tokens.status("POST", CHAT, bearer(issuer, scope=7)) == 403
    assert tokens.status("POST", CHAT, bearer(issuer, scope=["models.use", 7])) == 200


def test_keys_are_fetched_once_an_hour(tokens: Deployed, issuer: LocalIssuer, clock: Clock) -> None:
    assert tokens.status("POST", CHAT, bearer(issuer)) == 200
    issuer.rotate()
    clock.now += 1
    assert tokens.status("POST", CHAT, bearer(issuer)) == 401
    clock.now += 3600
    assert tokens.status("POST", CHAT, bearer(issuer)) == 200


def test_five_requests_a_second_and_three_a_day_of_one_subscriber(
    tokens: Deployed, issuer: LocalIssuer, clock: Clock
) -> None:
    named = bearer(issuer, lifetime=1e9)
    assert [tokens.status("POST", CHAT, named) for _ in range(4)] == [200, 200, 200, 429]
    clock.now += 1
    unknown = {**named, "x-subscription-token": "nobody's"}
    assert [tokens.status("POST", CHAT, unknown) for _ in range(7)] == [401] * 5 + [429] * 2  # all count, as TOTAL
    clock.now += 86_400
    assert tokens.status("POST", CHAT, named) == 200


def test_an_authorizer_is_asked_once_for_a_key_and_tells_who_calls(oci: MockOci, clock: Clock) -> None:
    keys = Deployed(oci, "keys")
    keys.functions.judging = {"active": True, "context": {"caller": "ada", "team": "search"}}
    forged = {"authorization": "Bearer key", "x-model-service-team": "boss", "x-model-service-models": "all"}
    seen = [keys.reached(forged) for _ in range(2)]
    assert (seen[0]["x-model-service-caller"], seen[0]["x-model-service-team"]) == ("ada", "search")
    assert "x-model-service-models" not in seen[0]
    assert len(keys.functions.questions) == 1
    clock.now += 61
    keys.reached(forged)
    assert len(keys.functions.questions) == 2


def test_the_page_of_the_playground_opens_without_a_key_and_nothing_else_does(oci: MockOci) -> None:
    keys = Deployed(oci, "keys")
    keys.functions.judging = {"active": False}
    assert keys.status("GET", "/v1/playground") == 200
    assert keys.functions.questions == []
    assert keys.status("POST", CHAT) == 401


def test_a_page_of_an_origin_that_is_named_may_ask(oci: MockOci) -> None:
    keys = Deployed(oci, "keys")
    ask = {"access-control-request-method": "POST"}
    allowed = keys.ask("OPTIONS", CHAT, {"origin": "https://app.example.com", **ask})
    assert allowed.status == 204
    assert allowed.headers["access-control-allow-methods"] == "DELETE, GET, POST"
    assert "authorization" in allowed.headers["access-control-allow-headers"]
    refused = keys.ask("OPTIONS", CHAT, {"origin": "https://evil.example.com", **ask})
    assert "access-control-allow-origin" not in refused.headers


def test_a_gateway_without_its_statement_answers_a_bare_500(oci: MockOci) -> None:
    made = Deployed(oci, "chat")
    [own] = [text for text in MADE["chat"]["statements"] if "ApiGateway" in text]
    oci.iam.add_policy([])
    assert made.status("POST", CHAT) == 500
    oci.iam.add_policy([own])
    assert made.status("POST", CHAT) == 200


REFUSED: Final[list[Callable[[dict[str, Any]], object]]] = [
    lambda found: found["routes"][0].update(path="chat"),
    lambda found: found["routes"][0].update(path="/{a"),
    lambda found: found["routes"][0].update(methods=["FETCH"]),
    lambda found: found["routes"][0]["backend"].update(type="HTTP_BACKEND"),
    lambda found: found["routes"][0]["requestPolicies"].update(bodyValidation={"required": True}),
    lambda found: found["routes"][0].update(responsePolicies={"headerTransformations": {}}),
    lambda found: found["requestPolicies"].update(mutualTls={"isVerifiedCertificateRequired": True}),
    lambda found: found["requestPolicies"]["authentication"].update(tokenQueryParam="token"),
    lambda found: found["requestPolicies"]["authentication"]["validationPolicy"].update(uri="https://else.where/"),
    lambda found: found["requestPolicies"]["authentication"]["validationPolicy"].update(clientDetails={"type": "X"}),
    lambda found: found["routes"][0]["requestPolicies"].update(authorization={"type": "ANONYMOUS"}),
]


@pytest.mark.parametrize("change", REFUSED, ids=range(len(REFUSED)))
def test_what_is_not_emulated_is_refused_when_the_gateway_is_made(
    oci: MockOci, issuer: LocalIssuer, change: Callable[[dict[str, Any]], object]
) -> None:
    deployment = read_deployment(MADE["tokens"]["resources"])
    change(deployment.specification)  # type: ignore[arg-type]  # which is its own copy
    with pytest.raises(ValueError, match=r"mock_oci|must|takes|needs|none"):
        LocalGateway(FakeFunctions(oci), deployment, issuers=[issuer])  # type: ignore[arg-type]  # as above


def test_anonymous_routes_stock_responses_and_static_keys(oci: MockOci, issuer: LocalIssuer) -> None:
    [key] = issuer.jwks()["keys"]
    values = {
        "path_prefix": "/",
        "specification": [
            {
                "request_policies": [
                    {
                        "authentication": [
                            {
                                "type": "JWT_AUTHENTICATION",
                                "token_query_param": "token",
                                "is_anonymous_access_allowed": True,
                                "verify_claims": [{"key": "team", "values": ["search"], "is_required": True}],
                                "public_keys": [{"type": "STATIC_KEYS", "keys": [{"format": "JSON_WEB_KEY", **key}]}],
                            }
                        ]
                    }
                ],
                "routes": [
                    {
                        "path": "/open/{rest*}",
                        "backend": [{"type": "STOCK_RESPONSE_BACKEND", "status": 203, "body": "hello"}],
                        "request_policies": [{"authorization": [{"type": "ANONYMOUS"}]}],
                    },
                    {
                        "path": "/closed",
                        "methods": ["ANY"],
                        "backend": [{"type": "STOCK_RESPONSE_BACKEND", "status": 200}],
                    },
                ],
            }
        ],
    }
    deployment = read_deployment([{"type": "oci_apigateway_deployment", "values": values}])
    gateway = LocalGateway(FakeFunctions(oci), deployment)  # type: ignore[arg-type]  # as above

    def status(path: str) -> int:
        return gateway.answer(Request("PATCH", path, {})).status

    assert gateway.answer(Request("GET", "/open/a/b", {})).body == b"hello"
    assert (status("/open/a"), status("/open/"), status("/closed")) == (203, 404, 401)
    assert status(f"/closed?token={issuer.token(team='search')}") == 200
    assert status(f"/closed?token={issuer.token(team=['ads', 'search'])}") == 200
    assert status(f"/closed?token={issuer.token(team='ads')}") == status(f"/closed?token={issuer.token()}") == 401


def test_in_a_plan_the_function_is_not_known_yet() -> None:
    [deployment] = [item for item in MADE["chat"]["resources"] if item["type"] == "oci_apigateway_deployment"]
    text = json.dumps(deployment)
    function = deployment["values"]["specification"][0]["routes"][0]["backend"][0]["function_id"]
    planned = json.loads(text.replace(f'"{function}"', "null"))
    found = read_deployment([planned], function_id="ocid1.fnfunc.oc1..mine")
    assert {route["backend"]["functionId"] for route in found.specification["routes"]} == {"ocid1.fnfunc.oc1..mine"}
    with pytest.raises(ValueError, match="one oci_apigateway_deployment, not 0"):
        read_deployment([])
