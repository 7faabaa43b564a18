"""Whatever fails on the way to OCI, and wherever: each path ends within its deadline, with an error that is ours."""

from __future__ import annotations

import contextlib
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from random import Random
from typing import Any, Final

import pytest
from tests.attack.place import Place, attacked
from tests.attack.report import Report
from tests.model_service.network.conftest import Door

from model_service.errors import ModelServiceError
from model_service.fn.invocation import Deadline
from model_service.models import Model
from model_service.oci_names import ObjectLocation
from model_service.service import Service
from model_service.settings import Settings

DEADLINES: Final = (3.0, 6.0, 15.0)  # seconds
TOLERANCE_SECONDS: Final = 0.25
AT_ONCE: Final = 12
UNKNOWN, SILENT, FAR = "unknown.invalid", "silent.invalid", "far.invalid"
Config = dict[str, str]


def attack(count: int, _random: Random) -> Report:
    """Fail ``count`` times at each place, on each path, with each deadline; a row says how long a cause took."""
    report, longest = Report(), defaultdict[tuple[str, float], tuple[float, str]](lambda: (0.0, ""))
    with attacked() as place, ExitStack() as open_places, pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", _resolver(socket.getaddrinfo))
        causes = {cause: open_places.enter_context(broken()) for cause, broken in CAUSES.items()}
        for path in PATHS:  # what a first call imports
            _seconds(report, place, causes["nothing listens"], path, DEADLINES[0], "warm")

        def call(number: int) -> None:
            seconds = DEADLINES[number % len(DEADLINES)]
            cause = list(causes)[number // len(DEADLINES) % len(causes)]
            path = list(PATHS)[number // len(DEADLINES) // len(causes) % len(PATHS)]
            taken = _seconds(report, place, causes[cause], path, seconds, cause)
            longest[cause, seconds] = max(longest[cause, seconds], (taken, path))
            if taken > seconds + TOLERANCE_SECONDS:
                report.fault("a late error", f"{cause}, {path}: {taken:.2f} s of {seconds}")

        calls = count * len(DEADLINES) * len(causes) * len(PATHS)
        with ThreadPoolExecutor(AT_ONCE) as threads:
            list(threads.map(call, range(calls)))
    report.figures["calls"] = calls
    report.rows.append(f"| cause | {' | '.join(f'deadline {seconds:g} s' for seconds in DEADLINES)} |")
    for cause in causes:
        cells = (f"{taken:.2f} s ({path})" for taken, path in (longest[cause, seconds] for seconds in DEADLINES))
        report.rows.append(f"| {cause} | {' | '.join(cells)} |")
    return report


def _seconds(report: Report, place: Place, broken: Config, path: str, seconds: float, cause: str) -> float:
    """Return how long the path took to fail."""
    settings = Settings.load({**place.environment, **broken})
    with closing(Service(settings)) as service:
        started = time.monotonic()
        try:
            PATHS[path](service, place, broken, Deadline.after(seconds))
        except ModelServiceError:
            pass
        except Exception as bug:  # noqa: BLE001 - what the attack looks for
            report.fault("a bug", f"{cause}, {path}: {type(bug).__name__}: {bug}")
        else:
            report.fault("an answer", f"{cause}, {path}")
        return time.monotonic() - started


def _model(name: str, *, stream: bool = False) -> Callable[..., object]:
    def ask(service: Service, _place: Place, _broken: Config, deadline: Deadline) -> object:
        model = Model(name, service, timeout=deadline.remaining)
        return list(model.stream("Hello")) if stream else model.complete("Hello")

    return ask


def _bucket(service: Service, _place: Place, _broken: Config, deadline: Deadline) -> object:
    return service.object_storage.get(ObjectLocation("ns", "b", "o"), 10, deadline)


def _queue(service: Service, _place: Place, _broken: Config, deadline: Deadline) -> object:
    return service.region_services.queue("ocid1.queue.oc1.iad.q", deadline)


def _sign_in(_service: Service, place: Place, broken: Config, deadline: Deadline) -> object:
    """Get the instance's certificates from the local OCI, and its token from the place that is broken."""
    local = place.environment["OCI_GENAI_ENDPOINT"]
    changed = {
        "OCI_AUTH_TYPE": "instance_principal",
        "OCI_METADATA_BASE_URL": f"{local}/opc/v2",
        "MODEL_SERVICE_FEDERATION_ENDPOINT": broken["OCI_GENAI_ENDPOINT"],
    }
    with closing(Service(Settings.load({**place.environment, **broken, **changed}))) as service:
        return service.credential.key(deadline)


PATHS: Final[dict[str, Callable[..., object]]] = {
    "V1": _model("meta.llama-3.3-70b-instruct"),
    "V1 stream": _model("meta.llama-3.3-70b-instruct", stream=True),
    "Responses": _model("responses:openai.gpt-oss-120b"),
    "native": _model("cohere.command-a-03-2025"),
    "native stream": _model("cohere.command-a-03-2025", stream=True),
    "Object Storage": _bucket,
    "Queue": _queue,
    "sign-in": _sign_in,
}


def _resolver(real: Callable[..., Any]) -> Callable[..., Any]:
    def resolve(host: str, *arguments: Any, **options: Any) -> Any:
        if host == SILENT:
            time.sleep(max(DEADLINES) + 5)
        if host in (SILENT, UNKNOWN, FAR):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(host, *arguments, **options)

    return resolve


def _at(url: str, **more: str) -> Config:
    return {"OCI_GENAI_ENDPOINT": url, "MODEL_SERVICE_OCI_ENDPOINT": url, **more}


class _Answering(Door):
    """A door that reads until the head is over, then sends each piece, with a pause behind it."""

    def __init__(self, pieces: Callable[[], Iterator[bytes]], pause: float = 0.0) -> None:
        self._pieces, self._pause = pieces, pause
        super().__init__()

    def _serve(self, connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head and (received := connection.recv(4096)):
            head += received
        for piece in self._pieces():
            connection.sendall(piece)
            time.sleep(self._pause)


def _slowly(head: bytes) -> Callable[[], Iterator[bytes]]:
    def pieces() -> Iterator[bytes]:
        yield head
        yield from (b"x" for _ in range(1000))

    return pieces


@contextmanager
def _named(host: str) -> Iterator[Config]:
    yield _at(f"https://{host}")


@contextmanager
def _closed() -> Iterator[Config]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    yield _at(f"http://127.0.0.1:{port}")


@contextmanager
def _lost_packets() -> Iterator[Config]:
    """A queue of connections that is full: the kernel lets every further SYN fall, as a network without a gateway."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, ExitStack() as fillers:
        for _ in range(4):
            filler = fillers.enter_context(closing(socket.socket()))
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(server.getsockname())
        time.sleep(0.2)
        yield _at(f"http://127.0.0.1:{server.getsockname()[1]}")


def _door(pieces: Callable[[], Iterator[bytes]], pause: float = 0.0, url: str = "http://127.0.0.1:{port}") -> Any:
    @contextmanager
    def opened() -> Iterator[Config]:
        with closing(_Answering(pieces, pause)) as door:
            yield _at(url.format(port=door.port))

    return opened


def _proxy(answer: Callable[[], Iterator[bytes]], pause: float = 0.0) -> Any:
    @contextmanager
    def opened() -> Iterator[Config]:
        with closing(_Answering(answer, pause)) as door:
            yield _at(f"https://{FAR}", MODEL_SERVICE_PROXY=f"http://127.0.0.1:{door.port}")

    return opened


def _says(*pieces: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: iter(pieces)


NEVER: Final = 60.0  # seconds, longer than any deadline
UNAVAILABLE: Final = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"
CAUSES: Final[dict[str, Any]] = {
    "a name that does not exist": lambda: _named(UNKNOWN),
    "a resolver that is silent": lambda: _named(SILENT),
    "packets that are lost (no gateway)": _lost_packets,
    "nothing listens": _closed,
    "connected, then silence": _door(_says(b""), NEVER),
    "silence in the TLS handshake": _door(_says(b""), NEVER, "https://127.0.0.1:{port}"),
    "hangs up after the request": _door(_says()),
    "a head that trickles": _door(_slowly(b"HTTP/1.1 200 OK\r\nx-slow: "), 0.2),
    "a body that trickles": _door(
        _slowly(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n"), 0.2
    ),
    "503 to everything": _door(_says(UNAVAILABLE)),
    "a proxy that is silent": _proxy(_says(b""), NEVER),
    "a proxy that refuses (403)": _proxy(_says(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")),
    "a proxy that asks for a password (407)": _proxy(
        _says(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
    ),
}
