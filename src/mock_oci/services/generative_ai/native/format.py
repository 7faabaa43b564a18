"""What a chat format is to the native chat operation: it reads requests and writes answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mock_oci.model.catalogue import Target
from mock_oci.model.replies import Reply, Usage
from mock_oci.wire import Body

_MAX_PAD = 32


@dataclass(frozen=True)
class Answer:
    """What a model says to ``request`` (a ``chatRequest``), before a format writes it; each reply has its usage.

    ``created`` is in Unix seconds.
    """

    target: Target
    request: Body
    replies: tuple[Reply, ...]
    created: float
    serial: int

    @property
    def model(self) -> str:
        return self.target.model.id

    @property
    def streams_usage(self) -> bool:
        return bool((self.request.get("streamOptions") or {}).get("isIncludeUsage"))

    @property
    def usage(self) -> Body:
        """Sum all replies' ``usage``, as oci.generative_ai_inference.models.Usage names it."""
        counted = [reply.usage for reply in self.replies if reply.usage]
        total = Usage(counted[0].prompt_tokens, sum(usage.completion_tokens for usage in counted))
        return {
            "completionTokens": total.completion_tokens,
            "promptTokens": total.prompt_tokens,
            "totalTokens": total.total_tokens,
        }


@dataclass(frozen=True)
class Format:
    """How one format reads a ``chatRequest`` and writes a ``chatResponse``.

    ``check`` raises Refused for what is wrong with a request for a model (its id);
    ``asked`` gives the same request in OpenAI's words, for the local model; ``whole`` is the ``chatResponse``,
    ``events`` what a stream sends. ``plans``: the model says what it is about to do before it calls a tool.
    """

    check: Callable[[str, Body], None]
    asked: Callable[[Body], Body]
    whole: Callable[[Answer], Body]
    events: Callable[[Answer], Iterator[Body]]
    plans: bool = False


def written(events: Iterable[Mapping[str, Any]], *, done: bool) -> Iterator[bytes]:
    """Write server-sent events, data only: no id and no event name, each padded to hide its length.

    ``done``: ends with ``[DONE]``. Source: Elasticsearch's ocigenai tests, oracle/langchain-oracle#304 and #316.
    """
    for number, event in enumerate(events):
        digest = hashlib.sha256(f"{number}/{json.dumps(event)}".encode()).digest()
        pad = "a" * (1 + digest[0] % _MAX_PAD)
        padded = json.dumps({**event, "pad": pad}, separators=(",", ":"), ensure_ascii=False)
        yield f"data: {padded}\n\n".encode()
    if done:
        yield b"data: [DONE]\n\n"
