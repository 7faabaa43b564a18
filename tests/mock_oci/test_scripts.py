from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mock_oci import Disconnect, MockOci, Request, Response

MODEL = "meta.llama-3.3-70b-instruct"
BODY = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}
Ask = Callable[..., Response]


def _message(response: Response) -> Any:
    assert isinstance(response.body, bytes)
    return json.loads(response.body)["choices"][0]["message"]


def _deltas(response: Response) -> list[Any]:
    events = [piece.removeprefix(b"data: ").strip() for piece in response.body]  # type: ignore[union-attr]
    assert events.pop() == b"[DONE]"
    return [json.loads(event)["choices"][0] for event in events]


def test_steps_are_used_first_in_first_out_and_then_no_more(oci: MockOci, ask: Ask) -> None:
    oci.script.chat("one")
    oci.script.chat("two", times=2)
    assert len(oci.script) == 3
    assert [_message(ask(BODY))["content"] for _ in range(3)] == ["one", "two", "two"]
    assert "Hi" in _message(ask(BODY))["content"]


def test_a_scripted_text_is_streamed_in_the_pieces_given(oci: MockOci, ask: Ask) -> None:
    oci.script.chat(["a", "bc", " d"], finish_reason="length", usage={"prompt_tokens": 1, "completion_tokens": 2})
    choices = _deltas(ask({**BODY, "stream": True}))
    assert [choice["delta"].get("content") for choice in choices[1:-1]] == ["a", "bc", " d"]
    assert choices[-1]["finish_reason"] == "length"


def test_scripted_tool_calls_keep_their_arguments_verbatim(oci: MockOci, ask: Ask) -> None:
    oci.script.chat(tool_calls=[{"name": "f", "arguments": "{broken", "id": "x"}, {"name": "g", "arguments": {"a": 1}}])
    calls = _message(ask(BODY))["tool_calls"]
    assert [call["function"]["arguments"] for call in calls] == ["{broken", '{"a": 1}']
    assert [call["id"] for call in calls] == ["x", "call_1"]


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        {"error": {"message": "m", "type": "t"}},
        {"code": "invalid-argument", "error": "text"},
        {"code": "404", "message": '{"error":{"message":"inside"}}'},
        "",
    ],
)
def test_an_error_body_of_any_shape_is_sent_verbatim(oci: MockOci, ask: Ask, body: Any) -> None:
    oci.script.error(418, body=body, content_type="text/plain", headers={"retry-after": "3"})
    response = ask(BODY)
    assert response.status == 418
    expected = json.dumps(body).encode() if isinstance(body, dict) else body if isinstance(body, bytes) else b""
    assert response.body == expected
    assert (response.headers["content-type"], response.headers["retry-after"]) == ("text/plain", "3")
    assert "opc-request-id" in response.headers


def test_an_error_without_a_body_reads_as_ocis(oci: MockOci, ask: Ask) -> None:
    oci.script.error(429, "TooManyRequests", "Slow down")
    oci.script.error(500)
    assert json.loads(ask(BODY).body) == {"code": "TooManyRequests", "message": "Slow down"}  # type: ignore[arg-type]
    assert json.loads(ask(BODY).body)["code"] == "500"  # type: ignore[arg-type]


def test_raw_bytes_are_sent_as_they_are(oci: MockOci, ask: Ask) -> None:
    oci.script.raw([b"data: {'python': 'repr'}\n", b"\n"])
    oci.script.raw(b"<html>", content_type="text/html", status=502)
    first, second = ask({**BODY, "stream": True}), ask(BODY)
    assert list(first.body) == [b"data: {'python': 'repr'}\n", b"\n"]
    assert first.headers["content-type"] == "text/event-stream"
    assert (second.status, second.body) == (502, b"<html>")


def test_a_step_waits_for_its_model_or_path(oci: MockOci, ask: Ask) -> None:
    oci.script.chat("for grok", model="xai.grok-4.3")
    oci.script.chat("elsewhere", path="/20231130/actions/v1/chat/completions")
    oci.script.chat("for anyone")
    assert _message(ask(BODY))["content"] == "for anyone"
    assert _message(ask({**BODY, "model": "xai.grok-4.3"}))["content"] == "for grok"
    assert len(oci.script) == 1


def test_an_unnamed_step_is_not_meant_for_other_services(oci: MockOci, ask: Ask) -> None:
    oci.script.error(500)
    metadata = Request("GET", "/opc/v2/instance/region", {"authorization": "Bearer Oracle"})
    assert oci.answer(metadata).status == 200
    oci.script.error(503, path="/opc/v2/instance/region")
    assert oci.answer(metadata).status == 503


def test_a_refused_caller_uses_up_nothing(oci: MockOci) -> None:
    oci.script.chat("one")
    assert oci.answer(Request("POST", "/openai/v1/chat/completions", {}, b"{}")).status == 401
    assert len(oci.script) == 1


@pytest.mark.not_through("process", "server", why="looks at pieces in which nothing comes")
def test_delays_go_through_the_injected_sleep(oci: MockOci, ask: Ask, slept: list[float]) -> None:
    oci.script.chat(["a", "b"], delay=2.0, chunk_delay=0.5)
    oci.script.delay(before=3.0, between=0.25)
    list(ask({**BODY, "stream": True}).body)
    assert slept == [2.0, 0.5, 0.5, 0.5, 0.5]  # role, a, b, finish, [DONE]
    slept.clear()
    list(ask({**BODY, "stream": True}).body)
    assert slept[0] == 3.0
    assert set(slept[1:]) == {0.25}


