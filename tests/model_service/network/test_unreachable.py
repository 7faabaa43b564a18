"""A name that nobody resolves, a subnet without a gateway: an answer within the deadline, with host and remedy."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest

from model_service.auth.instance_principal import InstancePrincipal
from model_service.doctor.checks import examine
from model_service.errors import CredentialError, UpstreamUnreachable
from model_service.fn.invocation import Deadline
from model_service.models import Model
from model_service.network import connections
from model_service.network.connections import resolve
from model_service.network.failures import unreachable
from model_service.oci_names import ObjectLocation
from model_service.openai_api.operations import DoctorRequest
from model_service.service import Service
from model_service.settings import Settings

pytestmark = pytest.mark.not_through("process", why="sockets and names are what it is about")

HOST = "inference.generativeai.us-nowhere-1.oci.oraclecloud.com"
BLACK_HOLE = "192.0.2.1"  # TEST-NET-1 (RFC 5737)


def model(name: str) -> Callable[[Service, Deadline], Any]:
    return lambda service, deadline: Model(name, service, timeout=deadline.remaining).complete("Hello")


def bucket(service: Service, deadline: Deadline) -> Any:
    return service.object_storage.get(ObjectLocation("ns", "b", "o"), 10, deadline)


def queue(service: Service, deadline: Deadline) -> Any:
    return service.region_services.queue("ocid1.queue.oc1.iad.q", deadline)


def auth(service: Service, deadline: Deadline) -> Any:
    settings = Settings.load({"MODEL_SERVICE_FEDERATION_ENDPOINT": HOST, **A_FUNCTION})
    credential = InstancePrincipal(settings)
    credential._from_metadata = lambda path, _: METADATA[path]  # type: ignore[method-assign]
    try:
        return credential.key(deadline)
    except CredentialError as error:  # whose cause is the same
        raise UpstreamUnreachable(error.message, hint=error.hint) from error


METADATA: dict[str, bytes] = {}
A_FUNCTION = {"FN_FN_ID": "ocid1.fnfunc.oc1..f"}

PATHS = {
    "V1": model("meta.llama-3.3-70b-instruct"),
    "Responses": model("responses:openai.gpt-oss-120b"),
    "native": model("cohere.command-a-03-2025"),
    "Object Storage": bucket,
    "Queue": queue,
    "auth": auth,
}
ON_EVERY_PATH = pytest.mark.parametrize("path", PATHS)


@pytest.fixture
def service(environment: dict[str, str]) -> Iterator[Service]:
    endpoint = {"OCI_GENAI_ENDPOINT": f"https://{HOST}", "MODEL_SERVICE_OCI_ENDPOINT": f"https://{HOST}"}
    with closing(Service(Settings.load({**environment, **endpoint, **A_FUNCTION}))) as service:
        yield service


@pytest.fixture(autouse=True)
def metadata(authority: Any, tmp_path: Any) -> None:
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.x509.oid import NameOID

    from mock_oci.identity.principals import pem_of, spare_key

    del authority
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "opc-tenant:ocid1.tenancy.oc1..t")])
    key, now = spare_key(), datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    METADATA.update({"identity/cert.pem": pem, "identity/intermediate.pem": pem})
    METADATA["identity/key.pem"] = pem_of(key).encode()


@pytest.fixture
def silent_resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A resolver that nobody answers: the system's waits for half a minute, whatever the deadline."""
    asked, done, real = list[str](), threading.Event(), socket.getaddrinfo

    def never(host: str, *arguments: Any, **options: Any) -> Any:
        if host != HOST:
            return real(host, *arguments, **options)
        asked.append(host)
        done.wait(30)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", never)
    monkeypatch.setattr(connections, "_under_way", {})  # what the last test asked for may still be under way
    yield asked
    done.set()


@pytest.mark.usefixtures("silent_resolver")
@ON_EVERY_PATH
def test_a_resolver_that_is_silent_takes_no_longer_than_the_call_has(service: Service, path: str) -> None:
    started = time.monotonic()
    with pytest.raises(UpstreamUnreachable, match=rf"{HOST}.*its name was not resolved in time") as failure:
        PATHS[path](service, Deadline.after(2))
    assert time.monotonic() - started < 12
    assert "resolver" in (failure.value.hint or "")


