from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import oci as sdk
import pytest

from mock_oci import LoopbackServer, MockOci, Request, Response, mock_oci
from mock_oci.services.object_storage import ObjectStorage, Pars

NAMESPACE = "axmockoci123"
BUCKET = f"/n/{NAMESPACE}/b/results"
Models = sdk.object_storage.models


@pytest.fixture
def client(sdk_client: Callable[[Any], Any]) -> Any:
    return sdk_client(sdk.object_storage.ObjectStorageClient)


@pytest.fixture
def storage(live: MockOci) -> ObjectStorage:
    """What ``client`` works on, with a bucket ``results``."""
    storage = live.state_of(ObjectStorage)
    storage.create_bucket("results")
    return storage


@pytest.fixture
def still(oci: MockOci) -> ObjectStorage:
    """The same on a clock that stands still, for requests of our own."""
    storage = oci.state_of(ObjectStorage)
    storage.create_bucket("results", object_events=True)
    return storage


def refused(ask: Callable[..., Any], *arguments: Any, **named: Any) -> tuple[int, str]:
    with pytest.raises(sdk.exceptions.ServiceError) as refusal:
        ask(*arguments, **named)
    return refusal.value.status, refusal.value.code


def test_the_namespace_is_told(client: Any, live: MockOci) -> None:
    assert client.get_namespace().data == NAMESPACE
    assert client.get_namespace(compartment_id=live.tenancy.compartment_id).data == NAMESPACE


def test_the_sdk_manages_buckets(client: Any, live: MockOci) -> None:
    compartment = live.tenancy.compartment_id
    details = Models.CreateBucketDetails(name="prompts", compartment_id=compartment, object_events_enabled=True)
    made = client.create_bucket(NAMESPACE, details)
    assert (made.data.name, made.data.namespace, made.data.object_events_enabled) == ("prompts", NAMESPACE, True)
    assert made.data.time_created.tzinfo is not None
    assert refused(client.create_bucket, NAMESPACE, details) == (409, "BucketAlreadyExists")
    assert client.get_bucket(NAMESPACE, "prompts").data.id == made.data.id
    assert client.head_bucket(NAMESPACE, "prompts").headers["etag"] == made.data.etag
    assert [bucket.name for bucket in client.list_buckets(NAMESPACE, compartment).data] == ["prompts"]
    client.put_object(NAMESPACE, "prompts", "a", b"1")
    assert refused(client.delete_bucket, NAMESPACE, "prompts") == (409, "BucketNotEmpty")
    client.delete_object(NAMESPACE, "prompts", "a")
    client.delete_bucket(NAMESPACE, "prompts")
    assert refused(client.get_bucket, NAMESPACE, "prompts") == (404, "BucketNotFound")


def test_buckets_are_listed_page_by_page(client: Any, live: MockOci) -> None:
    for number in range(5):
        live.state_of(ObjectStorage).create_bucket(f"b{number}")
    compartment = live.tenancy.compartment_id
    listed = sdk.pagination.list_call_get_all_results(client.list_buckets, NAMESPACE, compartment, limit=2)
    assert [bucket.name for bucket in listed.data] == ["b0", "b1", "b2", "b3", "b4"]


@pytest.mark.parametrize("name", ["a", "a/b/c.json", "with space", "ünï/ço+de", "50%/x?y=1&z#f", "a//b", "~.", "%2F"])
@pytest.mark.parametrize("strict", [False, True])
def test_an_object_comes_back_under_any_name(client: Any, storage: ObjectStorage, name: str, strict: bool) -> None:
    how = {"enable_strict_url_encoding": strict}
    put = client.put_object(NAMESPACE, "results", name, b"\x00body\xff", **how)
    got = client.get_object(NAMESPACE, "results", name, **how)
    assert (got.data.content, got.headers["etag"]) == (b"\x00body\xff", put.headers["etag"])
    assert [item.name for item in storage.objects("results")] == [name]
    client.delete_object(NAMESPACE, "results", name, **how)
    assert refused(client.get_object, NAMESPACE, "results", name, **how) == (404, "ObjectNotFound")
    assert refused(client.delete_object, NAMESPACE, "results", name, **how) == (404, "ObjectNotFound")


