"""The page for people: what it shows, and that nothing that callers send becomes a part of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from tests.mock_oci.conftest import FakeFunction

from mock_oci import MockOci, Request, Response
from mock_oci.control.page import MAX_ROWS
from mock_oci.identity.tenancy import ocid
from mock_oci.services.connector_hub import ConnectorHub
from mock_oci.services.connector_hub.batches import from_stream, to_function
from mock_oci.services.object_storage import ObjectStorage
from mock_oci.services.queues import Queues
from mock_oci.services.streaming import Streaming

EVIL = "<script>alert(1)</script>\"'&"


class Elements(HTMLParser):
    """The names of the elements of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        assert not any(name.startswith("on") for name, _ in attributes)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def page(oci: MockOci) -> Callable[..., Elements]:
    def read(path: str = "/_mock/") -> Elements:
        response = oci.answer(Request("GET", path, {}))
        assert isinstance(response.body, bytes)
        assert (response.status, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert response.headers["content-security-policy"].startswith("default-src 'none'")
        return Elements(response.body.decode())

    return read


def fill(oci: MockOci) -> None:
    storage, stream = oci.state_of(ObjectStorage), oci.state_of(Streaming).create(f"s {EVIL}")
    storage.create_bucket(f"b {EVIL}")
    storage.put(f"b {EVIL}", f"o {EVIL}", b"1")
    stream.put([(None, EVIL.encode()), (None, b"\xff\xfe")])
    queue = oci.state_of(Queues).create(f"q {EVIL}")
    oci.state_of(Queues).messages(queue.id).put(EVIL)
    function, hub = FakeFunction(oci), oci.state_of(ConnectorHub)
    hub.create(f"c {EVIL}", from_stream(stream.id), to_function(function.id))
    hub.pump()


def test_an_empty_cloud_has_an_empty_page(page: Callable[..., Elements]) -> None:
    seen = page("/_mock")
    assert seen.text.count("none") == 7 + 1  # tables, and policies
    assert "everyone who signs may" in seen.text


def test_it_shows_calls_and_why_they_were_refused(
    oci: MockOci, page: Callable[..., Elements], signed: Callable[..., Response]
) -> None:
    signed("GET", "/n")
    oci.answer(Request("GET", "/n", {}))
    oci.iam.add_policy([])
    principal = oci.principals.resource_principal(ocid("fnfunc", "one", oci.region))
    assert principal.rpst
    oci.deny("user")
    signed("GET", "/n")
    text = page().text
    assert "deny() has been called for it" in text
    assert "401" in text
    assert "0 statements" in text
    assert page().text == text  # the page is no call itself


def test_what_callers_send_is_text(oci: MockOci, page: Callable[..., Elements]) -> None:
    fill(oci)
    oci.answer(Request("GET", f"/n/{EVIL}", {"authorization": EVIL}))
    seen = page()
    assert not seen.names & {"script", "img", "iframe", "object", "link", "form"}
    for name in ("s", "b", "o", "q", "c"):
        assert f"{name} {EVIL}" in seen.text
    assert "\ufffd\ufffd" in seen.text


def test_a_page_has_no_more_than_so_many_rows(oci: MockOci, page: Callable[..., Elements]) -> None:
    for _ in range(MAX_ROWS + 5):
        oci.answer(Request("GET", "/n", {}))
    seen = page()
    assert "and 5 more" in seen.text
    assert len(re.findall("required|date|authorization", seen.text)) <= 3 * MAX_ROWS


@pytest.mark.parametrize(("query", "status"), [("every=5", 200), ("every=0", 400), ("every=x", 400)])
def test_it_loads_itself_again_where_that_is_asked_for(oci: MockOci, query: str, status: Any) -> None:
    response = oci.answer(Request("GET", f"/_mock/?{query}", {}))
    assert response.status == status
    assert isinstance(response.body, bytes)
    assert (b'content="5"' in response.body) == (status == 200)
