from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import oci as sdk
import pytest
from oci.object_storage import ObjectStorageClient
from oci.queue import QueueAdminClient
from tests.mock_oci.conftest import Clock

from mock_oci import MockOci, Request, Response
from mock_oci.coverage.door import CHECK_THEIR_BODY, TABLE, known_as, sdk_operations
from mock_oci.coverage.page import page
from mock_oci.coverage.sdk import read_operations, written
from mock_oci.coverage.understood import EVERYWHERE, understood
from mock_oci.services import operations as served_operations
from mock_oci.services.object_storage import ObjectStorage
from mock_oci.services.queues import Queues

DOCS = Path(__file__).parents[3] / "docs"
SERVED = {known.key: known for operation in served_operations() if (known := known_as(operation))}


def test_the_table_is_what_the_installed_sdk_knows() -> None:
    assert TABLE.read_text() == written(read_operations())


def test_the_page_is_what_is_served() -> None:
    assert (DOCS / "mock_oci_coverage.md").read_text() == page()


def test_what_is_understood_is_said_of_each_served_operation_and_of_no_other() -> None:
    assert set(understood()) == set(SERVED)


@pytest.mark.parametrize("key", understood())
def test_what_is_understood_is_known_to_the_sdk(key: str) -> None:
    operation = SERVED[key]
    known = {*operation.query, *operation.headers, *(operation.body or ())}
    assert {item.partition("=")[0] for item in understood()[key].split()} <= known


def asked(oci: MockOci, signed: Callable[..., Response], operation: Any, where: str, name: str, value: Any) -> Response:
    """Ask an operation with one parameter, and with nothing that it needs."""
    path = operation.path
    for part in path.split("/"):
        path = path.replace(part, "x") if part.startswith("{") else path
    query = f"?{name}={value}" if where == "query" else ""
    body = {name: value} if where == "body" else {}
    headers = {name: str(value)} if where == "headers" else {}
    content = body if operation.method in ("POST", "PUT", "PATCH") else b""
    return signed(operation.method, f"{path}{query}", content, **headers)


GAPS = [
    (key, where, name)
    for key, operation in SERVED.items()
    for where in ("query", "headers", "body")
    for name in getattr(operation, where) or ()
    if name.lower() not in operation.understood and operation.name not in CHECK_THEIR_BODY - {"post_metric_data"}
]
VALUES = [
    (key, where, name)
    for key, operation in SERVED.items()
    for where in ("query", "body")
    for name, values in (getattr(operation, where) or {}).items()
    if values and operation.name not in CHECK_THEIR_BODY
]


@pytest.mark.parametrize(("key", "where", "name"), GAPS, ids=[f"{key} {name}" for key, _, name in GAPS])
def test_what_the_sdk_can_send_and_nobody_here_reads_is_501(
    oci: MockOci, signed: Callable[..., Response], key: str, where: str, name: str
) -> None:
    values = getattr(SERVED[key], where)[name]
    response = asked(oci, signed, SERVED[key], where, name, values[0] if values else "x")
    assert response.status == 501
    if SERVED[key].method != "HEAD":
        assert isinstance(response.body, bytes)
        assert json.loads(response.body)["message"].startswith(f"mock_oci: {name} of {SERVED[key].name}")


@pytest.mark.parametrize(("key", "where", "name"), VALUES, ids=[f"{key} {name}" for key, _, name in VALUES])
def test_a_value_that_the_sdk_does_not_list_is_400(
    oci: MockOci, signed: Callable[..., Response], key: str, where: str, name: str
) -> None:
    response = asked(oci, signed, SERVED[key], where, name, "Zip")
    assert isinstance(response.body, bytes)
    assert (response.status, json.loads(response.body)["code"]) == (400, "InvalidParameter")
    assert f"{name} must be one of" in json.loads(response.body)["message"]


@pytest.mark.parametrize(
    "key", [key for key, operation in SERVED.items() if operation.body and "{" not in operation.path]
)
def test_a_field_that_nobody_knows_is_400(oci: MockOci, signed: Callable[..., Response], key: str) -> None:
    response = asked(oci, signed, SERVED[key], "body", "colour", "red")
    assert response.status == 400


@pytest.mark.parametrize("key", [key for key, operation in SERVED.items() if operation.query])
def test_a_query_parameter_that_nobody_knows_is_400(oci: MockOci, signed: Callable[..., Response], key: str) -> None:
    assert asked(oci, signed, SERVED[key], "query", "colour", "red").status == 400


UNSERVED = [operation for operation in sdk_operations() if operation.key not in SERVED]


