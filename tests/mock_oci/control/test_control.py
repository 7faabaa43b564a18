from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.mock_oci.conftest import Clock, FakeFunction

from mock_oci import LoopbackServer, MockOci, Request, Response
from mock_oci.adjustable_clock import AdjustableClock
from mock_oci.services.functions import Functions
from mock_oci.services.object_storage import ObjectStorage
from mock_oci.services.queues import Queues
from mock_oci.services.streaming import Streaming
from mock_oci.services.vault import Secrets

CHAT = {"model": "meta.llama-3.3-70b-instruct", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.fixture
def mock(oci: MockOci) -> Callable[..., Any]:
    """Asks below /_mock/, without a signature; gives the JSON of an answer that has this status."""

    def send(method: str, path: str, body: Any = None, expects: int = 200) -> Any:
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        response = oci.answer(Request(method, f"/_mock/{path}", {}, content))
        assert isinstance(response.body, bytes)
        assert response.status == expects, response.body
        return json.loads(response.body or b"null")

    return send


def test_health_says_where_one_is(server: LoopbackServer, live: MockOci) -> None:
    seen = httpx.get(f"{server.url}/_mock/health", trust_env=False).json()
    assert (seen["status"], seen["region"]) == ("ok", live.region)
    assert "/_mock/clock" in seen["paths"]


SEED = {
    "buckets": [{"name": "b", "objects": {"o": "content"}, "object_events": True}],
    "streams": [{"name": "s", "partitions": 2, "messages": ["one", "two"]}],
    "queues": [{"name": "q", "messages": ["three"]}],
    "topics": [{"name": "t"}],
    "secrets": [{"name": "k", "text": "secret"}],
    "projects": [{"name": "p"}],
}


def test_a_seed_makes_one_of_each_kind(mock: Callable[..., Any], oci: MockOci) -> None:
    made = mock("POST", "seed", SEED)
    assert {kind: ids[0].split(".")[1] for kind, ids in made.items()} == {
        "buckets": "bucket",
        "streams": "stream",
        "queues": "queue",
        "topics": "onstopic",
        "secrets": "vaultsecret",
        "projects": "generativeaiproject",
    }
    assert oci.state_of(ObjectStorage).get("b", "o").body == b"content"
    assert len(oci.state_of(Streaming).find(made["streams"][0]).logs) == 2
    assert oci.state_of(Secrets).find(made["secrets"][0]).current.content == "c2VjcmV0"


def test_a_seed_has_endpoints_and_who_may_do_what(mock: Callable[..., Any], oci: MockOci) -> None:
    made = mock(
        "POST",
        "seed",
        {
            "endpoints": [{"name": "mine", "model": "meta.llama-3.3-70b-instruct", "streaming": "plain"}],
            "compartments": [{"name": "data"}],
            "dynamic_groups": [{"name": "functions", "matching_rule": "resource.type = 'fnfunc'"}],
            "policies": [
                {"name": "p", "statements": ["Allow dynamic-group functions to read buckets in compartment data"]}
            ],
        },
    )
    assert {kind: ids[0].split(".")[1] for kind, ids in made.items()} == {
        "endpoints": "generativeaiendpoint",
        "compartments": "compartment",
        "dynamic_groups": "dynamicgroup",
        "policies": "policy",
    }
    target = oci.catalogue.dedicated(made["endpoints"][0], oci.region)
    assert target is not None
    assert target.endpoint is not None
    assert target.endpoint.streaming == "plain"
    assert oci.has_policies
    assert made["compartments"][0] in oci.iam.directory.compartments


@pytest.mark.parametrize(
    "seed",
    [
        {"endpoints": [{"name": "e", "model": "none"}]},
        {"policies": [{"name": "p", "statements": ["Let me in"]}]},
        {"policies": [{"name": "p"}]},
        {"compartments": [{"name": "c", "colour": "red"}]},
    ],
)
def test_what_a_seed_cannot_make_is_400(mock: Callable[..., Any], seed: Any) -> None:
    mock("POST", "seed", seed, 400)


def test_a_seed_says_what_a_region_hosts_and_lets_through(
    mock: Callable[..., Any], oci: MockOci, ask: Callable[..., Response]
) -> None:
    quotas = [{"model": "meta.*", "requests_per_minute": 1}]
    hosted = {"name": oci.region, "models": ["meta.llama-3.3-70b-instruct"], "quotas": quotas}
    assert mock("POST", "seed", {"regions": [hosted]}) == {"regions": [oci.region]}
    assert oci.catalogue.chat_models(oci.region) == ["meta.llama-3.3-70b-instruct"]
    assert [ask(CHAT).status for _ in range(2)] == [200, 429]


def test_a_seed_may_be_yaml(mock: Callable[..., Any], oci: MockOci) -> None:
    mock("POST", "seed", b"buckets:\n  - name: b\n    objects: {o: text}\n")
    assert oci.state_of(ObjectStorage).get("b", "o").body == b"text"


@pytest.mark.parametrize(
    "body",
    [
        b"- a",
        b"{",
        b"a: [",
        {"clusters": []},
        {"buckets": {}},
        {"buckets": [{}]},
        {"streams": [{"name": "s", "colour": 1}]},
        {"secrets": [{"name": "k"}, {"name": "k"}]},
        {"regions": [{"name": "r", "models": ["no.such-model"]}]},
        {"regions": [{"name": "r", "colour": 1}]},
        {"regions": [{"name": "r", "quotas": [{"colour": 1}]}]},
    ],
)
def test_what_is_no_seed_is_400(mock: Callable[..., Any], body: Any) -> None:
    assert mock("POST", "seed", body, 400)["code"] == "InvalidParameter"


def test_a_reset_forgets_all_but_who_may_call_and_what_is_deployed(
    mock: Callable[..., Any], oci: MockOci, signed: Callable[..., Response], clock: Clock
) -> None:
    function = FakeFunction(oci)
    mock("POST", "seed", SEED)
    oci.script.chat("One")
    oci.deny("user")
    oci.clock.advance(1000)
    signed("GET", "/n")
    mock("POST", "reset", expects=204)
    assert (oci.state_of(Queues).all(), len(oci.script), oci.clock()) == ((), 0, clock.now)
    assert [record["path"] for record in mock("GET", "calls")] == []
    assert oci.state_of(Functions).find(function.id) is not None
    assert signed("GET", "/n").status == 200


def test_scripts_come_over_http(mock: Callable[..., Any], oci: MockOci, ask: Callable[..., Response]) -> None:
    assert mock("POST", "scripts", {"kind": "chat", "text": "One"}) == {"answers": 1}
    mock("POST", "scripts", {"kind": "error", "status": 429, "message": "slow down", "headers": {"retry-after": "3"}})
    mock("POST", "scripts", {"kind": "raw", "body": ["data: {}\n\n"], "times": 2})
    mock("POST", "scripts", {"kind": "odd", "names": ["bom"]})
    assert mock("GET", "scripts") == {"answers": 5}
    assert json.loads(ask(CHAT).body)["choices"][0]["message"]["content"] == "One"  # type: ignore[arg-type]
    refused = ask(CHAT)
    assert (refused.status, refused.headers["retry-after"]) == (429, "3")
    assert list(ask({**CHAT, "stream": True}).body) == [b"data: {}\n\n"]
    mock("DELETE", "scripts", expects=204)
    assert len(oci.script) == 0


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"kind": "sing"}, "kind must be one of"),
        ({"kind": "chat", "colour": 1}, "colour is not known"),
        ({"kind": "error"}, "missing 1 required"),
        ({"kind": "raw", "body": 7}, "body must be a string"),
        ({"kind": "odd", "names": ["colour"]}, "there is no oddity"),
    ],
)
def test_a_script_that_is_mistaken_is_400(mock: Callable[..., Any], body: Any, said: str) -> None:
    assert said in mock("POST", "scripts", body, 400)["message"]


