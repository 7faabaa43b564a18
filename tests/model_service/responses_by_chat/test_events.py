"""The events of a response, against OpenAI's own types and OpenAI's own accumulator, whatever a chat's chunks say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai._models import construct_type_unchecked
from openai._types import omit
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from model_service.errors import DeadlineExceeded, StreamBroken, UpstreamError, UpstreamThrottled
from model_service.responses_by_chat.events import EventSequence, write_response_events
from model_service.responses_by_chat.response_object import ResponseObject

MODEL = "meta.llama-3.3-70b-instruct"
EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
ENDS = {"response.completed", "response.incomplete"}
Chunk = dict[str, Any]
Event = dict[str, Any]


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> Chunk:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 7,
        "model": MODEL,
        "choices": choices,
    } | more


def call(index: int, id_: str | None = None, name: str | None = None, arguments: str = "") -> dict[str, Any]:
    function = {"arguments": arguments, **({"name": name} if name else {})}
    return {"tool_calls": [{"index": index, **({"id": id_, "type": "function"} if id_ else {}), "function": function}]}


def events(
    chunks: Sequence[Chunk], *, asked: dict[str, Any] | None = None, custom: Sequence[str] = (), summary: bool = False
) -> list[Event]:
    response = ResponseObject(asked or {}, MODEL, store=False)
    return list(EventSequence(response, custom=frozenset(custom), summary=summary).of_chunks(iter(chunks)))


def kinds(told: Sequence[Event]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in told]


def check(told: Sequence[Event]) -> Response:
    """Check every promise that events make to whoever follows them, and return the response."""
    for event in told:
        EVENT.validate_python(event, strict=True)
    assert [event["sequence_number"] for event in told] == list(range(len(told)))
    folded = fold(told)
    last = told[-1]["response"]
    assert [item.to_dict() for item in folded] == last["output"]
    check_lifecycles(told)
    assert len({item["id"] for item in last["output"]}) == len(last["output"])
    return Response.model_validate(last, strict=True)


def fold(told: Sequence[Event]) -> list[Any]:
    """Return the items as OpenAI's client has put them together from events alone."""
    state: Any = ResponseStreamState(input_tools=omit, text_format=omit)
    for event in told:
        state.handle_event(construct_type_unchecked(type_=ResponseStreamEvent, value=event))
    return [state._completed_output[place] for place in sorted(state._completed_output)]


def check_lifecycles(told: Sequence[Event]) -> None:  # noqa: C901 - one pass over events of many kinds
    """Check what strict clients rely on: nothing comes of an item or a part before it is added or after it is done."""
    items: dict[int, str] = {}
    parts: dict[tuple[int, int], list[str]] = {}
    done: set[Any] = set()
    for event in told:
        kind, place = event["type"], event.get("output_index")
        if kind == "response.output_item.added":
            assert place == len(items)
            items[place] = event["item"]["id"]
        elif place is not None:
            assert place not in done
            assert event.get("item_id", items[place]) == items[place]
        if kind == "response.output_item.done":
            assert event["item"]["id"] == items[place]
            done.add(place)
        index = event.get("content_index", event.get("summary_index"))
        if place is None or index is None:
            continue
        if kind.endswith("part.added"):
            assert (place, index) not in parts
            parts[place, index] = []
        assert (place, index) in parts
        assert (place, index) not in done
        if kind.endswith(".delta"):
            parts[place, index].append(event["delta"])
        elif kind.endswith("text.done"):
            assert event["text"] == "".join(parts[place, index])
        elif kind.endswith("part.done"):
            done.add((place, index))
    assert set(items) <= done


def test_a_text() -> None:
    told = events(
        [chunk({"role": "assistant", "content": ""}), chunk({"content": "Hi"}), chunk({"content": "!"}, "stop")]
    )
    response = check(told)
    assert kinds(told) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert (response.output_text, response.status, response.model) == ("Hi!", "completed", MODEL)


def test_reasoning_then_text_are_two_items() -> None:
    chunks = [chunk({"reasoning_content": "Hm"}), chunk({"reasoning_content": "m"}), chunk({"content": "Hi"}, "stop")]
    thought, message = check(events(chunks)).output
    assert (thought.type, thought.content[0].text, thought.summary) == ("reasoning", "Hmm", [])
    assert message.content[0].text == "Hi"
    told = events(chunks, summary=True)
    thought, _ = check(told).output
    assert (thought.summary[0].text, thought.content) == ("Hmm", None)
    assert kinds(told)[3:7] == [
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
    ]


