"""Send custom metrics to OCI Monitoring and spans to APM's collector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpx

from model_service.fn.invocation import Deadline
from model_service.oci_services.clients import RegionServices
from model_service.upstream.response import read_object


@dataclass(frozen=True)
class MetricsClient:
    """The ingestion host of Monitoring, which is another than that of its queries."""

    services: RegionServices

    def post(self, path: str, body: Mapping[str, Any], deadline: Deadline) -> Mapping[str, Any]:
        """Return the answer to PostMetricData; raise a ``ModelServiceError``."""
        return read_object(self.services.metrics(deadline).send("POST", path, dict(body), {}, deadline))


@dataclass
class SpanCollector:
    """An APM collector, whose key is in its ``url``; one connection is kept open between calls."""

    url: str = field(repr=False)

    def post(self, spans: list[dict[str, Any]], seconds: float) -> None:
        """Post spans within ``seconds``.

        Raise ``OSError`` where that fails, which names the host alone: httpx's own errors quote the URL.
        """
        host = urlsplit(self.url).hostname
        try:
            answer = self._client.post(self.url, json=spans, timeout=seconds)
        except httpx.HTTPError as error:
            raise OSError(f"{host}: {type(error).__name__}") from None
        if not answer.is_success:
            raise OSError(f"{host}: status {answer.status_code}")

    @cached_property
    def _client(self) -> httpx.Client:
        return httpx.Client(trust_env=False)
