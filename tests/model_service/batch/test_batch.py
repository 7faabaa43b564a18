"""Records beside each other: each is delivered once or ends as a dead letter, or the batch has to come again."""

from __future__ import annotations

import base64
import json
import threading
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from mock_oci import MockOci
from mock_oci.scripts import Step
from mock_oci.services.object_storage import ObjectStorage
from mock_oci.services.queues import Queues
from mock_oci.services.streaming import Streaming
from model_service.batch.batch import Batches
from model_service.batch.context import BatchContext, RecordStatus
from model_service.batch.crew import Crew
from model_service.batch.lookup import Lookup
from model_service.batch.memory import Memory
from model_service.batch.pacing import Pacing, Pauses
from model_service.batch.record import BatchRequest, Record
from model_service.batch.tasks.file import read_tasks
from model_service.dispatch import Dispatch
from model_service.errors import BatchUnfinished, InvalidRequest, SettingsError
from model_service.fn.invocation import Deadline
from model_service.openai_api.chat import Complete
from model_service.openai_api.operations import operation_of
from model_service.service import Service
from model_service.settings import Settings

CHAT = "/openai/v1/chat/completions"
TASKS: dict[str, Any] = {
    "sinks": {
        "results": {"bucket": "results", "name": "results/{{ id }}.json"},
        "failed": {"bucket": "results", "name": "failed/{{ id }}.json"},
    },
    "dead_letters": "failed",
    "tasks": [
        {
            "name": "prompts",
            "request": {
                "model": "meta.llama-3.3-70b-instruct",
                "messages": [{"role": "user", "content": "{{ value.prompt }}"}],
            },
            "sink": "results",
        }
    ],
}


class Site:
    """A service with tasks, no pauses between its tries, and what it leaves in the bucket."""

    def __init__(self, oci: MockOci, environment: dict[str, str]) -> None:
        self.oci = oci
        self.environment = environment
        self.storage = oci.state_of(ObjectStorage)
        self.storage.create_bucket("results")
        self.services: list[Dispatch] = []

    def service(self, tasks: dict[str, Any] = TASKS, concurrency: int = 4, **settings: str) -> Dispatch:
        more = {
            "MODEL_SERVICE_TASKS": json.dumps(tasks),
            "MODEL_SERVICE_BATCH_CONCURRENCY": str(concurrency),
            "MODEL_SERVICE_OCI_ENDPOINT": self.environment["OCI_GENAI_ENDPOINT"],
        }
        dispatch = Dispatch(Service(Settings.load({**self.environment, **more, **settings})))
        dispatch.answerers["BatchRequest"] = Batches(dispatch.service, dispatch.answer, Pauses(random=lambda: 0.0))
        self.services.append(dispatch)
        return dispatch

    def run(self, *records: Record, service: Dispatch | None = None, seconds: float = 30) -> dict[str, Any]:
        request = BatchRequest(records)
        service = service or (self.services[-1] if self.services else self.service())
        answer = service.call(service.resolve(request), request, Deadline.after(seconds))
        return answer.completion  # type: ignore[union-attr]

    def objects(self, folder: str) -> dict[str, dict[str, Any]]:
        found = self.storage.objects("results")
        return {
            item.name.removeprefix(f"{folder}/").removesuffix(".json"): json.loads(item.body)
            for item in found
            if item.name.startswith(f"{folder}/")
        }

    @property
    def asked(self) -> list[str]:
        """The prompts that the model got, in order."""
        return [
            json.loads(request.body)["messages"][0]["content"] for request in self.oci.requests if request.path == CHAT
        ]


@pytest.fixture
def batches(oci: MockOci, environment: dict[str, str]) -> Iterator[Site]:
    batches = Site(oci, environment)
    yield batches
    for service in batches.services:
        service.service.close()


def prompt(number: int, text: str = "") -> Record:
    content = json.dumps({"prompt": text or f"prompt {number}"}).encode()
    return Record("streaming", f"streaming/prompts/0/{number}", content, {"stream": "prompts", "offset": number})


def test_each_record_has_its_result_under_its_name(batches: Site) -> None:
    summary = batches.run(*(prompt(number) for number in range(10)))
    results = batches.objects("results")
    assert results.keys() == {f"streaming/prompts/0/{number}" for number in range(10)}
    for number, result in ((at, results[f"streaming/prompts/0/{at}"]) for at in range(10)):
        assert result["object"] == "model_service.result"
        assert result["record"] == {"source": "streaming", "stream": "prompts", "offset": number}
        assert (result["task"], result["model"]) == ("prompts", "meta.llama-3.3-70b-instruct")
        assert f"prompt {number}" in result["response"]["choices"][0]["message"]["content"]
        assert result["usage"] == result["response"]["usage"]
        assert result["timings"]["tries"] == 1
        assert result["error"] is None
    counts = {name: summary[name] for name in ("records", "delivered", "repeated", "ignored", "dead_letters")}
    assert counts == {"records": 10, "delivered": 10, "repeated": 0, "ignored": 0, "dead_letters": 0}
    assert summary["usage"]["total_tokens"] == sum(one["usage"]["total_tokens"] for one in results.values())


