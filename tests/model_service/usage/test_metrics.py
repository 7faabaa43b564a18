"""Custom metrics: added up, sent seldom, and never a caller's trouble."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from model_service.errors import UpstreamError
from model_service.fn.caller import NOWHERE
from model_service.fn.invocation import Deadline
from model_service.usage.metrics import MAX_KEPT, Metrics

LINE = {
    "caller": "ada",
    "team": "search",
    "model": "meta.llama",
    "operation": "chat",
    "tokens": {"input": 8, "output": 13},
    "cost": 0.5,
    "first_token_ms": 20.0,
    "total_ms": 100.0,
    "error": None,
}


class Ingestion:
    def __init__(self, answer: Mapping[str, Any] | UpstreamError | None = None) -> None:
        self.answer, self.sent = answer, list[dict[str, Any]]()

    def send(self, path: str, body: Mapping[str, Any], deadline: Deadline) -> Mapping[str, Any]:
        assert path == "/20180401/metrics"
        self.sent.append(dict(body))
        if isinstance(self.answer, UpstreamError):
            raise self.answer
        return self.answer or {"failedMetricsCount": 0, "failedMetrics": []}


def metrics(ingestion: Ingestion, clock: list[float]) -> Metrics:
    return Metrics("model_service", "ocid1.compartment.oc1..c", ingestion.send, lambda: clock[0])


def test_calls_are_added_up_and_sent_once_a_minute() -> None:
    ingestion, clock = Ingestion(), [0.0]
    measured = metrics(ingestion, clock)
    for _ in range(3):
        measured.add(LINE, NOWHERE, Deadline.after(20))
    assert ingestion.sent == []
    clock[0] = 60
    measured.add({**LINE, "error": "rate_limit_exceeded"}, NOWHERE, Deadline.after(20))
    (sent,) = ingestion.sent
    streams = {stream["name"]: stream for stream in sent["metricData"]}
    (point,) = streams["InputTokens"]["datapoints"]
    assert (point["value"], point["count"]) == (32, 4)
    assert streams["Calls"]["dimensions"] == {
        "caller": "ada",
        "team": "search",
        "model": "meta.llama",
        "operation": "chat",
    }
    assert (streams["Errors"]["datapoints"][0]["value"], streams["Cost"]["datapoints"][0]["value"]) == (1, 2.0)
    measured.add(LINE, NOWHERE, Deadline.after(20))
    assert len(ingestion.sent) == 1


def test_no_more_than_fifty_streams_go_into_a_call() -> None:
    ingestion, clock = Ingestion(), [0.0]
    measured = metrics(ingestion, clock)
    for number in range(20):
        measured.add({**LINE, "caller": str(number)}, NOWHERE, Deadline.after(20))
    clock[0] = 60
    measured.add(LINE, NOWHERE, Deadline.after(20))
    assert all(len(sent["metricData"]) <= 50 for sent in ingestion.sent)
    assert sum(len(sent["metricData"]) for sent in ingestion.sent) == 21 * 6


def test_callers_without_end_take_no_memory_without_end() -> None:
    ingestion, clock = Ingestion(), [0.0]
    measured = metrics(ingestion, clock)
    for number in range(1000):
        measured.add({**LINE, "caller": str(number)}, NOWHERE, Deadline.after(20))
    clock[0] = 60
    measured.add(LINE, NOWHERE, Deadline.after(20))
    assert sum(len(sent["metricData"]) for sent in ingestion.sent) == MAX_KEPT


def test_who_is_unknown_has_a_dimension_too() -> None:
    ingestion, clock = Ingestion(), [0.0]
    measured = metrics(ingestion, clock)
    clock[0] = 60
    measured.add({**LINE, "caller": None, "team": "", "model": "x" * 2000}, NOWHERE, Deadline.after(20))
    dimensions = ingestion.sent[0]["metricData"][0]["dimensions"]
    assert (dimensions["caller"], dimensions["team"], len(dimensions["model"])) == ("none", "none", 512)


@pytest.mark.parametrize("answer", [UpstreamError("busy", status=503), {"failedMetricsCount": 2}])
def test_what_monitoring_does_not_take_is_no_callers_trouble(answer: Any) -> None:
    ingestion, clock = Ingestion(answer), [0.0]
    measured = metrics(ingestion, clock)
    clock[0] = 60
    measured.add(LINE, NOWHERE, Deadline.after(20))
    clock[0] = 120
    measured.add(LINE, NOWHERE, Deadline.after(20))
    assert len(ingestion.sent) == 2


@pytest.mark.parametrize(
    ("event", "line", "name", "value"),
    [
        ("dead_letter", {"model": "meta.llama"}, "DeadLetters", 1),
        ("dead_letter_lost", {}, "DeadLettersLost", 1),
        ("record_left", {"where": "results"}, "RecordTroubles", 1),
        ("batch", {"left": 2, "unrecorded": 1}, "RecordsLeft", 3),
        ("budget_refused", {"team": "search"}, "BudgetRefusals", 1),
        ("budget_soft", {}, "BudgetWarnings", 1),
        ("config_stale", {}, "ConfigStale", 1),
        ("counter_unavailable", {}, "CounterUnavailable", 1),
    ],
)
def test_what_an_alarm_waits_for_is_counted_and_sent_soon(event: str, line: Any, name: str, value: float) -> None:
    ingestion, clock = Ingestion(), [0.0]
    measured = metrics(ingestion, clock)
    measured.hear(event, line)
    clock[0] = 10
    measured.send_due(Deadline.after(20))
    (stream,) = ingestion.sent[0]["metricData"]
    assert (stream["name"], stream["datapoints"][0]["value"]) == (name, value)
    assert stream["dimensions"]["team"] == line.get("team", "none")


def test_lines_that_nobody_waits_for_are_no_metrics() -> None:
    ingestion, clock = Ingestion(), [0.0]
    measured = metrics(ingestion, clock)
    measured.hear("invocation", {})
    measured.hear("batch", {"left": 0, "unrecorded": 0})
    clock[0] = 100
    measured.send_due(Deadline.after(20))
    assert ingestion.sent == []


def test_a_call_without_time_left_sends_nothing() -> None:
    ingestion, clock = Ingestion(), [0.0]
    measured = metrics(ingestion, clock)
    clock[0] = 60
    measured.add(LINE, NOWHERE, Deadline.after(0.6))  # half a second of it is for the answer
    assert ingestion.sent == []
    measured.add(LINE, NOWHERE, Deadline.after(20))
    assert len(ingestion.sent) == 1
