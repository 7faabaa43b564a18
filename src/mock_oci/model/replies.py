"""What a model says, before any surface writes it down: text or tool calls, why it ended, what it cost."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORD = re.compile(r"\s*\S+\s*?(?=\s|$)|\s+$")


@dataclass(frozen=True)
class ToolCall:
    """``arguments`` is JSON text, kept as it is: a script may want it broken."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Usage:
    prompt_tokens: int
    completion_tokens: int

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True)
class Reply:
    """One choice. ``pieces`` is the text as it is streamed; ``finish_reason`` in OpenAI's words.

    ``refusal`` is what the model says instead of an answer, ``reasoning`` a summary of what it thought before.
    """

    pieces: tuple[str, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str = "stop"
    usage: Usage | None = None
    refusal: str = ""
    reasoning: str = ""

    @property
    def text(self) -> str:
        return "".join(self.pieces)


def words_of(text: str) -> tuple[str, ...]:
    """Cut ``text`` before each word's white space: a stream's pieces, and what counts as a token."""
    return tuple(_WORD.findall(text))
