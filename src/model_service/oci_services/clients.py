"""The other services of the region, Object Storage, Queue, Streaming, Notifications and Functions: signed with our key,
as the models are.

They are spoken to over plain HTTP, so that nothing here imports ``oci``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final
from urllib.parse import quote

from model_service.auth import Credential
from model_service.errors import SettingsError, UpstreamError
from model_service.fn.invocation import Deadline
from model_service.fn.limits import Limits
from model_service.oci_names import (
    functions_endpoint,
    notifications_endpoint,
    object_storage_endpoint,
    queue_endpoint,
    region_of,
    secrets_endpoint,
    streaming_endpoint,
    vaults_endpoint,
)
from model_service.upstream.client import UpstreamClient
from model_service.upstream.request_log import LogPolicy
from model_service.upstream.response import read_object

QUEUE_VERSION: Final = "/20210201"  # oci.queue.QueueClient
STREAMING_VERSION: Final = "/20180418"  # oci.streaming.StreamClient
NOTIFICATIONS_VERSION: Final = "/20181201"  # oci.ons.NotificationDataPlaneClient
FUNCTIONS_VERSION: Final = "/20181201"  # https://docs.oracle.com/en-us/iaas/api/#/en/functions/20181201/


@dataclass
class RegionServices:
    """``endpoint`` (``MODEL_SERVICE_OCI_ENDPOINT``) stands for every host. Threads may share it."""

    credential: Credential
    region: str | None = None
    endpoint: str | None = None
    log: LogPolicy = field(default_factory=LogPolicy)
    limits: Limits = field(default_factory=Limits.for_memory)

    def __post_init__(self) -> None:
        self._lock = Lock()
        self._upstreams: dict[str, UpstreamClient] = {}
        self._described: dict[str, dict[str, Any]] = {}

    @property
    def object_storage(self) -> UpstreamClient:
        return self._at(self.endpoint or object_storage_endpoint(self._region()))

    def queue(self, ocid: str, deadline: Deadline) -> UpstreamClient:
        """Where the messages of a queue go: its control plane says so, once."""
        endpoint = self.endpoint or queue_endpoint(self._region(ocid))
        return self._place_in(endpoint, f"{QUEUE_VERSION}/queues/{quote(ocid, safe='')}", "messagesEndpoint", deadline)

    def stream(self, ocid: str, deadline: Deadline) -> UpstreamClient:
        """Where the messages of a stream go: its control plane says so, once."""
        return self._place_in(*self._of_stream(ocid), "messagesEndpoint", deadline)

    def topic(self, ocid: str) -> UpstreamClient:
        """Where the messages of a topic go."""
        return self._at(self.endpoint or notifications_endpoint(self._region(ocid)))

    def secrets(self, ocid: str) -> UpstreamClient:
        """Return where the content of a Vault secret is read."""
        return self._at(self.endpoint or secrets_endpoint(self._region(ocid)))

    def vaults(self, ocid: str) -> UpstreamClient:
        """Return where a Vault secret gets a new version."""
        return self._at(self.endpoint or vaults_endpoint(self._region(ocid)))

    def function(self, ocid: str, deadline: Deadline) -> UpstreamClient:
        """Where a function is invoked: its control plane says so, once."""
        endpoint = self.endpoint or functions_endpoint(self._region(ocid))
        path = f"{FUNCTIONS_VERSION}/functions/{quote(ocid, safe='')}"
        return self._place_in(endpoint, path, "invokeEndpoint", deadline)

    def partitions(self, ocid: str, deadline: Deadline) -> int:
        """How many partitions a stream has."""
        return int(self._describe(*self._of_stream(ocid), deadline).get("partitions") or 1)

    def close(self) -> None:
        """Close the connections, if there are any; the next call opens new ones."""
        with self._lock:
            for upstream in self._upstreams.values():
                upstream.close()
            self._upstreams.clear()

    def _of_stream(self, ocid: str) -> tuple[str, str]:
        endpoint = self.endpoint or streaming_endpoint(self._region(ocid))
        return endpoint, f"{STREAMING_VERSION}/streams/{quote(ocid, safe='')}"

    def _place_in(self, endpoint: str, path: str, name: str, deadline: Deadline) -> UpstreamClient:
        """The endpoint that a description calls ``name``."""
        where = self._describe(endpoint, path, deadline).get(name)
        if not isinstance(where, str):
            self._described.pop(path, None)  # one that is still being made has it later
            raise UpstreamError(f"OCI does not say where this queue, stream or function is ({name}).")
        return self._at(where.rstrip("/"))

    def _describe(self, endpoint: str, path: str, deadline: Deadline) -> dict[str, Any]:
        # Two threads may ask at the same time; the answer is the same.
        if path not in self._described:
            self._described[path] = read_object(self._at(endpoint).send("GET", path, None, {}, deadline))
        return self._described[path]

    def _at(self, endpoint: str) -> UpstreamClient:
        with self._lock:
            if endpoint not in self._upstreams:
                self._upstreams[endpoint] = UpstreamClient(endpoint, self.credential, self.log, self.limits)
            return self._upstreams[endpoint]

    def _region(self, ocid: str = "") -> str:
        region = region_of(ocid) or self.region or self.credential.region
        if region is None:
            raise SettingsError("OCI_REGION", "is not set, and neither the profile nor the principal names a region")
        return region