def test_metadata_and_headers_of_the_put_come_back(client: Any, storage: ObjectStorage) -> None:
    how = {"content_type": "text/plain", "cache_control": "no-store", "opc_meta": {"model": "m", "tokens": "7"}}
    put = client.put_object(NAMESPACE, "results", "a", "text", **how)
    digest = base64.b64encode(hashlib.md5(b"text", usedforsecurity=False).digest()).decode()
    assert put.headers["opc-content-md5"] == digest
    for response in (
        client.get_object(NAMESPACE, "results", "a"),
        client.head_object(NAMESPACE, "results", "a"),
    ):
        assert response.headers["content-type"] == "text/plain"
        assert response.headers["cache-control"] == "no-store"
        assert (response.headers["opc-meta-model"], response.headers["opc-meta-tokens"]) == ("m", "7")
        assert response.headers["content-md5"] == digest
        assert response.headers["content-length"] == "4"
        assert response.headers["last-modified"].endswith("GMT")


def test_a_file_is_uploaded_as_a_stream(client: Any, storage: ObjectStorage, tmp_path: Any) -> None:
    (tmp_path / "big").write_bytes(b"x" * 3_000_000)
    with (tmp_path / "big").open("rb") as file:
        client.put_object(NAMESPACE, "results", "big", file)
    stored = storage.get("results", "big")
    assert (len(stored.body), stored.headers["content-type"]) == (3_000_000, "application/octet-stream")
    pieces = list(client.get_object(NAMESPACE, "results", "big").data.raw.stream(1 << 20, decode_content=False))
    assert sum(map(len, pieces)) == 3_000_000


def test_only_the_first_put_that_wants_no_object_succeeds(client: Any, storage: ObjectStorage) -> None:
    client.put_object(NAMESPACE, "results", "a", b"first", if_none_match="*")
    second = (client.put_object, NAMESPACE, "results", "a", b"second")
    assert refused(*second, if_none_match="*") == (412, "IfNoneMatchFailed")
    assert storage.get("results", "a").body == b"first"
    client.delete_object(NAMESPACE, "results", "a")
    client.put_object(NAMESPACE, "results", "a", b"third", if_none_match="*")


