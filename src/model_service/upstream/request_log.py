"""The traffic with OCI in the log: one line a request, one an answer, and content only where it was asked for."""

from __future__ import annotations

import time
from contextvars import ContextVar
from dataclasses import field
from typing import Any, Final

from model_service.light_dataclasses import dataclass
from model_service.logs import log
from model_service.logs.redaction import redact, without_ids

MAX_LOGGED_BYTES: Final = 65536  # bytes of a body that are gathered for the log; redaction shortens them further


@dataclass(frozen=True)
class LogPolicy:
    """What is logged (``OCI_LOG_REQUESTS``, ``MODEL_SERVICE_LOG_CONTENT``)."""

    requests: bool = False
    content: bool = False


@dataclass
class Tries:
    """How often a call has asked a model, and at which endpoint last."""

    count: int = 0
    endpoint: str | None = None

    def note(self, endpoint: str) -> None:
        self.count += 1
        self.endpoint = endpoint


tries: ContextVar[Tries | None] = ContextVar("tries", default=None)
"""Those of the call that is running, for whoever keeps accounts."""


@dataclass
class TrafficLog:
    """The two lines of one request, where requests are logged. A body is gathered only if content is logged."""

    policy: LogPolicy
    started: float = field(default_factory=time.monotonic)
    size: int = 0
    gathered: bytearray = field(default_factory=bytearray)

    def sent(self, method: str, url: str, content: bytes) -> None:
        log.write("upstream_request", method=method, url=without_ids(url), bytes=len(content), **self._content(content))

    def saw(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.policy.content and len(self.gathered) < MAX_LOGGED_BYTES:
            self.gathered += piece

    def answered(self, status: int, opc_request_id: str | None) -> None:
        took = round((time.monotonic() - self.started) * 1000, 1)
        content = self._content(bytes(self.gathered))
        log.write("upstream_answer", status=status, opc_request_id=opc_request_id, ms=took, bytes=self.size, **content)

    def _content(self, content: bytes) -> dict[str, Any]:
        return {"content": redact(content.decode("utf-8", "replace"))} if self.policy.content else {}
