"""What every sink promises, each over real sockets against the local OCI: once, and never lost without a word."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from model_service.batch.sinks import PUBLISHERS
from model_service.errors import ModelServiceError, UpstreamError

CARRIED = ("stream", "queue", "topic", "function")
DELIVERED = ("bucket", *CARRIED)


@pytest.fixture
def site(site_of: Callable[[str], Any], request: pytest.FixtureRequest) -> Any:
    return site_of(request.param)


every_sink = pytest.mark.parametrize("site", (*PUBLISHERS, "bucket", "none"), indirect=True)
every_place = pytest.mark.parametrize("site", DELIVERED, indirect=True)
every_carrier = pytest.mark.parametrize("site", CARRIED, indirect=True)


def at_once(number: int, act: Callable[[], Any]) -> list[Any]:
    """What as many containers get that do the same in the same moment."""
    barrier = threading.Barrier(number)

    def one() -> Any:
        barrier.wait(10)
        return act()

    with ThreadPoolExecutor(number) as pool:
        return [future.result(20) for future in [pool.submit(one) for _ in range(number)]]


def test_there_is_a_place_for_every_row_of_the_table() -> None:
    assert set(PUBLISHERS) == set(CARRIED)


@every_sink
def test_an_outcome_is_seen_once_it_is_delivered_and_not_before(site: Any) -> None:
    assert not site.seen(site.open())
    assert site.deliver(site.open())
    assert site.seen(site.open())
    assert site.arrived() == ([] if site.kind == "none" else [site.body])


@every_sink
def test_a_second_outcome_of_a_record_is_dropped(site: Any) -> None:
    assert site.deliver(site.open())
    assert not site.deliver(site.open(), body=b'{"other": 1}')
    assert site.arrived() in ([], [site.body])


@every_sink
def test_records_have_nothing_to_do_with_each_other(site: Any) -> None:
    sink = site.open()
    assert site.deliver(sink)
    assert not site.seen(sink, "queue/abc")
    assert site.deliver(sink, "queue/abc")
    assert len(site.arrived()) in (0, 2)


@every_sink
def test_of_containers_that_deliver_at_once_one_is_first(site: Any) -> None:
    sinks = iter([site.open() for _ in range(4)])
    assert sorted(at_once(4, lambda: site.deliver(next(sinks)))) == [False, False, False, True]
    assert len(site.arrived()) <= 1
    assert site.seen(site.open())


@every_place
@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_passes_by_itself_is_tried_again(site: Any, status: int) -> None:
    site.oci.script.error(status, path=site.path, times=2)
    assert site.deliver(site.open())
    assert site.arrived() == [site.body]


@every_place
def test_a_connection_that_breaks_is_tried_again(site: Any) -> None:
    site.oci.script.disconnect(path=site.path, times=2)
    assert site.deliver(site.open())
    assert site.arrived() == [site.body]


@every_place
def test_a_place_that_never_takes_it_is_an_error_in_the_end(site: Any) -> None:
    site.oci.script.error(429, "TooManyRequests", path=site.path, times=100)
    with pytest.raises(UpstreamError) as refused:
        site.deliver(site.open())
    assert refused.value.status == 429
    assert len(site.asked()) == 7


@every_place
def test_what_is_refused_is_not_tried_again(site: Any) -> None:
    site.oci.script.error(400, "InvalidParameter", "no", path=site.path)
    with pytest.raises(UpstreamError) as refused:
        site.deliver(site.open())
    assert (refused.value.status, len(site.asked())) == (400, 1)


@every_sink
def test_who_may_not_is_told_before_a_model_is_paid(site: Any) -> None:
    site.oci.deny(site.oci.tenancy.user_id)
    with pytest.raises(ModelServiceError) as refused:
        site.seen(site.open())
    assert refused.value.status == 404


@every_carrier
def test_what_could_not_be_delivered_goes_out_when_the_record_comes_again(site: Any) -> None:
    site.oci.script.error(400, "InvalidParameter", path=site.path)
    with pytest.raises(UpstreamError):
        site.deliver(site.open())
    site.age(3600)
    assert site.seen(site.open())
    assert site.arrived() == [site.body]


@every_carrier
def test_what_has_its_dead_letter_goes_out_only_when_the_record_is_sent_again(site: Any) -> None:
    site.oci.script.error(400, "InvalidParameter", path=site.path)
    with pytest.raises(UpstreamError):
        site.deliver(site.open())
    site.open().mark_dead(site.record, site.soon())
    assert not site.deliver(site.open(), body=b'{"other": 1}')
    assert site.arrived() == []
    assert site.seen(site.open())
    assert site.arrived() == [site.body]
    assert site.seen(site.open())
    assert not site.deliver(site.open())
    assert site.arrived() == [site.body]


@every_carrier
def test_of_containers_that_find_the_same_left_over_one_delivers_it(site: Any) -> None:
    site.oci.script.error(400, "InvalidParameter", path=site.path)
    with pytest.raises(UpstreamError):
        site.deliver(site.open())
    site.age(3600)
    sinks = iter([site.open() for _ in range(4)])
    assert at_once(4, lambda: site.seen(next(sinks))) == [True] * 4
    assert site.arrived() == [site.body]


@every_carrier
def test_two_sinks_at_one_place_have_outcomes_of_their_own(site: Any) -> None:
    assert site.deliver(site.open("results"))
    assert not site.seen(site.open("failed"))
    assert site.deliver(site.open("failed"), body=b"{}")
    assert sorted(site.arrived()) == sorted([site.body, b"{}"])


@every_carrier
def test_nothing_of_an_outcome_stays_in_the_ledger(site: Any) -> None:
    assert site.deliver(site.open())
    (entry,) = site.entries()
    assert entry.name == f"model-service/ledger/results/{site.record}.json"
    assert entry.body == b""


@every_sink
def test_a_ledger_or_a_bucket_that_is_not_there_is_an_error(site: Any) -> None:
    path = site.path if site.kind == "bucket" else site.entry_path
    site.oci.script.error(404, "BucketNotFound", "no", path=path)
    with pytest.raises(UpstreamError) as refused:
        site.seen(site.open())
    assert refused.value.code == "BucketNotFound"
