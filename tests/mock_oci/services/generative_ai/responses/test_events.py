from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from openai.types.responses import Response as OpenAiResponse
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from mock_oci import Disconnect, MockOci, Response

BODY = {"model": "openai.gpt-oss-120b", "input": "Hi", "stream": True}
Surface = Callable[..., Response]
_TYPED: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)


def _read(pieces: Iterable[bytes]) -> list[Any]:
    """The events of an SSE body, each checked to have a name that is its type and a number that is its place."""
    text = b"".join(pieces).decode()
    assert text.endswith("\n\n")
    events = []
    for block in text.removesuffix("\n\n").split("\n\n"):
        name, data = block.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        events.append(event)
    return events


def _events(response: Response) -> list[Any]:
    assert (response.status, response.headers["content-type"]) == (200, "text/event-stream")
    assert not isinstance(response.body, bytes)
    events = _read(response.body)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    return events


def _types(events: list[Any]) -> list[str]:
    """The events' types without their common prefix, runs of deltas as one."""
    types = [event["type"].removeprefix("response.") for event in events]
    return [kind for place, kind in enumerate(types) if place == 0 or kind != types[place - 1]]


@pytest.fixture
def stream(surface: Surface) -> Callable[..., Response]:
    def send(**change: Any) -> Response:
        return surface("POST", "/responses", {**BODY, **change})

    return send


TEXT = ["output_item.added", "content_part.added", "output_text.delta", "output_text.done", "content_part.done"]


def test_text_is_streamed_in_openais_order(surface: Surface, stream: Surface) -> None:
    events = _events(stream())
    assert _types(events) == ["created", "in_progress", *TEXT, "output_item.done", "completed"]
    text = "".join(event["delta"] for event in events if event["type"] == "response.output_text.delta")
    final = events[-1]["response"]
    assert text == final["output"][0]["content"][0]["text"]
    assert final["usage"]["total_tokens"] > 0
    assert events[0]["response"] == events[1]["response"]
    assert (events[0]["response"]["status"], events[0]["response"]["usage"]) == ("in_progress", None)
    assert _json_of(surface("GET", f"/responses/{final['id']}")) == final


def _json_of(response: Response) -> Any:
    assert isinstance(response.body, bytes)
    assert response.status == 200, response.body
    return json.loads(response.body)


def test_the_stream_and_the_complete_answer_say_the_same(surface: Surface, stream: Surface) -> None:
    streamed = _events(stream())[-1]["response"]
    complete = _json_of(surface("POST", "/responses", {**BODY, "stream": False}))
    for answer in (streamed, complete):
        del answer["id"], answer["output"][0]["id"]
    assert streamed == complete


def test_function_calls_are_streamed_in_fragments(oci: MockOci, stream: Surface) -> None:
    first_call = {"name": "f", "arguments": {"city": "Oslo, in Norway"}, "id": "call_a"}
    calls: list[dict[str, Any]] = [first_call, {"name": "g", "id": "call_b"}]
    oci.script.chat(tool_calls=calls)
    events = _events(stream())
    kind = "function_call_arguments"
    one_call = ["output_item.added", f"{kind}.delta", f"{kind}.done", "output_item.done"]
    assert _types(events) == ["created", "in_progress", *one_call, *one_call, "completed"]
    added = [event["item"] for event in events if event["type"] == "response.output_item.added"]
    assert [(item["call_id"], item["name"], item["arguments"]) for item in added] == [
        ("call_a", "f", ""),
        ("call_b", "g", ""),
    ]
    assert all(item["id"].startswith("fc_") for item in added)
    first = [event for event in events if event["type"] == f"response.{kind}.delta" and event["output_index"] == 0]
    assert {event["item_id"] for event in first} == {added[0]["id"]}
    assert len(first) > 1
    assert json.loads("".join(event["delta"] for event in first)) == {"city": "Oslo, in Norway"}


def test_a_reasoning_summary_comes_before_the_text(oci: MockOci, stream: Surface) -> None:
    oci.script.chat("So.", reasoning="I thought.")
    kind = "reasoning_summary"
    summary = [f"{kind}_part.added", f"{kind}_text.delta", f"{kind}_text.done", f"{kind}_part.done"]
    reasoning = ["output_item.added", *summary, "output_item.done"]
    assert _types(_events(stream())) == ["created", "in_progress", *reasoning, *TEXT, "output_item.done", "completed"]


def test_a_refusal_is_streamed_as_one(oci: MockOci, stream: Surface) -> None:
    oci.script.chat(refusal="I will not.")
    events = _events(stream())
    part = ["output_item.added", "content_part.added", "refusal.delta", "refusal.done", "content_part.done"]
    assert _types(events) == ["created", "in_progress", *part, "output_item.done", "completed"]
    assert "".join(event["delta"] for event in events if event["type"] == "response.refusal.delta") == "I will not."


