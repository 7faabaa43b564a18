"""Sinks that deliver into a local OCI over real sockets, and a look at what has arrived there."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

import pytest

from mock_oci import MockOci
from mock_oci.services.functions.state import FunctionDetails, Functions
from mock_oci.services.notifications.state import Notifications
from mock_oci.services.object_storage.state import NAMESPACE, ObjectStorage, StoredObject
from mock_oci.services.queues.state import Queues
from mock_oci.services.streaming.state import Streaming
from mock_oci.wire import Response
from model_service.batch.ledger import Ledger, ObjectLedger
from model_service.batch.sinks import Outcome, Sink, open_sink
from model_service.batch.tasks.tasks import SinkDescription, SinkKind
from model_service.batch.tasks.templates import Template
from model_service.fn.invocation import Deadline
from model_service.oci_names import ObjectLocation
from model_service.service import Service
from model_service.settings import Settings
from model_service.upstream.retries import PERSISTENT

RECORD = "streaming/prompts/0/41-1761223385480"
BODY = json.dumps({"id": RECORD, "text": "Grüße"}, ensure_ascii=False).encode()
# Two containers look for each other often, and no test waits for a pause.
BRISK = replace(PERSISTENT, sleep=lambda seconds: time.sleep(min(seconds, 0.01)), random=lambda: 0.0)


@dataclass
class Invoker:
    """A function that notes how it is called."""

    calls: list[tuple[bytes, Mapping[str, str]]] = field(default_factory=list)

    def invoke(
        self, function_id: str, body: bytes = b"", headers: Mapping[str, str] | None = None, **how: Any
    ) -> Response:
        self.calls.append((body, {**(headers or {}), "fn-invoke-type": how["invoke_type"]}))
        return Response(202)


@dataclass(frozen=True)
class Site:
    """One sink's place. ``path`` is where the delivery of ``record`` goes, ``arrived`` are the bodies that have."""

    oci: MockOci
    service: Service
    kind: SinkKind
    place: str | ObjectLocation | None
    path: str
    arrived: Callable[[], list[bytes]]
    record: str = RECORD
    body: bytes = BODY

    def open(self, sink: str = "results", /, **templates: str) -> Sink:
        """As another container would: each opening knows nothing of the others."""
        compiled = {label: Template.compile(text) for label, text in templates.items()}
        description = SinkDescription(self.kind, self.place, compiled)
        return open_sink(sink, description, self.service, self.ledger, BRISK)

    @property
    def ledger(self) -> Ledger:
        return ObjectLedger(self.service.object_storage, ObjectLocation(None, "ledger"), BRISK)

    def seen(self, sink: Sink, record: str = RECORD, **view: Any) -> bool:
        """Whether there is an outcome; one that lies ready goes out, as it does when its record comes again."""
        found = sink.find(record, {"id": record, **view}, Deadline.after(20))
        if found is not None and not found.delivered:
            sink.redeliver(record, {"id": record, **view}, Deadline.after(20))
        return found is not None

    def deliver(self, sink: Sink, record: str = RECORD, body: bytes = BODY, **view: Any) -> bool:
        return sink.deliver(Outcome(record, {"id": record, **view}, body), Deadline.after(20))

    def soon(self) -> Deadline:
        return Deadline.after(20)

    def entries(self) -> tuple[StoredObject, ...]:
        return self.oci.state_of(ObjectStorage).objects("ledger")

    def age(self, seconds: float) -> None:
        """As if what the ledger has had been written so long ago."""
        now, storage = self.oci.clock, self.oci.state_of(ObjectStorage)
        self.oci.clock = lambda: now() - seconds
        for entry in self.entries():
            storage.put("ledger", entry.name, entry.body, headers=entry.headers)
        self.oci.clock = now

    @property
    def entry_path(self) -> str:
        """Where the record's entry in the ledger is."""
        return _entry_path()

    def asked(self, path: str = "") -> list[str]:
        """The methods of the requests that came to a path, its own without one."""
        return [request.method for request in self.oci.requests if request.path == (path or self.path)]


@pytest.fixture
def regional(environment: dict[str, str], oci_url: str) -> Iterator[Service]:
    with closing(Service(Settings.load({**environment, "MODEL_SERVICE_OCI_ENDPOINT": oci_url}))) as service:
        yield service


@pytest.fixture
def site_of(oci: MockOci, regional: Service) -> Callable[[str], Site]:
    storage = oci.state_of(ObjectStorage)
    for bucket in ("results", "ledger"):
        storage.create_bucket(bucket)
    return lambda kind: Site(oci, regional, kind, *PLACES[kind](oci))  # type: ignore[arg-type]  # one of the kinds


def _none(oci: MockOci) -> tuple[None, str, Callable[[], list[bytes]]]:
    return None, _entry_path(), list


def _entry_path() -> str:
    name = quote(f"model-service/ledger/results/{RECORD}.json", safe="")
    return f"/n/{NAMESPACE}/b/ledger/o/{name}"


def _bucket(oci: MockOci) -> tuple[ObjectLocation, str, Callable[[], list[bytes]]]:
    path = f"/n/{NAMESPACE}/b/results/o/{quote(RECORD, safe='')}.json"
    return (
        ObjectLocation(None, "results"),
        path,
        lambda: [one.body for one in oci.state_of(ObjectStorage).objects("results")],
    )


def _stream(oci: MockOci) -> tuple[str, str, Callable[[], list[bytes]]]:
    stream = oci.state_of(Streaming).create("answers", partitions=2)
    return stream.id, f"/20180418/streams/{stream.id}/messages", lambda: [entry.value for entry in stream.entries()]


def _queue(oci: MockOci) -> tuple[str, str, Callable[[], list[bytes]]]:
    queues = oci.state_of(Queues)
    id_ = queues.create("work").id
    path = f"/20210201/queues/{id_}/messages"
    return id_, path, lambda: [one.content.encode() for one in queues.messages(id_).all()]


def _topic(oci: MockOci) -> tuple[str, str, Callable[[], list[bytes]]]:
    notifications = oci.state_of(Notifications)
    id_ = notifications.create_topic("bell").id
    return id_, f"/20181201/topics/{id_}/messages", lambda: [one.body.encode() for one in notifications.published]


def _function(oci: MockOci) -> tuple[str, str, Callable[[], list[bytes]]]:
    id_, invoker = f"ocid1.fnfunc.oc1.{oci.region}.next", Invoker()
    oci.state_of(Functions).enter(FunctionDetails(id_, "next"), invoker)
    return id_, f"/20181201/functions/{id_}/actions/invoke", lambda: [body for body, _ in invoker.calls]


PLACES = {"bucket": _bucket, "none": _none, "stream": _stream, "queue": _queue, "topic": _topic, "function": _function}
