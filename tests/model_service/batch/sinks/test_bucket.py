"""Outcomes as objects: their names, whose they are, and what a broken connection leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from mock_oci.services.object_storage.state import NAMESPACE, ObjectStorage
from mock_oci.wire import Response
from model_service.errors import InvalidRequest, UpstreamError


@pytest.fixture
def site(site_of: Callable[[str], Any]) -> Any:
    return site_of("bucket")


@pytest.fixture
def objects(site: Any) -> Callable[[], Any]:
    return lambda: site.oci.state_of(ObjectStorage).objects("results")


def test_an_object_is_json_and_tells_whose_outcome_it_is(site: Any, objects: Callable[[], Any]) -> None:
    site.deliver(site.open())
    (stored,) = objects()
    assert stored.name == f"{site.record}.json"
    assert stored.headers["content-type"] == "application/json"
    assert stored.headers["opc-meta-model-service-id"] == site.record


@pytest.mark.parametrize("name", ["summaries/ä €/{{ value.n }}.json", "a//b", "/a", "{{ value.n }}?x=1#&%2F..", "..."])
def test_a_name_may_have_any_characters_that_are_seen(site: Any, objects: Callable[[], Any], name: str) -> None:
    sink = site.open(name=name)
    assert site.deliver(sink, value={"n": "ü/1"})
    assert [stored.name for stored in objects()] == [name.replace("{{ value.n }}", "ü/1")]
    assert site.seen(sink, value={"n": "ü/1"})


@pytest.mark.parametrize(
    "part",
    [
        *("", ".", "..", "a/../b", "./a", "a/.", "a\nb", "a\0", "a\x7f", "a\x85", "\ud800", "x" * 1025, "ä" * 513),
        "model-service/ledger/answers/streaming/prompts/0/42-1.json",
    ],
)
def test_a_name_that_no_object_can_have_is_refused_before_anything_is_asked(site: Any, part: str) -> None:
    for act in (site.seen, site.deliver):
        with pytest.raises(InvalidRequest) as refused:
            act(site.open(name="{{ value }}"), value=part)
        assert (refused.value.status, refused.value.code) == (400, "bad_name")
    assert not site.oci.requests


def test_a_record_that_gives_no_name_is_refused(site: Any) -> None:
    with pytest.raises(InvalidRequest) as refused:
        site.seen(site.open(name="{{ value.customer }}"), value={})
    assert refused.value.code == "template_error"


@pytest.mark.parametrize("headers", [{}, {"opc-meta-model-service-id": "streaming/prompts/0/42-1"}])
@pytest.mark.parametrize("body", [b"", b"{}"])
def test_a_name_that_another_has_is_taken_and_its_object_stays(
    site: Any, objects: Callable[[], Any], headers: dict[str, str], body: bytes
) -> None:
    site.oci.state_of(ObjectStorage).put("results", "fixed", body, headers=headers)
    for act in (site.seen, site.deliver):
        with pytest.raises(InvalidRequest) as refused:
            act(site.open(name="fixed"))
        assert (refused.value.status, refused.value.code) == (409, "name_taken")
        assert "{{ id }}" in (refused.value.hint or "")
    assert [stored.body for stored in objects()] == [body]


def test_a_try_whose_answer_was_lost_has_written_and_is_not_written_again(
    site: Any, objects: Callable[[], Any]
) -> None:
    site.oci.script.delay(path=site.path, cut_after=0)
    site.deliver(site.open())
    (stored,) = objects()
    assert stored.body == site.body
    assert site.asked() == ["PUT", "PUT", "GET"]
    assert site.seen(site.open())


def test_writes_that_meet_are_tried_again(site: Any) -> None:
    site.oci.script.error(409, "ConcurrentObjectUpdate", path=site.path, times=2)
    assert site.deliver(site.open())
    assert site.arrived() == [site.body]


def test_an_object_that_vanishes_between_two_looks_is_written_again(site: Any) -> None:
    site.oci.script.error(412, "IfNoneMatchFailed", path=site.path)
    assert site.deliver(site.open())
    assert site.asked() == ["PUT", "GET", "PUT"]


def test_a_bucket_that_is_not_there_is_told_before_a_model_is_paid(site: Any) -> None:
    site.oci.state_of(ObjectStorage).delete_bucket("results")
    with pytest.raises(UpstreamError) as refused:
        site.seen(site.open())
    assert (refused.value.status, refused.value.code) == (404, "BucketNotFound")


def test_looking_reads_nothing_of_a_large_object(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    site.deliver(site.open(), body=b"x" * 8_000_000)
    sent: list[Response] = []
    answer = site.oci._answer
    monkeypatch.setattr(site.oci, "_answer", lambda *asked: sent.append(answer(*asked)) or sent[-1])
    assert site.seen(site.open())
    assert [response.body for response in sent] == [b"x"]


def test_a_bucket_of_another_namespace_is_named_in_full(site: Any) -> None:
    named = replace(site, place=replace(site.place, namespace=NAMESPACE))
    assert named.deliver(named.open())
    assert site.asked("/n") == []
