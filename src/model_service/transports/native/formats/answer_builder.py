"""An answer while it comes in: what native events say goes in, OpenAI's chunks come out, and the whole at the end.

A complete answer takes the same way as one event, so that the chunks of a stream always add up to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from model_service.errors import StreamBroken, UpstreamError
from model_service.openai_api.chat import Chunk, Completion
from model_service.transports.native.formats.openai_answers import (
    Identity,
    Logprobs,
    chunk_with,
    completion_of,
    finish_reason_of,
    usage_chunk,
    usage_of,
)
from model_service.transports.native.formats.tool_call_deltas import CallPiece, ToolCallDelta, ToolCalls
from model_service.transports.native.formats.tool_call_text import ToolCallText, WrittenCall

MessageDelta = dict[str, Any]


@dataclass(frozen=True)
class AnswerDelta:
    """What one event says for one choice.

    A text that ``restates`` begins with the answer so far and may go on from there; one that does so ``perhaps`` is
    new where it begins otherwise. ``whole_calls`` are whole and may be restated. ``extras`` are fields of the message
    that OpenAI does not have, or has only in complete answers.
    """

    text: str = ""
    restates: Literal["no", "perhaps", "yes"] = "no"
    reasoning: str = ""
    calls: tuple[CallPiece, ...] = ()
    whole_calls: tuple[CallPiece, ...] = ()
    extras: Mapping[str, Any] = field(default_factory=dict)
    logprobs: Logprobs = field(default_factory=list)
    finish_reason: str | None = None


class ChoiceBuilder:
    """One of the ``n`` answers."""

    def __init__(self, index: int, identity: Identity, *, reads_written_calls: bool) -> None:
        self.index = index
        self.finish_reason: str | None = None
        self._text: list[str] = []  # without the calls that stood in it
        self._reasoning: list[str] = []
        self._extras: dict[str, Any] = {}
        self._logprobs: Logprobs = []
        self._calls = ToolCalls(f"{identity.id}/{index}")
        self._written = ToolCallText(identity.tools) if reads_written_calls else None
        self._has_role = False

    @property
    def text(self) -> str:
        return "".join(self._text)

    def take(self, said: AnswerDelta) -> MessageDelta | None:
        """None where there is nothing to tell, not even the role."""
        self.finish_reason = said.finish_reason or self.finish_reason
        self._keep_extras(said.extras)
        self._logprobs += said.logprobs
        self._reasoning.append(said.reasoning)
        text, calls = self._sorted_out(self._new_text(said))
        for piece in said.calls:
            calls += self._calls.take(piece)
        calls += self._calls.take_whole(said.whole_calls)
        return self._delta(said.reasoning, text, calls)

    def close(self) -> MessageDelta:
        """What is left to tell when the answer is over: text that was held back, and the extras, all at once.

        OpenAI's own client cannot add up a list that comes in more than one delta.
        """
        text, calls = self._pulled_apart(self._written.close()) if self._written else ("", [])
        calls += self._calls.close()
        return (self._delta("", text, calls) or {}) | self._extras

    def message(self) -> dict[str, Any]:
        """The whole message, once the choice is closed."""
        message: dict[str, Any] = {"role": "assistant", "content": self.text}
        if self._calls:
            message |= {"content": self.text or None, "tool_calls": self._calls.whole()}
        reasoning = "".join(self._reasoning)
        return message | ({"reasoning_content": reasoning} if reasoning else {}) | self._extras

    def ended(self, key: str, said: MessageDelta) -> dict[str, Any]:
        """The choice with its reason to finish, as OpenAI has it in a chunk or a completion."""
        reason = finish_reason_of(self.finish_reason, called_tools=bool(self._calls))
        whole = {"content": self._logprobs} if self._logprobs and key == "message" else None
        return {"index": self.index, key: said, "logprobs": whole, "finish_reason": reason}

    def _new_text(self, said: AnswerDelta) -> str:
        if said.restates == "no" or (
            said.restates == "perhaps" and not (self.text and said.text.startswith(self.text))
        ):
            return said.text
        return said.text[len(self.text) :] if said.text.startswith(self.text) else ""

    def _sorted_out(self, text: str) -> tuple[str, list[ToolCallDelta]]:
        if self._written is not None:
            return self._pulled_apart(self._written.take(text))
        self._text.append(text)
        return text, []

    def _pulled_apart(self, parts: Iterator[str | WrittenCall]) -> tuple[str, list[ToolCallDelta]]:
        text, calls = "", list[ToolCallDelta]()
        for part in parts:
            if isinstance(part, str):
                text += part
            else:
                calls += self._calls.add(part.name, part.arguments)
        self._text.append(text)
        return text, calls

    def _keep_extras(self, extras: Mapping[str, Any]) -> None:
        for name, value in extras.items():
            self._extras[name] = _joined(self._extras.get(name), value)

    def _delta(self, reasoning: str, text: str, calls: list[ToolCallDelta]) -> MessageDelta | None:
        told = {"reasoning_content": reasoning, "content": text, "tool_calls": calls}
        delta: MessageDelta = {name: value for name, value in told.items() if value}
        if not self._has_role:
            self._has_role = True
            return {"role": "assistant", "content": None if calls else "", **delta}
        return delta or None


def _joined(kept: Any, more: Any) -> Any:
    """Lists and texts go on, but a last event may restate what is in a list."""
    if isinstance(kept, list) and isinstance(more, list):
        return kept + [one for one in more if one not in kept]
    return kept + more if isinstance(kept, str) and isinstance(more, str) else more


class AnswerBuilder:
    """All choices of an answer, and its usage."""

    def __init__(self, identity: Identity, *, reads_written_calls: bool = False) -> None:
        self._identity = identity
        self._reads_written_calls = reads_written_calls
        self._choices: dict[int, ChoiceBuilder] = {}
        self._usage: Any = None
        self._frame: dict[str, Any] = {}

    def take(self, said: AnswerDelta, index: int | None = None) -> list[Chunk]:
        """At most one chunk; a complete answer has no use for it.

        Without an index, as last events come, it is about the choice that is not finished.
        """
        choice = self._choice(index)
        delta = choice.take(said)
        if delta is None:
            return []
        logprobs = {"content": said.logprobs} if said.logprobs else None
        told = {"index": choice.index, "delta": delta, "logprobs": logprobs, "finish_reason": None}
        return [self._chunk(told)]

    def note(self, usage: Any, **frame: Any) -> None:
        """Usage, and fields of the answer as a whole, such as ``service_tier``; null says nothing."""
        self._usage = usage or self._usage
        self._frame |= {name: value for name, value in frame.items() if value is not None}

    def end(self, *, include_usage: bool) -> Iterator[Chunk]:
        """The last chunks; raises ``StreamBroken`` where the service has not said that the answer is complete."""
        if not self._choices or any(choice.finish_reason is None for choice in self._choices.values()):
            raise StreamBroken("OCI ended the stream before the answer was complete.")
        for choice in self._choices.values():
            yield self._chunk(choice.ended("delta", choice.close()))
        usage = usage_of(self._usage)
        if include_usage and usage is not None:
            yield usage_chunk(self._identity, usage)

    def completion(self) -> Completion:
        """Raises ``UpstreamError`` where there is no choice in the answer."""
        if not self._choices:
            raise UpstreamError("OCI answered without an answer.")
        for choice in self._choices.values():
            choice.close()
        choices = [choice.ended("message", choice.message()) for choice in self._choices.values()]
        return completion_of(self._identity, choices, usage_of(self._usage)) | self._frame

    def _choice(self, index: int | None) -> ChoiceBuilder:
        if index is None:
            index = next((at for at, one in self._choices.items() if one.finish_reason is None), 0)
        if index not in self._choices:
            self._choices[index] = ChoiceBuilder(index, self._identity, reads_written_calls=self._reads_written_calls)
        return self._choices[index]

    def _chunk(self, choice: dict[str, Any]) -> Chunk:
        return chunk_with(self._identity, choice) | self._frame