def test_an_empty_batch_is_done(batches: Site) -> None:
    assert batches.run()["records"] == 0


@pytest.mark.parametrize("model", ["meta.llama-3.3-70b-instruct", "cohere.command-a-03-2025", "openai.gpt-oss-120b"])
def test_a_record_may_ask_for_a_response(batches: Site, model: str) -> None:
    task = {"name": "prompts", "request": {"model": model, "input": "{{ value.prompt }}"}, "sink": "results"}
    service = batches.service({**TASKS, "tasks": [task]}, MODEL_SERVICE_PROJECT_ID=batches.oci.projects.default.id)
    summary = batches.run(prompt(1), service=service)
    (result,) = batches.objects("results").values()
    assert (result["response"]["object"], result["response"]["status"]) == ("response", "completed")
    assert "prompt 1" in result["response"]["output"][-1]["content"][0]["text"]
    assert (result["model"], result["usage"]) == (model, result["response"]["usage"])
    assert (summary["delivered"], summary["usage"]["total_tokens"]) == (1, result["usage"]["total_tokens"])


def test_a_record_that_comes_again_is_not_asked_about_again(batches: Site) -> None:
    records = [prompt(number) for number in range(5)]
    batches.run(*records)
    before = batches.objects("results")
    summary = batches.run(*records, prompt(9), service=batches.service())
    assert (summary["delivered"], summary["repeated"]) == (1, 5)
    assert len(batches.asked) == 6
    assert {name: batches.objects("results")[name] for name in before} == before


def test_a_record_that_is_in_a_batch_twice_is_asked_about_once(batches: Site) -> None:
    summary = batches.run(prompt(1), prompt(1))
    assert (summary["records"], summary["delivered"], summary["repeated"], len(batches.asked)) == (2, 1, 1, 1)


def test_two_containers_that_get_the_same_records_at_once_leave_one_result_of_each(batches: Site) -> None:
    batches.oci.script.add(Step(delay=0.1, times=20))
    records = [prompt(number) for number in range(10)]
    one, other = batches.service(concurrency=8), batches.service(concurrency=8)
    summaries: list[dict[str, Any]] = []
    threads = [
        threading.Thread(target=lambda service=service: summaries.append(batches.run(*records, service=service)))
        for service in (one, other)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(batches.objects("results")) == 10
    assert sum(summary["delivered"] for summary in summaries) == 10
    assert sum(summary["repeated"] for summary in summaries) == 10


def test_one_poison_record_does_not_fail_the_batch(batches: Site) -> None:
    poison = Record("streaming", "streaming/prompts/0/7", b"\xff no JSON", {"stream": "prompts", "offset": 7})
    summary = batches.run(prompt(1), poison, prompt(2))
    assert (summary["delivered"], summary["dead_letters"]) == (2, 1)
    letter = batches.objects("failed")["streaming/prompts/0/7"]
    assert base64.b64decode(letter["original"]) == poison.content
    assert (letter["error"]["code"], letter["error"]["retryable"]) == ("invalid_record", False)
    assert (letter["response"], letter["task"]) == (None, None)


def a_fault() -> Record:
    return Record("queue", "queue/x", b"plain", {}, InvalidRequest("It is no JSON.", code="not_json"))


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (a_fault(), "not_json"),
        (Record("streaming", "streaming/a/0/1", b'{"text": 1}'), "template_error"),
        (Record("streaming", "streaming/a/0/2", b"plain text"), "template_error"),
    ],
    ids=["unreadable", "without the field", "text"],
)
def test_what_the_record_is_to_blame_for_ends_as_a_dead_letter_without_a_call(
    batches: Site, record: Record, code: str
) -> None:
    assert batches.run(record)["dead_letters"] == 1
    [letter] = batches.objects("failed").values()
    assert letter["error"]["code"] == code
    assert base64.b64decode(letter["original"]) == record.content
    assert batches.asked == []
    assert batches.run(record)["repeated"] == 1


