"""What a caller may do, by its own rule, its team's and everyone's."""

from __future__ import annotations

from typing import Any

import pytest

from model_service.callers.admission import Admission
from model_service.callers.budgets import Budgets, RateLimited
from model_service.callers.counters import MemoryCounter
from model_service.errors import InvalidRequest, ModelNotFound
from model_service.fn.caller import Caller
from model_service.openai_api.chat import ChatRequest
from model_service.routing import resolve
from model_service.service_file.reading import read_service_file
from model_service.service_file.shape import Limit

FILE = """{
  "models": {
    "aliases": {"prod": "openai.gpt-oss-120b"},
    "allowed": ["meta.*", "openai.*", "xai.*", "cohere.*"],
    "rules": [
      {"match": "xai.*", "defaults": {"temperature": 0}, "max_tokens": 100, "drop": ["logprobs"]},
      {"match": "cohere.*", "limits": {"requests_per_minute": 1}}
    ]
  },
  "callers": {
    "everyone": {"models": ["meta.*"], "max_tokens": 500},
    "teams": {
      "search": {"models": ["prod", "xai.*", "cohere.*"], "labels": {"cost_center": "42"}},
      "night": {"operations": ["embeddings"], "limits": {"tokens_per_minute": 50}}
    },
    "callers": {"ada": {"team": "search", "max_tokens": 50, "labels": {"floor": "3"}}},
    "keys": {"0123456789": {"models": ["xai.*"], "limits": {"tokens_per_minute": 2000}}}
  },
  "prices": {"date": "2026-11-01", "models": {"meta.*": {"input": 1, "output": 2}}}
}"""
ADA, TEAM, ANYBODY = Caller(id="ada"), Caller(id="bob", team="search"), Caller(id="ocid1.fnfunc.oc1..x")


@pytest.fixture
def admission() -> Admission:
    return Admission(read_service_file(FILE, "service.json"), Budgets(MemoryCounter()))


def asked(model: str, **parameters: Any) -> ChatRequest:
    return ChatRequest.parse({"model": model, "messages": [{"role": "user", "content": "Hi"}], **parameters})


@pytest.mark.parametrize(
    ("caller", "model", "may"),
    [
        (ADA, "prod", True),
        (ADA, "openai.gpt-oss-120b", False),  # only under the name that its team was given
        (TEAM, "xai.grok-4.3", True),
        (TEAM, "meta.llama-3.3-70b-instruct", False),
        (ANYBODY, "meta.llama-3.3-70b-instruct", True),
        (ANYBODY, "prod", False),
        (ANYBODY, "google.gemini-2.5-pro", False),
        (Caller(), "meta.llama-3.3-70b-instruct", True),
        (Caller(id="bob", team="search", models=("xai.*",)), "prod", False),
        (Caller(id="bob", team="search", models=("xai.*",)), "xai.grok-4.3", True),
        (Caller(id="bob", models=("xai.*",)), "xai.grok-4.3", False),  # a key narrows, and never widens
    ],
)
def test_a_model_that_is_not_a_callers_is_as_if_it_were_not_there(
    admission: Admission, caller: Caller, model: str, may: bool
) -> None:
    route = resolve(model, aliases=admission.file.aliases)
    if may:
        admission.check(caller, "chat", model, route)
        return
    with pytest.raises(ModelNotFound) as refused:
        admission.check(caller, "chat", model, route)
    assert (refused.value.status, refused.value.code) == (404, "model_not_found")


def test_an_operation_that_a_team_does_not_have_is_refused(admission: Admission) -> None:
    route = resolve("meta.llama", aliases={})
    admission.check(Caller(team="night"), "embeddings", "meta.llama", route)
    with pytest.raises(InvalidRequest, match="operation chat"):
        admission.check(Caller(team="night"), "chat", "meta.llama", route)


def test_a_model_has_defaults_caps_and_what_it_never_gets(admission: Admission) -> None:
    request = asked("xai.grok-4.3", logprobs=True)
    route = resolve(request.model, aliases={})
    shaped, dropped = admission.shaped(request.body, "chat", route, admission.allowed(TEAM))
    assert shaped["temperature"] == 0
    assert (shaped["max_tokens"], dropped) == (100, ("logprobs",))
    assert "logprobs" not in shaped
    assert admission.shaped(asked("xai.grok-4.3", temperature=1).body, "chat", route, admission.allowed(ADA))[0] == {
        **asked("xai.grok-4.3").body,
        "temperature": 1,
        "max_tokens": 50,
    }


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_more_tokens_than_a_caller_may_have_are_refused_by_name(admission: Admission, name: str) -> None:
    request = asked("xai.grok-4.3", **{name: 101})
    with pytest.raises(InvalidRequest, match=f"{name}: must be at most 100"):
        admission.shaped(request.body, "chat", resolve(request.model, aliases={}), admission.allowed(TEAM))