def test_of_many_conditional_puts_at_once_one_wins(still: ObjectStorage, signed: Callable[..., Response]) -> None:
    statuses: list[int] = []

    def put(number: int) -> None:
        target = f"{BUCKET}/o/contended"
        statuses.append(signed("PUT", target, str(number).encode(), if_none_match="*").status)

    threads = [threading.Thread(target=put, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [412] * 15


def test_if_match_guards_overwriting_and_deleting(client: Any, storage: ObjectStorage) -> None:
    old = client.put_object(NAMESPACE, "results", "a", b"1").headers["etag"]
    new = client.put_object(NAMESPACE, "results", "a", b"2", if_match=old).headers["etag"]
    assert old != new
    stale = (412, "IfMatchFailed")
    assert refused(client.put_object, NAMESPACE, "results", "a", b"3", if_match=old) == stale
    assert refused(client.put_object, NAMESPACE, "results", "none", b"3", if_match="*") == stale
    assert refused(client.get_object, NAMESPACE, "results", "a", if_match=old) == stale
    assert refused(client.delete_object, NAMESPACE, "results", "a", if_match=old) == stale
    assert client.get_object(NAMESPACE, "results", "a", if_match=new).data.content == b"2"
    assert refused(client.get_object, NAMESPACE, "results", "a", if_none_match=new)[0] == 304
    client.delete_object(NAMESPACE, "results", "a", if_match=new)


def test_a_wrong_content_md5_is_refused(client: Any, storage: ObjectStorage) -> None:
    right = base64.b64encode(hashlib.md5(b"x", usedforsecurity=False).digest()).decode()
    client.put_object(NAMESPACE, "results", "a", b"x", content_md5=right)
    wrong = (client.put_object, NAMESPACE, "results", "b", b"y")
    assert refused(*wrong, content_md5=right) == (400, "UnmatchedContentMD5")
    assert [item.name for item in storage.objects("results")] == ["a"]


@pytest.mark.parametrize(
    ("asked", "status", "place", "body"),
    [
        ("bytes=0-3", 206, "bytes 0-3/10", b"0123"),
        ("bytes=8-", 206, "bytes 8-9/10", b"89"),
        ("bytes=-3", 206, "bytes 7-9/10", b"789"),
        ("bytes=5-99", 206, "bytes 5-9/10", b"56789"),
        ("bytes=-99", 206, "bytes 0-9/10", b"0123456789"),
        ("bytes=-", 200, None, b"0123456789"),
        ("lines=1-2", 200, None, b"0123456789"),
        ("bytes=0-1,4-5", 200, None, b"0123456789"),
    ],
)
def test_a_range_is_cut_out(
    still: ObjectStorage, signed: Callable[..., Response], asked: str, status: int, place: str | None, body: bytes
) -> None:
    still.put("results", "a", b"0123456789")
    response = signed("GET", f"{BUCKET}/o/a", range=asked)
    assert (response.status, response.headers.get("content-range"), response.body) == (status, place, body)


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-12", "bytes=5-4", "bytes=-0"])
def test_a_range_beyond_the_object_is_refused(
    still: ObjectStorage, signed: Callable[..., Response], asked: str
) -> None:
    still.put("results", "a", b"0123456789")
    assert signed("GET", f"{BUCKET}/o/a", range=asked).status == 416


def test_an_empty_object_is_an_object(client: Any, storage: ObjectStorage) -> None:
    client.put_object(NAMESPACE, "results", "empty", b"")
    assert client.get_object(NAMESPACE, "results", "empty").data.content == b""
    assert client.head_object(NAMESPACE, "results", "empty").headers["content-length"] == "0"


def test_a_get_may_choose_its_headers(still: ObjectStorage, signed: Callable[..., Response]) -> None:
    still.put("results", "a", b"{}")
    response = signed("GET", f"{BUCKET}/o/a?httpResponseContentType=text%2Fcsv")
    assert response.headers["content-type"] == "text/csv"


def test_objects_are_listed_in_order_between_bounds(client: Any, storage: ObjectStorage) -> None:
    for name in ("b/2", "a", "b/1", "c", "b/x/1", "é", "Z"):
        storage.put("results", name, b"12")

    def names(**query: Any) -> list[str]:
        return [item.name for item in client.list_objects(NAMESPACE, "results", **query).data.objects]

    assert names() == ["Z", "a", "b/1", "b/2", "b/x/1", "c", "é"]
    assert names(prefix="b/") == ["b/1", "b/2", "b/x/1"]
    assert names(start="b/2", end="c") == ["b/2", "b/x/1"]
    assert names(start_after="b/2") == ["b/x/1", "c", "é"]
    (first, *_) = client.list_objects(NAMESPACE, "results", fields="Name,SIZE,etag,timeCreated,md5").data.objects
    assert (first.name, first.size, first.etag) == ("Z", 2, storage.get("results", "Z").etag)
    assert first.time_created is not None
    assert refused(client.list_objects, NAMESPACE, "results", limit=1001)[0] == 400


def test_a_delimiter_folds_names_into_prefixes(client: Any, storage: ObjectStorage) -> None:
    for name in ("a", "b/1", "b/2", "c/d/1", "e"):
        storage.put("results", name, b"")
    listed = client.list_objects(NAMESPACE, "results", delimiter="/").data
    assert ([item.name for item in listed.objects], listed.prefixes) == (["a", "e"], ["b/", "c/"])
    below = client.list_objects(NAMESPACE, "results", delimiter="/", prefix="c/").data
    assert (below.objects, below.prefixes) == ([], ["c/d/"])


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6])
@pytest.mark.parametrize("delimiter", ["", "/"])
def test_pages_of_a_list_give_the_whole(
    still: ObjectStorage, answered: Callable[..., Any], limit: int, delimiter: str
) -> None:
    for name in ("a", "b/1", "b/2", "c/d/1", "e"):
        still.put("results", name, b"")
    target = f"{BUCKET}/o?delimiter={delimiter}"
    whole, seen, start = answered("GET", target), [], ""
    while start is not None:
        page = answered("GET", f"{target}&limit={limit}&start={start}")
        found = [*(item["name"] for item in page["objects"]), *page["prefixes"]]
        assert len(found) <= limit
        seen += found
        start = page["nextStartWith"]
    assert sorted(seen) == sorted([*(item["name"] for item in whole["objects"]), *whole["prefixes"]])


