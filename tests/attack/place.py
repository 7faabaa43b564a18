"""A local OCI and an App that points at it, whose answers can be bent on their way."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from mock_oci import LoopbackServer, MockOci, Request, Response
from mock_oci.doors.written_config import write_config
from mock_oci.services.object_storage.state import ObjectStorage
from mock_oci.services.queues.state import Queues
from mock_oci.services.streaming.state import Streaming
from model_service.app import App

ROOT = Path(__file__).resolve().parents[2]
Answer = Callable[[Request], Response]
TASKS = {
    "sinks": {
        "results": {"bucket": "results", "name": "r/{{ id }}.json"},
        "failed": {"bucket": "results", "name": "f/{{ id }}.json"},
    },
    "dead_letters": "failed",
    "tasks": [
        {
            "name": "any",
            "match": {},
            "request": {
                "model": "meta.llama-3.3-70b-instruct",
                "messages": [{"role": "user", "content": "{{ text }}"}],
            },
            "sink": "results",
        }
    ],
}


@dataclass(frozen=True)
class Place:
    """``queue`` and ``stream`` may be relayed to, ``requests`` is the bucket of stored requests."""

    oci: MockOci
    app: App
    environment: dict[str, str]
    queue: str
    stream: str


@contextmanager
def attacked(wrap: Callable[[Answer], Answer] = lambda answer: answer, **settings: str) -> Iterator[Place]:
    """Yield an App; ``wrap`` stands between it and the local OCI."""
    oci = MockOci()
    storage = oci.state_of(ObjectStorage)
    for bucket in ("results", "requests", "overflow"):
        storage.create_bucket(bucket)
    queue, stream = oci.state_of(Queues).create("relays").id, oci.state_of(Streaming).create("relays").id
    with tempfile.TemporaryDirectory(prefix="attack-") as folder, LoopbackServer(wrap(oci.answer)) as server:
        write_config(oci, Path(folder), server.url)
        environment = {
            "OCI_CONFIG_FILE": f"{folder}/config",
            "OCI_PROFILE": "DEFAULT",
            "OCI_REGION": oci.region,
            "OCI_GENAI_ENDPOINT": server.url,
            "OCI_COMPARTMENT_ID": oci.tenancy.compartment_id,
            "MODEL_SERVICE_OCI_ENDPOINT": server.url,
            "MODEL_SERVICE_PROJECT_ID": oci.projects.default.id,
            "MODEL_SERVICE_TASKS": json.dumps(TASKS),
            "MODEL_SERVICE_REQUEST_BUCKETS": '["requests"]',
            "MODEL_SERVICE_OVERFLOW_BUCKET": "overflow",
            "MODEL_SERVICE_RELAY_DESTINATIONS": json.dumps([queue, stream]),
            **settings,
        }
        app = App(environment)
        with closing(app.service):
            yield Place(oci, app, environment, queue, stream)
