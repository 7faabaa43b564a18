"""The services of the emulated region, a package each, and the table that routes requests to them."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module

from mock_oci.operations import Operation


@dataclass(frozen=True)
class Service:
    """``module`` has ``OPERATIONS``, whose paths begin with one of ``paths``; the first request to one loads it."""

    module: str
    paths: tuple[str, ...]

    @functools.cached_property
    def operations(self) -> tuple[Operation, ...]:
        """Import the service, and return what it answers."""
        operations: tuple[Operation, ...] = import_module(self.module).OPERATIONS
        return operations

    def may_answer(self, method: str, path: str) -> tuple[Operation, ...]:
        """Return the operations of this method; none, and nothing is imported, for a path of another service."""
        return self._by_method.get(method, ()) if path.startswith(self.paths) else ()

    @functools.cached_property
    def _by_method(self) -> dict[str, tuple[Operation, ...]]:
        methods = {operation.method for operation in self.operations}
        return {
            method: tuple(operation for operation in self.operations if operation.method == method)
            for method in methods
        }


_GENERATIVE_AI = "/20231130"
SERVICES = (
    Service(
        "mock_oci.services.generative_ai",
        (
            "/openai/v1/",
            f"{_GENERATIVE_AI}/actions/",
            f"{_GENERATIVE_AI}/models",
            f"{_GENERATIVE_AI}/modelDiscovery",
            f"{_GENERATIVE_AI}/guardrailVersions",
            f"{_GENERATIVE_AI}/generativeAiProjects",
            f"{_GENERATIVE_AI}/openai/",
        ),
    ),
    Service(
        "mock_oci.services.dedicated_models",
        (
            f"{_GENERATIVE_AI}/dedicatedAiClusters",
            f"{_GENERATIVE_AI}/endpoints",
            f"{_GENERATIVE_AI}/importedModels",
            f"{_GENERATIVE_AI}/routingProfiles",
            f"{_GENERATIVE_AI}/apikeys",
            f"{_GENERATIVE_AI}/workRequests/",
        ),
    ),
    Service("mock_oci.services.object_storage", ("/n", "/p/", "/workRequests/")),
    Service("mock_oci.services.streaming", ("/20180418/",)),
    Service("mock_oci.services.queues", ("/20210201/",)),
    Service("mock_oci.services.notifications", ("/20181201/topics", "/20181201/subscriptions")),
    Service("mock_oci.services.functions", ("/20181201/functions", "/20181201/applications", "/20260325/")),
    Service("mock_oci.services.connector_hub", ("/20200909/",)),
    Service("mock_oci.services.events", ("/20181201/rules",)),
    Service("mock_oci.services.vault", ("/20180608/", "/20190301/")),
    Service("mock_oci.services.monitoring", ("/20180401/metrics",)),
    Service("mock_oci.services.apm", ("/20200101/",)),
    Service(
        "mock_oci.services.control_planes", ("/20160918/", "/20190501/", "/20200531/", "/20180401/alarms", "/20200901/")
    ),
    Service("mock_oci.services.log_ingestion", ("/20200831/",)),
    Service("mock_oci.services.instance_metadata", ("/opc/", "/v1/x509")),
)


def operations() -> Iterator[Operation]:
    """Yield what every service answers, for which all are imported."""
    for service in SERVICES:
        yield from service.operations
