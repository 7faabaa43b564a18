"""A sink with a ledger, by itself: containers that die, that are slow, and that are at it at the same time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from model_service.batch.ledger import Entry, MemoryLedger
from model_service.batch.sinks.ledgered import LONGER_SECONDS, LedgeredSink
from model_service.batch.sinks.sink import Outcome
from model_service.errors import DeadlineExceeded, ModelServiceError, UpstreamRefused, UpstreamThrottled
from model_service.fn.invocation import Deadline
from model_service.logs import log
from model_service.upstream.retries import PERSISTENT

KEY = "answers/r"
BODY = b'{"id":"r"}'
SECONDS = 5.0


@dataclass
class MessagePublisher:
    """Fails with ``failures`` first; ``during`` is called while it carries."""

    failures: list[ModelServiceError] = field(default_factory=list)
    during: Callable[[], None] = lambda: None
    published: list[bytes] = field(default_factory=list)
    largest: int = 1000
    seconds: float = SECONDS

    def header(self, record: str, view: Mapping[str, Any]) -> str:
        return record

    def publish(self, header: str, body: bytes, deadline: Deadline) -> None:
        assert header == "r"
        assert deadline.require() <= SECONDS
        self.during()
        if self.failures:
            raise self.failures.pop(0)
        self.published.append(body)


class Clock:
    """Time that passes where somebody sleeps; ``at`` are things that happen in the meantime."""

    def __init__(self) -> None:
        self.now = 0.0
        self.at: list[tuple[float, Callable[[], object]]] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        due = [act for moment, act in self.at if moment <= self.now]
        self.at = [(moment, act) for moment, act in self.at if moment > self.now]
        for act in due:
            act()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(clock: Clock) -> MemoryLedger:
    return MemoryLedger(clock)


@pytest.fixture
def publisher() -> MessagePublisher:
    return MessagePublisher()


@pytest.fixture
def sink(publisher: MessagePublisher, ledger: MemoryLedger, clock: Clock) -> LedgeredSink:
    return LedgeredSink("answers", publisher, ledger, replace(PERSISTENT, sleep=clock.sleep, random=lambda: 1.0))


def seen(sink: LedgeredSink, seconds: float = 60) -> bool:
    found = sink.find("r", {}, Deadline.after(seconds))
    if found is not None and not found.delivered:
        sink.redeliver("r", {}, Deadline.after(seconds))
    return found is not None


def deliver(sink: LedgeredSink, body: bytes = BODY) -> bool:
    return sink.deliver(Outcome("r", {}, body), Deadline.after(60))


def kept(ledger: MemoryLedger, **over: Any) -> Entry | None:
    return ledger.keep(KEY, b"stored", Deadline.after(60), **over)


def test_what_a_container_left_behind_that_died_is_delivered_at_once(
    sink: LedgeredSink, publisher: MessagePublisher, ledger: MemoryLedger, clock: Clock
) -> None:
    kept(ledger)
    clock.now = SECONDS + LONGER_SECONDS
    assert seen(sink)
    assert publisher.published == [b"stored"]
    assert seen(sink)
    assert not deliver(sink)
    assert publisher.published == [b"stored"]
    assert clock.now == SECONDS + LONGER_SECONDS


def test_what_another_container_has_in_hand_is_waited_for(
    sink: LedgeredSink, publisher: MessagePublisher, ledger: MemoryLedger, clock: Clock
) -> None:
    kept(ledger)
    clock.at.append((2.0, lambda: ledger.mark_delivered(KEY, Deadline.after(60))))
    assert seen(sink)
    assert publisher.published == []
    assert 2.0 <= clock.now < 2.5


def test_a_container_that_dies_meanwhile_is_not_waited_for_forever(
    sink: LedgeredSink, publisher: MessagePublisher, ledger: MemoryLedger, clock: Clock
) -> None:
    kept(ledger)
    assert not deliver(sink)
    assert publisher.published == [b"stored"]
    assert clock.now == pytest.approx(SECONDS + LONGER_SECONDS)


def test_waiting_ends_with_the_deadline(sink: LedgeredSink, publisher: MessagePublisher, ledger: MemoryLedger) -> None:
    kept(ledger)
    with pytest.raises(DeadlineExceeded):
        seen(sink, seconds=0.4)
    assert publisher.published == []


def test_who_pauses_between_tries_says_so_in_the_ledger(
    sink: LedgeredSink, publisher: MessagePublisher, ledger: MemoryLedger, clock: Clock
) -> None:
    publisher.failures += [UpstreamThrottled("slow down", retry_after="4")] * 4
    ages: list[float] = []

    def look() -> None:
        entry = ledger.find(KEY, Deadline.after(60))
        assert entry is not None
        ages.append(entry.age)

    publisher.during = look
    assert deliver(sink)
    assert publisher.published == [BODY]
    assert ages == [0.0] * 5
    assert clock.now >= 16


def test_who_paused_too_long_leaves_it_to_who_took_over(
    sink: LedgeredSink, publisher: MessagePublisher, ledger: MemoryLedger, clock: Clock
) -> None:
    publisher.failures.append(UpstreamThrottled("slow down", retry_after="10"))

    def take_over() -> None:
        assert kept(ledger, over=ledger.find(KEY, Deadline.after(60)))

    clock.at += [(8.0, take_over), (11.0, lambda: ledger.mark_delivered(KEY, Deadline.after(60)))]
    assert not deliver(sink)
    assert publisher.published == []


def test_what_is_refused_stays_in_the_ledger_until_it_is_marked(
    sink: LedgeredSink, publisher: MessagePublisher, ledger: MemoryLedger, clock: Clock
) -> None:
    publisher.failures += [UpstreamRefused("no", status=404)] * 2
    with pytest.raises(UpstreamRefused):
        deliver(sink)
    clock.now += 100
    with pytest.raises(UpstreamRefused):
        seen(sink)
    sink.mark_dead("r", Deadline.after(60))
    assert not deliver(sink)
    assert publisher.published == []
    assert seen(sink)
    assert publisher.published == [b'{"id":"r"}']


def test_a_delivery_counts_although_the_ledger_cannot_be_told(
    sink: LedgeredSink, publisher: MessagePublisher, ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(key: str, deadline: Deadline) -> None:
        raise UpstreamRefused("no", status=404, code="BucketNotFound")

    lines: list[str] = []
    monkeypatch.setattr(ledger, "mark_delivered", fail)
    monkeypatch.setattr(log, "write", lambda event, **fields: lines.append(event))
    assert deliver(sink)
    assert publisher.published == [BODY]
    assert lines == ["ledger_not_settled"]


def test_an_entry_that_vanishes_between_two_looks_is_written_again(
    sink: LedgeredSink, publisher: MessagePublisher, ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, first = ledger.keep, [True]

    def refuse_once(*arguments: Any, **over: Any) -> Entry | None:
        return None if first and first.pop() else keep(*arguments, **over)

    monkeypatch.setattr(ledger, "keep", refuse_once)
    assert deliver(sink)
    assert publisher.published == [BODY]
