"""What is sent of a conversation that OCI holds, and what is said where it holds none."""

from __future__ import annotations

from typing import Any

import pytest

from model_service.errors import InvalidRequest
from model_service.transports.responses.continuation import TurnToSend, state_after, stores, turn_of

STATE = {"previous_response_id": "resp_1"}
SYSTEM = {"role": "system", "content": "Be brief."}
FIRST = {"role": "user", "content": "Hello"}
ANSWER: dict[str, Any] = {"role": "assistant", "content": "Hi"}
SECOND = {"role": "user", "content": "And now?"}
HISTORY = [SYSTEM, FIRST, ANSWER, SECOND]


def turn(messages: list[dict[str, Any]], *, may_store: bool = True, **fields: Any) -> TurnToSend:
    return turn_of({"model": "m", "messages": messages, **fields}, may_store=may_store)


def sent(turn: TurnToSend) -> list[dict[str, Any]]:
    return [dict(message) for _, message in turn.messages]


def test_without_an_id_the_full_history_goes() -> None:
    assert sent(turn(HISTORY)) == HISTORY
    assert turn(HISTORY).previous_response_id is None


@pytest.mark.parametrize(
    "fields",
    [
        {"previous_response_id": "resp_1"},
        {"provider_state": STATE},
        {"previous_response_id": "resp_1", "provider_state": {"previous_response_id": "older"}},
    ],
)
def test_with_an_id_only_the_turn_since_the_last_answer_goes(fields: dict[str, Any]) -> None:
    assert turn(HISTORY, **fields) == TurnToSend([(3, SECOND)], "resp_1", True)


def test_the_state_may_stand_on_the_answer_it_came_with() -> None:
    assert turn([FIRST, {**ANSWER, "provider_state": STATE}, SECOND]) == TurnToSend([(2, SECOND)], "resp_1", True)


def test_what_came_after_the_answer_with_the_state_goes_too() -> None:
    messages = [FIRST, {**ANSWER, "provider_state": STATE}, SECOND, ANSWER, FIRST]
    assert sent(turn(messages)) == [SECOND, ANSWER, FIRST]


def test_the_latest_state_counts() -> None:
    older = {**ANSWER, "provider_state": {"previous_response_id": "older"}}
    assert turn([FIRST, older, SECOND, {**ANSWER, "provider_state": STATE}, FIRST]).previous_response_id == "resp_1"


def test_a_caller_without_the_history_sends_what_he_has() -> None:
    assert turn([SECOND], provider_state=STATE) == TurnToSend([(0, SECOND)], "resp_1", True)


def test_all_tool_results_of_a_turn_go() -> None:
    results = [{"role": "tool", "tool_call_id": name, "content": "1"} for name in "ab"]
    assert sent(turn([FIRST, ANSWER, *results], previous_response_id="resp_1")) == results


def test_a_conversation_that_oci_holds_needs_no_id() -> None:
    messages = [FIRST, {**ANSWER, "provider_state": STATE}, SECOND]
    assert turn(messages, conversation="conv_1") == TurnToSend([(2, SECOND)], None, True)


@pytest.mark.parametrize("nothing", [None, {}])
def test_an_empty_state_is_none(nothing: Any) -> None:
    assert turn([{**ANSWER, "provider_state": nothing}, SECOND], provider_state=nothing).previous_response_id is None


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"previous_response_id": 7}, "previous_response_id"),
        ({"previous_response_id": ""}, "previous_response_id"),
        ({"provider_state": "resp_1"}, "provider_state"),
        ({"provider_state": {"id": "resp_1"}}, "provider_state"),
        ({"provider_state": {"previous_response_id": 7}}, "provider_state.previous_response_id"),
        ({"store": "false"}, "store"),
    ],
)
def test_what_makes_no_sense_is_named(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as error:
        turn(HISTORY, **fields)
    assert error.value.param == param


def test_a_wrong_state_on_a_message_is_named_by_its_path() -> None:
    with pytest.raises(InvalidRequest) as error:
        turn([{**ANSWER, "provider_state": [1]}, SECOND])
    assert error.value.param == "messages.0.provider_state"


def test_a_turn_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="nothing follows"):
        turn([FIRST, ANSWER], previous_response_id="resp_1")


@pytest.mark.parametrize(("fields", "may_store"), [({"store": False}, True), ({}, False), ({"store": False}, False)])
def test_where_nothing_is_stored_the_full_history_goes(fields: dict[str, Any], may_store: bool) -> None:
    assert turn(HISTORY, may_store=may_store, **fields) == TurnToSend(list(enumerate(HISTORY)), None, False)


@pytest.mark.parametrize("may_store", [True, False])
@pytest.mark.parametrize(
    "fields", [{"previous_response_id": "resp_1"}, {"provider_state": STATE}, {"conversation": "conv_1"}]
)
def test_where_nothing_is_stored_an_id_is_told_why_it_cannot_work(fields: dict[str, Any], may_store: bool) -> None:
    with pytest.raises(InvalidRequest, match="full history") as error:
        turn(HISTORY, may_store=may_store, **fields, **({"store": False} if may_store else {}))
    assert (error.value.param, error.value.code, error.value.status) == (next(iter(fields)), "store_disabled", 400)


def test_where_nothing_is_stored_the_state_of_a_message_is_refused_too() -> None:
    with pytest.raises(InvalidRequest) as error:
        turn([FIRST, {**ANSWER, "provider_state": STATE}, SECOND], store=False)
    assert error.value.param == "messages.1.provider_state"


def test_a_caller_cannot_have_stored_what_the_operator_does_not_allow() -> None:
    assert stores({"store": True}, may_store=True)
    with pytest.raises(InvalidRequest, match="MODEL_SERVICE_RESPONSES_STORE"):
        stores({"store": True}, may_store=False)


def test_a_reply_says_how_to_continue_only_where_that_will_work() -> None:
    assert state_after("resp_1", stored=True) == {"provider_state": STATE}
    assert state_after("resp_1", stored=False) == {}
    assert state_after("", stored=True) == {}
