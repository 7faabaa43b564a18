"""The region's other services on their real host names, answered in process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mock_oci import MockOci, mock_oci
from mock_oci.doors.written_config import write_config
from mock_oci.services.functions.state import FunctionDetails, Functions
from mock_oci.services.notifications.state import Notifications
from mock_oci.services.object_storage.state import NAMESPACE, ObjectStorage
from mock_oci.services.queues.state import Queues
from mock_oci.services.streaming.state import Streaming
from mock_oci.wire import Response
from model_service.auth.service_endpoints import ServiceEndpoints
from model_service.errors import SettingsError, UpstreamError
from model_service.fn.invocation import Deadline
from model_service.oci_names import ObjectLocation
from model_service.oci_services.clients import RegionServices
from model_service.relay.destinations import Destination
from model_service.service import Service
from model_service.settings import Settings


@pytest.fixture
def oci() -> Iterator[MockOci]:
    with mock_oci() as oci:
        yield oci


@pytest.fixture
def service(oci: MockOci, tmp_path: Path) -> Iterator[Service]:
    write_config(oci, tmp_path, "http://127.0.0.1:1")
    environment = {"OCI_CONFIG_FILE": str(tmp_path / "config"), "OCI_REGION": oci.region}
    with closing(Service(Settings.load(environment))) as service:
        yield service


def hosts_of(oci: MockOci) -> list[str]:
    return [request.headers["host"].partition(":")[0] for request in oci.requests]


@pytest.mark.parametrize("kind", ["queue", "stream"])
def test_the_control_plane_is_asked_once_where_the_messages_go(oci: MockOci, service: Service, kind: str) -> None:
    made: Any = {"queue": oci.state_of(Queues), "stream": oci.state_of(Streaming)}[kind].create("relays")
    label = {"queue": "channel", "stream": "key"}[kind]
    place = Destination.parse({kind: made.id, label: "mine"}, [made.id]).open(service.region_services)
    for _ in range(2):
        place.put(b'{"object": "model_service.relay"}', Deadline.after(10))
    control, *cells = hosts_of(oci)
    assert not control.startswith("cell-1.")
    assert len(cells) == 2
    assert all(cell.startswith("cell-1.") for cell in cells)
    assert place.reader().poll(Deadline.after(10))


def test_a_stream_that_is_still_being_made_is_looked_up_again(oci: MockOci, service: Service) -> None:
    stream = oci.state_of(Streaming).create("young")
    path = f"/20180418/streams/{stream.id}"
    oci.script.raw(b'{"lifecycleState": "CREATING"}', content_type="application/json", path=path)
    with pytest.raises(UpstreamError, match="messagesEndpoint"):
        service.region_services.stream(stream.id, Deadline.after(10))
    assert service.region_services.stream(stream.id, Deadline.after(10))


def test_a_topic_is_where_the_sdk_looks_for_it(oci: MockOci, service: Service) -> None:
    topic = oci.state_of(Notifications).create_topic("bell")
    upstream = service.region_services.topic(topic.id, Deadline.after(10))
    upstream.send("POST", f"/20181201/topics/{topic.id}/messages", {"body": "x"}, {}, Deadline.after(10)).read()
    assert hosts_of(oci) == [f"notification.{oci.region}.oraclecloud.com"]
    assert [message.body for message in oci.state_of(Notifications).published] == ["x"]


def test_the_control_plane_is_asked_once_where_a_function_is_invoked(oci: MockOci, service: Service) -> None:
    invoker: Any = SimpleNamespace(invoke=lambda *_, **__: Response(202))
    id_ = f"ocid1.fnfunc.oc1.{oci.region}.next"
    oci.state_of(Functions).enter(FunctionDetails(id_, "next"), invoker)
    for _ in range(2):
        upstream = service.region_services.function(id_, Deadline.after(10))
        upstream.send("POST", f"/20181201/functions/{id_}/actions/invoke", b"x", {}, Deadline.after(10)).read()
    control, *calls = hosts_of(oci)
    assert control == f"functions.{oci.region}.oci.oraclecloud.com"
    assert len(calls) == 2
    assert all(host.endswith(f".{oci.region}.functions.oci.oraclecloud.com") for host in calls)


def test_a_description_without_an_endpoint_is_an_error_that_names_it(oci: MockOci, service: Service) -> None:
    id_ = f"ocid1.fnfunc.oc1.{oci.region}.next"
    oci.script.raw(b"{}", content_type="application/json", path=f"/20181201/functions/{id_}")
    with pytest.raises(UpstreamError, match="invokeEndpoint"):
        service.region_services.function(id_, Deadline.after(10))


def test_the_namespace_is_asked_for_once(oci: MockOci, service: Service) -> None:
    oci.state_of(ObjectStorage).create_bucket("b")
    storage, deadline = service.object_storage, Deadline.after(10)
    for number in range(2):
        storage.put(ObjectLocation(None, "b", f"a/{number} ä.json"), b"{}", "application/json", deadline)
    assert storage.get(ObjectLocation(NAMESPACE, "b", "a/1 ä.json"), 10, deadline) == b"{}"
    assert [request.path for request in oci.requests].count("/n") == 1
    assert set(hosts_of(oci)) == {f"objectstorage.{oci.region}.oraclecloud.com"}


def test_a_link_reads_one_object_and_nothing_else(oci: MockOci, service: Service) -> None:
    oci.state_of(ObjectStorage).create_bucket("b")
    place, deadline = ObjectLocation(None, "b", "o"), Deadline.after(10)
    service.object_storage.put(place, b"{}", "application/json", deadline)
    url = service.object_storage.link(place, datetime.now(UTC) + timedelta(hours=1), deadline)
    assert url.startswith("https://")
    assert "/p/" in url


def test_a_queue_that_is_not_there_is_an_error_of_oci(oci: MockOci, service: Service) -> None:
    with pytest.raises(UpstreamError) as refused:
        service.region_services.queue(f"ocid1.queue.oc1.{oci.region}.none", Deadline.after(10))
    assert refused.value.status == 404


def test_without_a_region_the_setting_is_named() -> None:
    nowhere: Any = SimpleNamespace(region=lambda _: None)
    with pytest.raises(SettingsError, match="OCI_REGION"):
        RegionServices(ServiceEndpoints(Settings(), lambda: nowhere)).object_storage(Deadline.after(10))
