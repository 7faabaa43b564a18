"""Chunks that bring a piece of text and nothing else new, read and written without their JSON.

Nearly every chunk of an answer differs from the one before it in the string ``delta.content`` alone. So what stands
around that string is learned from one chunk that was read in full; of each chunk with the same text around it, only the
string is looked at, and what is written is what would have been written. To read the JSON of a chunk and to write it
again takes three times as long as all the rest that happens to it. Whatever is not surely the same is read in full.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any, Final

from model_service.light_dataclasses import dataclass
from model_service.openai_api.chat import Chunk
from model_service.openai_api.encoding import read_json, write_json

MAX_LEARNED: Final = 8192  # characters of a chunk; around one of more, a lot is new
LEARNING_COSTS: Final = 8  # chunks that must be known by what was learned, or learning would cost more than it saves

# What stands between the quotation marks of a string, as this function and most servers write it: no escape that could
# have been avoided.
TEXT: Final = re.compile(r'[^"\\\x00-\x1f]*+(?:\\["\\nrtbf][^"\\\x00-\x1f]*+)*+')
_CONTENT: Final = re.compile(rf'"content":\s*"({TEXT.pattern})"')
_MARK: Final = "<a piece of text>"


class TextChunk(dict[str, Any]):
    """A chunk as any other, which knows how it is written.

    ``is_followed`` says that the next one has arrived already.
    """

    __slots__ = ("content", "is_followed", "surroundings")

    content: str
    is_followed: bool
    surroundings: Surroundings

    @property
    def written(self) -> bytes:
        """Return what ``write_json`` makes of it."""
        return f"{self.surroundings.written_before}{self.content}{self.surroundings.written_after}".encode()

    def without_usage(self) -> TextChunk:
        """Return the chunk without the usage, which is null."""
        return self.surroundings.hiding_usage().chunk(self.content, is_followed=self.is_followed)


@dataclass
class Surroundings:
    """What stands around the text of a chunk, as OCI wrote it and as it is written here.

    ``head`` are the fields of the chunk that it was learned from.
    """

    head: Chunk
    before: str
    after: str
    written_before: str
    written_after: str
    without_usage: Surroundings | None = None

    @classmethod
    def of(cls, text: str, chunk: Chunk) -> Surroundings | None:
        """Return what surrounds the content of ``chunk``, which ``text`` is; ``None`` where it says more than that."""
        found = _CONTENT.search(text) if len(text) <= MAX_LEARNED and _says_text_alone(chunk) else None
        if found is None:
            return None
        before, after = text[: found.start(1)], text[found.end(1) :]
        marked = _with_content(chunk, _MARK)
        # The only proof that it is this string and no other: the rest stays, whatever stands there.
        if read_json(before + _MARK + after) != marked:
            return None
        # A character that replaces half of one stands for what a chunk before or after this one may complete.
        written = write_json(marked).decode()
        if written.count(_MARK) != 1 or "\ufffd" in written:
            return None
        written_before, _, written_after = written.partition(_MARK)
        return cls(chunk, before, after, written_before, written_after)

    def content_of(self, text: str) -> str | None:
        """Return the content of a chunk, as it stands in JSON, where ``text`` has these surroundings."""
        if not text.startswith(self.before) or not text.endswith(self.after):
            return None
        content = text[len(self.before) : len(text) - len(self.after)]
        return content if TEXT.fullmatch(content) and len(self.before) + len(self.after) <= len(text) else None

    def chunk(self, content: str, *, is_followed: bool) -> TextChunk:
        """Return the chunk with ``content``, as it stands in JSON."""
        chunk = TextChunk(_with_content(self.head, json.loads(f'"{content}"') if "\\" in content else content))
        chunk.content, chunk.is_followed, chunk.surroundings = content, is_followed, self
        return chunk

    def hiding_usage(self) -> Surroundings:
        """Return the surroundings without usage."""
        if self.without_usage is None:
            head = {name: value for name, value in self.head.items() if name != "usage"}
            before, after = write_json(_with_content(head, _MARK)).decode().split(_MARK)
            self.without_usage = replace(self, head=head, written_before=before, written_after=after)
        return self.without_usage


@dataclass
class TextChunks:
    """The reader of one stream."""

    surroundings: Surroundings | None = None
    credit: int = 4 * LEARNING_COSTS

    def read(self, text: str, following: str) -> TextChunk | None:
        """Return the chunk that ``text`` is, if it is known; ``following`` is the text that came together with it."""
        known = self.surroundings
        content = known.content_of(text) if known is not None else None
        if known is None or content is None:
            return None
        self.credit += 1
        return known.chunk(content, is_followed=following.startswith(known.before))

    def learn(self, text: str, chunk: Chunk) -> None:
        """Learn from a chunk that was read in full, unless that has not paid so far."""
        if self.credit >= LEARNING_COSTS and _says_text_alone(chunk):
            self.credit -= LEARNING_COSTS
            self.surroundings = Surroundings.of(text, chunk) or self.surroundings


def _says_text_alone(chunk: Chunk) -> bool:
    """Return whether a chunk goes on with the text of one choice, and neither ends anything nor has usage."""
    choices = chunk.get("choices")
    choice = choices[0] if isinstance(choices, list) and len(choices) == 1 else None
    delta = choice.get("delta") if isinstance(choice, dict) and not choice.get("finish_reason") else None
    return isinstance(delta, dict) and isinstance(delta.get("content"), str) and not chunk.get("usage")


def _with_content(chunk: Chunk, content: str) -> Chunk:
    (choice,) = chunk["choices"]
    return {**chunk, "choices": [{**choice, "delta": {**choice["delta"], "content": content}}]}