def test_a_record_that_no_task_takes_is_a_dead_letter_and_one_to_ignore_is_not(batches: Site) -> None:
    tasks = {
        **TASKS,
        "tasks": [
            {**TASKS["tasks"][0], "match": {"source": "streaming"}},
            {"name": "noise", "match": {"source": "logging"}, "ignore": True},
        ],
    }
    service = batches.service(tasks)
    summary = batches.run(Record("queue", "queue/1", b"{}"), Record("logging", "logging/1", b"{}"), service=service)
    assert (summary["dead_letters"], summary["ignored"]) == (1, 1)
    assert batches.objects("failed")["queue/1"]["error"]["code"] == "no_task"


def test_a_record_may_be_a_request_itself(batches: Site) -> None:
    tasks = {**TASKS, "tasks": [{"name": "requests", "sink": "results"}]}
    chat = {"model": "cohere.command-a-03-2025", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
    embeddings = {"model": "cohere.embed-v4.0", "input": ["Hi"]}
    records = [Record("queue", f"queue/{at}", json.dumps(body).encode()) for at, body in enumerate((chat, embeddings))]
    batches.run(*records, service=batches.service(tasks))
    results = batches.objects("results")
    assert results["queue/0"]["response"]["object"] == "chat.completion"
    assert results["queue/1"]["response"]["data"][0]["object"] == "embedding"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"operation": "doctor"}, "invalid_request"),
        ({"model": "openai.gpt-5.5-pro", "input": "Hi", "background": True}, "invalid_request"),
        ({"operation": "nonsense"}, "invalid_request"),
        ({"model": "meta.x"}, "invalid_request"),
        ([1, 2], "not_a_request"),
    ],
    ids=["doctor", "in the background", "nonsense", "no messages", "no object"],
)
def test_a_record_that_is_no_request_for_a_model_is_a_dead_letter(batches: Site, body: Any, code: str) -> None:
    tasks = {**TASKS, "tasks": [{"name": "requests", "sink": "results"}]}
    batches.run(Record("queue", "queue/1", json.dumps(body).encode()), service=batches.service(tasks))
    assert batches.objects("failed")["queue/1"]["error"]["code"] == code


def test_what_passes_is_tried_again(batches: Site) -> None:
    batches.oci.script.error(429, containing="prompt 1", times=2)
    batches.oci.script.error(503, containing="prompt 2")
    assert batches.run(prompt(1), prompt(2), prompt(3))["delivered"] == 3
    tries = {name[-1]: one["timings"]["tries"] for name, one in batches.objects("results").items()}
    assert tries == {"1": 3, "2": 2, "3": 1}


def test_what_does_not_pass_is_not_tried_again(batches: Site) -> None:
    batches.oci.script.error(400, containing="prompt 1")
    assert batches.run(prompt(1), prompt(2))["dead_letters"] == 1
    letter = batches.objects("failed")["streaming/prompts/0/1"]
    assert (letter["error"]["status"], letter["error"]["retryable"], letter["timings"]["tries"]) == (400, False, 1)


def test_what_does_not_pass_in_time_is_a_dead_letter_that_says_that_it_may(batches: Site) -> None:
    batches.oci.script.error(429, containing="prompt 1", times=100)
    assert batches.run(prompt(1), prompt(2))["dead_letters"] == 1
    letter = batches.objects("failed")["streaming/prompts/0/1"]
    assert (letter["error"]["status"], letter["error"]["retryable"], letter["timings"]["tries"]) == (429, True, 6)


def test_a_hanging_record_is_a_dead_letter_when_its_time_is_over(batches: Site) -> None:
    tasks = {**TASKS, "tasks": [{**TASKS["tasks"][0], "timeout": 1}]}
    batches.oci.script.chat("too late", delay=3, containing="prompt 1")
    assert batches.run(prompt(1), prompt(2), service=batches.service(tasks))["dead_letters"] == 1
    error = batches.objects("failed")["streaming/prompts/0/1"]["error"]
    assert (error["code"], error["retryable"]) == ("deadline_exceeded", True)


def test_records_without_time_make_the_batch_come_again_and_lose_nothing(batches: Site) -> None:
    batches.oci.script.chat("too late", delay=2.5, times=2)
    service = batches.service(concurrency=1)
    with pytest.raises(BatchUnfinished):
        batches.run(prompt(1), prompt(2), service=service, seconds=2)
    assert batches.objects("failed")["streaming/prompts/0/1"]["error"]["code"] == "deadline_exceeded"
    assert batches.objects("results") == {}
    summary = batches.run(prompt(1), prompt(2), service=service)
    assert (summary["repeated"], summary["delivered"]) == (1, 1)


