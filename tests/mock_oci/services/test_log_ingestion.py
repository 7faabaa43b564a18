"""Entries that are put into a log reach who reads it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import oci as sdk
import pytest

from mock_oci import MockOci, Response
from mock_oci.services.connector_hub import Logs
from mock_oci.services.control_planes import StoredResources

BATCH = {
    "source": "app",
    "type": "com.example.app",
    "subject": "calls",
    "defaultlogentrytime": "2026-11-27T12:00:00Z",
    "entries": [{"id": "1", "data": '{"tokens": 7}'}, {"id": "2", "data": "text"}],
}


@pytest.fixture
def log(oci: MockOci, signed: Callable[..., Response]) -> str:
    home = {"compartmentId": oci.tenancy.compartment_id, "displayName": "models"}
    signed("POST", "/20200531/logGroups", home)
    [group] = oci.state_of(StoredResources).of("log_group").all()
    signed("POST", f"/20200531/logGroups/{group.id}/logs", {"displayName": "calls", "logType": "CUSTOM"})
    [made] = oci.state_of(StoredResources).of("log").all()
    return made.id


def entries(oci: MockOci) -> list[Any]:
    return [entry for _, _, entry in oci.state_of(Logs).from_position(0)]


def test_entries_stand_in_the_log_as_logging_hands_them_on(
    oci: MockOci, log: str, signed: Callable[..., Response]
) -> None:
    body = {"specversion": "1.0", "logEntryBatches": [BATCH]}
    assert signed("POST", f"/20200831/logs/{log}/actions/push", body).status == 200
    assert [entry["data"] for entry in entries(oci)] == [{"tokens": 7}, {"message": "text"}]
    assert {(entry["oracle"]["logid"], entry["source"], entry["subject"]) for entry in entries(oci)} == {
        (log, "app", "calls")
    }


@pytest.mark.parametrize(
    "change", [{"entries": []}, {"source": None}, {"defaultlogentrytime": "now"}, {"entries": [{"id": "1"}]}]
)
def test_a_batch_that_is_not_whole_is_refused_and_nothing_is_kept(
    oci: MockOci, log: str, signed: Callable[..., Response], change: dict[str, Any]
) -> None:
    body = {"specversion": "1.0", "logEntryBatches": [BATCH, {**BATCH, **change}]}
    assert signed("POST", f"/20200831/logs/{log}/actions/push", body).status == 400
    assert entries(oci) == []


def test_the_sdks_client_puts_an_entry_and_a_log_that_is_not_there_is_404(
    live: MockOci, sdk_client: Callable[[Any], Any]
) -> None:
    management = sdk_client(sdk.logging.LoggingManagementClient)
    management.create_log_group({"compartmentId": live.tenancy.compartment_id, "displayName": "models"})
    [group] = live.state_of(StoredResources).of("log_group").all()
    management.create_log(group.id, {"displayName": "calls", "logType": "CUSTOM"})
    [made] = live.state_of(StoredResources).of("log").all()
    models = sdk.loggingingestion.models
    entry = models.LogEntry(id="1", data="hello")
    batch = models.LogEntryBatch(
        entries=[entry], source="app", type="app", defaultlogentrytime=datetime.now(UTC).replace(microsecond=0)
    )
    details = models.PutLogsDetails(specversion="1.0", log_entry_batches=[batch])
    client = sdk_client(sdk.loggingingestion.LoggingClient)
    assert client.put_logs(made.id, details).status == 200
    assert entries(live)[0]["data"] == {"message": "hello"}
    with pytest.raises(sdk.exceptions.ServiceError) as refused:
        client.put_logs("ocid1.log.oc1..none", details)
    assert refused.value.status == 404
