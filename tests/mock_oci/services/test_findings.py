"""What once said yes and did nothing, differed from a fact, or had no test: each finding by a request of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mock_oci import MockOci, Request, Response
from mock_oci.services.notifications import Notifications
from mock_oci.services.object_storage import ObjectStorage
from mock_oci.services.queues import Queues
from mock_oci.services.streaming import Streaming

Signed = Callable[..., Response]
BUCKETS = "/n/axmockoci123/b"
CHAT, LLAMA = "/openai/v1/chat/completions", "meta.llama-3.3-70b-instruct"
SAYS = [{"role": "user", "content": "Hi"}]
NATIVE = {
    "compartmentId": "{home}",
    "servingMode": {"servingType": "ON_DEMAND", "modelId": LLAMA},
    "chatRequest": {
        "apiFormat": "GENERIC",
        "messages": [{"role": "USER", "content": [{"type": "TEXT", "text": "Hi"}]}],
    },
}
TO_NOBODY = {"topicId": "{topic}", "compartmentId": "{home}", "protocol": "CUSTOM_HTTPS", "endpoint": "ftp://x"}
QUEUE = {"displayName": "q", "compartmentId": "{home}"}
NEW_BUCKET = {"name": "new", "compartmentId": "{home}"}

# Where it was found, the request, and what it must be answered: status, and a part of the text.
FINDINGS: list[tuple[str, str, str, Any, dict[str, str], int, str]] = [
    (
        "embeddings of OpenAI",
        "POST",
        "/openai/v1/embeddings",
        {"model": "m", "input": "a"},
        {},
        400,
        "Unsupported OpenAI",
    ),
    ("models of the old base", "GET", "/20231130/actions/v1/models", b"", {}, 400, "Unsupported OpenAI"),
    ("models of OpenAI", "GET", "/openai/v1/models", b"", {}, 404, "doesn't map"),
    ("chat without a compartment", "POST", CHAT, {"model": LLAMA, "messages": SAYS}, {}, 400, "Compartment ID"),
    ("generateText, whose models are retired", "POST", "/20231130/actions/generateText", {}, {}, 501, "generate_text"),
    ("summarizeText, likewise", "POST", "/20231130/actions/summarizeText", {}, {}, 501, "summarize_text"),
    ("a version that there is not", "GET", f"{BUCKETS}/b/o/a?versionId=none", b"", {}, 404, "ObjectNotFound"),
    ("deleting such a version", "DELETE", f"{BUCKETS}/b/o/a?versionId=none", b"", {}, 404, "ObjectNotFound"),
    ("an archive", "POST", BUCKETS, {**NEW_BUCKET, "storageTier": "Archive"}, {}, 501, "storageTier"),
    ("public objects", "POST", BUCKETS, {**NEW_BUCKET, "publicAccessType": "ObjectRead"}, {}, 501, "publicAccess"),
    ("no such tier", "POST", BUCKETS, {**NEW_BUCKET, "storageTier": "Nope"}, {}, 400, "storageTier must be one of"),
    ("no such access", "POST", BUCKETS, {**NEW_BUCKET, "publicAccessType": "Zip"}, {}, 400, "must be one of"),
    ("no such versioning", "POST", BUCKETS, {**NEW_BUCKET, "versioning": "Suspended"}, {}, 400, "must be one of"),
    ("a bucket's name", "POST", BUCKETS, {**NEW_BUCKET, "name": "a/b"}, {}, 400, "InvalidBucketName"),
    ("a field of an object", "GET", f"{BUCKETS}/b/o?fields=colour", b"", {}, 400, "InvalidObjectProperty"),
    ("a range outside", "GET", f"{BUCKETS}/b/o/a", b"", {"range": "bytes=100-"}, 416, "InvalidRange"),
    ("a customer's key", "PUT", f"{BUCKETS}/b/o/a", b"x", {"opc-sse-customer-algorithm": "AES256"}, 501, "customer"),
    ("a key of a vault", "PUT", f"{BUCKETS}/b/o/a", b"x", {"opc-sse-kms-key-id": "k"}, 501, "kms"),
    ("another tier", "PUT", f"{BUCKETS}/b/o/a", b"x", {"storage-tier": "Archive"}, 501, "storage-tier"),
    ("encrypting anew", "POST", f"{BUCKETS}/b/actions/reencrypt", {}, {}, 501, "reencrypt_bucket"),
    ("restoring", "POST", f"{BUCKETS}/b/actions/restoreObjects", {"objectName": "a"}, {}, 501, "restore_objects"),
    ("a stale queue", "PUT", "/20210201/queues/{queue}", {"displayName": "r"}, {"if-match": "old"}, 412, "NoEtagMatch"),
    ("a stale stream", "DELETE", "/20180418/streams/{stream}", b"", {"if-match": "old"}, 412, "NoEtagMatch"),
    ("a stale topic", "DELETE", "/20181201/topics/{topic}", b"", {"if-match": "old"}, 412, "NoEtagMatch"),
    (
        "large messages",
        "POST",
        "/20210201/queues",
        {**QUEUE, "capabilities": [{"type": "LARGE_MESSAGES"}]},
        {},
        501,
        "cap",
    ),
    ("a share of a queue", "POST", "/20210201/queues", {**QUEUE, "channelConsumptionLimit": 50}, {}, 501, "channel"),
    ("a queue's own key", "POST", "/20210201/queues", {**QUEUE, "customEncryptionKeyId": "k"}, {}, 501, "customEnc"),
    (
        "a group of consumers",
        "GET",
        "/20210201/queues/{queue}/messages?consumerGroupId=g",
        b"",
        {},
        501,
        "consumerGroupId",
    ),
    ("groups of consumers", "GET", "/20210201/consumerGroups?compartmentId={home}", b"", {}, 501, "consumer_groups"),
    ("queues in no order", "GET", "/20210201/queues?compartmentId={home}&sortBy=x", b"", {}, 400, "sortBy must be"),
    (
        "streams in no order",
        "GET",
        "/20180418/streams?compartmentId={home}&sortOrder=x",
        b"",
        {},
        400,
        "sortOrder must",
    ),
    ("topics in no order", "GET", "/20181201/topics?compartmentId={home}&sortBy=x", b"", {}, 400, "sortBy must be"),
    (
        "a topic's name",
        "POST",
        "/20181201/topics",
        {"name": "bad name!", "compartmentId": "{home}"},
        {},
        400,
        "letters",
    ),
    ("an endpoint that is no URL", "POST", "/20181201/subscriptions", TO_NOBODY, {}, 400, "URL"),
    (
        "JSON without a default",
        "POST",
        "/20181201/topics/{topic}/messages",
        {"body": "{}"},
        {"messagetype": "JSON"},
        400,
        "default",
    ),
    (
        "a key of a vault for streams",
        "POST",
        "/20180418/streampools",
        {"name": "p", "compartmentId": "{home}", "customEncryptionKeyDetails": {"kmsKeyId": "k"}},
        {},
        501,
        "customEnc",
    ),
    ("Kafka Connect", "GET", "/20180418/connectharnesses?compartmentId={home}", b"", {}, 501, "connect_harnesses"),
    ("an operation that the SDK knows", "GET", "/20231130/hostedApplications", b"", {}, 501, "hosted_applications"),
]


@pytest.fixture
def named(oci: MockOci) -> dict[str, str]:
    storage = oci.state_of(ObjectStorage)
    storage.create_bucket("b")
    storage.put("b", "a", b"one")
    return {
        "home": oci.tenancy.compartment_id,
        "queue": oci.state_of(Queues).create("q").id,
        "stream": oci.state_of(Streaming).create("s").id,
        "topic": oci.state_of(Notifications).create_topic("t").id,
    }


def filled(value: Any, named: dict[str, str]) -> Any:
    """Put what there is into the places that are named for it."""
    text = value if isinstance(value, str) else json.dumps(value)
    for name, id_ in named.items():
        text = text.replace(f"{{{name}}}", id_)
    return text if isinstance(value, str) else json.loads(text)


@pytest.mark.parametrize(
    ("method", "target", "body", "headers", "status", "said"),
    [row[1:] for row in FINDINGS],
    ids=[row[0] for row in FINDINGS],
)
def test_a_finding_stays_mended(
    signed: Signed, named: dict[str, str], method: str, target: str, body: Any, headers: dict[str, str],
    status: int, said: str,
) -> None:  # fmt: skip
    content = body if isinstance(body, bytes) else filled(body, named)
    answer = signed(method, filled(target, named), content, **headers)
    assert isinstance(answer.body, bytes)
    assert (answer.status, said in answer.body.decode()) == (status, True), answer.body


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ("/20210201/queues", QUEUE),
        ("/20180418/streams", {"name": "s", "partitions": 1, "compartmentId": "{home}"}),
        ("/20180418/streampools", {"name": "p", "compartmentId": "{home}"}),
        ("/20181201/topics", {"name": "new", "compartmentId": "{home}"}),
        ("/20231130/actions/chat", NATIVE),
    ],
)
def test_a_retry_token_makes_one_thing_and_charges_once(
    oci: MockOci, signed: Signed, named: dict[str, str], target: str, body: Any
) -> None:
    answers = [signed("POST", target, filled(body, named), opc_retry_token="k") for _ in range(2)]
    assert answers[0].status in (200, 202)
    assert answers[0].body == answers[1].body
    assert answers[0].headers.get("opc-work-request-id") == answers[1].headers.get("opc-work-request-id")
    assert len(oci.charges) <= 1
    assert len(oci.state_of(Queues).all()) <= 2


def test_a_link_does_not_store_the_beginning_of_an_upload_as_an_empty_object(
    oci: MockOci, named: dict[str, str], answered: Callable[..., Any]
) -> None:
    del named
    link = {"name": "p", "accessType": "AnyObjectWrite", "timeExpires": "2027-01-01T00:00:00Z"}
    path = answered("POST", f"{BUCKETS}/b/p", link)["accessUri"]
    assert oci.answer(Request("PUT", f"{path}x", {"opc-multipart": "true"})).status == 501
    assert not oci.state_of(ObjectStorage).has("b", "x")


def test_an_etag_changes_with_what_it_stands_for(
    signed: Signed, named: dict[str, str], answered: Callable[..., Any]
) -> None:
    where = f"/20180418/streams/{named['stream']}"
    before = signed("GET", where).headers["etag"]
    answered("PUT", where, {"freeformTags": {"a": "b"}}, if_match=before)
    assert signed("GET", where).headers["etag"] != before
    assert signed("DELETE", where, if_match=before).status == 412