def test_an_operation_that_is_not_served_is_501_and_never_404(oci: MockOci) -> None:
    assert len(UNSERVED) > 200
    for operation in UNSERVED:
        path = re.sub(r"\{[^}]*\}", "x", operation.path)
        response = oci.answer(Request(operation.method, path, {}))
        assert (operation.key, response.status) == (operation.key, 501)
        assert isinstance(response.body, bytes)
        assert json.loads(response.body)["code"] == "NotImplemented"


def test_a_path_that_nobody_knows_is_404(oci: MockOci) -> None:
    assert oci.answer(Request("GET", "/20990101/nothing", {})).status == 404


@pytest.mark.parametrize("name", sorted(EVERYWHERE - {"opc-retry-token"}))
def test_ids_of_a_request_come_back(oci: MockOci, signed: Callable[..., Response], name: str) -> None:
    own = "A" * 32
    response = signed("GET", f"/20210201/queues?compartmentId={oci.tenancy.compartment_id}", **{name: own})
    assert response.headers[name].startswith(own)


# ------------------------------------------------------------------------------------------------- retry tokens


@pytest.fixture
def create(signed: Callable[..., Response], oci: MockOci) -> Callable[..., Response]:
    def send(token: str, name: str = "q") -> Response:
        body = {"displayName": name, "compartmentId": oci.tenancy.compartment_id}
        return signed("POST", "/20210201/queues", body, opc_retry_token=token)

    return send


def test_a_request_with_its_token_is_done_once(create: Callable[..., Response], oci: MockOci, clock: Clock) -> None:
    first, again = create("a"), create("a")
    assert first.headers["opc-work-request-id"] == again.headers["opc-work-request-id"]
    assert len(oci.state_of(Queues).all()) == 1
    create("b")
    assert len(oci.state_of(Queues).all()) == 2
    clock.now += 24 * 3600
    create("a")
    assert len(oci.state_of(Queues).all()) == 3


def test_a_token_is_for_one_request_only(create: Callable[..., Response]) -> None:
    create("a")
    response = create("a", "another")
    assert (response.status, json.loads(response.body)["code"]) == (409, "InvalidatedRetryToken")  # type: ignore[arg-type]


def test_what_failed_may_be_tried_again(create: Callable[..., Response], oci: MockOci) -> None:
    oci.script.error(503, path="/20210201/queues")
    assert [create("a").status, create("a").status] == [503, 202]


# -------------------------------------------------------------------------------------- versions of a resource


def test_a_resource_that_has_changed_since_is_not_changed_nor_deleted(
    sdk_client: Callable[[Any], Any], live: MockOci
) -> None:
    client, queue = sdk_client(QueueAdminClient), live.state_of(Queues).create("q")
    etag = client.get_queue(queue.id).headers["etag"]
    client.update_queue(queue.id, sdk.queue.models.UpdateQueueDetails(display_name="r"), if_match=etag)
    assert client.get_queue(queue.id).headers["etag"] != etag
    with pytest.raises(sdk.exceptions.ServiceError) as caught:
        client.delete_queue(queue.id, if_match=etag)
    assert (caught.value.status, caught.value.code) == (412, "NoEtagMatch")
    client.delete_queue(queue.id, if_match=client.get_queue(queue.id).headers["etag"])


@pytest.mark.parametrize(
    ("sort_by", "order", "names"),
    [
        ("displayName", None, ["a", "b", "c"]),
        ("displayName", "DESC", ["c", "b", "a"]),
        ("timeCreated", "ASC", ["b", "c", "a"]),
        ("timeCreated", None, ["a", "c", "b"]),
    ],
)
def test_a_list_is_sorted_as_it_is_asked(
    signed: Callable[..., Response], oci: MockOci, clock: Clock, sort_by: str, order: str | None, names: list[str]
) -> None:
    for name in ("b", "c", "a"):
        oci.state_of(Queues).create(name)
        clock.now += 1
    target = f"/20210201/queues?compartmentId={oci.tenancy.compartment_id}&sortBy={sort_by}"
    response = signed("GET", f"{target}&sortOrder={order}" if order else target)
    assert [row["displayName"] for row in json.loads(response.body)["items"]] == names  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------------- digests


@pytest.mark.parametrize("header", ["opc_content_sha256", "opc_content_sha384"])
def test_a_digest_that_is_not_the_contents_is_refused(
    sdk_client: Callable[[Any], Any], live: MockOci, header: str
) -> None:
    client, storage = sdk_client(ObjectStorageClient), live.state_of(ObjectStorage)
    storage.create_bucket("b")
    digest = base64.b64encode(hashlib.new(header[-6:], b"abc").digest()).decode()
    client.put_object(storage.namespace, "b", "o", b"abc", **{header: digest})
    with pytest.raises(sdk.exceptions.ServiceError) as caught:
        client.put_object(storage.namespace, "b", "o", b"abd", **{header: digest})
    assert caught.value.status == 400
    assert storage.get("b", "o").body == b"abc"
