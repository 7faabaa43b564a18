"""A detached call of an hour on a clock that runs six hundred times as fast, its credentials rotated on the way."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email.utils import formatdate
from pathlib import Path

import pytest

from mock_oci import LoopbackServer, MockOci
from mock_oci.fn.credentials import FunctionCredentials
from mock_oci.services.streaming.state import Streaming
from model_service.app import App
from model_service.cli.follow import follow, texts
from model_service.fn.invocation import Deadline, Invocation
from model_service.openai_api.event_stream import read_events
from model_service.relay.destinations import Destination

FASTER = 600
HOUR = 3600.0
WORDS = [f"minute{number} " for number in range(60)]


class FastClock:
    """Unix seconds; OCI's and, for its signatures, ours."""

    def __init__(self) -> None:
        self._started = time.time()

    def __call__(self) -> float:
        return self._started + (time.time() - self._started) * FASTER

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / FASTER)


@contextmanager
def rotated(credentials: FunctionCredentials) -> Iterator[None]:
    """The platform, which rewrites token and key at half of their life of fifteen minutes."""
    done = threading.Event()

    def rotate() -> None:
        while not done.wait(0.05):
            credentials.freshen()

    thread = threading.Thread(target=rotate)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_an_hour_goes_by_and_every_word_reaches_the_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FastClock()
    monkeypatch.setattr("model_service.auth.signing.formatdate", lambda usegmt: formatdate(clock(), usegmt=usegmt))
    oci = MockOci(clock=clock, sleep=clock.sleep)
    stream = oci.state_of(Streaming).create("relays")
    credentials = FunctionCredentials(oci, "ocid1.fnfunc.oc1..hour", tmp_path)
    credentials.freshen()
    oci.script.chat(WORDS, chunk_delay=HOUR / len(WORDS))
    relay = {"stream": stream.id, "key": "hour"}
    body = {"model": "meta.llama-3.3-70b-instruct", "messages": [{"role": "user", "content": "Count."}], "stream": True}
    started = clock()
    with LoopbackServer(oci.answer) as server, rotated(credentials):
        app = App(
            {
                "OCI_GENAI_ENDPOINT": server.url,
                "MODEL_SERVICE_OCI_ENDPOINT": server.url,
                "MODEL_SERVICE_RELAY_DESTINATIONS": json.dumps([stream.id]),
                "OCI_COMPARTMENT_ID": oci.tenancy.compartment_id,
                "OCI_RESOURCE_PRINCIPAL_VERSION": "2.2",
                "OCI_RESOURCE_PRINCIPAL_RPST": str(credentials.rpst),
                "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM": str(credentials.private_pem),
                "OCI_RESOURCE_PRINCIPAL_REGION": oci.region,
            }
        )
        with closing(app.service):
            invocation = Invocation(json.dumps({**body, "relay": relay}).encode(), Deadline.after(HOUR), "hour")
            answer = app.answer(invocation).whole()
            reader = Destination.parse(relay, [stream.id]).open(app.service.region_services).reader()
            followed = "".join(texts(follow(reader, Deadline.after(60))))
    assert clock() - started >= HOUR * (len(WORDS) - 1) / len(WORDS)
    chunks = [json.loads(event) for event in list(read_events([answer]))[:-1]]
    said = "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])
    assert said == followed == "".join(WORDS)
    keys = {request.headers["authorization"].split('keyId="')[1].split('"')[0] for request in oci.requests}
    assert len(keys) >= 6  # an hour has eight halves of a token's life
