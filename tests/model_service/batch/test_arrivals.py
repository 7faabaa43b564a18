"""Records on their whole way: from a stream, by Connector Hub, through the function under its real FDK, to a bucket."""

from __future__ import annotations

import base64
import json
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mock_oci import LoopbackServer, MockOci, Request, Response
from mock_oci.fn.functions import LocalFunctions
from mock_oci.fn.local_function import LocalFunction
from mock_oci.services.connector_hub import ConnectorHub
from mock_oci.services.connector_hub.batches import from_stream, to_function
from mock_oci.services.connector_hub.state import Connector
from mock_oci.services.object_storage import ObjectStorage
from mock_oci.services.object_storage.state import NAMESPACE
from mock_oci.services.streaming import Streaming

ROOT = Path(__file__).resolve().parents[3]
CHAT = "/openai/v1/chat/completions"
LIST = f"/n/{NAMESPACE}/b/results/o"
RECORDS = 200


def tasks(**more: Any) -> dict[str, Any]:
    """What docs/tasks/prompts.yaml says, in short."""
    messages = [{"role": "user", "content": "{{ value.prompt }}"}]
    task = {
        "name": "prompts",
        "match": {"source": "streaming", "stream": "prompts"},
        "request": {"model": "meta.llama-3.3-70b-instruct", "messages": messages},
        "sink": "results",
        **more,
    }
    sinks = {name: {"bucket": "results", "name": f"{name}/{{{{ id }}}}.json"} for name in ("results", "failed")}
    return {"sinks": sinks, "dead_letters": "failed", "tasks": [task]}


def prompt(number: int) -> bytes:
    return json.dumps({"prompt": f"prompt {number:03};"}).encode()


@dataclass
class Pipeline:
    """A stream, its connector, the function and a bucket; ``seen`` counts what the function does by kinds of MOMENTS,
    and at the next of ``kills`` the container that does it is killed."""

    oci: MockOci = field(default_factory=MockOci)
    kills: list[tuple[str, int]] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    stored: set[int] = field(default_factory=set)
    asked_again: list[int] = field(default_factory=list)  # though the result was stored
    function: LocalFunction | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    looks_first: int = 0  # how many look-ups there have to be before the model answers anybody
    looked: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.stream = self.oci.state_of(Streaming).create("prompts")
        self.storage = self.oci.state_of(ObjectStorage)
        self.storage.create_bucket("results")

    @contextmanager
    def running(self, said: dict[str, Any], batch: int = RECORDS, timeout: float = 60) -> Iterator[Connector]:
        with LoopbackServer(self._answer) as server, LocalFunctions(self.oci, server.url) as functions:
            config = {
                "MODEL_SERVICE_TASKS": json.dumps(said),
                "MODEL_SERVICE_BATCH_CONCURRENCY": "16",
                "MODEL_SERVICE_OCI_ENDPOINT": server.url,
            }
            self.function = functions.deploy(ROOT, name="batches", config=config, timeout=timeout)
            hub = self.oci.state_of(ConnectorHub)
            hub.backoff = lambda failures: 0.0
            yield hub.create("prompts", from_stream(self.stream.id), to_function(self.function.id, number=batch))

    def objects(self, folder: str) -> dict[int, list[dict[str, Any]]]:
        """By the record's offset."""
        found: dict[int, list[dict[str, Any]]] = {}
        for item in self.storage.objects("results"):
            if item.name.startswith(f"{folder}/"):
                value = json.loads(item.body)
                found.setdefault(value["record"]["offset"], []).append(value)
        return found

    def _answer(self, request: Request) -> Response:
        kind = {CHAT: "chat", "/n": "namespace", LIST: "list"}.get(request.path.rstrip("/"), request.method.lower())
        if kind == "chat" and (number := number_in(request.body)) in self.stored:
            self.asked_again.append(number)
        self._pass(f"{kind} arrives")
        if kind == "chat" and self.looks_first:
            self.looked.wait(20)
        response = self.oci.answer(request)
        if kind == "put" and response.status == 200:
            self.stored.add(json.loads(request.body)["record"]["offset"])
        self._pass(f"{kind} is done")
        return response

    def _pass(self, moment: str) -> None:
        with self.lock:
            self.seen[moment] += 1
            if self.seen["list is done"] >= self.looks_first:
                self.looked.set()
            assert self.function is not None
            # What a dead container has sent before arrives after it.
            alive = self.function.containers
            if alive and self.kills and self.kills[0][0] == moment and self.seen[moment] >= self.kills[0][1]:
                self.kills.pop(0)
                alive[0].kill()


