from collections.abc import Callable
from typing import Any

import pytest


def set_headers(*items: tuple[str, str, str]) -> dict[str, Any]:
    written = [{"name": name, "values": [value], "ifExists": how} for name, value, how in items]
    return {"setHeaders": {"items": written}}


IDENTITY = set_headers(
    ("X-Caller", "${request.auth[caller]}", "OVERWRITE"), ("X-Team", "team ${request.auth[team]}", "OVERWRITE")
)


@pytest.mark.parametrize(
    ("context", "caller", "team"),
    [
        ({"caller": "me", "team": "red"}, "me", "team red"),
        ({"caller": "me"}, "me", None),
        ({}, None, None),
        (None, None, None),
        ({"caller": 7, "team": ["a"]}, "7", 'team ["a"]'),
        ({"caller": "a\r\nx-team: b", "team": ""}, None, "team "),
    ],
)
def test_an_overwritten_header_is_the_authorizers_word_or_absent_but_never_the_clients(
    authorized: Callable[..., Any], context: Any, caller: str | None, team: str | None
) -> None:
    gateway = authorized({"active": True, "context": context}, headerTransformations=IDENTITY)
    seen = gateway.reached({"authorization": "k", "x-caller": "forged", "x-team": "forged"})
    assert (seen.get("x-caller"), seen.get("x-team")) == (caller, team)


@pytest.mark.parametrize(
    ("how", "sent", "seen"),
    [
        ("OVERWRITE", "a", "b"),
        ("APPEND", "a", "a, b"),
        ("SKIP", "a", "a"),
        ("OVERWRITE", None, "b"),
        ("APPEND", None, "b"),
        ("SKIP", None, "b"),
    ],
)
def test_if_exists(gateway: Callable[..., Any], how: str, sent: str | None, seen: str) -> None:
    made = gateway({"headerTransformations": set_headers(("X-A", "b", how))})
    assert made.reached({"x-a": sent} if sent else {})["x-a"] == seen


def test_a_filter_blocks_what_it_names_or_all_that_it_does_not(gateway: Callable[..., Any]) -> None:
    headers = {"oci-subject-id": "forged", "x-a": "1"}
    blocking = {"filterHeaders": {"type": "BLOCK", "items": [{"name": "OCI-Subject-Id"}]}}
    assert headers.keys() & gateway({"headerTransformations": blocking}).reached(headers).keys() == {"x-a"}
    allowing = {"filterHeaders": {"type": "ALLOW", "items": [{"name": "X-A"}]}}
    assert headers.keys() & gateway({"headerTransformations": allowing}).reached(headers).keys() == {"x-a"}


def test_filters_come_before_renames_and_renames_before_what_is_set(gateway: Callable[..., Any]) -> None:
    policy = {
        "filterHeaders": {"type": "BLOCK", "items": [{"name": "x-a"}]},
        "renameHeaders": {"items": [{"from": "X-Old", "to": "X-A"}]},
        **set_headers(("X-A", "set", "APPEND")),
    }
    assert gateway({"headerTransformations": policy}).reached({"x-a": "1", "x-old": "2"})["x-a"] == "2, set"


def test_a_variable_of_the_request_fills_a_header(gateway: Callable[..., Any]) -> None:
    policy = set_headers(("X-A", "${request.query[q]}/${request.headers[X-B]}", "OVERWRITE"))
    made = gateway({"headerTransformations": policy})
    assert made.reached({"x-b": "2"}, "/v1?q=1")["x-a"] == "1/2"
    assert "x-a" not in made.reached({"x-b": "2", "x-a": "own"})


@pytest.mark.parametrize(
    "policy",
    [
        {"setQueryParameters": {}},
        set_headers(("X-A", "${request.path[a]}", "OVERWRITE")),
        set_headers(("X-A", "b", "REPLACE")),
        {"filterHeaders": {"type": "DROP", "items": []}},
    ],
    ids=range(4),
)
def test_what_is_not_emulated_is_refused(gateway: Callable[..., Any], policy: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"mock_oci does not emulate|must be"):
        gateway({"headerTransformations": policy})
