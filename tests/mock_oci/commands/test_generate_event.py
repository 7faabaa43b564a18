from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from mock_oci import MockOci
from mock_oci.__main__ import main
from mock_oci.commands.generate_event import KINDS, OPTIONS, SAMPLES
from mock_oci.services.object_storage.events import Change, cloud_event

EVENTS = Path(__file__).parents[2] / "events"


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main(["generate-event", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_samples_are_the_payloads_that_triggers_are_tested_with() -> None:
    samples = {path.name: path.read_text() for path in SAMPLES.iterdir()}
    assert samples == {name: (EVENTS / name).read_text() for name in samples}
    assert samples.keys() == {name for kind in KINDS.values() for name in (kind.sample, kind.headers) if name}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_without_options_is_its_sample(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    sample = json.loads((EVENTS / KINDS[kind].sample).read_text())
    event = printed(capsys, kind)
    if KINDS[kind].event_type:
        assert event["eventType"] == f"com.oraclecloud.{kind}"
        event["eventType"] = sample["eventType"]
    assert event == sample


def test_names_are_everywhere_in_an_event_of_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    names = ["--bucket", "b-1", "--object", "in/a b.txt", "--namespace", "ns"]
    event = printed(capsys, "objectstorage.deleteobject", *names)
    assert event["eventType"] == "com.oraclecloud.objectstorage.deleteobject"
    data = event["data"]
    assert (data["resourceName"], data["resourceId"]) == ("in/a b.txt", "/n/ns/b/b-1/o/in/a b.txt")
    assert (data["additionalDetails"]["bucketName"], data["additionalDetails"]["namespace"]) == ("b-1", "ns")
    assert "invoice" not in json.dumps({**data, "additionalDetails": {**data["additionalDetails"], "bucketId": ""}})


def test_a_bucket_is_named_in_its_event(capsys: pytest.CaptureFixture[str]) -> None:
    data = printed(capsys, "objectstorage.createbucket", "--bucket", "b-1")["data"]
    assert (data["resourceName"], data["resourceId"]) == ("b-1", "/n/axexample/b/b-1")


def test_an_event_has_the_fields_of_those_that_rules_deliver_here(capsys: pytest.CaptureFixture[str]) -> None:
    details = {"bucketName": "b", "namespace": "n", "eTag": "e", "archivalState": "Available", "bucketId": "i"}
    change = Change("createobject", "ocid1.compartment.oc1..a", "o", "/n/n/b/b/o/o", details)
    delivered = cloud_event(MockOci(), change, "2.0")
    event = printed(capsys, "objectstorage.createobject")
    assert event.keys() == delivered.keys()
    assert event["data"].keys() == delivered["data"].keys()
    assert event["data"]["additionalDetails"].keys() == delivered["data"]["additionalDetails"].keys()


def test_a_record_of_a_stream_is_in_base64(capsys: pytest.CaptureFixture[str]) -> None:
    (record,) = printed(capsys, "stream", "--stream", "mine", "--data", "Köln")
    assert (record["stream"], base64.b64decode(record["value"]).decode()) == ("mine", "Köln")
    assert {record["stream"] for record in printed(capsys, "stream", "--stream", "mine")} == {"mine"}


def test_a_message_of_a_queue_is_spliced_in_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "queue", "--data", '{"n": 1}') == [{"n": 1}]
    assert main(["generate-event", "queue", "--data", "not JSON"]) == 0
    assert capsys.readouterr().out == "[not JSON]"


def test_a_notification_is_what_was_published_and_says_the_rest_in_headers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate-event", "notification", "--data", "Say hello."]) == 0
    assert capsys.readouterr().out == "Say hello."
    headers = printed(capsys, "notification", "--headers", "--topic", "mine")
    assert (headers["x-oci-ns-topicname"], headers["x-oci-ns-messagetype"]) == ("mine", "Notification")
    confirmation = printed(capsys, "confirmation", "--headers")
    assert confirmation["x-oci-ns-messagetype"] == "SubscriptionConfirmation"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["stream", "--bucket", "b"], "--bucket means nothing for stream"),
        (["alarm", "--topic", "t"], "--topic means nothing for alarm"),
        (["alarm", "--headers", "--data", "t"], "--data means nothing for alarm --headers"),
        (["queue", "--headers"], "queue comes without headers of its own"),
        (["nothing"], "invalid choice: 'nothing'"),
    ],
)
def test_what_would_be_ignored_is_refused(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["generate-event", *arguments])
    err = capsys.readouterr().err
    assert (ended.value.code, err.count("\n")) == (2, 1)
    assert complaint in err


def test_every_option_is_used_by_some_kind() -> None:
    assert {option for kind in KINDS.values() for option in kind.fills} | {"topic"} == OPTIONS.keys()