def test_calls_say_who_signed_and_why_they_were_refused(
    mock: Callable[..., Any], oci: MockOci, signed: Callable[..., Response], clock: Clock
) -> None:
    signed("GET", "/n")
    clock.now += 400
    oci.answer(Request("GET", "/n", {"host": "objectstorage.us-chicago-1.oraclecloud.com"}))
    oci.answer(Request("GET", "/nowhere", {}))
    first, second, third = mock("GET", "calls")[:3]
    assert (first["status"], first["principal"]["kind"], first["refusal"]) == (200, "user", None)
    assert first["principal"]["id"].startswith("ocid1.user.")
    assert (second["status"], second["principal"], second["refusal"]) == (401, None, "there is no Authorization header")
    assert second["host"] == "objectstorage.us-chicago-1.oraclecloud.com"
    assert (third["method"], third["path"], third["status"]) == ("GET", "/nowhere", 404)
    assert len(mock("GET", "calls?limit=2")) == 2
    mock("GET", "calls?limit=0", expects=400)


def test_the_clock_is_set_moved_stopped_and_let_go(mock: Callable[..., Any], oci: MockOci, clock: Clock) -> None:
    assert mock("GET", "clock") == {"now": clock.now, "time": "2026-09-21T14:13:20.000Z", "stopped": False}
    assert mock("POST", "clock", {"set": 1_800_000_000})["now"] == 1_800_000_000
    clock.now += 5
    assert mock("POST", "clock", {"advance": 60})["now"] == 1_800_000_065
    assert mock("POST", "clock", {"freeze": True})["stopped"]
    clock.now += 5
    assert oci.clock() == 1_800_000_065
    mock("POST", "clock", {"advance": 1})
    mock("POST", "clock", {"resume": True})
    clock.now += 5
    assert oci.clock() == 1_800_000_071
    assert mock("POST", "clock", {"reset": True})["now"] == clock.now
    for body in ({}, {"set": "tomorrow"}, {"colour": 1}, {"advance": None}):
        mock("POST", "clock", body, 400)


def test_a_moved_clock_expires_tokens(mock: Callable[..., Any], oci: MockOci) -> None:
    principal = oci.principals.resource_principal("ocid1.fnfunc.oc1..a", lifetime=900)
    assert oci.principals.principal_of(f"ST${principal.rpst}") is not None
    mock("POST", "clock", {"advance": 901})
    assert oci.principals.principal_of(f"ST${principal.rpst}") is None


def test_a_clock_follows_its_base() -> None:
    now = [10.0]
    clock = AdjustableClock(lambda: now[0])
    clock.freeze()
    now[0] = 20.0
    assert (clock(), clock.is_stopped) == (10.0, True)
    clock.resume()
    now[0] = 21.0
    assert (clock(), clock.is_stopped) == (11.0, False)