def number_in(body: bytes) -> int:
    return int(json.loads(body)["messages"][0]["content"].removeprefix("prompt ").rstrip(";"))


# What the function is doing when it is killed, and for the how many-th time.
KILLS = [
    ("list arrives", 2),
    ("chat arrives", 15),
    ("put arrives", 25),
    ("put is done", 40),
    ("chat is done", 65),
    ("list is done", 9),
    ("put arrives", 110),
    ("chat arrives", 150),
    ("put is done", 165),
    ("put is done", 185),
]


def test_a_function_that_is_killed_again_and_again_leaves_one_result_of_each_record() -> None:
    pipeline = Pipeline(kills=list(KILLS))
    pipeline.stream.put((None, prompt(number)) for number in range(RECORDS))
    with pipeline.running(tasks()) as connector:
        runs = [connector.pump()]
        while runs[-1] is not None and runs[-1].status != 200:
            runs.append(connector.pump())
        assert connector.pump() is None
    assert [(run.status, run.code) for run in runs if run] == [
        *[(502, "FunctionInvokeExecutionError")] * len(KILLS),
        (200, ""),
    ]
    results = pipeline.objects("results")
    assert results.keys() == set(range(RECORDS))
    assert all(len(found) == 1 for found in results.values())
    assert pipeline.objects("failed") == {}
    assert pipeline.asked_again == []
    # Each kill costs at most what was under way.
    assert pipeline.seen["chat arrives"] <= RECORDS + len(KILLS) * 16


def test_two_connectors_that_send_the_same_records_at_once_leave_one_result_of_each() -> None:
    # Each container lists the dead letters and the results: both have looked, and seen nothing.
    pipeline = Pipeline(looks_first=2 * 2)
    pipeline.stream.put((None, prompt(number)) for number in range(100))
    with pipeline.running(tasks()) as connector:
        assert pipeline.function is not None
        target = to_function(pipeline.function.id, number=100)
        other = pipeline.oci.state_of(ConnectorHub).create("other", from_stream(pipeline.stream.id), target)
        with ThreadPoolExecutor(2) as pool:
            runs = list(pool.map(Connector.pump, (connector, other)))
        assert len(pipeline.function.containers) == 2
    assert [run and run.status for run in runs] == [200, 200]
    results = pipeline.objects("results")
    assert [len(found) for found in results.values()] == [1] * 100
    # The second to write is told so, and of what was written nothing is written over.
    puts = [request for request in pipeline.oci.requests if request.method == "PUT"]
    assert all(request.headers["if-none-match"] == "*" for request in puts)
    assert len(puts) > 100


POISON = range(0, RECORDS, 20)
THROTTLED = range(7, RECORDS, 20)
HANGING = range(13, RECORDS, 50)


def test_a_batch_with_everything_in_it_ends_in_time_with_an_outcome_for_each_record() -> None:
    pipeline = Pipeline()
    values = [b"no JSON" if number in POISON else prompt(number) for number in range(RECORDS)]
    pipeline.stream.put((None, value) for value in values)
    for number in THROTTLED:
        pipeline.oci.script.error(429, containing=f"prompt {number:03};")
    for number in HANGING:
        pipeline.oci.script.chat("never", stall_after=0, containing=f"prompt {number:03};")
    with pipeline.running(tasks(timeout=3), timeout=60) as connector:
        run = connector.pump()
        assert run is not None
        assert (run.status, run.records) == (200, RECORDS), pipeline.function.logs()[-5:]
    results, failed = pipeline.objects("results"), pipeline.objects("failed")
    assert len(results) == RECORDS * 0.93
    assert failed.keys() == {*POISON, *HANGING}
    assert results.keys() | failed.keys() == set(range(RECORDS))
    for number, [letter] in failed.items():
        assert letter["error"]["code"] == ("template_error" if number in POISON else "deadline_exceeded")
        assert base64.b64decode(letter["original"]) == values[number]
    assert {results[number][0]["timings"]["tries"] for number in THROTTLED} == {2}