def test_records_without_time_are_handed_on_where_the_tasks_say_so(batches: Site) -> None:
    batches.oci.script.chat("too late", delay=2.5, times=2)
    service = batches.service({**TASKS, "unfinished": "dead_letter"}, concurrency=1)
    assert batches.run(prompt(1), prompt(2), service=service, seconds=2)["dead_letters"] == 2
    codes = {name[-1]: letter["error"]["code"] for name, letter in batches.objects("failed").items()}
    assert codes == {"1": "deadline_exceeded", "2": "no_time"}


def test_the_batch_fails_only_where_a_failure_cannot_be_written_down(batches: Site) -> None:
    tasks = {**TASKS, "sinks": {**TASKS["sinks"], "failed": {"bucket": "nowhere"}}, "dead_letters": "failed"}
    service = batches.service(tasks)
    with pytest.raises(BatchUnfinished) as failure:
        batches.run(prompt(1), service=service)
    assert failure.value.status == 503
    assert batches.asked == []  # what cannot be written down is not paid for


def test_an_answer_that_its_sink_does_not_take_is_kept_in_the_dead_letter(batches: Site) -> None:
    stream = batches.oci.state_of(Streaming).create("answers")
    tasks = {**TASKS, "sinks": {**TASKS["sinks"], "results": {"stream": stream.id}}}
    batches.oci.script.error(400, "InvalidParameter", path=f"/20180418/streams/{stream.id}/messages")
    assert batches.run(prompt(1), service=batches.service(tasks))["dead_letters"] == 1
    letter = batches.objects("failed")["streaming/prompts/0/1"]
    assert letter["response"]["choices"]
    assert letter["error"]["status"] == 400
    assert batches.run(prompt(1))["repeated"] == 1
    assert stream.entries() == []


def test_a_result_that_is_too_large_for_its_sink_goes_to_the_overflow_bucket(batches: Site) -> None:
    batches.storage.create_bucket("large")
    queue = batches.oci.state_of(Queues).create()
    tasks = {**TASKS, "sinks": {**TASKS["sinks"], "results": {"queue": queue.id}}}
    batches.oci.script.chat("x" * 300_000)
    service = batches.service(tasks, MODEL_SERVICE_OVERFLOW_BUCKET="large")
    assert batches.run(prompt(1), service=service)["delivered"] == 1
    [message] = batches.oci.state_of(Queues).messages(queue.id).all()
    result = json.loads(message.content)
    assert result["response"] is None
    whole = json.loads(batches.storage.get("large", result["reference"]["name"]).body)
    assert whole["response"]["choices"][0]["message"]["content"] == "x" * 300_000


def test_without_an_overflow_bucket_it_is_a_dead_letter(batches: Site) -> None:
    queue = batches.oci.state_of(Queues).create()
    tasks = {**TASKS, "sinks": {**TASKS["sinks"], "results": {"queue": queue.id}}}
    batches.oci.script.chat("x" * 300_000)
    assert batches.run(prompt(1), service=batches.service(tasks))["dead_letters"] == 1
    assert batches.objects("failed")["streaming/prompts/0/1"]["error"]["code"] == "answer_too_large"


def test_an_object_is_read_for_its_event(batches: Site) -> None:
    batches.storage.create_bucket("inbox")
    batches.storage.put("inbox", "in/letter.txt", b"Dear all")
    batches.storage.put("inbox", "in/dot.png", b"\x89PNG\r\n\x1a\n....")
    batches.storage.put("inbox", "in/bad.png", b"no picture")
    text = {**TASKS["tasks"][0]["request"], "messages": [{"role": "user", "content": "Read: {{ content }}"}]}
    part = {"type": "image_url", "image_url": {"url": "{{ content }}"}}
    image = {**text, "messages": [{"role": "user", "content": [part]}]}
    tasks = {
        **TASKS,
        "tasks": [
            {
                "name": kind,
                "match": {"bucket": "inbox", "where": f"ends_with(object, '{end}')"},
                "read": {"as": kind},
                "request": request,
                "sink": "results",
            }
            for kind, end, request in (("text", "txt", text), ("image", "png", image))
        ],
    }
    names = ("in/letter.txt", "in/dot.png", "in/bad.png", "in/gone.txt")
    records = [
        Record(
            "events", f"events/{at}", b"{}", {"bucket": "inbox", "namespace": batches.storage.namespace, "object": name}
        )
        for at, name in enumerate(names)
    ]
    summary = batches.run(*records, service=batches.service(tasks))
    assert (summary["delivered"], summary["dead_letters"]) == (2, 2)
    assert "Read: Dear all" in batches.asked
    [[picture]] = [asked for asked in batches.asked if isinstance(asked, list)]
    assert picture["image_url"]["url"].startswith("data:image/png;base64,iVBORw0KGgou")
    codes = {name[-1]: letter["error"]["code"] for name, letter in batches.objects("failed").items()}
    assert codes["2"] == "invalid_object"


