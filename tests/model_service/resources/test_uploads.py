"""A file beyond what the platform lets in goes by a link, which the reply names, and is its owner's all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from mock_oci import MockOci
from mock_oci.services.object_storage.state import ObjectStorage
from model_service.app import App
from model_service.fn.limits import MAX_REQUEST_BYTES

from .conftest import Ask, asking, said


@pytest.fixture
def with_bucket(kept_apart: dict[str, str], oci: MockOci, oci_url: str) -> Iterator[Ask]:
    oci.state_of(ObjectStorage).create_bucket("large")
    app = App({**kept_apart, "MODEL_SERVICE_OVERFLOW_BUCKET": "large", "MODEL_SERVICE_OCI_ENDPOINT": oci_url})
    with closing(app.service):
        yield asking(app)


def put(link: dict[str, Any], content: bytes, oci_url: str) -> None:
    assert link["method"] == "PUT"
    path = "/p/" + link["url"].partition("/p/")[2]
    assert httpx.put(oci_url + path, content=content).status_code == 200


def test_a_large_file_is_uploaded_by_a_link(with_bucket: Ask, oci_url: str) -> None:
    content = b"abc," * ((MAX_REQUEST_BYTES + 1_000_000) // 4)
    link = said(with_bucket("POST", "/files", {"bytes": len(content), "filename": "l.csv", "purpose": "user_data"}))
    assert link["object"] == "model_service.upload"
    put(link, content, oci_url)
    fields = {"upload": link["id"], "filename": "l.csv", "purpose": "user_data"}
    made = said(with_bucket("POST", "/files", {**fields, "expires_after": {"anchor": "created_at", "seconds": 3600}}))
    assert (made["bytes"], made["filename"]) == (len(content), "l.csv")
    assert made["expires_at"]
    reply = with_bucket("GET", f"/files/{made['id']}/content")  # goes out by a link as well
    assert said(reply)["bytes"] == len(content)
    assert said(with_bucket("GET", f"/files/{made['id']}", caller="eve"), 404)


def test_anothers_upload_is_not_there(with_bucket: Ask, oci_url: str) -> None:
    link = said(with_bucket("POST", "/files", {"bytes": 3, "filename": "l.csv", "purpose": "user_data"}))
    put(link, b"abc", oci_url)
    fields = {"upload": link["id"], "filename": "l.csv", "purpose": "user_data"}
    assert said(with_bucket("POST", "/files", fields, caller="eve"), 404)
    assert said(with_bucket("POST", "/files", fields, caller="bob"))["bytes"] == 3


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"bytes": 10**12}, 413),
        ({"bytes": 0}, 400),
        ({"bytes": 3, "nonsense": 1}, 400),
        ({"upload": "../x", "filename": "x", "purpose": "user_data"}, 400),
        ({"upload": f"upl_{'0' * 32}", "purpose": "user_data"}, 400),
        ({"upload": f"upl_{'0' * 32}", "filename": "x", "purpose": "user_data"}, 404),
        ({"upload": f"upl_{'0' * 32}", "filename": "x", "purpose": ["user_data"]}, 400),
    ],
)
def test_an_upload_that_cannot_be_is_refused(with_bucket: Ask, body: dict[str, Any], status: int) -> None:
    assert said(with_bucket("POST", "/files", body), status)


def test_a_container_takes_no_upload(with_bucket: Ask) -> None:
    made = said(with_bucket("POST", "/containers", {"name": "x"}))["id"]
    assert said(with_bucket("POST", f"/containers/{made}/files", {"bytes": 3}), 400)


def test_without_a_bucket_the_operator_is_named(ask: Ask) -> None:
    error = said(ask("POST", "/files", {"bytes": 7_000_000}), 501)["error"]
    assert error["code"] == "uploads_unavailable"
    assert "MODEL_SERVICE_OVERFLOW_BUCKET" in error["hint"]
