"""Reach the services beside Generative AI: Object Storage, Queue, Streaming, Notifications and Functions.

They are spoken to over plain HTTP and signed with our key, as the models are, so that nothing here imports ``oci``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final
from urllib.parse import quote

from model_service.auth.service_endpoints import ServiceEndpoints
from model_service.errors import UpstreamError
from model_service.fn.invocation import Deadline
from model_service.fn.limits import Limits
from model_service.upstream.client import UpstreamClient
from model_service.upstream.request_log import LogPolicy
from model_service.upstream.response import read_object

QUEUE_VERSION: Final = "/20210201"  # oci.queue.QueueClient
STREAMING_VERSION: Final = "/20180418"  # oci.streaming.StreamClient
NOTIFICATIONS_VERSION: Final = "/20181201"  # oci.ons.NotificationDataPlaneClient
FUNCTIONS_VERSION: Final = "/20181201"  # https://docs.oracle.com/en-us/iaas/api/#/en/functions/20181201/


@dataclass
class RegionServices:
    """The connections to the services, each in the region that an OCID or a location names. Threads may share it."""

    endpoints: ServiceEndpoints
    log: LogPolicy = field(default_factory=LogPolicy)
    limits: Limits = field(default_factory=Limits.for_memory)

    def __post_init__(self) -> None:
        self._lock = Lock()
        self._upstreams: dict[str, UpstreamClient] = {}
        self._described: dict[str, dict[str, Any]] = {}

    def object_storage(self, deadline: Deadline, region: str | None = None) -> UpstreamClient:
        """Return where buckets are, in our own region unless another is named."""
        return self._at(self.endpoints.of("object_storage", deadline, region=region))

    def queue(self, ocid: str, deadline: Deadline) -> UpstreamClient:
        """Return where the messages of a queue go: its control plane is asked once."""
        endpoint = self.endpoints.of("queue", deadline, ocid=ocid)
        path = f"{QUEUE_VERSION}/queues/{quote(ocid, safe='')}"
        return self._described_by(endpoint, path, "messagesEndpoint", deadline)

    def stream(self, ocid: str, deadline: Deadline) -> UpstreamClient:
        """Return where the messages of a stream go: its control plane is asked once."""
        return self._described_by(*self._of_stream(ocid, deadline), "messagesEndpoint", deadline)

    def topic(self, ocid: str, deadline: Deadline) -> UpstreamClient:
        """Return where the messages of a topic go."""
        return self._at(self.endpoints.of("notifications", deadline, ocid=ocid))

    def secrets(self, ocid: str, deadline: Deadline) -> UpstreamClient:
        """Return where the content of a Vault secret is read."""
        return self._at(self.endpoints.of("vault", deadline, ocid=ocid))

    def vaults(self, ocid: str, deadline: Deadline) -> UpstreamClient:
        """Return where a Vault secret gets a new version."""
        return self._at(self.endpoints.of("vault_management", deadline, ocid=ocid))

    def metrics(self, deadline: Deadline) -> UpstreamClient:
        """Return where custom metrics are written."""
        return self._at(self.endpoints.of("monitoring_ingestion", deadline))

    def control_plane(self, deadline: Deadline) -> UpstreamClient:
        """Return where Generative AI lists its models, in the region where models are asked."""
        return self._at(self.endpoints.of("control_plane", deadline))

    def function(self, ocid: str, deadline: Deadline) -> UpstreamClient:
        """Return where a function is invoked: its control plane is asked once."""
        endpoint = self.endpoints.of("functions", deadline, ocid=ocid)
        path = f"{FUNCTIONS_VERSION}/functions/{quote(ocid, safe='')}"
        return self._described_by(endpoint, path, "invokeEndpoint", deadline)

    def partitions(self, ocid: str, deadline: Deadline) -> int:
        """Return how many partitions a stream has."""
        return int(self._describe(*self._of_stream(ocid, deadline), deadline).get("partitions") or 1)

    def close(self) -> None:
        """Close the connections, if there are any; the next call opens new ones."""
        with self._lock:
            for upstream in self._upstreams.values():
                upstream.close()
            self._upstreams.clear()

    def _of_stream(self, ocid: str, deadline: Deadline) -> tuple[str, str]:
        endpoint = self.endpoints.of("streaming", deadline, ocid=ocid)
        return endpoint, f"{STREAMING_VERSION}/streams/{quote(ocid, safe='')}"

    def _described_by(self, endpoint: str, path: str, name: str, deadline: Deadline) -> UpstreamClient:
        """Return the connection to the endpoint that a description calls ``name``."""
        described = self._describe(endpoint, path, deadline).get(name)
        if not isinstance(described, str):
            self._described.pop(path, None)  # one that is still being made has it later
            raise UpstreamError(f"OCI does not say where this queue, stream or function is ({name}).")
        return self._at(described.rstrip("/"))

    def _describe(self, endpoint: str, path: str, deadline: Deadline) -> dict[str, Any]:
        # Two threads may ask at the same time; the answer is the same.
        if path not in self._described:
            self._described[path] = read_object(self._at(endpoint).send("GET", path, None, {}, deadline))
        return self._described[path]

    def _at(self, endpoint: str) -> UpstreamClient:
        credential, network = self.endpoints.credential(), self.endpoints.settings.network
        with self._lock:
            if endpoint not in self._upstreams:
                self._upstreams[endpoint] = UpstreamClient(endpoint, credential, self.log, self.limits, network=network)
            return self._upstreams[endpoint]