def test_without_tasks_a_batch_is_refused_and_the_variable_named(service: Service) -> None:
    with pytest.raises(SettingsError, match="MODEL_SERVICE_TASKS"):
        Dispatch(service).answer(BatchRequest((prompt(1),)), Deadline.after(10))


def test_dead_letters_that_may_be_too_large_for_their_sink_need_a_place_for_such(batches: Site) -> None:
    queue = batches.oci.state_of(Queues).create()
    tasks = {**TASKS, "sinks": {**TASKS["sinks"], "failed": {"queue": queue.id}}}
    with pytest.raises(SettingsError, match=r"MODEL_SERVICE_OVERFLOW_BUCKET: .* too large for a queue"):
        batches.run(prompt(1), service=batches.service(tasks))
    assert batches.run(prompt(1), service=batches.service(tasks, MODEL_SERVICE_OVERFLOW_BUCKET="results"))["delivered"]


def test_a_task_that_lets_everything_go_does_not_swallow_a_detached_call(batches: Site) -> None:
    body = {"model": "meta.llama-3.3-70b-instruct", "messages": [{"role": "user", "content": "Hello"}]}
    record = Record("detached", "detached/1", json.dumps(body).encode())
    service = batches.service({**TASKS, "tasks": [{"name": "rest", "ignore": True}]})
    answer = service.call(None, BatchRequest((record,), lambda: operation_of(body).parse(body)), Deadline.after(10))
    assert answer.completion["object"] == "chat.completion"  # type: ignore[union-attr]


def test_a_detached_call_that_no_task_asks_for_is_answered_as_a_direct_one(batches: Site) -> None:
    body = {"model": "meta.llama-3.3-70b-instruct", "messages": [{"role": "user", "content": "Hello"}]}
    record = Record("detached", "detached/1", json.dumps(body).encode())
    request = BatchRequest((record,), otherwise=lambda: operation_of(body).parse(body))
    tasks = {**TASKS, "tasks": [{**TASKS["tasks"][0], "match": {"source": "streaming"}}]}
    service = batches.service(tasks)
    assert service.call(None, request, Deadline.after(10)).completion["object"] == "chat.completion"  # type: ignore[union-attr]
    wanted = {**TASKS, "tasks": [{"name": "calls", "match": {"source": "detached"}, "sink": "results"}]}
    service = batches.service(wanted)
    assert service.call(None, request, Deadline.after(10)).completion["delivered"] == 1  # type: ignore[union-attr]
    assert batches.objects("results")["detached/1"]["response"]


class Nowhere:
    """A sink that takes everything and keeps nothing."""

    largest = 10**9

    def find(self, record: str, view: Any, deadline: Deadline) -> None:
        return None

    def location(self, record: str, source: str) -> None:
        return None

    def deliver(self, outcome: Any, deadline: Deadline) -> bool:
        return True

    def mark_dead(self, record: str, deadline: Deadline) -> None: ...


class Talkative:
    """A core whose model answers 200 KB to everything."""

    object_storage = overflow = None

    def resolve(self, request: Any) -> None:
        return None

    def call(self, route: None, request: Any, deadline: Deadline, origin: Any) -> Complete:
        return Complete({"choices": [{"message": {"content": "x" * 200_000}}], "usage": {"total_tokens": 1}})


def test_results_do_not_pile_up_in_memory() -> None:
    tasks = read_tasks(json.dumps(TASKS), "test")
    deadline = Deadline.after(60)
    sink = Nowhere()
    records = [prompt(number) for number in range(300)]
    order = {record.id: index for index, record in enumerate(records)}
    memory = Memory()
    lookup = Lookup(None, memory, dict.fromkeys(order, "streaming"), deadline)  # type: ignore[arg-type]
    sinks = dict.fromkeys(tasks.sinks, sink)
    context = BatchContext(Talkative(), tasks, sinks, sink, deadline, deadline, 30, lookup, Pacing(4), memory)  # type: ignore[arg-type]
    crew = Crew(context, records, order)
    tracemalloc.start()
    try:
        crew.run(4)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert crew.statuses[RecordStatus.DELIVERED] == 300
    assert most < 4 * 5 * 200_000  # of 60 MB that were answered: what four threads have in hand, a few times over
