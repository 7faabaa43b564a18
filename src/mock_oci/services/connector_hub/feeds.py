"""What Logging and Monitoring have for Connector Hub: entries in memory, in the order in which they were added."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

from mock_oci.cloud import Cloud
from mock_oci.identity.tenancy import ocid
from mock_oci.services.oci_surface import new_uuid, timestamp
from mock_oci.wire import Body

FUNCTION_LOG = "com.oraclecloud.functions.application.functioninvoke"


class Feed:
    """An append-only list; positions are counts of what came before. Thread-safe."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lock = threading.Lock()
        self._entries: list[tuple[float, Body]] = []

    def __len__(self) -> int:
        with self._lock:
            return len(self._entries)

    def from_position(self, position: int) -> Iterator[tuple[int, float, Body]]:
        """Yield each entry from there on: the position after it, when it came in Unix seconds, and the entry."""
        with self._lock:
            entries = self._entries[position:]
        for number, (added, entry) in enumerate(entries, position + 1):
            yield number, added, entry

    def _append(self, entry: Body) -> Body:
        with self._lock:
            self._entries.append((self._cloud.clock(), entry))
        return entry


class Logs(Feed):
    """The log entries of one tenancy, as Logging hands them on.

    Shape: fnproject/fdk-java, fn-events, ConnectorHubFunctionTest.java; docs Logging/Reference/log_format.htm.
    """

    def add(
        self,
        entry: str | Mapping[str, Any],
        *,
        log_id: str = "",
        group_id: str = "",
        type: str = FUNCTION_LOG,  # noqa: A002 - the field's own name
        source: str = "mock-log",
        subject: str = "",
    ) -> Body:
        """Add an entry whose ``data`` is this mapping, or the string as its ``message``."""
        cloud, now = self._cloud, timestamp(self._cloud.clock())
        return self._append(
            {
                "data": {"message": entry} if isinstance(entry, str) else dict(entry),
                "id": new_uuid(cloud, "log entry"),
                "oracle": {
                    "compartmentid": cloud.tenancy.compartment_id,
                    "ingestedtime": now,
                    "loggroupid": group_id or ocid("loggroup", "default", cloud.region),
                    "logid": log_id or ocid("log", "default", cloud.region),
                    "tenantid": cloud.tenancy.tenancy_id,
                },
                "source": source,
                "specversion": "1.0",
                "subject": subject,
                "time": now,
                "type": type,
            }
        )


class Metrics(Feed):
    """The metric data of one tenancy, as Monitoring hands them on (same source as Logs)."""

    def add(
        self,
        namespace: str,
        name: str,
        value: float,
        *,
        dimensions: Mapping[str, str] | None = None,
        metadata: Mapping[str, str] | None = None,
        resource_group: str | None = None,
        compartment_id: str = "",
        count: int = 1,
    ) -> Body:
        """Add one metric with one datapoint of now."""
        return self._append(
            {
                "namespace": namespace,
                "resourceGroup": resource_group,
                "compartmentId": compartment_id or self._cloud.tenancy.compartment_id,
                "name": name,
                "dimensions": dict(dimensions or {}),
                "metadata": dict(metadata or {}),
                "datapoints": [{"timestamp": int(self._cloud.clock() * 1000), "value": value, "count": count}],
            }
        )
