"""Streams that say too early, too late or never that they ended, and what they cost where nobody looks."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace

from mock_oci.oddities.events import CHAT, DONE, SentEvent, SentEvents, choices_of, end_choice, is_ended, is_usage


def reason_on_every_chunk(events: SentEvents, surface: str) -> Iterator[SentEvent]:
    for event in events:
        for choice in choices_of(event.value, surface):
            if not is_ended(choice):
                end_choice(choice, surface)
        yield event


def reason_on_reasoning(events: SentEvents, surface: str) -> Iterator[SentEvent]:
    """Put a chunk of reasoning that says that it ended before the first one with a text."""
    is_done = False
    for event in events:
        choices = choices_of(event.value, surface)
        if choices and not is_done and _says_something(choices[0], surface):
            is_done = True
            yield _reasoning(event, surface)
        yield event


def reason_before_tool_call(events: SentEvents, surface: str) -> Iterator[SentEvent]:
    is_done = False
    for event in events:
        choices = choices_of(event.value, surface)
        if choices and not is_done and _calls_tool(choices[0]):
            is_done = True
            ended = deepcopy(event)
            for choice in choices_of(ended.value, surface):
                choice.pop("toolCalls", None)
                choice.get("delta", choice.get("message", {})).clear()
                end_choice(choice, surface)
            yield ended
        yield event


def empty_reason(events: SentEvents, surface: str) -> Iterator[SentEvent]:
    for event in events:
        for choice in choices_of(event.value, surface):
            if not is_ended(choice):
                end_choice(choice, surface, "")
        yield event


def no_reason(events: SentEvents, surface: str) -> Iterator[SentEvent]:
    for event in events:
        for choice in choices_of(event.value, surface):
            choice.pop("finishReason", None)
            if "finish_reason" in choice:
                choice["finish_reason"] = None
        yield event


def choice_left_open(events: SentEvents, surface: str) -> Iterator[SentEvent]:
    """Leave out what says that the last choice ended, and ``[DONE]``."""
    kept = [event for event in events if event.value != DONE]
    ends = [number for number, event in enumerate(kept) if any(map(is_ended, choices_of(event.value, surface)))]
    yield from (event for number, event in enumerate(kept) if number not in ends[-1:])


def no_done(events: SentEvents, _surface: str) -> Iterator[SentEvent]:
    yield from (event for event in events if event.value != DONE)


def done_with_blanks(events: SentEvents, _surface: str) -> Iterator[SentEvent | bytes]:
    for event in events:
        yield b"data:  [DONE] \n\n" if event.value == DONE else event


def usage_without_choices(events: SentEvents, surface: str) -> Iterator[SentEvent]:
    for event in events:
        if is_usage(event.value, surface):
            event.value.pop("choices", None)
        yield event


def usage_with_null_choices(events: SentEvents, surface: str) -> Iterator[SentEvent]:
    for event in events:
        if is_usage(event.value, surface):
            event.value["choices"] = None
        yield event


def usage_first(events: SentEvents, surface: str) -> Iterator[SentEvent]:
    kept = list(events)
    yield from (event for event in kept if is_usage(event.value, surface))
    yield from (event for event in kept if not is_usage(event.value, surface))


def _says_something(choice: dict[str, object], surface: str) -> bool:
    said = choice.get("delta") if surface == CHAT else choice.get("message", choice)
    return isinstance(said, dict) and bool(said.get("content") or said.get("text") or said.get("tool_calls"))


def _calls_tool(choice: dict[str, object]) -> bool:
    said = choice.get("delta") or choice.get("message") or {}
    return bool(choice.get("toolCalls")) or (
        isinstance(said, dict) and bool(said.get("tool_calls") or said.get("toolCalls"))
    )


def _reasoning(event: SentEvent, surface: str) -> SentEvent:
    thought = replace(event, value=deepcopy(event.value))
    for choice in choices_of(thought.value, surface):
        if surface == CHAT:
            choice["delta"] = {"reasoning_content": "Let me think."}
        elif "message" in choice:
            choice["message"] = {"role": "ASSISTANT", "reasoningContent": "Let me think."}
        else:
            choice["text"] = ""
        end_choice(choice, surface)
    return thought
