"""Large objects come in parts; objects are renamed and copied."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import oci as sdk
import pytest

from mock_oci import MockOci, Response
from mock_oci.services.object_storage import ObjectStorage

BUCKET = "/n/axmockoci123/b/answers"
MEGABYTE = 1024 * 1024


@pytest.fixture
def storage(oci: MockOci) -> ObjectStorage:
    storage = oci.state_of(ObjectStorage)
    storage.create_bucket("answers")
    return storage


def test_the_sdks_upload_manager_puts_parts_together(live: MockOci, sdk_client: Callable[[Any], Any]) -> None:
    storage = live.state_of(ObjectStorage)
    storage.create_bucket("answers")
    content = bytes(range(256)) * (3 * MEGABYTE // 256) + b"end"
    manager = sdk.object_storage.UploadManager(sdk_client(sdk.object_storage.ObjectStorageClient))
    answer = manager.upload_stream(
        storage.namespace, "answers", "a/large one", io.BytesIO(content), part_size=MEGABYTE, content_type="text/plain"
    )
    assert answer.status == 200
    stored = storage.get("answers", "a/large one")
    assert stored.body == content
    assert stored.headers["content-type"] == "text/plain"
    assert answer.headers["opc-multipart-md5"].endswith("-4")


def begun(answered: Callable[..., Any], name: str = "large") -> str:
    upload = answered("POST", f"{BUCKET}/u", {"object": name})
    return f"{BUCKET}/u/{name}?uploadId={upload['uploadId']}"


def test_a_part_is_replaced_listed_and_committed_only_as_it_was_named(
    storage: ObjectStorage, answered: Callable[..., Any], signed: Callable[..., Response]
) -> None:
    upload = begun(answered)
    old = signed("PUT", f"{upload}&uploadPartNum=1", b"old").headers["etag"]
    new = signed("PUT", f"{upload}&uploadPartNum=1", b"new").headers["etag"]
    other = signed("PUT", f"{upload}&uploadPartNum=2", b"er").headers["etag"]
    assert [part["size"] for part in answered("GET", upload)] == [3, 2]
    assert len(answered("GET", f"{BUCKET}/u")) == 1
    commits: list[dict[str, Any]] = [
        {"partsToCommit": [{"partNum": 1, "etag": old}, {"partNum": 2, "etag": other}]},
        {"partsToCommit": [{"partNum": 1, "etag": new}]},
        {"partsToCommit": [{"partNum": 1, "etag": new}, {"partNum": 3, "etag": other}]},
    ]
    assert [signed("POST", upload, body).status for body in commits] == [400, 400, 400]
    assert signed("POST", upload, {**commits[1], "partsToExclude": [2]}).status == 200
    assert storage.get("answers", "large").body == b"new"
    assert signed("POST", upload, commits[1]).status == 404


@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize(
    ("header", "value", "statuses"),
    [
        ("if-none-match", "*", {False: 200, True: 412}),
        ("if-match", "another", {False: 412, True: 412}),
        ("if-match", "*", {False: 412, True: 200}),
        ("if-none-match", "an-etag", {False: 400, True: 400}),
    ],
)
def test_the_conditions_of_a_put_hold_when_an_upload_begins_and_when_it_is_committed(
    storage: ObjectStorage,
    answered: Callable[..., Any],
    signed: Callable[..., Response],
    is_there: bool,
    header: str,
    value: str,
    statuses: dict[bool, int],
) -> None:
    upload = begun(answered)
    part = signed("PUT", f"{upload}&uploadPartNum=1", b"new").headers["etag"]
    if is_there:
        storage.put("answers", "large", b"old")
    assert signed("POST", f"{BUCKET}/u", {"object": "large"}, **{header: value}).status == statuses[is_there]
    commit = {"partsToCommit": [{"partNum": 1, "etag": part}]}
    assert signed("POST", upload, commit, **{header: value}).status == statuses[is_there]


@pytest.mark.parametrize("query", ["", "&uploadPartNum=0", "&uploadPartNum=10001", "&uploadPartNum=x"])
def test_a_part_without_a_number_is_refused(
    storage: ObjectStorage, answered: Callable[..., Any], signed: Callable[..., Response], query: str
) -> None:
    assert signed("PUT", f"{begun(answered)}{query}", b"x").status == 400


def test_an_upload_that_is_aborted_leaves_nothing(
    storage: ObjectStorage, answered: Callable[..., Any], signed: Callable[..., Response]
) -> None:
    upload = begun(answered)
    assert signed("DELETE", upload).status == 204
    assert signed("PUT", f"{upload}&uploadPartNum=1", b"x").status == 404
    assert storage.objects("answers") == ()


def test_an_object_is_renamed_and_copied(
    storage: ObjectStorage, answered: Callable[..., Any], signed: Callable[..., Response]
) -> None:
    storage.create_bucket("others")
    storage.put("answers", "a", b"one", headers={"opc-meta-by": "me"})
    assert signed("POST", f"{BUCKET}/actions/renameObject", {"sourceName": "a", "newName": "b"}).status == 200
    assert [item.name for item in storage.objects("answers")] == ["b"]
    copy = {
        "sourceObjectName": "b",
        "destinationRegion": "us-chicago-1",
        "destinationNamespace": storage.namespace,
        "destinationBucket": "others",
        "destinationObjectName": "c",
    }
    answer = signed("POST", f"{BUCKET}/actions/copyObject", copy)
    assert answered("GET", f"/workRequests/{answer.headers['opc-work-request-id']}")["operationType"] == "COPY_OBJECT"
    assert storage.get("others", "c").headers["opc-meta-by"] == "me"
    once = {**copy, "destinationObjectIfNoneMatchETag": "*"}
    assert signed("POST", f"{BUCKET}/actions/copyObject", once).status == 412
    elsewhere = {**copy, "destinationRegion": "eu-frankfurt-1"}
    assert signed("POST", f"{BUCKET}/actions/copyObject", elsewhere).status == 501