def test_an_event_is_told_of_each_change(oci: MockOci, still: ObjectStorage, signed: Callable[..., Response]) -> None:
    told: list[Any] = []
    still.subscribers.append(told.append)
    signed("PUT", f"{BUCKET}/o/in%2Fa.json", b"1")
    signed("PUT", f"{BUCKET}/o/in/a.json", b"2")
    signed("DELETE", f"{BUCKET}/o/in/a.json")
    kinds = [event["eventType"].rpartition(".")[2] for event in told]
    assert kinds == ["createobject", "updateobject", "deleteobject"]
    event = json.loads(json.dumps(told[0]))
    assert (event["cloudEventsVersion"], event["eventTypeVersion"]) == ("0.1", "2.0")
    assert (event["source"], event["contentType"]) == ("ObjectStorage", "application/json")
    assert event["extensions"] == {"compartmentId": oci.tenancy.compartment_id}
    about = event["data"]
    assert (about["resourceName"], about["resourceId"]) == ("in/a.json", f"{BUCKET}/o/in/a.json")
    details = about["additionalDetails"]
    assert (details["namespace"], details["bucketName"]) == (NAMESPACE, "results")
    assert {"eTag", "bucketId", "versionId"} <= set(details)
    assert len({event["eventID"] for event in told}) == 3


def test_older_events_have_the_older_shape(still: ObjectStorage) -> None:
    told: list[Any] = []
    still.subscribers.append(told.append)
    still.event_version = "1.0"
    item = still.put("results", "a", b"")
    (event,) = told
    assert (event["source"], event["eventTypeVersion"], event["data"]["resourceId"]) == ("objectstorage", "1.0", "")
    details = event["data"]["additionalDetails"]
    assert (details["eTag"], "versionId" in details) == (item.etag, False)


def test_a_bucket_without_object_events_tells_only_of_itself(oci: MockOci) -> None:
    storage, told = oci.state_of(ObjectStorage), []
    storage.subscribers.append(told.append)
    storage.create_bucket("quiet")
    storage.put("quiet", "a", b"")
    storage.delete("quiet", "a")
    storage.delete_bucket("quiet")
    assert [event["eventType"].rpartition(".")[2] for event in told] == ["createbucket", "deletebucket"]


def test_a_subscriber_may_write_an_object_itself(still: ObjectStorage) -> None:
    def copy(event: Any) -> None:
        name = event["data"]["resourceName"]
        if name.startswith("in/"):
            still.put("results", name.replace("in/", "out/"), still.get("results", name).body)

    still.subscribers.append(copy)
    still.put("results", "in/a", b"x")
    assert [item.name for item in still.objects("results")] == ["in/a", "out/a"]


def link(client: Any, access: str, name: str | None = None, **named: Any) -> Any:
    details = Models.CreatePreauthenticatedRequestDetails(
        name="mine", access_type=access, object_name=name, time_expires=datetime.now(UTC) + timedelta(hours=1), **named
    )
    return client.create_preauthenticated_request(NAMESPACE, "results", details).data


