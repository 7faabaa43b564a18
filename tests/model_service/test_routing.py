"""A model id finds its transport, in both directions of every row."""

from __future__ import annotations

from typing import Any

import pytest

from model_service.errors import InvalidRequest
from model_service.routing import ROUTES, Quirks, resolve

ENDPOINT = "ocid1.generativeaiendpoint.oc1.us-chicago-1.amaaaaaaexample"
IMPORTED = "ocid1.generativeaimodel.oc1.us-chicago-1.amaaaaaaexample"
PROFILE = "ocid1.generativeairoutingprofile.oc1.us-chicago-1.amaaaaaaexample"


@pytest.mark.parametrize(
    ("model", "transport", "target", "row"),
    [
        (ENDPOINT, "sdk", "dedicated", "ocid1.generativeaiendpoint.*"),
        (IMPORTED, "sdk", "on_demand", "ocid1.generativeaimodel.*"),
        ("cohere.command-a-03-2025", "sdk", "on_demand", "cohere.*"),
        ("cohere.command-r-plus-08-2024", "sdk", "on_demand", "cohere.*"),
        ("openai.gpt-5.5-pro", "responses", "on_demand", "openai.gpt-5.5-pro*"),
        ("openai.gpt-5.5-pro-2026-08-01", "responses", "on_demand", "openai.gpt-5.5-pro*"),
        ("openai.gpt-5.5", "v1", "on_demand", "openai.gpt-5*"),
        ("openai.o4-mini", "v1", "on_demand", "openai.o[0-9]*"),
        ("openai.gpt-oss-120b", "v1", "on_demand", "openai.gpt-oss*"),
        ("meta.llama-3.3-70b-instruct", "v1", "on_demand", "meta.*"),
        ("xai.grok-4.3", "v1", "on_demand", "xai.*"),
        ("google.gemini-2.5-pro", "v1", "on_demand", "google.*"),
        ("mistral.magistral-medium", "v1", "on_demand", "mistral.*"),
        ("anthropic.claude", "v1", "on_demand", "anthropic.*"),
        (PROFILE, "v1", "on_demand", "ocid1.*routingprofile.*"),
        ("a-vendor-of-tomorrow.model-1", "v1", "on_demand", "*"),
        ("not-cohere.command", "v1", "on_demand", "*"),
        ("openai.omni", "v1", "on_demand", "openai.*"),
    ],
)
def test_a_model_id_finds_its_route(model: str, transport: str, target: str, row: str) -> None:
    route = resolve(model, aliases={})
    assert (route.model, route.transport, route.target, route.row) == (model, transport, target, row)


def test_every_row_is_reached_by_its_own_pattern() -> None:
    for route in ROUTES:
        sample = route.model.replace("[0-9]", "1").replace("*", "x")
        assert resolve(sample, aliases={}).row == route.model


def test_the_prefix_of_get_model_is_not_part_of_the_id() -> None:
    assert resolve("oci:meta.llama-3.3-70b-instruct", aliases={}).model == "meta.llama-3.3-70b-instruct"


@pytest.mark.parametrize("model", ["responses:openai.gpt-oss-120b", "oci:responses:openai.gpt-oss-120b"])
def test_the_responses_prefix_asks_for_the_responses_api(model: str) -> None:
    route = resolve(model, aliases={})
    assert (route.model, route.transport) == ("openai.gpt-oss-120b", "responses")


@pytest.mark.parametrize("model", ["", "oci:", "responses:", "oci:responses:"])
def test_a_prefix_alone_is_no_model(model: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        resolve(model, aliases={})
    assert refusal.value.param == "model"


@pytest.mark.parametrize("name", ["prod", "oci:prod"])
def test_an_alias_is_what_the_operator_says_it_is(name: str) -> None:
    route = resolve(name, aliases={"prod": "oci:cohere.command-a-03-2025"})
    assert (route.model, route.transport) == ("cohere.command-a-03-2025", "sdk")


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("responses:prod", "xai.grok-4.3"),
        ("oci:responses:prod", "xai.grok-4.3"),
        ("prod", "responses:xai.grok-4.3"),
        ("responses:prod", "oci:responses:xai.grok-4.3"),
    ],
)
def test_responses_can_be_asked_for_by_the_caller_or_by_the_alias(name: str, meaning: str) -> None:
    route = resolve(name, aliases={"prod": meaning})
    assert (route.model, route.transport) == ("xai.grok-4.3", "responses")


def test_an_alias_comes_before_a_model_of_the_same_name() -> None:
    assert resolve("xai.grok-3", aliases={"xai.grok-3": "xai.grok-4.3"}).model == "xai.grok-4.3"
    assert resolve("oci:prod", aliases={"oci:prod": "meta.a", "prod": "meta.b"}).model == "meta.a"


def test_an_alias_of_an_alias_is_not_followed() -> None:
    assert resolve("a", aliases={"a": "b", "b": "a"}).model == "b"


@pytest.mark.parametrize(("model", "override"), [("cohere.command-a-03-2025", "v1"), ("meta.llama-4", "sdk")])
def test_the_override_wins_over_the_table(model: str, override: str) -> None:
    assert resolve(model, aliases={}, override=override).transport == override  # type: ignore[arg-type]


