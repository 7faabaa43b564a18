"""A story of Object Storage: every operation of its client, in an order that works."""

from __future__ import annotations

from tests.mock_oci.coverage.contract.asking import Asking

BUCKET, NAMESPACE = "answers", "axmockoci123"
_CLIENT = "ObjectStorageClient"
_RULE = {"name": "r", "action": "DELETE", "timeAmount": 2, "timeUnit": "DAYS", "isEnabled": True}


def object_storage(ask: Asking) -> None:
    at = (NAMESPACE, BUCKET)
    ask(f"{_CLIENT}.get_namespace")
    tags = {"freeformTags": {"a": "b"}, "definedTags": {}}
    details = {"name": BUCKET, "compartmentId": ask.home, "versioning": "Enabled", **tags}
    ask(f"{_CLIENT}.create_bucket", NAMESPACE, body=details)
    ask(f"{_CLIENT}.list_buckets", NAMESPACE, query={"compartmentId": ask.home})
    ask(f"{_CLIENT}.get_bucket", *at, query={"fields": "approximateCount,approximateSize"})
    ask(f"{_CLIENT}.head_bucket", *at)
    _objects(ask, at)
    _uploads(ask, at)
    _links(ask, at)
    ask(f"{_CLIENT}.update_bucket", *at, body={"versioning": "Suspended", "metadata": {"a": "b"}})
    ask(f"{_CLIENT}.put_object_lifecycle_policy", *at, body={"items": [_RULE]})
    ask(f"{_CLIENT}.get_object_lifecycle_policy", *at)
    ask(f"{_CLIENT}.delete_object_lifecycle_policy", *at)
    days = {"timeAmount": 2, "timeUnit": "DAYS"}
    rule = ask(f"{_CLIENT}.create_retention_rule", *at, body={"displayName": "keep", "duration": days}).id
    ask(f"{_CLIENT}.list_retention_rules", *at)
    ask(f"{_CLIENT}.get_retention_rule", *at, rule)
    ask(f"{_CLIENT}.update_retention_rule", *at, rule, body={"displayName": "still"})
    ask(f"{_CLIENT}.delete_retention_rule", *at, rule)
    ask(f"{_CLIENT}.create_bucket", NAMESPACE, body={"name": "empty", "compartmentId": ask.home})
    ask(f"{_CLIENT}.delete_bucket", NAMESPACE, "empty")


def _objects(ask: Asking, at: tuple[str, str]) -> None:
    ask(f"{_CLIENT}.put_object", *at, "a", body=b"one")
    ask(f"{_CLIENT}.get_object", *at, "a")
    ask(f"{_CLIENT}.head_object", *at, "a")
    fields = {"fields": "name,size,etag,md5,timeCreated,timeModified,storageTier,archivalState"}
    ask(f"{_CLIENT}.list_objects", *at, query=fields)
    ask(f"{_CLIENT}.rename_object", *at, body={"sourceName": "a", "newName": "b"})
    copy = {"sourceObjectName": "b", "destinationRegion": ask.oci.region, "destinationNamespace": NAMESPACE}
    copied = ask(
        f"{_CLIENT}.copy_object", *at, body={**copy, "destinationBucket": BUCKET, "destinationObjectName": "c"}
    )
    ask(f"{_CLIENT}.get_work_request", copied.headers["opc-work-request-id"])
    ask(f"{_CLIENT}.delete_object", *at, "c")
    ask(f"{_CLIENT}.list_object_versions", *at, query=fields)
    ask(f"{_CLIENT}.batch_delete_objects", *at, body={"objects": [{"objectName": "b"}, {"objectName": "none"}]})


def _uploads(ask: Asking, at: tuple[str, str]) -> None:
    made = ask(f"{_CLIENT}.create_multipart_upload", *at, body={"object": "u", "metadata": {"a": "b"}}).body
    which = {"uploadId": made["uploadId"]}
    part = ask(f"{_CLIENT}.upload_part", *at, "u", query={**which, "uploadPartNum": "1"}, body=b"one")
    ask(f"{_CLIENT}.list_multipart_uploads", *at)
    ask(f"{_CLIENT}.list_multipart_upload_parts", *at, "u", query=which)
    named = [{"partNum": 1, "etag": part.headers["etag"]}]
    ask(f"{_CLIENT}.commit_multipart_upload", *at, "u", query=which, body={"partsToCommit": named})
    again = ask(f"{_CLIENT}.create_multipart_upload", *at, body={"object": "u"}).body["uploadId"]
    ask(f"{_CLIENT}.abort_multipart_upload", *at, "u", query={"uploadId": again})


def _links(ask: Asking, at: tuple[str, str]) -> None:
    details = {"name": "p", "accessType": "AnyObjectRead", "timeExpires": "2027-01-01T00:00:00Z"}
    link = ask(f"{_CLIENT}.create_preauthenticated_request", *at, body={**details, "bucketListingAction": "Deny"}).id
    ask(f"{_CLIENT}.list_preauthenticated_requests", *at)
    ask(f"{_CLIENT}.get_preauthenticated_request", *at, link)
    ask(f"{_CLIENT}.delete_preauthenticated_request", *at, link)
