"""Lifecycle rules delete what has reached its age, and a bucket is changed in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.mock_oci.conftest import Clock

from mock_oci import MockOci, Response
from mock_oci.services.object_storage import ObjectStorage

BUCKET = "/n/axmockoci123/b/answers"
RULE = {"name": "let-go", "action": "DELETE", "timeAmount": 2, "timeUnit": "DAYS", "isEnabled": True}
DAY = 86_400


@pytest.fixture
def storage(oci: MockOci) -> ObjectStorage:
    storage = oci.state_of(ObjectStorage)
    storage.create_bucket("answers")
    return storage


def test_objects_go_when_they_are_old_enough_and_named_by_the_rule(
    storage: ObjectStorage, clock: Clock, answered: Callable[..., Any], signed: Callable[..., Response]
) -> None:
    rule = {**RULE, "objectNameFilter": {"inclusionPrefixes": ["old/"], "exclusionPatterns": ["*.keep"]}}
    assert answered("PUT", f"{BUCKET}/l", {"items": [rule]})["items"][0]["timeAmount"] == 2
    for name in ("old/a", "old/b.keep", "new"):
        storage.put("answers", name, b"x")
    clock.now += 2 * DAY - 1
    assert len(storage.objects("answers")) == 3
    clock.now += 1
    assert [item.name for item in storage.objects("answers")] == ["new", "old/b.keep"]
    assert signed("GET", f"{BUCKET}/o/old/a").status == 404
    assert signed("DELETE", f"{BUCKET}/l").status == 204
    assert signed("GET", f"{BUCKET}/l").status == 404
    clock.now += 9 * DAY
    assert len(storage.objects("answers")) == 2


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"action": "ARCHIVE"}, 501),
        ({"action": "INFREQUENT_ACCESS", "target": "previous-object-versions"}, 501),
        ({"target": "multipart-uploads"}, 400),
        ({"action": "ABORT"}, 400),
        ({"target": "folders"}, 400),
        ({"timeUnit": "HOURS"}, 400),
        ({"timeAmount": 0}, 400),
        ({"name": ""}, 400),
        ({"colour": "red"}, 400),
        ({"objectNameFilter": {"colour": "red"}}, 400),
    ],
)
def test_a_rule_that_would_be_ignored_is_refused(
    storage: ObjectStorage, signed: Callable[..., Response], change: dict[str, Any], status: int
) -> None:
    assert signed("PUT", f"{BUCKET}/l", {"items": [{**RULE, **change}]}).status == status


def test_a_bucket_is_changed_counted_and_asked_for_rules_that_it_has_not(
    storage: ObjectStorage, answered: Callable[..., Any], signed: Callable[..., Response]
) -> None:
    storage.put("answers", "a", b"four")
    etag = signed("GET", BUCKET).headers["etag"]
    changed = answered("POST", BUCKET, {"freeformTags": {"team": "models"}, "objectEventsEnabled": True})
    assert (changed["freeformTags"], changed["objectEventsEnabled"]) == ({"team": "models"}, True)
    assert signed("POST", BUCKET, {"freeformTags": {}}, if_match=etag).status == 412
    assert signed("POST", BUCKET, {"name": "other"}).status == 501
    counted = answered("GET", f"{BUCKET}?fields=approximateCount,approximateSize")
    assert (counted["approximateCount"], counted["approximateSize"]) == (1, 4)
    assert "approximateCount" not in answered("GET", BUCKET)
    assert answered("GET", f"{BUCKET}/retentionRules") == {"items": []}
