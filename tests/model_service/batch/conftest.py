"""A local OCI with a bucket, and containers of the function as they come."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from mock_oci import MockOci
from mock_oci.services.object_storage import ObjectStorage
from model_service.batch.batch import Batches
from model_service.batch.pacing import Pauses
from model_service.batch.record import BatchRequest, Record
from model_service.dispatch import Dispatch
from model_service.errors import BatchUnfinished
from model_service.fn.invocation import Deadline
from model_service.logs import log
from model_service.service import Service
from model_service.settings import Settings

CHAT = "/openai/v1/chat/completions"
LLAMA = "meta.llama-3.3-70b-instruct"
TASK: dict[str, Any] = {
    "name": "prompts",
    "request": {"model": LLAMA, "messages": [{"role": "user", "content": "{{ value.prompt }}"}]},
    "sink": "results",
}
SINKS: dict[str, Any] = {
    "results": {"bucket": "results", "name": "results/{{ id }}.json"},
    "failed": {"bucket": "results", "name": "failed/{{ id }}.json"},
}


def tasks_with(*tasks: Mapping[str, Any], sinks: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return a tasks file with these tasks, or the usual one, and these sinks beside the usual ones."""
    return {"sinks": {**SINKS, **(sinks or {})}, "dead_letters": "failed", "tasks": list(tasks) or [TASK], **more}


class Place:
    """A local OCI with containers; each of them knows nothing of the others."""

    def __init__(self, oci: MockOci, environment: Mapping[str, str]) -> None:
        self.oci = oci
        self.environment = environment
        self.storage = oci.state_of(ObjectStorage)
        self.storage.create_bucket("results")
        self.opened: list[Dispatch] = []

    def container(
        self, tasks: Mapping[str, Any] | None = None, concurrency: int = 4, pauses: Pauses | None = None, **more: str
    ) -> Dispatch:
        settings = {
            "MODEL_SERVICE_TASKS": json.dumps(tasks or tasks_with()),
            "MODEL_SERVICE_BATCH_CONCURRENCY": str(concurrency),
            "MODEL_SERVICE_OCI_ENDPOINT": self.environment["OCI_GENAI_ENDPOINT"],
        }
        dispatch = Dispatch(Service(Settings.load({**self.environment, **settings, **more})))
        pauses = pauses or Pauses(first=0.01, longest=0.05, random=lambda: 1.0)
        dispatch.answerers["BatchRequest"] = Batches(dispatch.service, dispatch.answer, pauses)
        self.opened.append(dispatch)
        return dispatch

    def run(self, container: Dispatch, *records: Record, seconds: float = 20, redriven: bool = False) -> dict[str, Any]:
        """Return the summary of a batch; of one that has to come again, how many records were left."""
        request = BatchRequest(records, redriven=redriven)
        answer = container.answer(request, Deadline.after(seconds))
        return answer.completion  # type: ignore[union-attr] # nothing of it streams

    def run_until_done(
        self, container: Callable[[], Dispatch], *records: Record, tries: int = 30, seconds: float = 20
    ) -> int:
        """Send a batch again as a connector does, and return how often it was sent."""
        for number in range(1, tries + 1):
            try:
                self.run(container(), *records, seconds=seconds)
            except BatchUnfinished:
                continue
            return number
        raise AssertionError(f"the batch did not end within {tries} tries")

    def objects(self, folder: str, bucket: str = "results") -> dict[str, dict[str, Any]]:
        """Return what lies in a folder by the ids of the records."""
        found = [item for item in self.storage.objects(bucket) if item.name.startswith(f"{folder}/")]
        return {value["id"]: value for value in (json.loads(item.body) for item in found)}

    @property
    def asked(self) -> list[str]:
        """The prompts that the model got, in order."""
        bodies = [json.loads(request.body) for request in self.oci.requests if request.path == CHAT]
        return [body["messages"][0]["content"] for body in bodies]

    def count(self, method: str, part: str) -> int:
        """Return how many requests of a method came to paths with a part."""
        return sum(request.method == method and part in request.path for request in self.oci.requests)


@pytest.fixture
def place(oci: MockOci, environment: dict[str, str]) -> Iterator[Place]:
    place = Place(oci, environment)
    yield place
    for container in place.opened:
        container.service.close()


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The lines of the log, as they are written."""
    kept: list[dict[str, Any]] = []
    monkeypatch.setattr(log, "write", lambda event, **fields: kept.append({"event": event, **fields}))
    return kept


def prompt(number: int, text: str = "", **metadata: Any) -> Record:
    """Return a record of the stream ``prompts``."""
    content = json.dumps({"prompt": text or f"prompt {number};"}).encode()
    known = {"stream": "prompts", "partition": "0", "offset": number, **metadata}
    return Record("streaming", f"streaming/prompts/0/{number:05}-1", content, known)