def test_a_link_reads_without_a_signature(client: Any, storage: ObjectStorage, server: LoopbackServer) -> None:
    storage.put("results", "out/ä 1.json", b"{}", headers={"content-type": "application/json"})
    made = link(client, "ObjectRead", "out/ä 1.json")
    host = f"{made.access_uri.split('/')[4]}.objectstorage.us-chicago-1.oci.customer-oci.com"
    assert made.full_path == f"{server.endpoint(host)}{made.access_uri}"
    with httpx.Client(trust_env=False) as http:
        got = http.get(made.full_path)
        assert (got.status_code, got.content, got.headers["content-type"]) == (200, b"{}", "application/json")
        assert http.head(made.full_path).headers["content-length"] == "2"
        assert http.put(made.full_path, content=b"no").json()["code"] == "BucketNotFound"
        assert http.get(made.full_path.replace("1.json", "2.json")).status_code == 404
        assert http.delete(made.full_path).status_code == 404
        listed = client.list_preauthenticated_requests(NAMESPACE, "results").data
        assert [(par.id, par.name, par.object_name) for par in listed] == [(made.id, "mine", "out/ä 1.json")]
        client.delete_preauthenticated_request(NAMESPACE, "results", made.id)
        assert http.get(made.full_path).status_code == 404
    gone = refused(client.get_preauthenticated_request, NAMESPACE, "results", made.id)
    assert gone == (404, "PreauthenticatedRequestNotFound")


def test_a_link_to_a_prefix_writes_and_lists_below_it(client: Any, storage: ObjectStorage) -> None:
    made = link(client, "AnyObjectReadWrite", "in/", bucket_listing_action="ListObjects")
    base = made.full_path.removesuffix("in/")
    with httpx.Client(trust_env=False) as http:
        assert http.put(f"{base}in/a", content=b"1", headers={"if-none-match": "*"}).status_code == 200
        assert http.put(f"{base}in/a", content=b"2", headers={"if-none-match": "*"}).status_code == 412
        assert http.put(f"{base}out/a", content=b"1").status_code == 404
        assert http.get(base, params={"prefix": "in/"}).json()["objects"] == [{"name": "in/a"}]
        assert http.get(base).status_code == 404
    assert storage.get("results", "in/a").body == b"1"
    assert refused(client.delete_bucket, NAMESPACE, "results") == (409, "PreauthenticatedRequestStillExists")


def test_a_link_expires_by_the_backends_clock(oci: MockOci, still: ObjectStorage, clock: Any) -> None:
    still.put("results", "a", b"1")
    par = oci.state_of(Pars).create("results", "a", lifetime=60)
    assert par.token not in repr(par)
    assert oci.answer(Request("GET", par.path, {})).body == b"1"
    clock.now += 60
    assert oci.answer(Request("GET", par.path, {})).status == 404


def test_a_link_can_do_no_more_than_who_made_it(oci: MockOci, still: ObjectStorage) -> None:
    still.put("results", "a", b"1")
    par = oci.state_of(Pars).create("results", "a")
    oci.deny(par.creator.id)
    assert oci.answer(Request("GET", par.path, {})).status == 404


@pytest.mark.parametrize(
    "details",
    [
        {"accessType": "ObjectRead", "timeExpires": "2100-01-01T00:00:00Z"},
        {"accessType": "ObjectRead", "name": "x", "timeExpires": "2100-01-01T00:00:00Z"},
        {"accessType": "Everything", "name": "x", "objectName": "a", "timeExpires": "2100-01-01T00:00:00Z"},
        {"accessType": "AnyObjectRead", "name": "x", "timeExpires": "2000-01-01T00:00:00Z"},
        {"accessType": "AnyObjectRead", "name": "x", "timeExpires": "soon"},
        {"accessType": "AnyObjectRead", "name": "x"},
    ],
)
def test_a_malformed_link_is_refused(still: ObjectStorage, answered: Callable[..., Any], details: Any) -> None:
    answered("POST", f"{BUCKET}/p", details, expects=400)