def test_a_stream_ends_as_the_response_does(oci: MockOci, stream: Surface) -> None:
    oci.script.chat("So far", finish_reason="length")
    assert _events(stream())[-1]["type"] == "response.incomplete"
    oci.script.chat("So far", finish_reason="failed")
    events = _events(stream())
    assert _types(events)[-2:] == ["output_text.delta", "failed"]
    assert events[-1]["response"]["error"]["code"] == "server_error"


def test_every_event_is_one_that_openais_types_know(oci: MockOci, stream: Surface) -> None:
    calls = [{"name": "f", "arguments": {"a": 1}}]
    oci.script.chat("So.", reasoning="I thought.", tool_calls=calls)
    oci.script.chat(refusal="No.")
    oci.script.chat("So far", finish_reason="failed")
    for change in ({}, {}, {}, {"background": True}, {"model": "openai.gpt-5.5-pro"}):
        for event in _events(stream(**change)):
            _TYPED.validate_python(_without_cache_counts(event))


def _without_cache_counts(event: Any) -> Any:
    """The event with the count of cache writes, which OpenAI's types of late 2026 want and OCI is not seen to send."""
    usage = (event.get("response") or {}).get("usage")
    if usage:
        usage["input_tokens_details"]["cache_write_tokens"] = 0
        OpenAiResponse.model_validate(event["response"])
    return event


def test_a_stream_that_breaks_off_leaves_no_response_behind(oci: MockOci, surface: Surface, stream: Surface) -> None:
    oci.script.delay(cut_after=4)
    body = stream().body
    assert not isinstance(body, bytes)
    pieces: list[bytes] = []
    with pytest.raises(Disconnect):
        pieces.extend(body)
    id_ = json.loads(pieces[0].decode().partition("data: ")[2])["response"]["id"]
    assert surface("GET", f"/responses/{id_}").status == 404


def test_a_background_stream_can_be_resumed_where_it_broke_off(oci: MockOci, surface: Surface, stream: Surface) -> None:
    oci.script.delay(cut_after=5)
    body = stream(background=True).body
    assert not isinstance(body, bytes)
    pieces: list[bytes] = []
    with pytest.raises(Disconnect):
        pieces.extend(body)
    seen = _read(pieces)
    assert _types(seen)[:3] == ["created", "queued", "in_progress"]
    assert seen[0]["response"]["status"] == "queued"
    path = f"/responses/{seen[0]['response']['id']}"
    assert _json_of(surface("GET", path))["status"] == "queued"
    resumed = surface("GET", f"{path}?stream=true&starting_after={seen[-1]['sequence_number']}")
    assert not isinstance(resumed.body, bytes)
    rest = _read(resumed.body)
    assert [event["sequence_number"] for event in seen + rest] == list(range(len(seen) + len(rest)))
    assert rest[-1]["type"] == "response.completed"
    assert _json_of(surface("GET", path)) == rest[-1]["response"]
    assert _read(surface("GET", f"{path}?stream=true").body) == _read(pieces) + rest  # type: ignore[arg-type]


def test_only_a_background_run_can_be_resumed(surface: Surface, stream: Surface) -> None:
    plain = _events(stream())[-1]["response"]["id"]
    assert surface("GET", f"/responses/{plain}?stream=true").status == 400
    running = _json_of(surface("POST", "/responses", {**BODY, "stream": False, "background": True}))["id"]
    assert surface("GET", f"/responses/{running}?stream=true&starting_after=x").status == 400
    surface("POST", f"/responses/{running}/cancel")
    assert surface("GET", f"/responses/{running}?stream=true").status == 400


@pytest.mark.not_through("process", "server", why="a door looks now and then whether its client is there")
def test_pieces_are_paced_by_scripts(oci: MockOci, slept: list[float], stream: Surface) -> None:
    oci.script.delay(before=2, between=0.5)
    events = _events(stream())
    assert slept == [2, *[0.5] * (len(events) - 1)]


def test_chat_completions_shows_a_refusal_too(oci: MockOci, surface: Surface) -> None:
    chat = {"model": BODY["model"], "messages": [{"role": "user", "content": "Hi"}]}
    oci.script.chat(refusal="I will not.", times=2)
    message = _json_of(surface("POST", "/chat/completions", chat))["choices"][0]["message"]
    assert (message["content"], message["refusal"]) == (None, "I will not.")
    streamed = surface("POST", "/chat/completions", {**chat, "stream": True})
    chunks = b"".join(streamed.body).decode().split("\n\n")[:-2]  # type: ignore[arg-type]
    deltas = [json.loads(chunk.removeprefix("data: "))["choices"][0]["delta"] for chunk in chunks]
    assert "".join(delta.get("refusal", "") for delta in deltas) == "I will not."