def test_pieces_of_parallel_calls_in_turns() -> None:
    chunks = [
        chunk({"content": "Let me see"}),
        chunk(call(0, "call_a", "weather", '{"ci')),
        chunk(call(1, "call_b", "time", '{"zo')),
        chunk(call(0, arguments='ty":1}')),
        chunk(call(1, arguments='ne":2}')),
        chunk({}, "tool_calls"),
    ]
    message, first, second = check(events(chunks)).output
    assert message.content[0].text == "Let me see"
    assert (first.call_id, first.name, first.arguments) == ("call_a", "weather", '{"city":1}')
    assert (second.call_id, second.name, second.arguments) == ("call_b", "time", '{"zone":2}')


def test_calls_that_all_have_the_same_index() -> None:
    chunks = [chunk(call(0, "call_a", "f", "{}")), chunk(call(0, "call_b", "g", "{}"), "tool_calls")]
    assert [(item.call_id, item.name) for item in check(events(chunks)).output] == [("call_a", "f"), ("call_b", "g")]


def test_arguments_before_the_name_wait_for_it() -> None:
    chunks = [chunk(call(0, "call_a", arguments='{"a"')), chunk(call(0, name="f", arguments=":1}"), "tool_calls")]
    (item,) = check(events(chunks)).output
    assert (item.name, item.arguments) == ("f", '{"a":1}')


def test_a_call_without_arguments_has_an_object_and_one_without_an_id_gets_one() -> None:
    (item,) = check(events([chunk(call(0, name="f"), "tool_calls")])).output
    assert item.arguments == "{}"
    assert item.call_id


def test_a_call_that_never_gets_its_name_is_no_answer() -> None:
    with pytest.raises(StreamBroken):
        events([chunk(call(0, "call_a", arguments="{}"), "tool_calls")])


def test_an_answer_without_choices_is_none() -> None:
    with pytest.raises(UpstreamError, match="has no choices"):
        events([chunk(usage={"prompt_tokens": 5})])


def test_a_custom_tool_has_its_input_and_not_the_arguments_of_the_function_that_stands_for_it() -> None:
    chunks = [chunk(call(0, "call_a", "shell", '{"input": "ls')), chunk(call(0, arguments=' -l"}'), "tool_calls")]
    told = events(chunks, custom=["shell"])
    (item,) = check(told).output
    assert (item.type, item.input) == ("custom_tool_call", "ls -l")
    assert kinds(told)[3:5] == ["custom_tool_call_input.delta", "custom_tool_call_input.done"]


def test_a_refusal_is_a_part_of_its_own() -> None:
    told = events([chunk({"content": "Well, "}), chunk({"refusal": "no"}), chunk({"refusal": "."}, "stop")])
    (message,) = check(told).output
    assert [(part.type, getattr(part, "refusal", None)) for part in message.content] == [
        ("output_text", None),
        ("refusal", "no."),
    ]


@pytest.mark.parametrize(("finish", "reason"), [("length", "max_output_tokens"), ("content_filter", "content_filter")])
def test_an_answer_that_is_cut_off_is_incomplete(finish: str, reason: str) -> None:
    response = check(events([chunk({"content": "Once upon"}, finish)]))
    assert (response.status, response.incomplete_details.reason) == ("incomplete", reason)
    assert response.output[0].status == "incomplete"
    assert response.completed_at is None


def test_an_answer_that_says_nothing_is_a_message() -> None:
    (message,) = check(events([chunk({"role": "assistant", "content": None}, "stop")])).output
    assert [part.text for part in message.content] == [""]


def test_usage_comes_in_a_chunk_without_choices() -> None:
    usage = {
        "prompt_tokens": 5,
        "completion_tokens": 3,
        "total_tokens": 8,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 2, "audio_tokens": None},
    }
    told = events([chunk({"content": "Hi"}, "stop"), chunk(usage=usage)])
    found = check(told).usage
    assert (found.input_tokens, found.output_tokens, found.total_tokens) == (5, 3, 8)
    assert (found.input_tokens_details.cached_tokens, found.output_tokens_details.reasoning_tokens) == (4, 2)
    assert check(events([chunk({"content": "Hi"}, "stop")])).usage is None


def test_log_probabilities_and_citations_stand_with_the_text() -> None:
    token = {
        "token": "Hi",
        "logprob": -0.1,
        "bytes": None,
        "top_logprobs": [{"token": "Ho", "logprob": -2, "bytes": None}],
    }
    cited = {
        "type": "url_citation",
        "url_citation": {"start_index": 0, "end_index": 2, "title": "t", "url": "https://x"},
    }
    first = chunk({"content": "Hi"})
    first["choices"][0]["logprobs"] = {"content": [token]}
    (message,) = check(events([first, chunk({"annotations": [cited]}, "stop")])).output
    (part,) = message.content
    assert (part.logprobs[0].bytes, part.logprobs[0].top_logprobs[0].token) == ([72, 105], "Ho")
    assert part.annotations[0].url == "https://x"


