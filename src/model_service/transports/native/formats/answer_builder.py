"""An answer while it comes in: what native events say goes in, OpenAI's chunks come out, and the whole at the end.

A complete answer takes the same way as one event, so that the chunks of a stream always add up to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from model_service.errors import StreamBroken, UpstreamError
from model_service.openai_api.chat import Chunk, Completion
from model_service.transports.native.formats.calls_in_text import CallsInText
from model_service.transports.native.formats.logprobs import TokenLogprobs
from model_service.transports.native.formats.openai_answers import (
    FINISH_REASONS,
    Identity,
    added_usage,
    chunk_with,
    completion_of,
    finish_reason_of,
    usage_chunk,
    usage_of,
)
from model_service.transports.native.formats.tool_call_deltas import CallPiece, ToolCallDelta, ToolCalls

MessageDelta = dict[str, Any]

MAX_CHOICES: Final = 128  # as many as OpenAI lets one ask for


@dataclass(frozen=True)
class AnswerDelta:
    """What one event says for one choice.

    A text that ``restates`` begins with the answer so far and may go on from there; one that does so ``perhaps`` is
    new where it begins otherwise. ``whole_calls`` are whole and may be restated. ``extras`` are fields of the message
    that OpenAI does not have, or has only in complete answers; where the text may be restated, so may their lists.
    """

    text: str = ""
    restates: Literal["no", "perhaps", "yes"] = "no"
    reasoning: str = ""
    calls: tuple[CallPiece, ...] = ()
    whole_calls: tuple[CallPiece, ...] = ()
    extras: Mapping[str, Any] = field(default_factory=dict)
    logprobs: TokenLogprobs = field(default_factory=list)
    finish_reason: str | None = None


class ChoiceBuilder:
    """One of the ``n`` answers."""

    def __init__(self, index: int, identity: Identity, *, reads_written_calls: bool) -> None:
        self.index = index
        self.finish_reason: str | None = None
        self._calls = ToolCalls(f"{identity.id}/{index}", identity.reading.tool_names)
        reading = identity.reading
        may_have_calls = reads_written_calls or reading.forced_call is not None or reading.forced_choice
        self._calls_in_text = CallsInText(identity, self._calls) if may_have_calls else None
        self._first_call_only = reading.first_call_only
        self._received: list[str] = []
        self._length = 0  # of what was received
        self._content: list[str] = []  # without the calls that stood in it
        self._reasoning: list[str] = []
        self._extras = _Extras()
        self._logprobs: TokenLogprobs = []
        self._has_role = False

    def take(self, said: AnswerDelta) -> MessageDelta | None:
        """Return what is new; None where there is nothing to tell, not even the role."""
        self.finish_reason = said.finish_reason or self.finish_reason
        if said.extras:
            self._extras.take(said.extras, may_restate=said.restates != "no")
        self._logprobs += said.logprobs
        self._reasoning.append(said.reasoning)
        text, calls = self._new_text(said), list[ToolCallDelta]()
        if self._calls_in_text is not None:
            text, calls = self._calls_in_text.take(text)
        self._content.append(text)
        for piece in said.calls:
            calls += self._calls.take(piece)
        if said.whole_calls:
            calls += self._calls.take_whole(said.whole_calls)
        return self._delta(said.reasoning, text, calls)

    def close(self) -> MessageDelta:
        """Return what is left to tell when the answer is over: text that was held back, and the extras, all at once.

        OpenAI's own client cannot add up a list that comes in more than one delta.
        """
        text, calls = "", list[ToolCallDelta]()
        if self._calls_in_text is not None:
            reason = finish_reason_of(self.finish_reason, called_tools=False)
            text, calls = self._calls_in_text.close(is_cut_off=reason != "stop")
        self._content.append(text)
        calls += self._calls.close()
        return (self._delta("", text, calls) or {}) | self._extras.whole()

    def message(self) -> dict[str, Any]:
        """Return the whole message, once the choice is closed."""
        content = "".join(self._content)
        message: dict[str, Any] = {"role": "assistant", "content": content}
        if self._calls:
            calls = self._calls.whole()
            message |= {"content": content or None, "tool_calls": calls[:1] if self._first_call_only else calls}
        reasoning = "".join(self._reasoning)
        return message | ({"reasoning_content": reasoning} if reasoning else {}) | self._extras.whole()

    def ended(self, key: str, said: MessageDelta) -> dict[str, Any]:
        """Return the choice with its reason to finish, as OpenAI has it in a chunk or a completion."""
        word = self.finish_reason
        reason = finish_reason_of(word, called_tools=bool(self._calls))
        whole = {"content": self._logprobs} if self._logprobs and key == "message" else None
        # On the message, since OpenAI's client forgets what it does not know beside it.
        unknown = {"native_finish_reason": word} if word and word.upper() not in FINISH_REASONS else {}
        return {"index": self.index, key: {**said, **unknown}, "logprobs": whole, "finish_reason": reason}

    def _new_text(self, said: AnswerDelta) -> str:
        """Return what of a text was not said before."""
        text = said.text
        if said.restates != "no" and (said.restates == "yes" or self._length):
            # Only a text that is as long can restate, so that many short ones are not many comparisons.
            begins_again = len(text) >= self._length and text.startswith("".join(self._received))
            text = text[self._length :] if begins_again else "" if said.restates == "yes" else text
        self._received.append(text)
        self._length += len(text)
        return text

    def _delta(self, reasoning: str, text: str, calls: list[ToolCallDelta]) -> MessageDelta | None:
        if self._first_call_only:
            calls = [call for call in calls if call["index"] == 0]
        told = {"reasoning_content": reasoning, "content": text, "tool_calls": calls}
        delta: MessageDelta = {name: value for name, value in told.items() if value}
        if not self._has_role:
            self._has_role = True
            return {"role": "assistant", "content": None if calls else "", **delta}
        return delta or None


class _Extras:
    """Fields of a message that come in pieces: lists and texts go on, of anything else the last word counts."""

    def __init__(self) -> None:
        self._pieces: dict[str, list[Any]] = {}
        self._kinds: dict[str, type] = {}

    def take(self, said: Mapping[str, Any], *, may_restate: bool) -> None:
        """Keep what an event says; where it ``may_restate``, it may begin with all that came before."""
        for name, value in said.items():
            pieces = list(value) if isinstance(value, list) else [value]
            kept = self._pieces.get(name, [])
            is_new = may_restate and pieces[: len(kept)] == kept
            if is_new or not isinstance(value, self._kinds.get(name, type(None))) or not isinstance(value, list | str):
                self._pieces[name], self._kinds[name] = pieces, type(value)
            else:
                kept.extend(pieces)

    def whole(self) -> dict[str, Any]:
        """Return all of them, put together."""
        return {
            name: pieces if self._kinds[name] is list else "".join(pieces) if self._kinds[name] is str else pieces[0]
            for name, pieces in self._pieces.items()
        }


class AnswerBuilder:
    """All choices of an answer, and its usage."""

    def __init__(self, identity: Identity, *, reads_written_calls: bool = False) -> None:
        self._identity = identity
        self._reads_written_calls = reads_written_calls
        self._choices: dict[int, ChoiceBuilder] = {}
        self._usage: Any = None
        self._usage_of_choices: dict[int, Any] = {}
        self._frame: dict[str, Any] = {}

    def take(self, said: AnswerDelta, index: int | None = None, usage: Any = None) -> list[Chunk]:
        """Return at most one chunk; a complete answer has no use for it.

        Without an index, as last events come, it is about the choice that is not finished. ``usage`` is the choice's.
        """
        choice = self._choice(index)
        if usage:
            self._usage_of_choices[choice.index] = usage
        delta = choice.take(said)
        if delta is None and not said.logprobs:
            return []
        logprobs = {"content": said.logprobs} if said.logprobs else None
        told = {"index": choice.index, "delta": delta or {}, "logprobs": logprobs, "finish_reason": None}
        return [chunk_with(self._identity, told) | self._frame]

    def note(self, usage: Any, **frame: Any) -> None:
        """Keep usage, and fields of the answer as a whole, such as ``service_tier``; null says nothing."""
        self._usage = usage or self._usage
        self._frame |= {name: value for name, value in frame.items() if value is not None}

    def end(self, *, include_usage: bool) -> Iterator[Chunk]:
        """Yield the last chunks; raise ``StreamBroken`` where the service has not said that the answer is complete."""
        if not self._choices or any(choice.finish_reason is None for choice in self._choices.values()):
            raise StreamBroken("OCI ended the stream before the answer was complete.")
        for choice in self._choices.values():
            yield chunk_with(self._identity, choice.ended("delta", choice.close())) | self._frame
        usage = self._whole_usage() if include_usage else None
        if usage is not None:
            yield usage_chunk(self._identity, usage)

    def completion(self) -> Completion:
        """Return the whole answer; raise ``UpstreamError`` where there is no choice in it."""
        if not self._choices:
            raise UpstreamError("OCI answered without an answer.")
        for choice in self._choices.values():
            choice.close()
        choices = [choice.ended("message", choice.message()) for choice in self._choices.values()]
        return completion_of(self._identity, choices, self._whole_usage()) | self._frame

    def _whole_usage(self) -> dict[str, Any] | None:
        return usage_of(self._usage) or added_usage(list(self._usage_of_choices.values()))

    def _choice(self, index: int | None) -> ChoiceBuilder:
        if index is None:
            index = next((at for at, one in self._choices.items() if one.finish_reason is None), 0)
        if index not in self._choices and len(self._choices) >= MAX_CHOICES:
            raise UpstreamError(f"OCI answered with more than {MAX_CHOICES} choices.")
        if index not in self._choices:
            self._choices[index] = ChoiceBuilder(index, self._identity, reads_written_calls=self._reads_written_calls)
        return self._choices[index]
