"""Where outcomes of records go, each place behind one small interface, each outcome once. SINKS at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from model_service.batch.ledger import Ledger
from model_service.batch.sinks.bucket import BucketSink
from model_service.batch.sinks.ledgered import NoSink, Remembered
from model_service.batch.sinks.publishers import FunctionCarrier, QueueCarrier, StreamCarrier, TopicCarrier
from model_service.batch.sinks.sink import Carrier, Outcome, Sink
from model_service.batch.tasks.tasks import SinkDescription, SinkKind
from model_service.oci_names import ObjectLocation
from model_service.oci_services.clients import RegionServices
from model_service.oci_services.object_storage import ObjectStorage
from model_service.upstream.retries import PERSISTENT, Retries

__all__ = ["SINKS", "Outcome", "Sink", "open_sink"]


class Connections(Protocol):
    """The ways to OCI, each made when it is first asked for."""

    @property
    def region_services(self) -> RegionServices: ...

    @property
    def object_storage(self) -> ObjectStorage: ...


@dataclass(frozen=True)
class Opening:
    """What a sink is made from."""

    name: str
    description: SinkDescription
    to: Connections
    ledger: Ledger
    retries: Retries

    @property
    def ocid(self) -> str:
        return str(self.description.place)


def open_sink(
    name: str, description: SinkDescription, to: Connections, ledger: Ledger, retries: Retries = PERSISTENT
) -> Sink:
    """The sink that a tasks file calls ``name``. Nothing is asked before its first use."""
    return SINKS[description.kind](Opening(name, description, to, ledger, retries))


def _bucket(opening: Opening) -> Sink:
    bucket = opening.description.place
    assert isinstance(bucket, ObjectLocation)  # noqa: S101 - what the kind means
    return BucketSink(opening.to.object_storage, bucket, opening.description.templates.get("name"), opening.retries)


def _none(opening: Opening) -> Sink:
    return NoSink(opening.name, opening.ledger)


def _carried(carrier: Callable[[Opening], Carrier]) -> Callable[[Opening], Sink]:
    return lambda opening: Remembered(opening.name, carrier(opening), opening.ledger, opening.retries)


def _stream(opening: Opening) -> Carrier:
    return StreamCarrier(opening.to.region_services, opening.ocid, opening.description.templates.get("key"))


def _queue(opening: Opening) -> Carrier:
    return QueueCarrier(opening.to.region_services, opening.ocid, opening.description.templates.get("channel"))


def _topic(opening: Opening) -> Carrier:
    return TopicCarrier(opening.to.region_services, opening.ocid, opening.description.templates.get("title"))


def _function(opening: Opening) -> Carrier:
    return FunctionCarrier(opening.to.region_services, opening.ocid)


SINKS: Final[Mapping[SinkKind, Callable[[Opening], Sink]]] = {
    "bucket": _bucket,
    "stream": _carried(_stream),
    "queue": _carried(_queue),
    "topic": _carried(_topic),
    "function": _carried(_function),
    "none": _none,
}
