"""Retention rules hold objects, and conditions and checksums are looked at wherever they may stand."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from tests.mock_oci.conftest import Clock

from mock_oci import MockOci, Response
from mock_oci.services.object_storage import ObjectStorage
from mock_oci.services.object_storage.checksums import crc32c

BUCKET = "/n/axmockoci123/b/answers"
RULES = f"{BUCKET}/retentionRules"
DAY = 86_400
TWO_DAYS = {"displayName": "keep", "duration": {"timeAmount": 2, "timeUnit": "DAYS"}}
Answered, Signed = Callable[..., Any], Callable[..., Response]


@pytest.fixture
def storage(oci: MockOci) -> ObjectStorage:
    storage = oci.state_of(ObjectStorage)
    storage.create_bucket("answers")
    return storage


def test_an_object_is_held_for_as_long_as_a_rule_says(
    storage: ObjectStorage, clock: Clock, answered: Answered, signed: Signed
) -> None:
    rule = answered("POST", RULES, TWO_DAYS)
    assert answered("GET", RULES)["items"] == [rule]
    storage.put("answers", "a", b"one")
    for method in ("PUT", "DELETE"):
        assert answered(method, f"{BUCKET}/o/a", b"", expects=409)["code"] == "RetentionRuleViolation"
    clock.now += 2 * DAY
    assert signed("DELETE", f"{BUCKET}/o/a").status == 204


def test_a_rule_without_a_duration_holds_until_it_goes(
    storage: ObjectStorage, clock: Clock, answered: Answered, signed: Signed
) -> None:
    rule = answered("POST", RULES, {"displayName": "hold"})
    storage.put("answers", "a", b"one")
    clock.now += 999 * DAY
    assert signed("DELETE", f"{BUCKET}/o/a").status == 409
    assert signed("DELETE", f"{RULES}/{rule['id']}", if_match="another").status == 412
    assert signed("DELETE", f"{RULES}/{rule['id']}", if_match=rule["etag"]).status == 204
    assert signed("DELETE", f"{BUCKET}/o/a").status == 204


def test_a_locked_rule_is_only_made_longer(
    storage: ObjectStorage, clock: Clock, answered: Answered, signed: Signed
) -> None:
    locks = "2026-10-20T00:00:00Z"
    rule = answered("POST", RULES, {**TWO_DAYS, "timeRuleLocked": locks})
    assert answered("GET", f"{RULES}/{rule['id']}")["timeRuleLocked"] == "2026-10-20T00:00:00.000Z"
    one = f"{RULES}/{rule['id']}"
    answered("PUT", one, {"displayName": "still open"})
    clock.now += 60 * DAY
    for change in ({"displayName": "x"}, {"duration": {"timeAmount": 1, "timeUnit": "DAYS"}}):
        assert signed("PUT", one, change).status == 409
    assert answered("PUT", one, {"duration": {"timeAmount": 1, "timeUnit": "YEARS"}})["displayName"] == "still open"
    assert signed("DELETE", one).status == 409
    storage.delete_bucket("answers")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({**TWO_DAYS, "timeRuleLocked": "2026-09-22T00:00:00Z"}, 400),
        ({"timeRuleLocked": "2027-09-22T00:00:00Z"}, 400),
        ({"duration": {"timeAmount": 2, "timeUnit": "HOURS"}}, 400),
        ({"duration": {"timeAmount": 0, "timeUnit": "DAYS"}}, 400),
    ],
)
def test_what_is_no_rule_is_refused(storage: ObjectStorage, signed: Signed, body: Any, status: int) -> None:
    assert signed("POST", RULES, body).status == status


def test_versions_and_retention_exclude_each_other(storage: ObjectStorage, answered: Answered, signed: Signed) -> None:
    storage.create_bucket("versioned", details={"versioning": "Enabled"})
    assert signed("POST", "/n/axmockoci123/b/versioned/retentionRules", TWO_DAYS).status == 409
    answered("POST", RULES, TWO_DAYS)
    assert signed("POST", BUCKET, {"versioning": "Enabled"}).status == 409


def test_a_bucket_made_anew_has_none_of_the_rules_of_the_one_before(
    storage: ObjectStorage, answered: Answered, signed: Signed
) -> None:
    rule = {"name": "r", "action": "DELETE", "timeAmount": 2, "timeUnit": "DAYS", "isEnabled": True}
    answered("PUT", f"{BUCKET}/l", {"items": [rule]})
    answered("POST", RULES, TWO_DAYS)
    assert signed("DELETE", BUCKET).status == 204
    storage.create_bucket("answers")
    assert signed("GET", f"{BUCKET}/l").status == 404
    assert answered("GET", RULES) == {"items": []}


def test_an_upload_that_lasts_too_long_is_aborted(
    storage: ObjectStorage, clock: Clock, answered: Answered, signed: Signed
) -> None:
    rule = {"name": "r", "action": "ABORT", "target": "multipart-uploads", "timeAmount": 1, "timeUnit": "DAYS"}
    answered("PUT", f"{BUCKET}/l", {"items": [{**rule, "isEnabled": True}]})
    upload = answered("POST", f"{BUCKET}/u", {"object": "a"})["uploadId"]
    part = f"{BUCKET}/u/a?uploadId={upload}&uploadPartNum=1"
    assert signed("PUT", part, b"x").status == 200
    clock.now += DAY
    assert signed("PUT", part, b"x").status == 404
    assert answered("GET", f"{BUCKET}/u") == []


# ------------------------------------------------------------------------------------ conditions and checksums


def test_a_bucket_is_read_under_conditions(storage: ObjectStorage, signed: Signed) -> None:
    etag = storage.bucket("answers").etag
    for method in ("GET", "HEAD"):
        assert signed(method, BUCKET, if_match=etag).status == 200
        assert signed(method, BUCKET, if_match="another").status == 412
        assert signed(method, BUCKET, if_none_match=etag).status == 304
        assert signed(method, BUCKET, if_none_match="another").status == 200


def test_an_upload_is_begun_under_conditions(storage: ObjectStorage, signed: Signed) -> None:
    etag = storage.put("answers", "a", b"one").etag
    assert signed("POST", f"{BUCKET}/u", {"object": "a"}, if_match=etag).status == 200
    assert signed("POST", f"{BUCKET}/u", {"object": "a"}, if_match="another").status == 412
    assert signed("POST", f"{BUCKET}/u", {"object": "a"}, if_none_match="*").status == 412
    assert signed("POST", f"{BUCKET}/u", {"object": "b"}, if_none_match="*").status == 200


def test_a_list_of_buckets_has_tags_if_asked(oci: MockOci, storage: ObjectStorage, answered: Answered) -> None:
    del storage
    oci.state_of(ObjectStorage).create_bucket("tagged", details={"freeformTags": {"a": "b"}})
    target = f"/n/axmockoci123/b?compartmentId={oci.tenancy.compartment_id}"
    assert [row["freeformTags"] for row in answered("GET", target)] == [None, None]
    assert [row["freeformTags"] for row in answered("GET", f"{target}&fields=tags")] == [{}, {"a": "b"}]


def encoded(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


DIGESTS = [
    ("CRC32C", "opc-content-crc32c", lambda body: encoded(crc32c(body))),
    ("SHA256", "opc-content-sha256", lambda body: encoded(hashlib.sha256(body).digest())),
    ("SHA384", "opc-content-sha384", lambda body: encoded(hashlib.sha384(body).digest())),
]


def test_crc32c_is_the_one_of_the_rfc() -> None:
    assert crc32c(b"123456789").hex() == "e3069283"  # the check value of CRC-32C


@pytest.mark.parametrize(("name", "header", "digest"), DIGESTS, ids=[row[0] for row in DIGESTS])
def test_a_checksum_is_checked_kept_and_shown(
    storage: ObjectStorage, signed: Signed, answered: Answered, name: str, header: str, digest: Callable[[bytes], str]
) -> None:
    del storage
    asks = {"opc-checksum-algorithm": name}
    wrong = answered("PUT", f"{BUCKET}/o/a", b"one", expects=400, **asks, **{header: digest(b"two")})
    assert wrong["code"] == f"UnmatchedContent{name}"
    assert f"does not match the {header} header ({digest(b'two')})" in wrong["message"]
    put = signed("PUT", f"{BUCKET}/o/a", b"one", **asks, **{header: digest(b"one")})
    assert put.headers[header] == digest(b"one")
    assert signed("PUT", f"{BUCKET}/o/b", b"two", **asks).headers[header] == digest(b"two")
    for method in ("GET", "HEAD"):
        assert signed(method, f"{BUCKET}/o/a").headers[header] == digest(b"one")


@pytest.mark.parametrize(("name", "header", "digest"), DIGESTS, ids=[row[0] for row in DIGESTS])
def test_parts_have_checksums_and_so_has_the_whole(
    storage: ObjectStorage, signed: Signed, answered: Answered, name: str, header: str, digest: Callable[[bytes], str]
) -> None:
    del storage
    upload = answered("POST", f"{BUCKET}/u", {"object": "a"}, **{"opc-checksum-algorithm": name})["uploadId"]
    where = f"{BUCKET}/u/a?uploadId={upload}"
    parts = []
    for number, body in ((1, b"one"), (2, b"two")):
        part = f"{where}&uploadPartNum={number}"
        assert signed("PUT", part, body, **{header: digest(b"else")}).status == 400
        kept = signed("PUT", part, body, **{header: digest(body)})
        assert kept.headers[header] == digest(body)
        parts.append({"partNum": number, "etag": kept.headers["etag"]})
    done = signed("POST", where, {"partsToCommit": parts})
    if name == "CRC32C":
        assert done.headers[header] == digest(b"onetwo")
    else:
        every = b"".join(base64.b64decode(digest(body)) for body in (b"one", b"two"))
        assert done.headers[f"opc-multipart-{name.lower()}"] == f"{digest(every)}-2"


def test_a_part_with_another_algorithm_than_its_upload_is_refused(
    storage: ObjectStorage, signed: Signed, answered: Answered
) -> None:
    del storage
    upload = answered("POST", f"{BUCKET}/u", {"object": "a"})["uploadId"]
    where = f"{BUCKET}/u/a?uploadId={upload}&uploadPartNum=1"
    assert signed("PUT", where, b"one", **{"opc-checksum-algorithm": "SHA256"}).status == 400
    assert signed("PUT", f"{BUCKET}/o/a", b"one", **{"opc-checksum-algorithm": "MD4"}).status == 400
