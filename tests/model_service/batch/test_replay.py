"""What was refused is delivered when it is sent again, without asking again: by hand, or by `redrive`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.model_service.batch.conftest import Place, prompt, tasks_with

from mock_oci import MockOci
from mock_oci.services.functions.state import FunctionDetails, Functions
from mock_oci.services.notifications.state import Notifications
from mock_oci.services.queues.state import Queues
from mock_oci.services.streaming.state import Streaming
from mock_oci.wire import Response


class Invoker:
    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def invoke(self, function_id: str, body: bytes = b"", headers: Any = None, **_how: Any) -> Response:
        self.bodies.append(body)
        return Response(202)


def _stream(oci: MockOci) -> tuple[dict[str, str], str, Callable[[], int]]:
    stream = oci.state_of(Streaming).create("answers")
    return {"stream": stream.id}, f"/20180418/streams/{stream.id}/messages", lambda: len(stream.entries())


def _queue(oci: MockOci) -> tuple[dict[str, str], str, Callable[[], int]]:
    queues = oci.state_of(Queues)
    id_ = queues.create("work").id
    return {"queue": id_}, f"/20210201/queues/{id_}/messages", lambda: len(queues.messages(id_).all())


def _topic(oci: MockOci) -> tuple[dict[str, str], str, Callable[[], int]]:
    notifications = oci.state_of(Notifications)
    id_ = notifications.create_topic("bell").id
    return {"topic": id_}, f"/20181201/topics/{id_}/messages", lambda: len(notifications.published)


def _function(oci: MockOci) -> tuple[dict[str, str], str, Callable[[], int]]:
    id_, invoker = f"ocid1.fnfunc.oc1.{oci.region}.next", Invoker()
    oci.state_of(Functions).enter(FunctionDetails(id_, "next"), invoker)
    return {"function": id_}, f"/20181201/functions/{id_}/actions/invoke", lambda: len(invoker.bodies)


SINKS_BY_KIND = {"stream": _stream, "queue": _queue, "topic": _topic, "function": _function}


@pytest.mark.parametrize("status", [400, 413])
@pytest.mark.parametrize("kind", SINKS_BY_KIND)
def test_a_refused_answer_arrives_when_its_record_is_sent_again(place: Place, kind: str, status: int) -> None:
    """The ledger said delivered: the record was repeated, and nothing arrived."""
    sink, path, arrived = SINKS_BY_KIND[kind](place.oci)
    place.storage.create_bucket("ledger")
    tasks = tasks_with(sinks={"results": sink}, ledger={"bucket": "ledger"})
    place.oci.script.error(status, "Refused", path=path)
    assert place.run(place.container(tasks), prompt(1))["dead_letters"] == 1
    assert place.run(place.container(tasks), prompt(1))["repeated"] == 1  # as long as its dead letter is there
    assert arrived() == 0
    [letter] = place.objects("failed").values()
    assert letter["response"]["choices"]
    place.storage.delete("results", f"failed/{prompt(1).id}.json")
    assert place.run(place.container(tasks), prompt(1))["delivered"] == 1
    assert (arrived(), len(place.asked)) == (1, 1)
    assert place.run(place.container(tasks), prompt(1))["repeated"] == 1
    assert arrived() == 1


def test_an_answer_that_is_refused_again_has_a_dead_letter_with_the_answer_again(place: Place) -> None:
    sink, path, arrived = _queue(place.oci)
    place.storage.create_bucket("ledger")
    tasks = tasks_with(sinks={"results": sink}, ledger={"bucket": "ledger"})
    place.oci.script.error(400, "Refused", path=path, times=2)
    for _ in range(2):
        assert place.run(place.container(tasks), prompt(1))["dead_letters"] == 1
        [letter] = place.objects("failed").values()
        assert letter["response"]["choices"]
        place.storage.delete("results", f"failed/{prompt(1).id}.json")
    assert place.run(place.container(tasks), prompt(1))["delivered"] == 1
    assert (arrived(), len(place.asked)) == (1, 1)


def test_a_minute_of_a_full_topic_delivers_what_it_can_and_loses_nothing(place: Place) -> None:
    """A topic takes 60 a minute: what it has no room for waits, and comes again with its answer."""
    sink, path, arrived = _topic(place.oci)
    place.storage.create_bucket("ledger")
    tasks = tasks_with(sinks={"results": sink}, ledger={"bucket": "ledger"})
    place.oci.script.error(429, "TooManyRequests", path=path, times=40)
    container = place.container(tasks)
    records = [prompt(number) for number in range(10)]
    place.run_until_done(lambda: container, *records)
    assert (arrived(), len(place.asked), place.objects("failed")) == (10, 10, {})


@pytest.mark.parametrize("kind", SINKS_BY_KIND)
def test_dead_letters_that_were_sent_away_can_be_tried_again(place: Place, kind: str) -> None:
    """Of a queue or a stream nobody can see that they were taken away: who tries them again says so."""
    sink, _, arrived = SINKS_BY_KIND[kind](place.oci)
    place.storage.create_bucket("ledger")
    tasks = tasks_with(sinks={"failed": sink}, ledger={"bucket": "ledger"})
    container = place.container(tasks, MODEL_SERVICE_OVERFLOW_BUCKET="results")
    place.oci.script.error(400, containing="prompt 1;")
    assert place.run(container, prompt(1))["dead_letters"] == 1
    assert place.run(container, prompt(1))["repeated"] == 1
    assert place.run(container, prompt(1), redriven=True)["delivered"] == 1
    assert place.run(container, prompt(1), redriven=True)["repeated"] == 1
    assert (arrived(), len(place.asked), len(place.objects("results"))) == (1, 2, 1)
