"""The ledger, in a bucket and in memory: one writer wins, whoever asks at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import pytest

from mock_oci import MockOci
from mock_oci.services.object_storage.state import NAMESPACE, ObjectStorage
from model_service.batch import ledger as module
from model_service.batch.ledger import EntryState, Ledger, MemoryLedger, ObjectLedger
from model_service.errors import UpstreamError
from model_service.fn.invocation import Deadline
from model_service.oci_names import ObjectLocation
from model_service.service import Service
from model_service.settings import Settings
from model_service.upstream.retries import PERSISTENT

SOON = Deadline.after(3600)
KEY = "answers/streaming/prompts/0/41-1"
PATH = f"/n/{NAMESPACE}/b/ledger/o/model-service%2Fledger%2Fanswers%2Fstreaming%2Fprompts%2F0%2F41-1.json"


@pytest.fixture
def in_bucket(oci: MockOci, oci_url: str, environment: dict[str, str]) -> Iterator[ObjectLedger]:
    oci.state_of(ObjectStorage).create_bucket("ledger")
    with closing(Service(Settings.load({**environment, "MODEL_SERVICE_OCI_ENDPOINT": oci_url}))) as service:
        yield ObjectLedger(
            service.object_storage, ObjectLocation(None, "ledger"), replace(PERSISTENT, sleep=lambda _: None)
        )


@pytest.fixture(params=["bucket", "memory"])
def ledger(request: pytest.FixtureRequest) -> Ledger:
    return request.getfixturevalue("in_bucket") if request.param == "bucket" else MemoryLedger()


def test_an_entry_is_found_by_its_key_and_no_other(ledger: Ledger) -> None:
    assert ledger.find(KEY, SOON) is None
    written = ledger.keep(KEY, b"{}", SOON)
    found = ledger.find(KEY, SOON)
    assert written is not None
    assert found is not None
    assert (found.version, found.body, found.state) == (written.version, b"{}", EntryState.PENDING)
    assert 0 <= found.age < 60
    assert ledger.find("answers/other", SOON) is None


def test_only_the_first_is_kept(ledger: Ledger) -> None:
    assert ledger.keep(KEY, b"1", SOON)
    assert ledger.keep(KEY, b"2", SOON) is None
    found = ledger.find(KEY, SOON)
    assert found is not None
    assert found.body == b"1"


def test_an_entry_is_taken_over_by_one(ledger: Ledger) -> None:
    first = ledger.keep(KEY, b"1", SOON)
    second = ledger.keep(KEY, b"1", SOON, over=first)
    assert second is not None
    assert ledger.keep(KEY, b"1", SOON, over=first) is None
    assert ledger.keep(KEY, b"1", SOON, over=second)


def test_what_is_delivered_has_no_body_and_is_not_taken_over(ledger: Ledger) -> None:
    first = ledger.keep(KEY, b"1", SOON)
    ledger.mark_delivered(KEY, SOON)
    found = ledger.find(KEY, SOON)
    assert found is not None
    assert (found.state, found.body) == (EntryState.DELIVERED, b"")
    assert ledger.keep(KEY, b"1", SOON, over=first) is None
    assert ledger.keep(KEY, b"2", SOON) is None


def test_what_was_never_kept_can_be_marked(ledger: Ledger) -> None:
    ledger.mark_delivered(KEY, SOON)
    ledger.mark_delivered(KEY, SOON)
    found = ledger.find(KEY, SOON)
    assert found is not None
    assert found.state is EntryState.DELIVERED


def test_an_entry_that_is_gone_is_not_taken_over(oci: MockOci, in_bucket: ObjectLedger) -> None:
    first = in_bucket.keep(KEY, b"1", SOON)
    oci.state_of(ObjectStorage).delete("ledger", f"model-service/ledger/{KEY}.json")
    assert in_bucket.keep(KEY, b"1", SOON, over=first) is None


def test_of_many_at_once_one_writes(ledger: Ledger) -> None:
    barrier = threading.Barrier(8)

    def keep(number: int) -> bool:
        barrier.wait(10)
        return ledger.keep(KEY, b"%d" % number, SOON) is not None

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(keep, range(8))) == [False] * 7 + [True]


@pytest.mark.parametrize("taking_over", [False, True])
def test_a_write_whose_answer_was_lost_is_known_as_ones_own(
    oci: MockOci, in_bucket: ObjectLedger, taking_over: bool
) -> None:
    before = in_bucket.keep(KEY, b"1", SOON) if taking_over else None
    oci.script.delay(path=PATH, cut_after=0)
    written = in_bucket.keep(KEY, b"1", SOON, over=before)
    assert written is not None
    assert in_bucket.keep(KEY, b"1", SOON, over=written)


def test_a_ledger_that_throttles_is_asked_again(oci: MockOci, in_bucket: ObjectLedger) -> None:
    for act in (
        lambda: in_bucket.find(KEY, SOON),
        lambda: in_bucket.keep(KEY, b"1", SOON),
        lambda: in_bucket.mark_delivered(KEY, SOON),
    ):
        oci.script.error(503, path=PATH, times=3)
        act()
        assert len(oci.script) == 0


def test_a_ledger_that_is_not_there_is_an_error(oci: MockOci, in_bucket: ObjectLedger) -> None:
    oci.state_of(ObjectStorage).delete_bucket("ledger")
    with pytest.raises(UpstreamError) as refused:
        in_bucket.find(KEY, SOON)
    assert refused.value.code == "BucketNotFound"


def test_an_entry_in_memory_grows_old() -> None:
    now = [100.0]
    ledger = MemoryLedger(lambda: now[0])
    ledger.keep(KEY, b"1", SOON)
    now[0] = 107.5
    found = ledger.find(KEY, SOON)
    assert found is not None
    assert found.age == 7.5


def test_an_entry_in_a_bucket_grows_old_by_the_clock_of_the_service(oci: MockOci, in_bucket: ObjectLedger) -> None:
    headers = {
        "content-type": "application/json",
        "date": "Sun, 06 Nov 1994 08:49:47 GMT",
        "last-modified": "Sun, 06 Nov 1994 08:49:37 GMT",
    }
    oci.script.raw(b"1", headers=headers, path=PATH)
    found = in_bucket.find(KEY, SOON)
    assert found is not None
    assert found.age == 10.0


@pytest.mark.parametrize("written", [None, "soon"])
def test_an_entry_of_unknown_age_is_old(oci: MockOci, in_bucket: ObjectLedger, written: str | None) -> None:
    oci.script.raw(b"1", headers={"last-modified": written} if written else None, path=PATH)
    found = in_bucket.find(KEY, SOON)
    assert found is not None
    assert found.age > 1e9


def test_memory_forgets_the_oldest_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ENTRIES_IN_MEMORY", 3)
    ledger = MemoryLedger()
    for number in range(4):
        ledger.keep(str(number), b"1", SOON)
    assert ledger.find("0", SOON) is None
    assert ledger.find("1", SOON)
