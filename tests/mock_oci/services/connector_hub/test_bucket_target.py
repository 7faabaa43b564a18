"""A bucket as a connector's target: each batch is an object, a record a line, compressed."""

from __future__ import annotations

import gzip
import json

import pytest
from tests.mock_oci.conftest import Clock

from mock_oci import MockOci
from mock_oci.operations import Refused
from mock_oci.services.connector_hub import ConnectorHub, Logs, to_bucket
from mock_oci.services.object_storage import ObjectStorage

GROUP = "ocid1.loggroup.oc1..one"
SOURCE = {"kind": "logging", "logSources": [{"logGroupId": GROUP}]}


def test_a_log_arrives_after_its_time_as_lines_of_one_object(oci: MockOci, clock: Clock) -> None:
    storage, hub = oci.state_of(ObjectStorage), oci.state_of(ConnectorHub)
    storage.create_bucket("usage")
    connector = hub.create("usage", SOURCE, to_bucket(storage.namespace, "usage", "log", seconds=60))
    for number in range(3):
        oci.state_of(Logs).add({"number": number}, group_id=GROUP)
    assert hub.pump() == ()
    clock.now += 60
    [run] = hub.pump()
    assert (run.status, run.records) == (200, 3)
    [stored] = storage.objects("usage")
    assert stored.name.startswith(f"log/{connector.id}/")
    lines = gzip.decompress(stored.body).splitlines()
    assert [json.loads(line)["data"]["number"] for line in lines] == [0, 1, 2]


def test_a_bucket_that_is_gone_fails_the_run_and_nothing_is_lost(oci: MockOci, clock: Clock) -> None:
    storage, hub = oci.state_of(ObjectStorage), oci.state_of(ConnectorHub)
    storage.create_bucket("usage")
    hub.create("usage", SOURCE, to_bucket(storage.namespace, "usage", seconds=1))
    oci.state_of(Logs).add("one", group_id=GROUP)
    storage.delete_bucket("usage")
    clock.now += 1
    assert [run.status for run in hub.pump()] == [404]
    storage.create_bucket("usage")
    clock.now += 60
    assert [run.status for run in hub.pump()] == [200]


def test_a_bucket_has_to_be_there_and_of_this_tenancy(oci: MockOci) -> None:
    storage, hub = oci.state_of(ObjectStorage), oci.state_of(ConnectorHub)
    storage.create_bucket("usage")
    for target in (to_bucket(storage.namespace, "none"), to_bucket("elsewhere", "usage")):
        with pytest.raises(Refused):
            hub.create("usage", SOURCE, target)
