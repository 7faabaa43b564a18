"""Functions as they are created: limits, both versions of the API, and who runs them."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mock_oci import LoopbackServer, MockOci, Response
from mock_oci.fn.functions import LocalFunctions
from mock_oci.services.functions import Destination, Functions
from mock_oci.services.queues import Queues

ANSWERED = Callable[..., Any]
FOLDERS = Path(__file__).parents[2] / "functions"
IMAGE = "ord.ocir.io/axmockoci123/echo:0.1.0"


@pytest.fixture
def application(oci: MockOci, answered: ANSWERED) -> str:
    home = {"compartmentId": oci.tenancy.compartment_id}
    vcn = answered("POST", "/20160918/vcns", {**home, "cidrBlocks": ["10.0.0.0/24"]})["id"]
    subnet = answered("POST", "/20160918/subnets", {**home, "vcnId": vcn, "cidrBlock": "10.0.0.0/24"})["id"]
    body = {**home, "displayName": "models", "subnetIds": [subnet], "config": {"SHARED": "yes", "OWN": "no"}}
    made: str = answered("POST", "/20181201/applications", body)["id"]
    return made


def function(application: str, **more: Any) -> dict[str, Any]:
    return {"displayName": "echo", "applicationId": application, "image": IMAGE, "memoryInMBs": 256, **more}


def test_both_versions_of_the_api_tell_of_one_function(application: str, answered: ANSWERED) -> None:
    made = answered("POST", "/20181201/functions", function(application, imageDigest="sha256:1"))
    assert (made["image"], made["imageDigest"], made["sourceDetails"]) == (IMAGE, "sha256:1", None)
    new = answered("GET", f"/20260325/functions/{made['id']}")
    assert new["sourceDetails"] == {"sourceType": "CONTAINER_IMAGE", "image": IMAGE, "imageDigest": "sha256:1"}
    assert "image" not in new
    assert answered("PUT", f"/20181201/functions/{made['id']}", {"image": "other:2"})["image"] == "other:2"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("memoryInMBs", 300, "memoryInMBs must be one of"),
        ("timeoutInSeconds", 301, "timeoutInSeconds"),
        ("timeoutInSeconds", 4, "timeoutInSeconds"),
        ("detachedModeTimeoutInSeconds", 3601, "detachedModeTimeoutInSeconds"),
        ("config", {"LONG": "x" * 4096}, "4096 bytes"),
        ("config", {"NUMBER": 1}, "must be a string"),
        ("failureDestination", {"kind": "STREAM"}, "streamId"),
        ("successDestination", {"kind": "BUCKET"}, "must be one of"),
        ("successDestination", {"kind": "QUEUE", "channelId": "c"}, "queueId"),
        ("successDestination", {"kind": "QUEUE", "queueId": "q", "channelId": 5}, "channelId must be a string"),
        ("failureDestination", {"kind": "STREAM", "streamId": "s", "channelId": "c"}, "is of kind QUEUE alone"),
        ("provisionedConcurrencyConfig", {"strategy": "CONSTANT", "count": 10}, "must be a multiple of 20 for 256 MB"),
        ("provisionedConcurrencyConfig", {"strategy": "CONSTANT", "count": 0}, "must be a multiple of 20 for 256 MB"),
        ("provisionedConcurrencyConfig", {"strategy": "CONSTANT"}, "must be a multiple of 20 for 256 MB"),
        ("provisionedConcurrencyConfig", {"strategy": "LATER"}, "strategy must be one of CONSTANT, NONE"),
    ],
)
def test_what_oci_functions_does_not_take_is_refused(
    application: str, signed: Callable[..., Response], field: str, value: Any, said: str
) -> None:
    response = signed("POST", "/20181201/functions", function(application, **{field: value}))
    assert isinstance(response.body, bytes)
    assert response.status == 400
    assert said in json.loads(response.body)["message"]


@pytest.mark.parametrize("field", ["successDestination", "failureDestination"])
def test_the_channel_of_a_destination_is_kept_and_can_be_changed(
    field: str, oci: MockOci, application: str, answered: ANSWERED
) -> None:
    queue = {"kind": "QUEUE", "queueId": "ocid1.queue.oc1..q"}
    made = answered("POST", "/20181201/functions", function(application, **{field: {**queue, "channelId": "c"}}))
    path = f"/20260325/functions/{made['id']}"
    for channel in ("c", "d", "", None):
        changed = {**queue, "channelId": channel}
        assert answered("PUT", path, {field: changed})[field] == changed
        assert answered("GET", path)[field] == changed
        found = oci.state_of(Functions).find(made["id"])
        assert found is not None
        success = field == "successDestination"
        kept = found[0].success_destination if success else found[0].failure_destination
        assert kept == Destination("ocid1.queue.oc1..q", channel or "")


def test_an_image_that_nobody_has_cannot_be_pulled(
    application: str, answered: ANSWERED, signed: Callable[..., Response]
) -> None:
    made = answered("POST", "/20181201/functions", function(application))
    response = signed("POST", f"/20181201/functions/{made['id']}/actions/invoke", b"{}")
    assert isinstance(response.body, bytes)
    assert (response.status, json.loads(response.body)["code"]) == (502, "FunctionInvokeImageNotAvailable")


@pytest.fixture
def running(oci: MockOci) -> Iterator[LocalFunctions]:
    with LoopbackServer(oci.answer) as server, LocalFunctions(oci, server.url) as functions:
        functions.images["echo"] = FOLDERS / "echo"
        yield functions


def invoked(signed: Callable[..., Response], function_id: str) -> dict[str, Any]:
    response = signed("POST", f"/20181201/functions/{function_id}/actions/invoke", b"hello")
    assert isinstance(response.body, bytes)
    assert response.status == 200, response.body
    answer: dict[str, Any] = json.loads(response.body)
    return answer


def test_an_image_runs_the_folder_that_stands_for_it_with_the_config_of_both(
    running: LocalFunctions, application: str, answered: ANSWERED, signed: Callable[..., Response]
) -> None:
    made = answered("POST", "/20181201/functions", function(application, config={"OWN": "yes"}))
    seen = invoked(signed, made["id"])
    assert seen["body"] == "hello"
    assert (seen["environment"]["SHARED"], seen["environment"]["OWN"]) == ("yes", "yes")
    assert seen["environment"]["FN_MEMORY"] == "256"
    answered("PUT", f"/20181201/functions/{made['id']}", {"memoryInMBs": 512})
    assert invoked(signed, made["id"])["environment"]["FN_MEMORY"] == "512"
    assert signed("DELETE", f"/20181201/functions/{made['id']}").status == 204
    assert signed("POST", f"/20181201/functions/{made['id']}/actions/invoke", b"").status == 404


def test_the_record_of_a_detached_call_goes_to_the_channel_that_its_function_was_created_with(
    running: LocalFunctions, oci: MockOci, application: str, answered: ANSWERED, signed: Callable[..., Response]
) -> None:
    queue = oci.state_of(Queues).create("done")
    destination = {"kind": "QUEUE", "queueId": queue.id, "channelId": "nightly"}
    made = answered("POST", "/20181201/functions", function(application, successDestination=destination))
    path = f"/20181201/functions/{made['id']}/actions/invoke"
    assert signed("POST", path, b"hello", fn_invoke_type="detached").status == 202
    running.find(made["id"]).detached_runs[-1].outcome.result(timeout=10)
    (message,) = oci.state_of(Queues).messages(queue.id).all("nightly")
    assert json.loads(message.content)["functionId"] == made["id"]


def test_an_archive_runs_what_is_in_it(
    running: LocalFunctions, application: str, answered: ANSWERED, signed: Callable[..., Response]
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in (FOLDERS / "echo").glob("*.py"):
            archive.write(file, file.name)
    details = {"archiveSourceType": "DIRECT_ARCHIVE", "archiveFile": base64.b64encode(packed.getvalue()).decode()}
    source = {"sourceType": "ARCHIVE", "handler": "func.handler", "archiveSourceDetails": details}
    body = {"displayName": "echo", "applicationId": application, "memoryInMBs": 128, "sourceDetails": source}
    made = answered("POST", "/20260325/functions", body)
    assert "archiveFile" not in made["sourceDetails"]["archiveSourceDetails"]
    assert invoked(signed, made["id"])["body"] == "hello"
