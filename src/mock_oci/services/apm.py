"""Application Performance Monitoring's collector: it takes spans in Zipkin's format, and keeps them for a test to read.

Source: docs application-performance-monitoring/doc/configure-open-source-tracing-systems.html. That a good upload is
202 and a wrong key 401 is unverified (verify: apm-good-key, apm-key).
"""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections import deque
from typing import Any

from mock_oci.cloud import Cloud
from mock_oci.operations import Call, Operation, Refused, not_found, refusing
from mock_oci.services.oci_surface import invalid
from mock_oci.services.shapes import Check, Mismatch, each, mapped, one_of, record, text, truth, whole
from mock_oci.wire import Body, Response

_MAX_SPANS = 100_000
_PATH = "/20200101/observations"


class Apm:
    """One APM domain: its two data keys, and the spans that came with one of them. Thread-safe."""

    def __init__(self, cloud: Cloud) -> None:
        del cloud
        self.data_keys = {kind: secrets.token_hex(16).upper() for kind in ("public", "private")}
        self._lock = threading.Lock()
        self._spans: deque[Body] = deque(maxlen=_MAX_SPANS)

    @property
    def spans(self) -> list[Body]:
        """Return every span, as it was sent, oldest first."""
        with self._lock:
            return list(self._spans)

    def collector_url(self, endpoint: str, kind: str = "private") -> str:
        """Return where tracers send to, with the data key in it, as Functions puts it into OCI_TRACE_COLLECTOR_URL."""
        query = f"dataFormat=zipkin&dataFormatVersion=2&dataKey={self.data_keys[kind]}"
        return f"{endpoint}{_PATH}/{kind}-span?{query}"

    def add(self, spans: list[Body]) -> None:
        with self._lock:
            self._spans.extend(spans)


def upload(call: Call) -> Response:
    query, apm = call.request.query, call.cloud.state_of(Apm)
    key = apm.data_keys.get(call.parameters["kind"])
    if key is None:
        raise Refused(not_found())
    if query.get("dataKey") != key:
        raise invalid("dataKey is not a data key of this domain", "NotAuthenticated", 401)
    if (query.get("dataFormat"), query.get("dataFormatVersion")) != ("zipkin", "2"):
        raise invalid("mock_oci: dataFormat must be zipkin and dataFormatVersion 2")
    apm.add(_spans_in(call.request.body))
    return Response(202)


def _spans_in(content: bytes) -> list[Body]:
    try:
        spans = json.loads(content)
        _SPANS(spans, "spans")
    except (ValueError, RecursionError) as error:
        raise invalid("The body must be a JSON array of spans", "CannotParseRequest") from error
    except Mismatch as mismatch:
        raise invalid(str(mismatch)) from mismatch
    return list(spans)


def _hexadecimal(*lengths: int) -> Check:
    def check(value: Any, where: str) -> None:
        text(value, where)
        if len(value) not in lengths or not re.fullmatch("[0-9a-f]+", value) or not int(value, 16):
            raise Mismatch(where, f"{' or '.join(map(str, lengths))} lower-case hexadecimal digits, not all zero")

    return check


_ENDPOINT = record({"serviceName": text, "ipv4": text, "ipv6": text, "port": whole(0, 65_535)})
# https://zipkin.io/zipkin-api/zipkin2-api.yaml, Span
_SPANS = each(
    record(
        {
            "traceId": _hexadecimal(16, 32),
            "id": _hexadecimal(16),
            "parentId": _hexadecimal(16),
            "name": text,
            "kind": one_of("CLIENT", "SERVER", "PRODUCER", "CONSUMER"),
            "timestamp": whole(1),
            "duration": whole(1),
            "debug": truth,
            "shared": truth,
            "localEndpoint": _ENDPOINT,
            "remoteEndpoint": _ENDPOINT,
            "annotations": each(record({"timestamp": whole(1), "value": text}, required=("timestamp", "value"))),
            "tags": mapped(text),
        },
        required=("traceId", "id"),
    )
)
OPERATIONS = (Operation("POST", f"{_PATH}/{{kind}}-span", refusing(upload), credentials=()),)
