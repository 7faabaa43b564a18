"""The usage record: one JSON line in the log for each call of a model (``docs/usage.md`` has its schema)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Any, Final
from urllib.parse import urlsplit

from model_service.errors import ModelServiceError
from model_service.fn.caller import NOWHERE, Caller, Origin
from model_service.fn.invocation import Deadline
from model_service.light_dataclasses import dataclass
from model_service.logs import log
from model_service.openai_api.chat import Answer, Complete, Stream
from model_service.openai_api.encoding import value_of
from model_service.routing import Route, Served, told_tries
from model_service.service_file.shape import Prices
from model_service.upstream.request_log import Tries, tries
from model_service.usage.tokens import BYTES_PER_TOKEN, Tokens, tokens_of

Observer = Callable[[Mapping[str, Any], Origin, Deadline], None]
"""Receives each usage record; it never raises and returns before the deadline of the call."""

MAX_TEXT: Final = 128  # characters of a reason to finish


@dataclass(frozen=True)
class Used:
    """The usage of a call. ``estimated``: OCI did not report it, for example for an interrupted stream."""

    tokens: Tokens
    cost: float | None
    estimated: bool = False


@dataclass
class UsageRecord:
    """The usage of one call while it runs; ``finish`` writes the record once and calls ``settle``.

    ``estimate`` is the number of input tokens that was assumed, for calls that end before OCI has reported any.
    """

    caller: Caller
    operation: str
    route: Route
    deadline: Deadline
    origin: Origin = NOWHERE
    prices: Prices = field(default_factory=Prices)
    estimate: int = 0
    observers: Sequence[Observer] = ()
    tries: Tries = field(default_factory=Tries)
    said: dict[str, Any] = field(default_factory=dict)
    settle: Callable[[Used], None] | None = None
    started: float = field(default_factory=time.perf_counter)
    streamed: bool = False
    first_token_ms: float | None = None
    finish_reason: str | None = None
    usage: Tokens | None = None
    searches: int = 0
    letters: int = 0
    opc_request_id: str | None = None
    served: Served | None = None
    alias: str | None = None  # where several targets stand behind it
    error: ModelServiceError | None = None  # of a call that no target has answered
    broke: Callable[[ModelServiceError], None] | None = None  # is told what breaks a stream
    finished: bool = False

    def asked(self, ask: Callable[[], Answer]) -> Answer:
        """Return the answer of ``ask`` and observe it; an exception finishes the record."""
        token = tries.set(self.tries)
        try:
            return self.watch(ask())
        except ModelServiceError as error:
            self.finish(error.code)
            raise
        except BaseException:
            self.finish("internal_error")
            raise
        finally:
            tries.reset(token)

    def watch(self, answer: Answer) -> Answer:
        """Return the same answer; its record is written now, or after the last chunk of a stream."""
        self.opc_request_id, self.served = answer.opc_request_id, answer.served
        if isinstance(answer, Complete):
            self._note(answer.completion)
            self.finish(None)
            return answer
        self.streamed = True
        return replace(answer, chunks=self._watched(answer))

    def _watched(self, stream: Stream) -> Iterator[Any]:
        error: str | None = "reader_gone"
        try:
            for chunk in stream.chunks:
                if self.first_token_ms is None:
                    self.first_token_ms = self._milliseconds()
                self._note(value_of(chunk))
                yield chunk
            error = None
        except ModelServiceError as known:
            error = known.code
            if self.broke is not None:
                self.broke(known)
            raise
        finally:
            self.finish(error)

    def _note(self, value: dict[str, Any]) -> None:
        """Read the usage of an answer, a chunk or an event; an unknown shape is ignored."""
        response = value.get("response")
        found = value.get("usage") or (response.get("usage") if isinstance(response, dict) else None)
        self.usage = tokens_of(found) or self.usage
        choices = value.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict):
                self.finish_reason = _text(choice.get("finish_reason")) or self.finish_reason
                self.letters += _length(choice.get("delta"))
        self.letters += _length(value.get("delta"))  # of an event of Responses, whose text it is
        if self.operation == "rerank" and isinstance(value.get("results"), list):
            self.searches = 1

    def finish(self, error: str | None) -> None:
        """Write the record and settle the reservation of the call; a second call does nothing."""
        if self.finished:
            return
        self.finished = True
        used = self._used(charged=error is None or self.first_token_ms is not None)
        if self.settle is not None:
            self.settle(used)
        line = self._line(used, error)
        log.write("usage", **line)
        for observe in self.observers:
            observe(line, self.origin, self.deadline)

    def _used(self, *, charged: bool) -> Used:
        """Return the usage that OCI reported, or an estimate if the model was reached and OCI reported none."""
        price = self.prices.of(self.route.model)
        tokens, estimated = self.usage, False
        if tokens is None:
            estimated = charged
            tokens = Tokens(self.estimate, self.letters // BYTES_PER_TOKEN) if charged else Tokens()
        cost = None if price is None else round(tokens.cost(price, self.searches), 9)
        return Used(tokens, cost, estimated)

    def _line(self, used: Used, error: str | None) -> dict[str, Any]:
        tokens = used.tokens
        return {
            "caller": self.caller.id,
            "team": self.caller.team,
            "key": self.caller.key_id,
            "labels": dict(self.caller.labels) or None,
            "trigger": self.origin.trigger or None,
            "operation": self.operation,
            "model": self.route.model,
            "transport": self.route.transport,
            "target": urlsplit(self.tries.endpoint or "").hostname,
            "tries": self.tries.count,
            "stream": self.streamed,
            "error": error,
            "finish_reason": self.finish_reason,
            "tokens": {
                "input": tokens.input,
                "output": tokens.output,
                "cached": tokens.cached,
                "reasoning": tokens.reasoning,
            },
            "estimated": used.estimated,
            "cost": used.cost,
            "currency": self.prices.currency if used.cost is not None else None,
            "price_date": self.prices.date if used.cost is not None else None,
            "first_token_ms": self.first_token_ms,
            "total_ms": self._milliseconds(),
            "opc_request_id": self.opc_request_id,
            **self.said,
            **(told_tries(self.alias, self.served, self.error) if self.alias else {}),
        }

    def _milliseconds(self) -> float:
        return round((time.perf_counter() - self.started) * 1000, 2)


def _length(delta: Any) -> int:
    """Return the number of characters in a delta: text, reasoning, refusals and tool arguments are all billed."""
    if isinstance(delta, str):
        return len(delta)
    if isinstance(delta, list):
        return sum(_length(item.get("function")) for item in delta if isinstance(item, dict))
    return sum(_length(delta.get(name)) for name in PAID_FIELDS) if isinstance(delta, dict) else 0


PAID_FIELDS: Final = ("content", "reasoning_content", "reasoning", "refusal", "tool_calls", "arguments")


def _text(value: Any) -> str | None:
    return value[:MAX_TEXT] if isinstance(value, str) and value else None