def test_labels_of_team_and_caller_are_joined(admission: Admission) -> None:
    assert admission.named(ADA) == Caller("ada", "search", labels={"cost_center": "42", "floor": "3"})


def test_limits_of_a_team_and_of_a_model_both_count(admission: Admission) -> None:
    night, route = admission.allowed(Caller(team="night")), resolve("meta.llama", aliases={})
    admission.reserve(night, "embeddings", route, 30, {"input": "…"})
    with pytest.raises(RateLimited, match="team:night"):
        admission.reserve(night, "embeddings", route, 30, {"input": "…"})
    cohere = resolve("cohere.command-a", aliases={})
    admission.reserve(admission.allowed(ADA), "chat", cohere, 1, {})
    with pytest.raises(RateLimited, match=r"model:cohere\.\*"):
        admission.reserve(admission.allowed(TEAM), "chat", cohere, 1, {})


def test_a_rule_of_a_key_is_narrower_than_its_owners(admission: Admission) -> None:
    allowed = admission.allowed(Caller("ada", "search", "0123456789"))
    assert (allowed.models, allowed.max_tokens) == (("xai.*",), 50)
    assert ("key:0123456789", {"tokens_per_minute": Limit(hard=2000)}) in allowed.limits


def test_those_of_whom_nothing_is_known_share_the_limits_of_everyone() -> None:
    text = '{"callers": {"everyone": {"limits": {"requests_per_minute": 1}}}}'
    admission = Admission(read_service_file(text, "f"), Budgets(MemoryCounter()))
    route = resolve("meta.llama", aliases={})
    admission.reserve(admission.allowed(Caller()), "chat", route, 1, {})
    with pytest.raises(RateLimited, match="nobody"):
        admission.reserve(admission.allowed(Caller()), "chat", route, 1, {})
    admission.reserve(admission.allowed(Caller("ada")), "chat", route, 1, {})


def test_a_response_is_capped_as_a_chat_is(admission: Admission) -> None:
    route, body = resolve("xai.grok-4.3", aliases={}), {"model": "xai.grok-4.3", "input": "Hi"}
    shaped, _ = admission.shaped(body, "responses", route, admission.allowed(TEAM))
    assert shaped == {**body, "max_output_tokens": 100}
    with pytest.raises(InvalidRequest, match="max_output_tokens: must be at most 100"):
        admission.shaped({**body, "max_output_tokens": 101}, "responses", route, admission.allowed(TEAM))


@pytest.mark.parametrize(
    ("operation", "others", "own"),
    [
        ("chat", "max_output_tokens", "max_tokens"),
        ("completions", "max_output_tokens", "max_tokens"),
        ("responses", "max_tokens", "max_output_tokens"),
        ("responses", "max_completion_tokens", "max_output_tokens"),
    ],
)
def test_a_cap_of_another_api_is_none(admission: Admission, operation: str, others: str, own: str) -> None:
    """OCI takes no notice of it: the answer would be as long as the model likes."""
    route = resolve("xai.grok-4.3", aliases={})
    shaped, _ = admission.shaped({"model": "xai.grok-4.3", others: 10}, operation, route, admission.allowed(TEAM))
    assert shaped[own] == 100


@pytest.mark.parametrize("value", [1e6, "1000000", True, [1]])
def test_a_cap_is_an_integer_where_there_is_one(admission: Admission, value: object) -> None:
    route = resolve("xai.grok-4.3", aliases={})
    with pytest.raises(InvalidRequest, match="max_output_tokens: must be an integer"):
        admission.shaped({"max_output_tokens": value}, "responses", route, admission.allowed(TEAM))


@pytest.mark.parametrize(
    ("operation", "body", "reserved"),
    [
        ("chat", {}, 1000),
        ("responses", {"input": "Hi"}, 1000),
        ("chat", {"max_tokens": 70}, 70),
        ("chat", {"max_tokens": 70, "n": 3}, 210),
        ("responses", {"max_output_tokens": 70}, 70),
        ("chat", {"max_output_tokens": 70}, 1000),
        ("responses", {"max_tokens": 70}, 1000),
        ("embeddings", {"input": "Hi"}, 0),
        ("chat", {"max_tokens": -1_000_000}, 1000),  # else a caller could take from its counter
        ("chat", {"max_tokens": True}, 1000),
        ("chat", {"max_tokens": 10**30}, 10_000_000),  # no counter holds it
    ],
)
def test_an_estimate_is_what_a_call_may_take_and_no_nonsense(operation: str, body: Any, reserved: int) -> None:
    text = '{"callers": {"everyone": {"limits": {"tokens_per_day": 20000000}}}}'
    admission = Admission(read_service_file(text, "f"), Budgets(MemoryCounter()))
    route = resolve("meta.llama", aliases={})
    headers = admission.reserve(admission.allowed(Caller("ada")), operation, route, 5, body).headers
    assert headers["x-ratelimit-remaining-tokens"] == str(20_000_000 - 5 - reserved)
