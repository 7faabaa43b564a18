"""What becomes of a record, written down: the one JSON shape that every sink and every dead letter has."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from model_service.batch.memory import KeptAnswer
from model_service.batch.record import Record
from model_service.errors import AnswerTooLarge, ModelServiceError
from model_service.fn.invocation import Deadline
from model_service.logs import log
from model_service.openai_api.chat import Complete
from model_service.openai_api.encoding import read_json_object, write_json

if TYPE_CHECKING:
    from model_service.oci_services.large_payloads import Overflow

MAX_WORDS_CHARS: Final = 2000  # of a message or a hint, which may quote the record


@dataclass
class RecordResult:
    """Add up what is known while a record is worked on; ``body()`` is what docs/batches.md describes."""

    make: Callable[[], Record] = field(repr=False)
    task: str | None = None
    model: str | None = None
    response: Mapping[str, Any] | None = None
    opc_request_id: str | None = None
    tries: int = 0  # of the model
    model_seconds: float = 0.0
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    is_stored: bool = False  # the answer is one that lies ready in the ledger
    _began: float = field(default_factory=time.perf_counter)
    _record: Record | None = field(default=None, repr=False)

    @property
    def record(self) -> Record:
        """The record, made when it is asked for and kept until ``release``."""
        if self._record is None:
            self._record = self.make()
        return self._record

    def release(self) -> None:
        """Let go of the record: it waits, and others may not."""
        self._record = None

    @contextmanager
    def one_try(self) -> Iterator[None]:
        """Count a try of the model, and how long it takes."""
        self.tries += 1
        started = time.monotonic()
        try:
            yield
        finally:
            self.model_seconds += time.monotonic() - started

    def take(self, answer: Complete) -> None:
        """Take the model's answer."""
        self.response, self.opc_request_id = answer.completion, answer.opc_request_id

    def read_stored(self, body: bytes) -> None:
        """Take the answer out of a result that was stored as ``body()`` had it."""
        stored = read_json_object(body)
        self.response, self.model = stored.get("response"), stored.get("model")
        self.opc_request_id, self.is_stored = stored.get("opc_request_id"), True

    def kept(self) -> KeptAnswer | None:
        """Return the answer, to be kept by the container until the record comes again; ``None`` without one."""
        if self.response is None or self.is_stored:
            return None
        try:
            body = write_json(self.response)
        except (ValueError, RecursionError):
            return None
        return KeptAnswer(self.task, self.model, body, self.opc_request_id, self.tries, self.model_seconds)

    def read_kept(self, answer: KeptAnswer | None) -> bool:
        """Take an answer that was kept; return whether there is one, for the same task."""
        if answer is None or answer.task != self.task:
            return False
        self.response, self.opc_request_id, self.model = answer.response, answer.opc_request_id, answer.model
        self.tries, self.model_seconds = answer.tries, answer.seconds
        return True

    @property
    def usage(self) -> Mapping[str, Any] | None:
        usage = (self.response or {}).get("usage")
        return usage if isinstance(usage, Mapping) else None

    def body(self) -> dict[str, Any]:
        """Of a record that was answered."""
        return {
            "object": "model_service.result",
            "id": self.record.id,
            "record": {"source": self.record.source, **self.record.metadata},
            "task": self.task,
            "model": self.model,
            "response": self.response,
            "usage": self.usage,
            "error": None,
            "timings": self._timings(),
            "call_id": log.call_id.get() or None,
            "opc_request_id": self.opc_request_id,
        }

    def dead_letter(self, error: ModelServiceError, *, retryable: bool) -> dict[str, Any]:
        """Of a record that failed: why, whether it may go better another time, and what it was, in base64."""
        told = {name: _cut(value) for name, value in error.body()["error"].items()} | {"retryable": retryable}
        original = base64.b64encode(self.record.content).decode()
        opc_request_id = error.opc_request_id or self.opc_request_id
        return {**self.body(), "error": told, "opc_request_id": opc_request_id, "original": original}

    def _timings(self) -> dict[str, Any]:
        """Moments in RFC 3339, the rest in milliseconds."""
        return {
            "began_at": self.began_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "model_ms": round(self.model_seconds * 1000, 1),
            "total_ms": round((time.perf_counter() - self._began) * 1000, 1),
            "tries": self.tries,
        }


def fitted(result: Mapping[str, Any], largest: int, overflow: Overflow | None, deadline: Deadline) -> bytes:
    """Return the result as JSON of at most ``largest`` bytes.

    Of what has more, the whole goes to Object Storage and a reference to it is what is left. Raise ``AnswerTooLarge``
    where there is no place for it, and what Object Storage says where there is one, but not now.
    """
    body = write_json(result)
    if len(body) <= largest:
        return body
    if overflow is None:
        raise AnswerTooLarge(f"The result has {len(body)} bytes; the sink takes {largest}.")
    try:
        reference = overflow.keep(body, deadline)
    except AnswerTooLarge as error:
        raise (error.__cause__ if isinstance(error.__cause__, ModelServiceError) else error) from error
    short = {**result, "response": None, "original": None, "reference": reference}
    # What a trigger knows may be long as well (the type of a log entry, the title of a message), and so may usage.
    shorter = {**short, "record": {"source": result["record"]["source"]}}
    for form in (short, shorter, {**shorter, "usage": None}):
        body = write_json(form)
        if len(body) <= largest:
            break
    return body


def fitted_letter(letter: Mapping[str, Any], largest: int, overflow: Overflow | None, deadline: Deadline) -> bytes:
    """Return a dead letter as ``fitted`` does.

    What the record was matters more than what was answered, which may be what is too large, or no JSON.
    """
    try:
        return fitted(letter, largest, overflow, deadline)
    except (AnswerTooLarge, ValueError, RecursionError) as error:
        usage = letter["usage"] if isinstance(error, AnswerTooLarge) else None
        return fitted({**letter, "response": None, "usage": usage}, largest, overflow, deadline)


def _cut(value: Any) -> Any:
    """Return a string that leaves room for the rest of its dead letter; what is none, as it is."""
    return f"{value[:MAX_WORDS_CHARS]}…" if isinstance(value, str) and len(value) > MAX_WORDS_CHARS else value
