"""The events of a stream become chunks that add up to the whole answer, however the bytes were cut."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletionChunk

from model_service.errors import PreviousResponseNotFound, StreamBroken, UpstreamError, UpstreamThrottled
from model_service.openai_api.event_stream import read_events
from model_service.transports.responses.answer import completion_of
from model_service.transports.responses.events import read_response_events
from model_service.transports.responses.stream import chunks_of

Chunks = list[dict[str, Any]]
ALL = ("text", "calls", "refusal")
CREATED = {"type": "response.created", "response": {"id": "r", "created_at": 1, "model": "m", "status": "in_progress"}}
RESPONSE: dict[str, Any] = {"id": "r", "created_at": 1, "model": "m", "output": []}
COMPLETED = {"type": "response.completed", "response": RESPONSE}


def read(*pieces: bytes, stored: bool = True, include_usage: bool = False) -> Chunks:
    return list(chunks_of(read_events(pieces), stored=stored, include_usage=include_usage))


def of(*events: Any) -> Chunks:
    """The chunks of events that are given as objects, or as text."""
    texts = (event if isinstance(event, str) else json.dumps(event) for event in events)
    return list(chunks_of(texts, stored=True, include_usage=False))


def delta(text: str, *, kind: str = "output_text", place: int = 0, **more: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}.delta", "output_index": place, "content_index": 0, "delta": text, **more}


def done(place: int, **item: Any) -> dict[str, Any]:
    return {"type": "response.output_item.done", "output_index": place, "item": item}


def deltas(chunks: Chunks) -> Iterator[dict[str, Any]]:
    return (choice["delta"] for chunk in chunks for choice in chunk["choices"])


def message_of(chunks: Chunks) -> dict[str, Any]:
    """What a client makes of the chunks."""
    message: dict[str, Any] = {"content": "", "refusal": "", "reasoning_content": "", "annotations": []}
    calls: dict[int, dict[str, Any]] = {}
    for one in deltas(chunks):
        for name in ("content", "refusal", "reasoning_content", "annotations"):
            message[name] += one.get(name, type(message[name])())
        message |= {name: one[name] for name in ("response_annotations", "response_items") if name in one}
        for call in one.get("tool_calls", []):
            known = calls.setdefault(call["index"], {**call, "function": {**call["function"], "arguments": ""}})
            known["function"]["arguments"] += call["function"]["arguments"]
    found = [{name: call[name] for name in call if name != "index"} for call in calls.values()]
    return {name: value for name, value in {**message, "tool_calls": found}.items() if value}


@pytest.mark.parametrize("name", ALL)
def test_the_chunks_add_up_to_the_complete_answer(
    name: str, events: Callable[[str], bytes], response: Callable[[str], dict[str, Any]]
) -> None:
    whole = completion_of(response(name), stored=True)
    chunks = read(events(name), include_usage=True)
    assert message_of(chunks) == {k: v for k, v in whole["choices"][0]["message"].items() if v and k != "role"}
    assert chunks[-2]["choices"][0]["finish_reason"] == whole["choices"][0]["finish_reason"]
    assert (chunks[-1]["usage"], chunks[-1]["choices"]) == (whole["usage"], [])
    assert {(chunk["id"], chunk["created"], chunk["model"]) for chunk in chunks} == {
        (whole["id"], whole["created"], whole["model"])
    }


@pytest.mark.parametrize("name", ALL)
def test_openais_client_takes_every_chunk(name: str, events: Callable[[str], bytes]) -> None:
    for chunk in read(events(name), include_usage=True):
        ChatCompletionChunk.model_validate(chunk)


@pytest.mark.parametrize("name", ALL)
def test_the_chunks_are_the_same_however_the_bytes_are_cut(name: str, events: Callable[[str], bytes]) -> None:
    stream = events(name)
    whole = read(stream)
    assert read(*stream.splitlines(keepends=True)) == whole
    assert read(*(bytes([byte]) for byte in stream)) == whole
    assert read(stream.replace(b"\n", b"\r\n")) == whole


@pytest.mark.parametrize("name", ALL)
def test_the_role_comes_first_and_once(name: str, events: Callable[[str], bytes]) -> None:
    chunks = read(events(name))
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert sum("role" in one for one in deltas(chunks)) == 1


@pytest.mark.parametrize("include_usage", [True, False])
def test_the_state_is_on_the_last_chunk_and_on_no_other(events: Callable[[str], bytes], include_usage: bool) -> None:
    chunks = read(events("text"), include_usage=include_usage)
    assert chunks[-1]["provider_state"] == {"previous_response_id": "resp_ord_0c9a4d1e"}
    assert not any("provider_state" in chunk for chunk in chunks[:-1])
    assert ("usage" in chunks[-1]) is include_usage


def test_a_stream_that_is_not_stored_has_no_state(events: Callable[[str], bytes]) -> None:
    assert not any("provider_state" in chunk for chunk in read(events("text"), stored=False))


def test_calls_are_announced_with_id_and_name_and_numbered_among_themselves(events: Callable[[str], bytes]) -> None:
    calls = [call for one in deltas(read(events("calls"))) for call in one.get("tool_calls", [])]
    function = {"name": "weather", "arguments": ""}
    assert [call for call in calls if "id" in call] == [
        {"index": 0, "id": "call_paris", "type": "function", "function": function},
        {"index": 1, "id": "call_oslo", "type": "function", "function": function},
    ]


@given(some.integers(0, 8000))
def test_a_stream_that_stops_anywhere_is_never_a_clean_finish(length: int) -> None:
    texts = [json.dumps(event) for event in (CREATED, delta("Hello"), delta(", world"), COMPLETED)]
    stream = b"".join(f"data: {text}\n\n".encode() for text in texts)
    cut = stream[: length % (len(stream) - 3)]
    with pytest.raises(StreamBroken):
        read(cut)


def test_calls_that_come_interleaved_are_kept_apart() -> None:
    calls = [{"type": "function_call", "call_id": f"c{n}", "name": f"f{n}"} for n in (1, 2)]
    added = [{"type": "response.output_item.added", "output_index": n, "item": call} for n, call in enumerate(calls, 1)]
    pieces = [
        delta(text, kind="function_call_arguments", place=at) for text, at in (("{", 1), ("[", 2), ("}", 1), ("]", 2))
    ]
    found = message_of(of(CREATED, *added, *pieces, COMPLETED))["tool_calls"]
    assert [(call["id"], call["function"]["arguments"]) for call in found] == [("c1", "{}"), ("c2", "[]")]


def test_a_call_that_comes_whole_at_its_end_is_not_lost() -> None:
    call = {"type": "function_call", "id": "fc", "call_id": "c1", "name": "f", "arguments": '{"a":1}'}
    chunks = of(CREATED, delta("{", kind="function_call_arguments"), done(0, **call), COMPLETED)
    assert message_of(chunks)["tool_calls"] == [
        {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    ]
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_arguments_that_come_with_the_announcement_and_again_are_given_once() -> None:
    call = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
    added = {"type": "response.output_item.added", "output_index": 0, "item": call}
    chunks = of(CREATED, added, delta("{}", kind="function_call_arguments"), done(0, **call), COMPLETED)
    assert message_of(chunks)["tool_calls"][0]["function"]["arguments"] == "{}"


def test_the_rest_of_a_text_whose_last_pieces_are_missing_comes_with_its_item() -> None:
    item = {"type": "message", "content": [{"type": "output_text", "text": "Hello"}]}
    assert message_of(of(CREATED, delta("Hel"), done(0, **item), COMPLETED)) == {"content": "Hello"}


def test_thoughts_that_come_whole_are_given() -> None:
    item = {"type": "reasoning", "summary": [{"text": "One."}, {"text": "Two."}]}
    assert message_of(of(CREATED, done(0, **item), COMPLETED)) == {"reasoning_content": "One.\n\nTwo."}


def test_thoughts_in_full_are_thoughts_too() -> None:
    pieces = [delta(text, kind="reasoning_text") for text in ("Let me", "", " see.")]
    assert message_of(of(CREATED, *pieces, COMPLETED)) == {"reasoning_content": "Let me see."}


def test_an_answer_that_only_the_last_event_has_is_given() -> None:
    output = [{"type": "message", "content": [{"type": "output_text", "text": "Hello"}]}]
    last = {"type": "response.completed", "response": RESPONSE | {"output": output}}
    assert message_of(of(CREATED, last)) == {"content": "Hello"}


def test_logprobs_go_with_their_text() -> None:
    token = {"token": "Hi", "logprob": -0.1, "bytes": None, "top_logprobs": []}
    chunks = of(CREATED, delta("Hi", logprobs=[token]), COMPLETED)
    assert chunks[1]["choices"][0]["logprobs"] == {"content": [token], "refusal": None}


def test_the_id_is_kept_where_the_last_event_does_not_repeat_it() -> None:
    chunks = of(CREATED, delta("Hi"), {"type": "response.completed", "response": {"output": []}})
    assert (chunks[-1]["id"], chunks[-1]["provider_state"]) == ("r", {"previous_response_id": "r"})


def test_events_that_nobody_knows_yet_are_passed_over() -> None:
    new = {"type": "response.tomorrow", "delta": 7}
    assert message_of(of(CREATED, new, delta("Hi"), new, COMPLETED)) == {"content": "Hi"}


@pytest.mark.parametrize(
    ("reason", "expected"), [("max_output_tokens", "length"), ("content_filter", "content_filter")]
)
def test_an_incomplete_stream_is_what_it_is(reason: str, expected: str) -> None:
    cut = RESPONSE | {"status": "incomplete", "incomplete_details": {"reason": reason}}
    chunks = of(CREATED, delta("Hel"), {"type": "response.incomplete", "response": cut})
    assert chunks[-1]["choices"][0]["finish_reason"] == expected


@pytest.mark.parametrize(
    ("event", "kind", "code"),
    [
        (
            {"type": "error", "code": "rate_limit_exceeded", "message": "Slow."},
            UpstreamThrottled,
            "rate_limit_exceeded",
        ),
        ({"type": "error", "error": {"code": "server_error", "message": "Slow."}}, UpstreamError, "server_error"),
        (
            {"type": "response.failed", "response": {"error": {"code": "server_error", "message": "Slow."}}},
            UpstreamError,
            "server_error",
        ),
        (
            {"type": "error", "error": {"code": "previous_response_not_found", "message": "Slow."}},
            PreviousResponseNotFound,
            "previous_response_not_found",
        ),
    ],
)
def test_a_failure_in_the_stream_is_an_error(event: dict[str, Any], kind: type[UpstreamError], code: str) -> None:
    with pytest.raises(UpstreamError, match="Slow") as error:
        of(CREATED, delta("Hi"), event)
    assert (type(error.value), error.value.code) == (kind, code)


@pytest.mark.parametrize(
    "text",
    [
        "{'error': {'code': 'InternalError'}}",
        "[1]",
        '{"no": "type"}',
        '{"type": 7}',
        "[" * 100_000,
        '{"type": "response.output_text.delta", "delta": 7}',
        '{"type": "response.output_text.delta", "output_index": "x", "delta": "a"}',
        '{"type": "response.completed", "response": null}',
        "[DONE]",
    ],
)
def test_what_is_no_event_breaks_the_stream(text: str) -> None:
    with pytest.raises(StreamBroken):
        of(CREATED, text)


def test_nothing_is_given_before_the_answer_begins() -> None:
    chunks = chunks_of(
        (json.dumps(event) for event in (CREATED, {"type": "error", "message": "No."})),
        stored=True,
        include_usage=False,
    )
    with pytest.raises(UpstreamError, match="No"):
        next(chunks)


# --- the stream against its final response, as OpenAI's own accumulator adds it up


def folded(*events: dict[str, Any]) -> dict[str, Any]:
    state = ChatCompletionStreamState()
    for chunk in of(CREATED, *events):
        ChatCompletionChunk.model_validate_json(json.dumps(chunk), strict=True)
        state.handle_chunk(ChatCompletionChunk.model_validate(chunk))
    choice: dict[str, Any] = state.current_completion_snapshot.model_dump(exclude_none=True)["choices"][0]
    return choice


def completed(*output: dict[str, Any]) -> dict[str, Any]:
    return {"type": "response.completed", "response": {**RESPONSE, "output": list(output)}}


def item(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "message", "content": [{"type": "output_text", "text": text, "annotations": [], **more}]}


CITED = {"type": "url_citation", "start_index": 0, "end_index": 1, "title": "t", "url": "https://u"}
THOUGHT = {"type": "reasoning", "id": "rs", "summary": [{"type": "summary_text", "text": "Hm."}]}
CALL = {"type": "function_call", "id": "fc", "call_id": "c", "name": "f", "arguments": '{"a":1}'}
CUSTOM = {"type": "custom_tool_call", "id": "ct", "call_id": "d", "name": "g", "input": "x y"}
APPROVAL = {"type": "mcp_approval_request", "id": "mcpr_1", "name": "n", "server_label": "s", "arguments": "{}"}


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([completed(THOUGHT, item("Hi"), CALL)], id="only-completed"),
        pytest.param([delta("Hm.", kind="reasoning_summary_text", summary_index=0)], id="reasoning-came"),
        pytest.param([delta("H", place=1)], id="half-the-text-came"),
        pytest.param([done(1, **item("Hi"))], id="the-text-was-done"),
        pytest.param(
            [{"type": "response.output_item.added", "output_index": 2, "item": CALL | {"arguments": ""}}], id="call"
        ),
        pytest.param([done(7, **CALL), done(7, **CALL)], id="the-call-came-twice-and-elsewhere"),
    ],
)
def test_what_only_the_final_response_says_is_told_once(events: list[dict[str, Any]]) -> None:
    choice = folded(*events, completed(THOUGHT, item("Hi"), CALL))
    assert (choice["message"]["content"], choice["finish_reason"]) == ("Hi", "tool_calls")
    assert choice["message"]["reasoning_content"] == "Hm."
    assert [call["function"]["arguments"] for call in choice["message"]["tool_calls"]] == ['{"a":1}']


def test_what_finished_items_say_is_told_where_the_final_response_is_empty() -> None:
    message = folded(done(0, **APPROVAL), done(1, **item("Hi", annotations=[CITED])), completed())["message"]
    assert (message["content"], message["response_items"], len(message["annotations"])) == ("Hi", [APPROVAL], 1)


def test_annotations_of_several_messages_add_up_and_count_in_the_joined_text() -> None:
    one, two = item("One. ", annotations=[CITED]), item("Two.", annotations=[CITED, CITED])
    message = folded(delta("One. "), done(0, **one), delta("Two.", place=1), done(1, **two), completed(one, two))[
        "message"
    ]
    starts = [note["url_citation"]["start_index"] for note in message["annotations"]]
    assert [message["content"][start] for start in starts] == ["O", "T", "T"]


def test_annotations_that_only_their_own_events_tell_are_told() -> None:
    added = {
        "type": "response.output_text.annotation.added",
        "output_index": 1,
        "content_index": 0,
        "annotation": CITED,
    }
    message = folded(delta("One. "), delta("Two.", place=1), added, completed())["message"]
    assert message["content"][message["annotations"][0]["url_citation"]["start_index"]] == "T"


@pytest.mark.parametrize(
    "events", [[], [done(0, **APPROVAL)], [{"type": "response.output_item.added", "output_index": 0, "item": APPROVAL}]]
)
def test_an_item_that_chat_has_no_place_for_is_told_once(events: list[dict[str, Any]]) -> None:
    choice = folded(*events, completed(APPROVAL))
    assert (choice["message"]["response_items"], choice["finish_reason"]) == ([APPROVAL], "stop")


def test_the_input_of_a_custom_tool_comes_in_pieces() -> None:
    added = {"type": "response.output_item.added", "output_index": 0, "item": CUSTOM | {"input": ""}}
    chunks = of(CREATED, added, delta("x ", kind="custom_tool_call_input"), done(0, **CUSTOM), completed(CUSTOM))
    calls = [call for one in deltas(chunks) for call in one.get("tool_calls", ())]
    assert calls == [
        {"id": "d", "type": "custom", "custom": {"name": "g", "input": ""}, "index": 0},
        {"index": 0, "custom": {"input": "x "}},
        {"index": 0, "custom": {"input": "y"}},
    ]
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_a_call_without_arguments_ends_with_an_empty_object() -> None:
    empty = CALL | {"arguments": ""}
    added = {"type": "response.output_item.added", "output_index": 0, "item": empty}
    call = folded(added, done(0, **empty), completed(empty))["message"]["tool_calls"][0]
    assert call["function"]["arguments"] == "{}"


TOKEN = {"token": "H", "logprob": -1.0}


@pytest.mark.parametrize(
    "events",
    [
        [delta("H", logprobs=[TOKEN]), delta("i", logprobs=[TOKEN])],
        [delta("H", logprobs=[TOKEN]), delta("i")],
        [delta("Hi")],
        [delta("Hi"), delta("", logprobs=[TOKEN, TOKEN])],
        [],
    ],
)
def test_log_probabilities_are_all_there_whatever_event_has_them(events: list[dict[str, Any]]) -> None:
    choice = folded(*events, completed(item("Hi", logprobs=[TOKEN, TOKEN])))
    assert choice["message"]["content"] == "Hi"
    assert len(choice["logprobs"]["content"]) == 2


@pytest.mark.parametrize(
    "framed",
    [
        b'data: {"error": {"message": "Busy", "code": 429}}\n\n',
        b'event: error\ndata: {"message": "Busy"}\n\n',
        b'data: {"type": "error", "error": {"type": "x", "message": "Busy"}}\n\n',
        b"event: error\ndata: Busy\n\n",
        b"data: {'error': {'message': 'Busy'}}\n\n",
    ],
)
def test_an_error_in_a_stream_is_told_in_its_own_words(framed: bytes) -> None:
    begun = f"data: {json.dumps(CREATED)}\n\n".encode()
    with pytest.raises(UpstreamError, match=r"^Busy$"):
        list(chunks_of(read_response_events([begun, framed]), stored=True, include_usage=False))


@pytest.mark.parametrize(
    "odd", [b": hi\n\n", b"data:\n\n", b"data: {}\n\n", b"event: ping\ndata: now\n\n", b'data: {"type": "ping"}\n\n']
)
def test_what_keeps_a_stream_alive_is_passed_over(odd: bytes) -> None:
    ends = completed(item("Hi"))
    # A type that only the name of the event tells.
    last = f"event: response.completed\ndata: {json.dumps({'response': ends['response']})}\n\n".encode()
    chunks = list(chunks_of(read_response_events([odd, last]), stored=True, include_usage=False))
    assert message_of(chunks)["content"] == "Hi"


@pytest.mark.parametrize(
    "odd", ['{"type": "response.output_text.delta", "delta": "own words', '["own words"]', "own words"]
)
def test_a_message_never_quotes_the_model(odd: str) -> None:
    with pytest.raises(StreamBroken) as caught:
        of(CREATED, odd)
    assert "own words" not in caught.value.message


@pytest.mark.parametrize(
    "events",
    [
        [delta("Hi", content_index=[1])],
        [delta("Hm.", kind="reasoning_text", summary_index={"a": 1})],
        [{"type": "response.output_text.annotation.added", "content_index": [1], "annotation": CITED}],
        [{"type": "response.output_item.added", "item": CALL | {"call_id": "other", "arguments": ""}}, done(0, **CALL)],
        [done(0, **CALL | {"call_id": None, "id": {}}), done(0, type=[1]), delta("x", logprobs={"a": 1})],
    ],
)
def test_events_of_odd_shapes_break_no_answer(events: list[dict[str, Any]]) -> None:
    assert of(CREATED, *events, completed(item("Hi")))[-1]["choices"][0]["finish_reason"] in ("stop", "tool_calls")
