"""`python -m tests.bench.relay`: how long a chunk takes from the model through the relay to a reader who reconnects."""

from __future__ import annotations

import json
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

from mock_oci import LoopbackServer, MockOci, Request, Response
from mock_oci.doors.written_config import write_config
from mock_oci.fn.functions import LocalFunctions
from mock_oci.services.queues.state import Queues, Settings
from mock_oci.services.streaming.state import Streaming
from model_service.auth import credential_for
from model_service.auth.service_endpoints import ServiceEndpoints
from model_service.cli.follow import follow
from model_service.fn.invocation import Deadline
from model_service.oci_services.clients import RegionServices
from model_service.relay.destinations import Destination
from model_service.settings import Settings as FunctionSettings

ROOT = Path(__file__).resolve().parents[2]
CHUNKS, BETWEEN, RECONNECTS, RUNS = 50, 0.02, 10, 5


class Model:
    """Says the time, fifty times, 20 ms apart; everything else is the local OCI's."""

    def __init__(self, oci: MockOci) -> None:
        self._oci = oci

    def answer(self, request: Request) -> Response:
        if request.path != "/openai/v1/chat/completions":
            return self._oci.answer(request)
        return Response(200, {"content-type": "text/event-stream"}, self._events())

    def _events(self) -> Iterator[bytes]:
        for number in range(CHUNKS):
            time.sleep(BETWEEN)
            delta = {"content": f"{number} {time.monotonic()}"}
            choice = {"index": 0, "delta": delta, "finish_reason": "stop" if number == CHUNKS - 1 else None}
            yield b"data: " + json.dumps({"id": "c", "choices": [choice]}).encode() + b"\n\n"
        yield b"data: [DONE]\n\n"


def delays(ask: Callable[[], Response], destination: Destination, services: RegionServices) -> list[float]:
    """Milliseconds of each chunk of one answer; fails for one that is lost, doubled or out of order."""
    asking = threading.Thread(target=ask)
    asking.start()
    seen: list[tuple[float, str]] = []
    number, ended = 0, False
    connects = 0
    while not ended:
        reader = destination.open(services).reader()
        with closing(follow(reader, Deadline.after(30), number)) as messages:
            for message in messages:
                seen += [(time.monotonic(), one["choices"][0]["delta"]["content"]) for one in message["chunks"]]
                number, ended = message["number"] + 1, message.get("last", False)
                if connects < RECONNECTS:
                    break
        connects += 1
    asking.join()
    assert [int(text.split()[0]) for _, text in seen] == list(range(CHUNKS))
    return [(at - float(text.split()[1])) * 1000 for at, text in seen]


def measure(functions: LocalFunctions, function: str, services: RegionServices, place: dict[str, str]) -> list[float]:
    """All chunks of all runs but the first, which has a cold start."""
    found: list[float] = []
    (kind, ocid), (label, _) = place.items()
    for run in range(RUNS):
        relay = {kind: ocid, label: f"run-{run}"}
        question = [{"role": "user", "content": "What time is it?"}]
        body = {"model": "meta.llama-3.3-70b-instruct", "messages": question, "stream": True, "relay": relay}
        ask = partial(functions.invoke, function, json.dumps(body).encode())
        one = delays(ask, Destination.parse(relay, [ocid]), services)
        found += one if run else []
    return found


def main() -> None:
    oci = MockOci()
    queue, stream = oci.state_of(Queues).create("q", Settings(deliveries=0)), oci.state_of(Streaming).create("s")
    allowed = json.dumps([queue.id, stream.id])
    with ExitStack() as running:
        server = running.enter_context(LoopbackServer(Model(oci).answer))
        functions = running.enter_context(LocalFunctions(oci, server.url))
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        write_config(oci, folder, server.url)
        config = {"MODEL_SERVICE_OCI_ENDPOINT": server.url, "MODEL_SERVICE_RELAY_DESTINATIONS": allowed}
        function = functions.deploy(ROOT, name="model-service", config=config, timeout=60)
        settings = FunctionSettings(config_file=folder / "config", region=oci.region, oci_endpoint=server.url)
        credential = credential_for(settings)
        services = running.enter_context(closing(RegionServices(ServiceEndpoints(settings, lambda: credential))))
        for place in ({"queue": queue.id, "channel": ""}, {"stream": stream.id, "key": ""}):
            found = measure(functions, function.id, services, place)
            most = statistics.quantiles(found, n=20)[18]
            print(f"{next(iter(place)):7} median {statistics.median(found):6.1f} ms   95 % {most:6.1f} ms")


if __name__ == "__main__":
    main()