def test_what_a_caller_may_not_see_reads_as_not_found(client: Any, live: MockOci, storage: ObjectStorage) -> None:
    storage.put("results", "a", b"1")
    live.deny("user")
    for ask in (client.get_object, client.head_object, client.delete_object):
        assert refused(ask, NAMESPACE, "results", "a")[0] == 404
    assert refused(client.put_object, NAMESPACE, "results", "a", b"2") == (404, "BucketNotFound")
    assert refused(client.list_objects, NAMESPACE, "results") == (404, "BucketNotFound")
    assert refused(client.get_bucket, NAMESPACE, "results") == (404, "BucketNotFound")
    details = Models.CreateBucketDetails(name="x", compartment_id=live.tenancy.compartment_id)
    assert refused(client.create_bucket, NAMESPACE, details) == (404, "NotAuthorizedOrNotFound")
    assert refused(client.list_buckets, NAMESPACE, live.tenancy.compartment_id)[0] == 404
    live.allow("user")
    assert refused(client.get_bucket, "othernamespace", "results") == (404, "NamespaceNotFound")
    assert storage.get("results", "a").body == b"1"


def test_an_unsigned_request_is_refused(oci: MockOci, still: ObjectStorage) -> None:
    for method in ("GET", "PUT", "DELETE", "HEAD"):
        assert oci.answer(Request(method, f"{BUCKET}/o/a", {})).status == 401


def test_only_a_puts_body_may_be_left_out_of_the_signature(
    oci: MockOci, still: ObjectStorage, sign: Callable[..., Request]
) -> None:
    user = oci.principals.api_key_user()
    names = "date (request-target) host"
    put = sign(user.key_id, user.private_pem, "PUT", f"{BUCKET}/o/a", b"1", names=names)
    assert oci.answer(put).status == 200
    post = sign(user.key_id, user.private_pem, "POST", f"/n/{NAMESPACE}/b", b"{}", names=names)
    assert oci.answer(post).status == 401


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("POST", f"/n/{NAMESPACE}/b", b"{"),
        ("POST", f"/n/{NAMESPACE}/b", b'{"name": "x"}'),
        ("POST", f"/n/{NAMESPACE}/b", b'{"name": 5, "compartmentId": "x"}'),
        ("POST", f"/n/{NAMESPACE}/b", b'{"name": "a b", "compartmentId": "x"}'),
        ("PUT", f"{BUCKET}/o/{'x' * 1025}", b""),
        ("PUT", f"{BUCKET}/o/a%0Ab", b""),
        ("GET", f"{BUCKET}/o?limit=0", b""),
        ("GET", f"{BUCKET}/o?fields=colour", b""),
        ("GET", f"{BUCKET}/o?delimiter=x", b""),
        ("GET", f"{BUCKET}/p?page=x", b""),
    ],
)
def test_a_malformed_request_is_refused(
    still: ObjectStorage, answered: Callable[..., Any], method: str, target: str, body: bytes
) -> None:
    assert set(answered(method, target, body, expects=400)) == {"code", "message"}


def test_the_real_hosts_are_answered_in_process() -> None:
    with mock_oci(credentials=True) as cloud:
        storage = cloud.state_of(ObjectStorage)
        storage.create_bucket("results")
        client = sdk.object_storage.ObjectStorageClient(sdk.config.from_file())
        client.put_object(client.get_namespace().data, "results", "a/b", b"in process")
        made = link(client, "ObjectRead", "a/b")
        assert made.full_path.startswith(f"https://{NAMESPACE}.objectstorage.us-chicago-1.oci.customer-oci.com/p/")
        assert httpx.get(made.full_path).content == b"in process"
    assert storage.get("results", "a/b").body == b"in process"
