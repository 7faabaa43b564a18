"""Each kind of sink under each fault, with its container killed at three moments, until its batch is done: nothing is
lost, nothing is doubled but as docs/batches.md says, and no answer that was stored is paid for again."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from tests.model_service.batch.conftest import CHAT, Place, prompt, tasks_with
from tests.model_service.batch.test_replay import SINKS_BY_KIND

from mock_oci import Request, Response
from mock_oci.services.functions.state import Functions
from mock_oci.services.notifications.state import Notifications
from mock_oci.services.queues.state import Queues
from mock_oci.services.streaming.state import Stream, Streaming
from model_service.errors import BatchUnfinished
from model_service.upstream.client import UpstreamClient

RECORDS = 4
LAST_MOMENT = 21  # of the requests that a container sends, before or after which it is killed


class Killed(Exception):
    """What a container that is dead meets whatever it sends: nothing of it arrives."""


class Kills:
    """Kill each container with its ``moment``-th request: before it is sent, or when its answer has come."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.moment: int | None = None
        self.is_dead = False
        self._sent = itertools.count(1)
        send = UpstreamClient.send

        def counted(client: UpstreamClient, *arguments: Any, **named: Any) -> Any:
            if self.is_dead:
                raise Killed
            number = next(self._sent)
            if number == self.moment and number % 4 == 1:
                self._die()
            response = send(client, *arguments, **named)
            if number == self.moment:
                self._die()
            return response

        monkeypatch.setattr(UpstreamClient, "send", counted)

    def _die(self) -> None:
        self.is_dead = True
        raise Killed

    def revive(self, moment: int | None) -> None:
        """A new container, which is killed with that request, if with any."""
        self.moment, self.is_dead, self._sent = moment, False, itertools.count(1)


class Watch:
    """See what the model is asked again although its answer had been stored."""

    def __init__(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stored: set[str] = set()
        self.charged_again: list[str] = []
        self.chats: Counter[str] = Counter()
        answer = place.oci._answer

        def watched(request: Request, *more: Any) -> Response:
            if request.path == CHAT:
                text = json.loads(request.body)["messages"][0]["content"]
                self.chats[text] += 1
                self.charged_again += [text] if text in self.stored else []
            response = answer(request, *more)
            # A dead letter that was taken away keeps an answer no longer.
            if request.method == "PUT" and response.status == 200 and b'"error":null' in request.body:
                offset = json.loads(request.body)["record"]["offset"]
                self.stored.add(f"prompt {offset};")
            return response

        monkeypatch.setattr(place.oci, "_answer", watched)


def bodies(place: Place, kind: str, sink: dict[str, str]) -> list[bytes]:
    """Return what has arrived at a sink."""
    if kind == "bucket":
        return [item.body for item in place.storage.objects("results") if item.name.startswith("results/")]
    ocid = sink[kind]
    if kind == "stream":
        return [entry.value for entry in stream_of(place, ocid).entries()]
    if kind == "queue":
        return [message.content.encode() for message in place.oci.state_of(Queues).messages(ocid).all()]
    if kind == "topic":
        return [message.body.encode() for message in place.oci.state_of(Notifications).published]
    functions: Any = place.oci.state_of(Functions)
    return list(functions._entered[ocid][1].bodies)


def stream_of(place: Place, ocid: str) -> Stream:
    return next(stream for stream in place.oci.state_of(Streaming).all() if stream.id == ocid)


def throttled(place: Place, path: str, _: str) -> None:
    place.oci.script.error(429, "TooManyRequests", path=path, times=7)


def unavailable(place: Place, path: str, _: str) -> None:
    place.oci.script.error(503, path=path, times=7)


def too_large(place: Place, path: str, _: str) -> None:
    place.oci.script.error(413, "PayloadTooLarge", path=path)


def missing(place: Place, path: str, _: str) -> None:
    place.oci.script.error(404, "NotAuthorizedOrNotFound", path=path)


def unknown_key(place: Place, path: str, _: str) -> None:
    place.oci.script.error(401, "NotAuthenticated", path=path, times=2)


def cut_after_the_write(place: Place, path: str, _: str) -> None:
    place.oci.script.delay(path=path, cut_after=0)


def partly_taken(place: Place, path: str, ocid: str) -> None:
    if "/streams/" in path:
        stream_of(place, ocid).fail_next(1)  # inside a 200
    else:
        place.oci.script.disconnect(path=path)


FAULTS = (throttled, unavailable, too_large, missing, unknown_key, cut_after_the_write, partly_taken)


def moments_of(fault: Callable[[Place, str, str], None]) -> range:
    """Return the moments at which containers are killed under a fault: over all faults, each moment there is."""
    return range(1 + FAULTS.index(fault), LAST_MOMENT + 1, len(FAULTS))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("kind", ["bucket", *SINKS_BY_KIND])
def test_no_record_is_lost_doubled_or_paid_for_again(
    place: Place, kind: str, fault: Callable[[Place, str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    place.storage.create_bucket("ledger")
    first = prompt(0).id
    sink: dict[str, str] = {"bucket": "results", "name": "results/{{ id }}.json"}
    path = f"/n/{place.storage.namespace}/b/results/o/results%2F{first.replace('/', '%2F')}.json"
    if kind != "bucket":
        sink, path, _ = SINKS_BY_KIND[kind](place.oci)
    container_tasks = tasks_with(sinks={"results": sink}, ledger={"bucket": "ledger"})
    kills, watch = Kills(monkeypatch), Watch(place, monkeypatch)
    monkeypatch.setattr("model_service.batch.sinks.ledgered.LONGER_SECONDS", -60.0)  # nobody waits for the dead
    records = [prompt(number) for number in range(RECORDS)]
    fault(place, path, str(sink.get(kind, "")))
    kills_at = moments_of(fault)
    moments = iter(kills_at)
    for _ in range(40):
        moment = next(moments, None)
        kills.revive(moment)
        try:
            place.run(place.container(container_tasks, concurrency=2), *records, seconds=10)
        except BatchUnfinished:
            continue
        if moment is None:
            letters = place.objects("failed")
            for letter in letters:
                place.storage.delete("results", f"failed/{letter}.json")
            if not letters:
                break
    else:
        raise AssertionError("the batch never ended")
    arrived = Counter(json.loads(body)["id"] for body in bodies(place, kind, sink))
    assert set(arrived) == {record.id for record in records}
    assert len(set(bodies(place, kind, sink))) == RECORDS  # never with different contents
    if kind == "bucket":
        assert set(arrived.values()) == {1}
    # A death between a message and its mark, and a lost answer.
    assert sum(arrived.values()) - RECORDS <= len(kills_at) + 1
    assert watch.charged_again == []
    assert sum(watch.chats.values()) <= RECORDS + 2 * len(kills_at) + 2  # what was under way when it died