@ON_EVERY_PATH
def test_a_name_that_is_none_is_an_answer_with_host_and_remedy(
    service: Service, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(UpstreamUnreachable, match=rf"{HOST}.*Name or service not known") as failure:
        PATHS[path](service, Deadline.after(2))
    assert "region spelt correctly" in (failure.value.hint or "")


@pytest.mark.parametrize("where", [{}, A_FUNCTION], ids=["laptop", "function"])
@pytest.mark.parametrize(
    ("cause", "said", "laptop", "function"),
    [
        ("[Errno 111] Connection refused", "Connection refused", "firewall or a VPN", "service gateway"),
        (TimeoutError("timed out"), "no connection came about in time", "HTTPS_PROXY", "service gateway"),
        ("[Errno -2] Name or service not known", "Name or service not known", "has this machine a network", "DHCP"),
        (
            "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1006)",
            "certificate verify failed: self-signed certificate",
            "MODEL_SERVICE_CA_BUNDLE",
            "MODEL_SERVICE_CA_BUNDLE",
        ),
    ],
)
def test_the_hint_is_for_where_we_are_and_the_cause_is_in_words(
    cause: Any, said: str, laptop: str, function: str, where: dict[str, str]
) -> None:
    error = unreachable(f"https://{HOST}/x", cause, Settings.load(where).network)
    assert error.message == f"Cannot connect to {HOST}: {said}."
    here, elsewhere = (function, laptop) if where else (laptop, function)
    assert here in (error.hint or "")
    assert here == elsewhere or elsewhere not in (error.hint or "")


@pytest.fixture
def no_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    """A subnet without a gateway: packets to three addresses are lost, each after all the time that it is given."""
    monkeypatch.setattr(connections, "resolve", lambda *_: [BLACK_HOLE, "192.0.2.2", "192.0.2.3"])
    real = socket.socket.connect

    def lost(self: socket.socket, address: Any) -> None:
        if not str(address[0]).startswith("192.0.2."):
            return real(self, address)
        time.sleep(min(self.gettimeout() or 60, 60))
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket.socket, "connect", lost)


@pytest.mark.usefixtures("no_gateway")
@ON_EVERY_PATH
def test_a_subnet_without_a_gateway_takes_no_longer_than_the_call_has(service: Service, path: str) -> None:
    started = time.monotonic()
    with pytest.raises(UpstreamUnreachable, match=rf"Cannot connect to {HOST}: no connection came about") as failure:
        PATHS[path](service, Deadline.after(2))
    assert time.monotonic() - started < 12
    assert "service gateway" in (failure.value.hint or "")


@pytest.mark.usefixtures("silent_resolver")
def test_the_doctor_keeps_its_deadline_too(service: Service) -> None:
    def never(*_: Any) -> Any:
        raise AssertionError("no chat without an endpoint")

    started = time.monotonic()
    report = examine(service, never, DoctorRequest("meta.llama-3.3-70b-instruct"), Deadline.after(2))
    assert time.monotonic() - started < 10
    found = next(check for check in report.checks if check.name == "endpoint")
    assert (found.verdict, HOST in found.detail, "resolver" in (found.remedy or "")) == ("fail", True, True)


def test_many_that_ask_for_one_name_take_one_thread(silent_resolver: list[str]) -> None:
    def ask(_: int) -> str:
        with pytest.raises(TimeoutError):
            resolve(HOST, 443, 0.3)
        return "late"

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ask, range(16))) == ["late"] * 16
    assert len(silent_resolver) == 1


def test_without_a_thread_to_be_had_a_name_is_resolved_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none)
    assert resolve("localhost", 80, 5)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_an_address_is_not_resolved(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("resolved"))
    assert resolve(address, 80, 1) == [address]


def test_a_host_that_is_too_long_is_an_error_and_no_crash() -> None:
    with pytest.raises(OSError, match="cannot be resolved"):
        resolve("x" * 70 + ".example", 443, 5)


def test_the_next_address_is_tried_where_one_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        monkeypatch.setattr(connections, "resolve", lambda *_: ["127.0.0.2", "127.0.0.1"])
        with closing(connections.open_socket("two.example", port, lambda: 5.0)) as sock:
            assert sock.getpeername()[0] in ("127.0.0.1", "127.0.0.2")