def test_a_demo_backend_streams_slowly_by_default(slept: list[float]) -> None:
    oci = MockOci(sleep=slept.append, chunk_delay=0.02)
    headers = {"authorization": f"Bearer {oci.principals.generative_ai_api_key().secret}"}
    oci.script.chat("fast", chunk_delay=0)
    request = Request("POST", "/openai/v1/chat/completions", headers, json.dumps({**BODY, "stream": True}).encode())
    list(oci.answer(request).body)
    assert slept == []
    list(oci.answer(request).body)
    assert set(slept) == {0.02}


def test_disconnect_comes_before_any_response(oci: MockOci, ask: Ask) -> None:
    oci.script.disconnect()
    oci.script.error(500, disconnect=True)
    for _ in range(2):
        with pytest.raises(Disconnect):
            ask(BODY)
    assert ask(BODY).status == 200


@pytest.mark.parametrize(("cut_after", "count"), [(0, 0), (2, 2), (99, 5)])
def test_cut_after_breaks_a_stream(oci: MockOci, ask: Ask, cut_after: int, count: int) -> None:
    oci.script.chat(["a", "b"], cut_after=cut_after)
    seen: list[bytes] = []
    with pytest.raises(Disconnect):
        seen.extend(_collected(ask({**BODY, "stream": True}), seen))
    assert len(seen) == count


def _collected(response: Response, seen: list[bytes]) -> list[bytes]:
    for piece in response.body:
        seen.append(piece)  # type: ignore[arg-type] # noqa: PERF402 - kept up to the cut
    return []


def test_cut_after_breaks_a_complete_answer_too(oci: MockOci, ask: Ask) -> None:
    oci.script.chat("whole", cut_after=0)
    with pytest.raises(Disconnect):
        list(ask(BODY).body)


@pytest.mark.not_through("process", "server", why="looks at pieces in which nothing comes")
def test_a_stall_is_a_long_silence_within_the_stream(oci: MockOci, ask: Ask, slept: list[float]) -> None:
    oci.script.chat(["a", "b"], stall_after=2, stall=30.0)
    pieces = list(ask({**BODY, "stream": True}).body)
    assert sum(slept) == pytest.approx(30.0)
    assert max(slept) <= 0.05  # a client that leaves is soon noticed
    said = [number for number, piece in enumerate(pieces) if piece]
    assert len(said) == 5
    assert pieces[2 : said[2]] == [b""] * len(slept)


def test_half_a_stream_can_stall_and_then_be_cut(oci: MockOci, ask: Ask, slept: list[float]) -> None:
    oci.script.chat(["a", "b"], stall_after=2, stall=0.1, cut_after=2)
    seen: list[bytes] = []
    with pytest.raises(Disconnect):
        _collected(ask({**BODY, "stream": True}), seen)
    assert len([piece for piece in seen if piece]) == 2
    assert slept == [0.05, 0.05]


@pytest.mark.not_through("process", "server", why="looks at pieces in which nothing comes")
def test_a_complete_answer_can_stall_before_its_body(oci: MockOci, ask: Ask, slept: list[float]) -> None:
    oci.script.error(500, stall_after=0)
    response = ask(BODY)
    assert slept == []
    assert json.loads(b"".join(response.body))["code"] == "500"  # type: ignore[arg-type]
    assert sum(slept) == pytest.approx(60.0)


def test_closing_a_paced_stream_closes_the_one_it_paces(oci: MockOci, ask: Ask) -> None:
    oci.script.delay(between=1.0)
    body = ask({**BODY, "stream": True}).body
    iterator = iter(body)
    next(iterator)
    iterator.close()  # type: ignore[attr-defined]
    assert list(iterator) == []


def test_clear_forgets_what_was_to_come(oci: MockOci) -> None:
    oci.script.chat("one")
    oci.script.clear()
    assert len(oci.script) == 0


def _about(text: str) -> dict[str, Any]:
    return {**BODY, "messages": [{"role": "user", "content": text}]}


def test_a_step_can_be_meant_for_requests_that_contain_a_text(oci: MockOci, ask: Ask) -> None:
    oci.script.chat("the second", containing="number 2")
    oci.script.error(429, containing="number 1", times=2)
    assert "number 3" in _message(ask(_about("number 3")))["content"]
    assert [ask(_about("number 1")).status for _ in range(3)] == [429, 429, 200]
    assert _message(ask(_about("number 2")))["content"] == "the second"
    assert len(oci.script) == 0


@pytest.mark.parametrize("text", ["für Köln", 'she said "no"', "two\nlines"])
def test_a_text_is_found_however_json_writes_it(oci: MockOci, ask: Ask, text: str) -> None:
    oci.script.chat("found", containing=text, times=2)
    assert _message(ask(_about(f"before {text} after")))["content"] == "found"
    assert _message(ask(json.dumps(_about(text), ensure_ascii=False).encode()))["content"] == "found"


def test_a_body_that_is_not_json_contains_only_what_it_says(oci: MockOci, ask: Ask) -> None:
    oci.script.error(418, containing="für")
    assert ask(b"\\u00fc f\\u00fcr").status == 400
    assert ask("für".encode()).status == 418
