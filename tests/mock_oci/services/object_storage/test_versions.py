"""A bucket keeps versions while it is told to: put, read, listed, deleted, brought back, copied and let go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import oci as sdk
import pytest
from tests.mock_oci.conftest import Clock

from mock_oci import MockOci, Response, mock_oci
from mock_oci.services.object_storage import ObjectStorage

NAMESPACE, BUCKET = "axmockoci123", "/n/axmockoci123/b/answers"
Models = sdk.object_storage.models
DAY = 86_400


@pytest.fixture
def client(sdk_client: Callable[[Any], Any], live: MockOci) -> Any:
    client = sdk_client(sdk.object_storage.ObjectStorageClient)
    details = Models.CreateBucketDetails(
        name="answers", compartment_id=live.tenancy.compartment_id, versioning="Enabled"
    )
    assert client.create_bucket(NAMESPACE, details).data.versioning == "Enabled"
    return client


def put(client: Any, text: bytes) -> str:
    return str(client.put_object(NAMESPACE, "answers", "a", text).headers["version-id"])


def suspended(client: Any) -> None:
    client.update_bucket(NAMESPACE, "answers", Models.UpdateBucketDetails(versioning="Suspended"))


def refused(ask: Callable[..., Any], *arguments: Any, **named: Any) -> tuple[int, str]:
    with pytest.raises(sdk.exceptions.ServiceError) as refusal:
        ask(*arguments, **named)
    return refusal.value.status, refusal.value.code


def test_each_put_is_a_version_of_its_own(client: Any) -> None:
    first, second = put(client, b"one"), put(client, b"two")
    latest = client.get_object(NAMESPACE, "answers", "a")
    assert (latest.data.content, latest.headers["version-id"]) == (b"two", second)
    assert client.get_object(NAMESPACE, "answers", "a", version_id=first).data.content == b"one"
    assert client.head_object(NAMESPACE, "answers", "a", version_id=first).headers["version-id"] == first
    assert refused(client.get_object, NAMESPACE, "answers", "a", version_id="another") == (404, "ObjectNotFound")


def test_a_deletion_leaves_a_marker_and_deleting_that_brings_the_object_back(client: Any) -> None:
    first = put(client, b"one")
    deleted = client.delete_object(NAMESPACE, "answers", "a")
    marker = deleted.headers["version-id"]
    assert deleted.headers["is-delete-marker"] == "true"
    assert marker != first
    assert refused(client.get_object, NAMESPACE, "answers", "a") == (404, "ObjectNotFound")
    assert refused(client.get_object, NAMESPACE, "answers", "a", version_id=marker) == (404, "ObjectNotFound")
    assert client.list_objects(NAMESPACE, "answers").data.objects == []
    assert refused(client.delete_bucket, NAMESPACE, "answers") == (409, "BucketNotEmpty")
    again = client.delete_object(NAMESPACE, "answers", "a", version_id=marker)
    assert (again.headers["version-id"], again.headers["is-delete-marker"]) == (marker, "true")
    assert client.get_object(NAMESPACE, "answers", "a").data.content == b"one"


def test_a_version_that_is_named_is_deleted_for_good(client: Any) -> None:
    first, second = put(client, b"one"), put(client, b"two")
    gone = client.delete_object(NAMESPACE, "answers", "a", version_id=second)
    assert (gone.headers["version-id"], gone.headers["is-delete-marker"]) == (second, "false")
    assert client.get_object(NAMESPACE, "answers", "a").data.content == b"one"
    client.delete_object(NAMESPACE, "answers", "a", version_id=first)
    assert client.list_object_versions(NAMESPACE, "answers").data.items == []
    client.delete_bucket(NAMESPACE, "answers")


def test_versions_are_listed_by_name_the_latest_first(client: Any) -> None:
    ids = [put(client, b"one"), put(client, b"three")]
    ids.append(client.delete_object(NAMESPACE, "answers", "a").headers["version-id"])
    client.put_object(NAMESPACE, "answers", "b/c", b"x")
    listed = client.list_object_versions(NAMESPACE, "answers", fields="size,etag", delimiter="/").data
    assert [item.version_id for item in listed.items] == ids[::-1]
    assert [(item.name, item.is_delete_marker, item.size) for item in listed.items] == [
        ("a", True, 0), ("a", False, 5), ("a", False, 3),
    ]  # fmt: skip
    assert listed.prefixes == ["b/"]
    page = client.list_object_versions(NAMESPACE, "answers", limit=3)
    rest = client.list_object_versions(NAMESPACE, "answers", limit=3, page=page.next_page)
    assert [item.name for item in page.data.items + rest.data.items] == ["a", "a", "a", "b/c"]
    assert rest.next_page is None


def test_suspended_versioning_keeps_what_there_is_and_makes_no_more(client: Any) -> None:
    first = put(client, b"one")
    suspended(client)
    for text in (b"two", b"three"):
        assert "version-id" not in client.put_object(NAMESPACE, "answers", "a", text).headers
    assert client.get_object(NAMESPACE, "answers", "a").data.content == b"three"
    assert client.get_object(NAMESPACE, "answers", "a", version_id=first).data.content == b"one"
    assert len(client.list_object_versions(NAMESPACE, "answers").data.items) == 2
    client.delete_object(NAMESPACE, "answers", "a")
    assert refused(client.get_object, NAMESPACE, "answers", "a") == (404, "ObjectNotFound")
    assert client.get_object(NAMESPACE, "answers", "a", version_id=first).data.content == b"one"


def test_a_bucket_whose_versions_were_suspended_can_be_emptied(client: Any) -> None:
    client.put_object(NAMESPACE, "answers", "one", b"first")
    suspended(client)
    client.delete_object(NAMESPACE, "answers", "one")
    hiding, first = client.list_object_versions(NAMESPACE, "answers").data.items
    assert (hiding.is_delete_marker, hiding.version_id) == (True, None)
    client.delete_object(NAMESPACE, "answers", "one", version_id=first.version_id)
    assert client.list_object_versions(NAMESPACE, "answers").data.items == []
    assert client.delete_bucket(NAMESPACE, "answers").status == 204


def test_versioning_can_be_suspended_and_resumed_but_never_disabled(client: Any) -> None:
    update = {"versioning": "Disabled"}
    assert refused(client.update_bucket, NAMESPACE, "answers", update) == (400, "InvalidParameter")
    suspended(client)
    put_without = client.put_object(NAMESPACE, "answers", "a", b"one")
    assert "version-id" not in put_without.headers
    client.update_bucket(NAMESPACE, "answers", Models.UpdateBucketDetails(versioning="Enabled"))
    put(client, b"two")
    [latest, before] = client.list_object_versions(NAMESPACE, "answers").data.items
    assert latest.version_id
    assert before.version_id is None


def test_a_bucket_that_keeps_none_names_none(oci: MockOci, signed: Callable[..., Response]) -> None:
    oci.state_of(ObjectStorage).create_bucket("answers")
    assert "version-id" not in signed("PUT", f"{BUCKET}/o/a", b"one").headers
    assert signed("GET", f"{BUCKET}/o/a?versionId=x").status == 404
    assert "is-delete-marker" not in signed("DELETE", f"{BUCKET}/o/a").headers
    assert signed("GET", f"{BUCKET}/objectversions").body == b'{"items": [], "prefixes": []}'


def test_an_earlier_version_is_copied(client: Any, live: MockOci) -> None:
    first = put(client, b"one")
    put(client, b"two")
    details = Models.CopyObjectDetails(
        source_object_name="a", source_version_id=first, destination_bucket="answers", destination_object_name="b",
        destination_namespace=NAMESPACE, destination_region=live.region,
    )  # fmt: skip
    client.copy_object(NAMESPACE, "answers", details)
    assert client.get_object(NAMESPACE, "answers", "b").data.content == b"one"


def test_a_lifecycle_rule_lets_previous_versions_go(
    oci: MockOci, clock: Clock, answered: Callable[..., Any], signed: Callable[..., Response]
) -> None:
    storage = oci.state_of(ObjectStorage)
    storage.create_bucket("answers", details={"versioning": "Enabled"})
    rule = {"name": "r", "action": "DELETE", "timeAmount": 2, "timeUnit": "DAYS", "isEnabled": True}
    items = [{**rule, "target": "previous-object-versions"}, {**rule, "name": "s", "timeAmount": 5}]
    answered("PUT", f"{BUCKET}/l", {"items": items})
    storage.put("answers", "a", b"one")
    clock.now += DAY
    storage.put("answers", "a", b"two")
    clock.now += 2 * DAY - 1
    assert [item.body for item in storage.versions("answers")] == [b"two", b"one"]
    clock.now += 1  # two days since it became a previous version, not since it was put
    assert [item.body for item in storage.versions("answers")] == [b"two"]
    clock.now += 3 * DAY
    assert [item.is_delete_marker for item in storage.versions("answers")] == [True, False]
    assert signed("GET", f"{BUCKET}/o/a").status == 404


def test_deleting_a_version_asks_for_a_permission_of_its_own() -> None:
    oci = MockOci(policies=["Allow any-user to {OBJECT_DELETE} in tenancy"])
    storage = oci.state_of(ObjectStorage)
    storage.create_bucket("answers", details={"versioning": "Enabled"})
    version = storage.put("answers", "a", b"one").version_id
    with mock_oci(oci, credentials="resource_principal"):
        signer = sdk.auth.signers.get_resource_principals_signer()
        client = sdk.object_storage.ObjectStorageClient({"region": oci.region}, signer=signer)
        client.delete_object(NAMESPACE, "answers", "a")
        assert refused(client.delete_object, NAMESPACE, "answers", "a", version_id=version) == (404, "BucketNotFound")
        oci.iam.add_policy(["Allow any-user to {OBJECT_VERSION_DELETE} in tenancy"])
        client.delete_object(NAMESPACE, "answers", "a", version_id=version)


def test_several_objects_are_deleted_at_once(client: Any) -> None:
    put(client, b"one")
    named = [Models.BatchDeleteObjectIdentifier(object_name=name) for name in ("a", "b")]
    result = client.batch_delete_objects(NAMESPACE, "answers", Models.BatchDeleteObjectsDetails(objects=named)).data
    assert [item.object_name for item in result.deleted] == ["a"]
    assert [(item.object_name, item.status_code) for item in result.failed] == [("b", 404)]
