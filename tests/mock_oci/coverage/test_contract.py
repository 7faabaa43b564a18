"""Every operation's answer is what the SDK's model of it says, and no parameter is accepted and then ignored."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.mock_oci.coverage.contract import control_planes, generative_ai, messages
from tests.mock_oci.coverage.contract.asking import OPERATIONS, Answer, Asking, Change, Reached
from tests.mock_oci.coverage.contract.models import answer_type, mistakes
from tests.mock_oci.coverage.contract.storage import object_storage

from mock_oci import backend
from mock_oci.coverage.understood import understood
from mock_oci.identity.principals import Principal

STORIES: tuple[Callable[[Asking], None], ...] = (
    object_storage,
    messages.queues,
    messages.streams,
    messages.topics,
    messages.rules,
    messages.connectors,
    generative_ai.inference,
    generative_ai.models,
    generative_ai.dedicated,
    generative_ai.api_keys,
    generative_ai.secrets,
    generative_ai.metrics,
    generative_ai.functions,
    control_planes.identity,
    control_planes.network,
    control_planes.gateways,
    control_planes.logs,
    control_planes.alarms,
    control_planes.repositories,
    control_planes.dashboards,
)


@pytest.fixture(autouse=True)
def known_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every caller for the tenancy's own user: a signature is another test's."""

    def caller(_request: Any, principals: Any, *_: Any) -> Principal:
        user = principals.api_key_user()
        return Principal("user", user.user_id, user.tenancy_id)

    monkeypatch.setattr(backend, "authenticate", caller)


@functools.cache
def answers_of(story: Callable[[Asking], None]) -> dict[str, list[Answer]]:
    ask = Asking()
    story(ask)
    return ask.answers


def story_of(key: str) -> Callable[[Asking], None]:
    return next(story for story in STORIES if key in answers_of(story))


def test_the_stories_ask_every_operation_that_is_served() -> None:
    told = set().union(*(answers_of(story) for story in STORIES))
    assert OPERATIONS.keys() - told == set()


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_answers_are_what_the_sdks_models_say(story: Callable[[Asking], None]) -> None:
    found: dict[str, list[str]] = {}
    for key, answers in answers_of(story).items():
        module, kind = answer_type(key)
        for answer in answers:
            if kind in ("None", "stream"):
                wrong = [] if answer.body is None or kind == "stream" else ["there is a body"]
            else:
                wrong = list(mistakes(answer.body, kind, module))
            found.setdefault(key, []).extend(line for line in wrong if not re.search(KNOWN.get(key, "^$"), line))
    assert {key: wrong for key, wrong in found.items() if wrong} == {}


# What differs from the SDK's models, and why: see "What it does not do, and why" of docs/mock_oci.md.
KNOWN = {
    "GenerativeAiInferenceClient.embed_text": r"EmbedTextResult has no inputTextTokenCounts",  # it was seen
    "GenerativeAiClient.get_model": r"Model\.compartmentId is missing",  # a base model was seen without
    "GenerativeAiClient.list_models": r"ModelSummary\.compartmentId is missing",
    "StreamClient.get_messages": r"Message\.key is missing",  # nobody has said what is read of one put without
    # The API of 2018, which Terraform's provider speaks, answers with the resource; the SDK knows the one of 2026.
    "FunctionsManagementClient.update_application": r"there is a body",
    "FunctionsManagementClient.update_function": r"there is a body",
    "FunctionsManagementClient/20181201.update_function": r"there is a body",
    "FunctionsManagementClient/20181201.create_function": r"Function has no image|Function\.sourceDetails is missing",
}


# --------------------------------------------------------------------------------------------------- parameters

MARK = "zzzmark"
# What HTTP itself looks at.
OF_HTTP = frozenset({"expect", "content-length"})


def parameters_of(key: str) -> Iterator[Change]:
    """Yield each parameter that the operation understands, with a value that means nothing."""
    operation = OPERATIONS[key]
    for item in understood()[key].split():
        name, equals, _ = item.partition("=")
        if equals or name.lower() in OF_HTTP:
            continue
        for where in ("query", "headers", "body"):
            if name in (getattr(operation, where) or {}):
                yield Change(key, where, name, {MARK: {MARK: MARK}} if name.endswith("Tags") else MARK)


def asked_with(change: Change) -> Reached:
    with pytest.raises(Reached) as reached:
        story_of(change.key)(Asking(change))
    return reached.value


def is_kept(value: Any, seen: set[int], depth: int = 0) -> bool:
    """Tell whether the mark stands anywhere in what a service keeps."""
    if id(value) in seen or depth > 12:
        return False
    seen.add(id(value))
    if isinstance(value, str | bytes):
        return (MARK if isinstance(value, str) else MARK.encode()) in value
    parts: list[Any] = []
    if isinstance(value, dict):
        parts = [*value.keys(), *value.values()]
    elif isinstance(value, list | tuple | set | frozenset) or type(value).__name__ == "deque":
        parts = list(value)
    elif type(value).__module__.startswith("mock_oci"):
        parts = list(vars(value).values()) if hasattr(value, "__dict__") else []
    return any(is_kept(part, seen, depth + 1) for part in parts)


def has_effect(reached: Reached) -> bool:
    """Tell whether a parameter was refused, shown, kept, or made another answer of it."""
    response, usual = reached.response, reached.usual
    if response.status >= 400:
        return True
    said = repr((response.headers, response.body))
    if MARK in said or (response.status, response.body) != (usual.status, usual.body):
        return True
    return is_kept(list(reached.oci._states.values()), set())


@pytest.mark.parametrize("key", sorted(understood()))
def test_no_parameter_is_accepted_and_then_ignored(key: str) -> None:
    ignored = [change.name for change in parameters_of(key) if not has_effect(asked_with(change))]
    assert ignored == []