def test_a_caller_who_asks_for_responses_wins_over_the_override() -> None:
    assert resolve("responses:openai.gpt-5.5", aliases={}, override="v1").transport == "responses"


def test_reasoning_models_of_openai_get_their_own_name_for_the_limit() -> None:
    quirks = resolve("openai.gpt-5.5", aliases={}).quirks
    assert quirks.apply({"max_tokens": 5, "seed": 1}) == {"max_completion_tokens": 5, "seed": 1}


@pytest.mark.parametrize("order", [1, -1])
def test_where_both_names_are_given_the_new_one_counts(order: int) -> None:
    body = dict([("max_tokens", 5), ("max_completion_tokens", 7)][::order])
    assert resolve("openai.o3", aliases={}).quirks.apply(body) == {"max_completion_tokens": 7}


@pytest.mark.parametrize("model", ["openai.gpt-oss-20b", "meta.llama-4", "new.model"])
def test_other_models_keep_max_tokens(model: str) -> None:
    assert resolve(model, aliases={}).quirks.apply({"max_tokens": 5}) == {"max_tokens": 5}


def test_a_penalty_that_says_nothing_is_not_sent_to_xai() -> None:
    quirks = resolve("xai.grok-4.3", aliases={}).quirks
    assert quirks.apply({"frequency_penalty": 0, "presence_penalty": 0.0, "n": 0}) == {"n": 0}
    assert quirks.apply({"frequency_penalty": 0.5}) == {"frequency_penalty": 0.5}


def test_a_penalty_that_says_nothing_is_still_sent_to_others() -> None:
    assert resolve("meta.llama-4", aliases={}).quirks.apply({"frequency_penalty": 0}) == {"frequency_penalty": 0}


@pytest.mark.parametrize(("store", "sent"), [(False, {}), (None, {}), (True, {"store": True})])
def test_store_goes_out_only_where_it_means_something(store: object, sent: dict[str, object]) -> None:
    assert Quirks().apply({"store": store}) == sent


def test_quirks_leave_the_callers_body_alone() -> None:
    body = {"max_tokens": 5, "store": False}
    Quirks(rename={"max_tokens": "max_completion_tokens"}).apply(body)
    assert body == {"max_tokens": 5, "store": False}


@pytest.mark.parametrize(
    ("model", "body", "goes_out", "dropped"),
    [
        ("openai.gpt-5.5", {"temperature": 0.2, "top_p": 0.5, "stop": ["x"]}, {}, {"temperature", "top_p", "stop"}),
        ("openai.o4-mini", {"temperature": 1, "logprobs": False, "stop": None}, {}, set()),
        ("openai.gpt-oss-120b", {"temperature": 0.2, "verbosity": "low"}, {"temperature": 0.2}, {"verbosity"}),
        (
            "xai.grok-4.3",
            {"frequency_penalty": 0.5, "reasoning_effort": "low"},
            {"reasoning_effort": "low"},
            {"frequency_penalty"},
        ),
        ("xai.grok-4.20-reasoning", {"reasoning_effort": "low", "presence_penalty": 0.0}, {}, {"reasoning_effort"}),
        ("google.gemini-2.5-pro", {"reasoning_effort": "low"}, {}, {"reasoning_effort"}),
        (
            "meta.llama-4",
            {"store": True, "reasoning_effort": "low", "temperature": 0},
            {"temperature": 0},
            {"store", "reasoning_effort"},
        ),
        ("new.model", {"store": True, "verbosity": "low"}, {"verbosity": "low"}, {"store"}),
        ("new.model", {"store": False, "parallel_tool_calls": True}, {}, set()),
        ("new.model", {"parallel_tool_calls": False, "tools": []}, {"tools": []}, {"parallel_tool_calls"}),
        (
            "new.model",
            {"parallel_tool_calls": False, "tools": [{}]},
            {"parallel_tool_calls": False, "tools": [{}]},
            set(),
        ),
        (
            "openai.gpt-5.5",
            {"n": 2, "response_format": {"type": "x"}},
            {"n": 2, "response_format": {"type": "x"}},
            set(),
        ),
    ],
)
def test_what_a_family_cannot_take_is_left_out_and_said(
    model: str, body: dict[str, Any], goes_out: dict[str, Any], dropped: set[str]
) -> None:
    names: list[str] = []
    assert resolve(model, aliases={}).quirks.apply(body, names.append) == goes_out
    assert set(names) == dropped


def test_tools_of_gemini_go_where_they_are_read_and_the_log_can_say_so() -> None:
    def route(model: str = "google.gemini-2.5-pro", **more: Any) -> tuple[str, str]:
        found = resolve(model, aliases={"fast": "google.gemini-2.5-flash"}, **more)
        return found.transport, found.row

    assert route() == ("v1", "google.*")
    assert route(tools=True) == route("fast", tools=True) == ("sdk", "google.* with tools")
    assert route(tools=True, override="v1") == ("v1", "google.*")
    assert route("responses:google.gemini-2.5-pro", tools=True)[0] == "responses"
    assert route("meta.llama-4", tools=True) == ("v1", "meta.*")
