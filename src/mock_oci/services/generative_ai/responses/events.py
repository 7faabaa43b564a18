"""The events of a streamed response, in OpenAI's order (platform.openai.com/docs/api-reference/responses-streaming)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from mock_oci.model.replies import words_of
from mock_oci.services.generative_ai.responses.items import Item
from mock_oci.services.generative_ai.responses.run import ResponseRun

StreamEvent = dict[str, Any]
_PARTS_OF_ARGUMENTS = 12  # characters per delta: several deltas per call, as a real stream has


def events_of(run: ResponseRun, ended: float) -> list[StreamEvent]:
    """Return all events, the last being the one that ends the response; ``ended`` in Unix seconds."""
    events = [*_opening(run)]
    for index, item in enumerate(run.output):
        events += _STREAMED[item["type"]](item, index, run)
    if run.ending == "failed":
        events += _unfinished_message(run)
    events.append({"type": f"response.{run.ending}", "response": run.finished(ended)})
    return [{"type": event["type"], "sequence_number": number, **event} for number, event in enumerate(events)]


def written(events: Iterable[StreamEvent]) -> Iterator[bytes]:
    for event in events:
        text = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
        yield f"event: {event['type']}\ndata: {text}\n\n".encode("utf-8", "replace")


def _opening(run: ResponseRun) -> Iterator[StreamEvent]:
    first = "queued" if run.in_background else "in_progress"
    yield {"type": "response.created", "response": run.unfinished(first)}
    if run.in_background:
        yield {"type": "response.queued", "response": run.unfinished("queued")}
    yield {"type": "response.in_progress", "response": run.unfinished("in_progress")}


def _message(item: Item, index: int, run: ResponseRun) -> Iterator[StreamEvent]:
    yield _added({**item, "status": "in_progress", "content": []}, index)
    part = item["content"][0]
    name, field = ("refusal", "refusal") if part["type"] == "refusal" else ("output_text", "text")
    more: Item = {"logprobs": []} if name == "output_text" else {}
    pieces = run.reply.pieces if name == "output_text" else words_of(part[field])
    place = {"item_id": item["id"], "output_index": index, "content_index": 0}
    yield {"type": "response.content_part.added", **place, "part": {**part, field: ""}}
    for piece in pieces:
        yield {"type": f"response.{name}.delta", **place, "delta": piece, **more}
    yield {"type": f"response.{name}.done", **place, field: part[field], **more}
    yield {"type": "response.content_part.done", **place, "part": part}
    yield _done(item, index)


def _function_call(item: Item, index: int, run: ResponseRun) -> Iterator[StreamEvent]:
    del run
    place = {"item_id": item["id"], "output_index": index}
    arguments = item["arguments"]
    yield _added({**item, "status": "in_progress", "arguments": ""}, index)
    for start in range(0, len(arguments), _PARTS_OF_ARGUMENTS):
        delta = arguments[start : start + _PARTS_OF_ARGUMENTS]
        yield {"type": "response.function_call_arguments.delta", **place, "delta": delta}
    yield {"type": "response.function_call_arguments.done", **place, "arguments": arguments}
    yield _done(item, index)


def _reasoning(item: Item, index: int, run: ResponseRun) -> Iterator[StreamEvent]:
    del run
    yield _added({**item, "summary": []}, index)
    for number, part in enumerate(item["summary"]):
        place = {"item_id": item["id"], "output_index": index, "summary_index": number}
        yield {"type": "response.reasoning_summary_part.added", **place, "part": {**part, "text": ""}}
        for piece in words_of(part["text"]):
            yield {"type": "response.reasoning_summary_text.delta", **place, "delta": piece}
        yield {"type": "response.reasoning_summary_text.done", **place, "text": part["text"]}
        yield {"type": "response.reasoning_summary_part.done", **place, "part": part}
    yield _done(item, index)


def _unfinished_message(run: ResponseRun) -> Iterator[StreamEvent]:
    """Yield what a run said before it failed: a message that is never done."""
    if not run.reply.pieces:
        return
    item = {"id": f"msg_{run.id}", "type": "message", "status": "in_progress", "role": "assistant", "content": []}
    place = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    yield _added(item, 0)
    yield {"type": "response.content_part.added", **place, "part": part}
    for piece in run.reply.pieces:
        yield {"type": "response.output_text.delta", **place, "delta": piece, "logprobs": []}


def _added(item: Item, index: int) -> StreamEvent:
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def _done(item: Item, index: int) -> StreamEvent:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


_STREAMED = {"message": _message, "function_call": _function_call, "reasoning": _reasoning}
