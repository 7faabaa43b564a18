"""A span for each call of a model, to OCI's Application Performance Monitoring, in Zipkin's format.

Attributes are OpenTelemetry's for generative AI (https://github.com/open-telemetry/semantic-conventions-genai). The
collector's URL holds its data key, so it stands in no log and no error.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from model_service.errors import DeadlineExceeded
from model_service.fn.caller import Origin
from model_service.fn.invocation import Deadline
from model_service.logs import log

PROVIDER: Final = "oracle_cloud.generative_ai"
TRY_SECONDS: Final = 2.0  # for a sending: a caller waits for it
TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})")
HEX: Final = re.compile(r"[0-9a-f]{16}([0-9a-f]{16})?")
OPERATIONS: Final = {"chat": "chat", "completions": "text_completion", "embeddings": "embeddings", "rerank": "rerank"}

Post = Callable[[list[dict[str, Any]], float], None]
"""Posts spans to the collector, with a timeout in seconds; raises ``OSError`` or ``ValueError``."""


@dataclass(frozen=True)
class TraceParent:
    """The trace of an invocation, and its parent span."""

    trace_id: str
    span_id: str


def trace_parent(headers: Mapping[str, str], client: Mapping[str, str]) -> TraceParent | None:
    """Return the caller's ``traceparent`` (W3C), or else the sampled context that Fn passes (``x-b3-…``).

    ``None`` where the invocation is not traced.
    """
    match = TRACEPARENT.fullmatch(client.get("traceparent", ""))
    if match is not None and int(match["flags"], 16) & 1:
        return TraceParent(match["trace"], match["span"])
    trace_id, span_id = headers.get("x-b3-traceid", ""), headers.get("x-b3-spanid", "")
    if headers.get("x-b3-sampled") == "0" or not HEX.fullmatch(trace_id) or not HEX.fullmatch(span_id):
        return None
    return TraceParent(trace_id, span_id)


@dataclass(frozen=True)
class Spans:
    """Creates and sends the spans of a service (``app::function``)."""

    service: str
    post: Post
    clock: Callable[[], float] = time.time

    def add(self, line: Mapping[str, Any], origin: Origin, deadline: Deadline) -> None:
        """Send the span of a usage record, if its call is traced and the deadline leaves time; never raise."""
        parent = trace_parent(origin.platform_headers, origin.client_headers)
        if parent is None:
            return
        try:
            self.post([self.span(parent, line)], min(TRY_SECONDS, deadline.require()))
        except (OSError, ValueError, DeadlineExceeded) as error:
            log.write("span_lost", error=type(error).__name__)

    def span(self, parent: TraceParent, line: Mapping[str, Any]) -> dict[str, Any]:
        """Return the span of a usage record, which has just ended."""
        microseconds = int(float(line.get("total_ms") or 0) * 1000)
        tokens = line.get("tokens") or {}
        operation = OPERATIONS.get(str(line.get("operation")), str(line.get("operation")))
        tags = {
            "gen_ai.operation.name": operation,
            "gen_ai.provider.name": PROVIDER,
            "gen_ai.request.model": line.get("model"),
            "gen_ai.request.stream": str(line.get("stream", False)).lower(),
            "gen_ai.response.finish_reasons": line.get("finish_reason"),
            "gen_ai.response.time_to_first_chunk": _seconds(line.get("first_token_ms")),
            "gen_ai.usage.input_tokens": tokens.get("input"),
            "gen_ai.usage.output_tokens": tokens.get("output"),
            "gen_ai.usage.cache_read.input_tokens": tokens.get("cached"),
            "gen_ai.usage.reasoning.output_tokens": tokens.get("reasoning"),
            "error.type": line.get("error"),
            "model_service.caller": line.get("caller"),
            "model_service.team": line.get("team"),
            "model_service.key": line.get("key"),
            "model_service.user": line.get("user"),
            **_prefixed("model_service.label.", line.get("labels")),
            **_prefixed("model_service.metadata.", line.get("metadata")),
            "model_service.transport": line.get("transport"),
            "server.address": line.get("target"),
            "model_service.tries": line.get("tries"),
            "model_service.cost": line.get("cost"),
        }
        return {
            "traceId": parent.trace_id,
            "parentId": parent.span_id,
            "id": secrets.token_hex(8),
            "kind": "CLIENT",
            "name": f"{operation} {line.get('model')}",
            "timestamp": int(self.clock() * 1_000_000) - microseconds,
            "duration": max(1, microseconds),
            "localEndpoint": {"serviceName": self.service},
            "tags": {name: str(value) for name, value in tags.items() if value is not None},
        }


def _prefixed(prefix: str, names: Mapping[str, Any] | None) -> dict[str, Any]:
    return {f"{prefix}{name}": value for name, value in (names or {}).items()}


def _seconds(milliseconds: Any) -> float | None:
    return None if milliseconds is None else round(float(milliseconds) / 1000, 6)
