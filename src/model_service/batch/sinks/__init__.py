"""Where outcomes of records go, each place behind one small interface, each outcome once. PUBLISHERS at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from model_service.batch.ledger import Ledger
from model_service.batch.sinks.bucket import BucketSink
from model_service.batch.sinks.ledgered import LedgeredSink, NoSink
from model_service.batch.sinks.publishers import FunctionPublisher, QueuePublisher, StreamPublisher, TopicPublisher
from model_service.batch.sinks.sink import Found, MessagePublisher, Outcome, Sink
from model_service.batch.tasks.tasks import SinkDescription, SinkKind
from model_service.batch.tasks.templates import Template
from model_service.oci_names import ObjectLocation
from model_service.oci_services.clients import RegionServices
from model_service.oci_services.object_storage import ObjectStorage
from model_service.upstream.retries import PERSISTENT, Retries

__all__ = ["PUBLISHERS", "Found", "Outcome", "Sink", "open_sink"]


class SinkConnections(Protocol):
    """Give the ways to OCI, each made when it is first asked for."""

    @property
    def region_services(self) -> RegionServices: ...

    @property
    def object_storage(self) -> ObjectStorage: ...


def open_sink(
    name: str,
    description: SinkDescription,
    to: SinkConnections,
    ledger: Ledger,
    retries: Retries = PERSISTENT,
    *,
    takes_all: bool = False,
) -> Sink:
    """Return the sink that a tasks file calls ``name``; it ``takes_all`` if it is for dead letters.

    Nothing is asked of OCI before its first use.
    """
    if description.kind == "none":
        return NoSink(name, ledger)
    if isinstance(description.place, ObjectLocation):
        return BucketSink(to.object_storage, description.place, description.templates.get("name"), retries, takes_all)
    # The one template of a kind, which gives a message its key, its channel or its title.
    header = next(iter(description.templates.values()), None)
    publisher = PUBLISHERS[description.kind](to.region_services, str(description.place), header)
    return LedgeredSink(name, publisher, ledger, retries)


PUBLISHERS: Final[Mapping[SinkKind, Callable[[RegionServices, str, Template | None], MessagePublisher]]] = {
    "stream": StreamPublisher,
    "queue": QueuePublisher,
    "topic": TopicPublisher,
    "function": FunctionPublisher,
}
