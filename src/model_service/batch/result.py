"""What becomes of a record, written down: the one JSON shape that every sink and every dead letter has."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from model_service.batch.record import Record
from model_service.errors import AnswerTooLarge, ModelServiceError
from model_service.fn.invocation import Deadline
from model_service.logs import log
from model_service.openai_api.encoding import write_json

if TYPE_CHECKING:
    from model_service.oci_services.large_payloads import Overflow


@dataclass
class Result:
    """Add up what is known while a record is worked on; ``body()`` is what docs/batches.md describes."""

    record: Record
    task: str | None = None
    model: str | None = None
    response: Mapping[str, Any] | None = None
    opc_request_id: str | None = None
    tries: int = 0  # of the model
    model_seconds: float = 0.0
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    _began: float = field(default_factory=time.perf_counter)

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
        told = {**error.body()["error"], "retryable": retryable}
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
    """As JSON of at most ``largest`` bytes; of what has more, the whole goes to Object Storage and a reference to it is
    what is left. Raises ``AnswerTooLarge`` where there is no place for it."""
    body = write_json(result)
    if len(body) <= largest:
        return body
    if overflow is None:
        raise AnswerTooLarge(f"The result has {len(body)} bytes; the sink takes {largest}.")
    reference = overflow.keep(body, deadline)
    short = {**result, "response": None, "original": None, "reference": reference}
    body = write_json(short)
    # What a trigger knows may be long as well: the type of a log entry, the title of a message.
    return body if len(body) <= largest else write_json({**short, "record": {"source": result["record"]["source"]}})