def test_what_no_item_has_a_place_for_stands_beside_the_answer() -> None:
    chunks = [chunk({"content": "Hi", "citations": [{"a": 1}]}), chunk({"citations": [{"a": 2}]}, "stop")]
    response = events(chunks)[-1]["response"]
    assert response["model_service"] == {"message": {"citations": [{"a": 1}, {"a": 2}]}}


def broken(chunks: Sequence[Chunk], error: Exception) -> Iterator[Chunk]:
    yield from chunks
    raise error


def test_a_stream_that_breaks_has_failed_with_what_there_is() -> None:
    sequence = EventSequence(ResponseObject({}, MODEL, store=False))
    stream = sequence.of_chunks(broken([chunk({"content": "Hi"})], UpstreamThrottled("slow down")))
    lines = b"".join(write_response_events(stream)).decode().split("\n\n")
    *_, failed, error = (json.loads(line.partition("data: ")[2]) for line in lines if line)
    assert failed["type"] == "response.failed"
    assert failed["response"]["error"] == {"code": "rate_limit_exceeded", "message": "slow down"}
    assert failed["response"]["output"][0]["content"][0]["text"] == "Hi"
    assert (error["type"], error["code"], error["sequence_number"]) == (
        "error",
        "rate_limit_exceeded",
        failed["sequence_number"] + 1,
    )
    EVENT.validate_python(failed, strict=True)
    EVENT.validate_python(error, strict=True)
    assert lines[-2].startswith("event: error\n")


def test_the_deadline_ends_an_answer_as_a_limit_does() -> None:
    stream = EventSequence(ResponseObject({}, MODEL, store=False)).of_chunks(
        broken([chunk({"content": "Hi"})], DeadlineExceeded("time"))
    )
    told = list(stream)
    assert check(told).status == "incomplete"
    assert told[-1]["response"]["model_service"] == {"ended_by": "deadline"}


def test_what_fails_before_the_first_chunk_has_no_events() -> None:
    stream = EventSequence(ResponseObject({}, MODEL, store=False)).of_chunks(broken([], UpstreamThrottled("slow down")))
    with pytest.raises(UpstreamThrottled):
        next(stream)


def test_halves_of_an_emoji_in_two_deltas_stay_one() -> None:
    told = events([chunk({"content": "\ud83d"}), chunk({"content": "\ude00"}, "stop")])
    lines = b"".join(write_response_events(iter(told))).decode().split("\n\n")
    last = json.loads(lines[-2].partition("data: ")[2])
    assert lines[-2].startswith("event: response.completed\n")
    assert last["response"]["output"][0]["content"][0]["text"] == "😀"


# --- whatever the chunks are

texts = st.text(alphabet='ab {}"\\é😀', max_size=4)
deltas = st.one_of(
    st.builds(lambda text: {"content": text}, texts),
    st.builds(lambda text: {"reasoning_content": text}, texts),
    st.builds(lambda text: {"refusal": text}, texts),
    st.builds(lambda index, text: call(index, f"call_{index}", f"tool_{index}", text), st.integers(0, 2), texts),
    st.builds(lambda text: {"content": text, **call(0, "call_0", "tool_0", text)}, texts),
    st.just({}),
)
# What a backend may send that is no chunk as OpenAI describes it: it says nothing, and breaks nothing.
oddities = st.sampled_from(
    [
        {"choices": None},
        {"choices": ["text"]},
        {"choices": [{"delta": None}]},
        {"choices": [{"index": 0, "delta": {"content": 7, "tool_calls": ["x", {"index": "0"}]}}]},
        {"choices": [{"index": 0, "delta": {"content": [{"type": "text", "text": "a"}, 3]}}]},
        {
            "choices": [
                {"index": 0, "delta": {"annotations": [1, {"url_citation": None}]}, "logprobs": {"content": [1]}}
            ]
        },
        {"choices": [], "usage": {"prompt_tokens": "many"}},
        {"model": 7, "created": "now", "choices": []},
    ]
)
streams = st.lists(st.one_of(deltas.map(chunk), deltas.map(chunk), oddities), max_size=12)


@settings(deadline=None)
@given(streams, st.sampled_from(["stop", "length", "tool_calls", "content_filter", None]), st.booleans(), st.booleans())
def test_openais_accumulator_folds_every_stream_into_its_last_response(
    chunks: list[Chunk], finish: str | None, summary: bool, is_custom: bool
) -> None:
    told = events([*chunks, chunk({}, finish)], summary=summary, custom=["tool_0"] if is_custom else [])
    response = check(told)
    said = [entry["choices"][0]["delta"] for entry in chunks if len(entry.get("choices") or ()) and "id" in entry]
    text = "".join(delta.get("content") or "" for delta in said)
    if not any(entry.get("choices") and "id" not in entry for entry in chunks):
        assert response.output_text == text
    assert (response.status == "incomplete") == (finish in ("length", "content_filter"))
    assert told[-1]["type"] in ENDS
