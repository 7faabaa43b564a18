"""The SDK's connection over real sockets: kept, timed, signed, tried again, logged, and never the SDK's own way."""

from __future__ import annotations

import gzip
import json
import logging
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mock_oci import LoopbackServer, MockOci, Request, Response
from mock_oci.identity.signatures import verify
from model_service.auth import credential_for
from model_service.errors import (
    DeadlineExceeded,
    ModelServiceError,
    SettingsError,
    UpstreamError,
    UpstreamRefused,
    UpstreamThrottled,
    UpstreamUnreachable,
)
from model_service.fn.invocation import Deadline
from model_service.fn.limits import Limits
from model_service.logs import log
from model_service.settings import Settings
from model_service.upstream import sdk_sockets
from model_service.upstream.request_log import LogPolicy
from model_service.upstream.retries import Retries
from model_service.upstream.sdk_client import SdkClient
from model_service.upstream.sdk_response import SdkUpstreamResponse

CHAT = "/actions/chat"
PATH = "/20231130/actions/chat"
BODY = {"compartmentId": "ocid1.tenancy.oc1..t", "text": "a secret plan"}
ANSWER = b'{"a": "\xc3\xa4"}'


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """The log since ``log.configure()``, which the test calls: stderr is another in a fixture."""
    yield lambda: capsys.readouterr().err
    logging.getLogger("model_service").handlers = []  # the stream that it writes to ends with the test


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def connect(environment: dict[str, str], slept: list[float]) -> Iterator[Callable[..., SdkClient]]:
    """Clients with the API key of the local OCI's user, which do not really sleep."""
    made: list[SdkClient] = []

    def new(profile: str = "DEFAULT", log: LogPolicy = LogPolicy()) -> SdkClient:  # noqa: B008 - it is frozen
        settings = Settings.load({**environment, "OCI_PROFILE": profile})
        made.append(SdkClient(credential_for(settings), log, Retries(slept.append, lambda: 1.0), Limits.for_memory()))
        return made[-1]

    yield new
    for client in made:
        client.close()


@pytest.fixture
def client(connect: Callable[..., SdkClient]) -> SdkClient:
    return connect()


def send(client: SdkClient, url: str, seconds: float = 30) -> SdkUpstreamResponse:
    return client.send("POST", url, CHAT, BODY, Deadline.after(seconds))


def says(oci: MockOci, body: bytes | list[bytes] = ANSWER, **how: Any) -> None:
    oci.script.raw(body, content_type=how.pop("content_type", "application/json"), path=PATH, **how)


@contextmanager
def peer(*exchanges: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that accepts a connection for each of ``exchanges``, and gives it to that."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def serve() -> None:
            for exchange in exchanges:
                connection, _ = listener.accept()
                with connection:
                    exchange(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(timeout=10)


def read_request(connection: socket.socket) -> bytes:
    received = b""
    while b"a secret plan" not in received:
        piece = connection.recv(65536)
        if not piece:
            break
        received += piece
    return received


def test_a_request_is_signed_as_oci_wants_it_and_its_body_is_what_was_given(client: SdkClient, oci: MockOci) -> None:
    seen: list[Request] = []

    def answer(request: Request) -> Response:
        seen.append(request)
        return Response(200, {}, ANSWER)

    with LoopbackServer(answer) as server:
        assert send(client, server.url).read() == ANSWER
    assert seen[0].target == PATH
    assert json.loads(seen[0].body) == BODY
    assert verify(seen[0], oci.principals, oci.clock()).kind == "user"


def test_the_sdk_s_own_retries_leave_no_trace_in_the_headers(client: SdkClient, oci: MockOci, oci_url: str) -> None:
    says(oci)
    send(client, oci_url).read()
    headers = oci.requests[-1].headers
    assert not {"opc-client-retries", "opc-retry-token", "expect", "cookie"} & headers.keys()
    assert headers["accept-encoding"] == "gzip, deflate"
    assert headers["opc-client-info"].startswith("Oracle-PythonSDK/")


def test_an_answer_keeps_its_request_id_and_its_kind(client: SdkClient, oci: MockOci, oci_url: str) -> None:
    says(oci, [b"data: 1\n\n", b"data: 2\n\n"], content_type="text/event-stream; charset=utf-8")
    exchange = send(client, oci_url)
    assert exchange.is_stream and exchange.opc_request_id
    assert list(exchange.iter_bytes()) == [b"data: 1\n\n", b"data: 2\n\n"]


def test_a_body_is_read_as_it_comes(client: SdkClient, oci: MockOci, oci_url: str) -> None:
    go_on = threading.Event()

    def body() -> Iterator[bytes]:
        yield b"data: 1\n\n"
        assert go_on.wait(10)
        yield b"data: 2\n\n"

    with LoopbackServer(lambda _: Response(200, {"content-type": "text/event-stream"}, body())) as server:
        pieces = send(client, server.url).iter_bytes()
        assert next(pieces) == b"data: 1\n\n"  # the server waits for us to have read it
        go_on.set()
        assert next(pieces) == b"data: 2\n\n"


def test_a_compressed_body_is_read(client: SdkClient, oci: MockOci, oci_url: str) -> None:
    says(oci, gzip.compress(ANSWER), headers={"content-encoding": "gzip"})
    assert send(client, oci_url).read() == ANSWER


def test_a_body_that_is_not_what_its_encoding_says_is_oci_s_fault(
    client: SdkClient, oci: MockOci, oci_url: str
) -> None:
    says(oci, ANSWER, headers={"content-encoding": "gzip"})
    with pytest.raises(UpstreamUnreachable, match="decompressed"):
        send(client, oci_url).read()


def test_a_connection_is_kept_for_the_next_call(client: SdkClient) -> None:
    def twice(connection: socket.socket) -> None:
        for _ in range(2):
            read_request(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")

    with peer(twice) as url:
        assert send(client, url).read() == send(client, url).read() == b"{}"


def self_signed(folder: Path) -> Path:
    """A key and a certificate for 127.0.0.1, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, SHA256())
    )
    unencrypted = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = folder / "localhost.pem"
    path.write_bytes(key.private_bytes(*unencrypted) + certificate.public_bytes(Encoding.PEM))
    return path


def test_tls_is_kept_and_timed_as_well(client: SdkClient, tmp_path: Path) -> None:
    certificate, over = self_signed(tmp_path), threading.Event()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def once_and_then_a_stall(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as wrapped:
            read_request(wrapped)
            wrapped.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
            read_request(wrapped)
            over.wait(10)

    client._session.verify = str(certificate)
    with peer(once_and_then_a_stall) as url:
        assert send(client, url.replace("http:", "https:")).read() == b"{}"
        with pytest.raises(DeadlineExceeded):
            send(client, url.replace("http:", "https:"), seconds=0.8)
        over.set()


def test_a_certificate_that_nobody_vouches_for_is_refused(client: SdkClient, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))

    def greet(connection: socket.socket) -> None:
        with suppress(ssl.SSLError, ConnectionError):
            context.wrap_socket(connection, server_side=True).close()

    with (
        peer(greet, greet, greet) as url,
        pytest.raises(UpstreamUnreachable, match="certificate verify failed"),
    ):
        send(client, url.replace("http:", "https:"))


def test_a_new_connection_that_dies_is_not_tried_again_for_the_model_may_have_run(client: SdkClient) -> None:
    def drop(connection: socket.socket) -> None:
        read_request(connection)

    with peer(drop) as url, pytest.raises(UpstreamUnreachable) as caught:
        send(client, url)
    assert caught.value.code == "connection_lost"


def test_a_connection_that_has_slept_too_long_is_not_used_again(
    client: SdkClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def once(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")

    monkeypatch.setattr(sdk_sockets, "KEEPALIVE_SECONDS", 0.0)
    with peer(once, once) as url:
        assert send(client, url).read() == send(client, url).read() == b"{}"


@pytest.mark.parametrize("body", [b"", b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"])
def test_a_stalled_answer_ends_at_the_deadline(client: SdkClient, body: bytes) -> None:
    over = threading.Event()

    def stall(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(body)
        over.wait(10)

    with peer(stall) as url:
        with pytest.raises(DeadlineExceeded):
            send(client, url, seconds=0.7)
        over.set()


def test_a_peer_that_trickles_cannot_outlive_the_deadline(client: SdkClient) -> None:
    over = threading.Event()

    def trickle(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n")
        while not over.wait(0.05):  # one endless line that would announce a chunk
            connection.sendall(b"0")

    with peer(trickle) as url:
        pieces = send(client, url, seconds=0.8).iter_bytes()
        assert next(pieces) == b"{}"
        started = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            next(pieces)
        assert time.monotonic() - started < 5  # a bound on the wait itself, not on speed
        over.set()


@pytest.mark.parametrize(("within", "left"), [(0.05, 30.0), (30.0, 0.8)])
def test_a_body_that_stays_open_ends_when_nothing_more_is_expected(
    client: SdkClient, within: float, left: float
) -> None:
    over = threading.Event()

    def stay_open(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n")
        over.wait(10)

    with peer(stay_open) as url:
        exchange = send(client, url, seconds=left)
        pieces = exchange.iter_bytes()
        assert next(pieces) == b"{}"
        exchange.expect_end(within)
        assert list(pieces) == []
        over.set()


def test_a_body_that_is_cut_off_is_an_error(client: SdkClient, oci: MockOci, oci_url: str) -> None:
    says(oci, [b"data: 1\n\n", b"data: 2\n\n"], cut_after=1)
    pieces = send(client, oci_url).iter_bytes()
    assert next(pieces) == b"data: 1\n\n"
    with pytest.raises(UpstreamUnreachable):
        next(pieces)


def test_a_reader_that_stops_early_resets_the_connection(client: SdkClient) -> None:
    closed = threading.Event()

    def endless(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n")
        try:
            connection.recv(1)
        except ConnectionResetError:
            closed.set()

    with peer(endless) as url:
        pieces = send(client, url).iter_bytes()
        next(pieces)
        pieces.close()
        assert closed.wait(10)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_passes_by_itself_is_tried_again_with_growing_pauses(
    client: SdkClient, oci: MockOci, oci_url: str, slept: list[float], status: int
) -> None:
    oci.script.error(status, times=2, path=PATH)
    says(oci)
    assert send(client, oci_url).read() == ANSWER
    assert slept == [0.5, 1.0]


@pytest.mark.parametrize(("status", "tries"), [(429, 3), (503, 3), (400, 1), (401, 1), (404, 1), (413, 1), (501, 1)])
def test_tries_are_counted_and_answers_are_not_asked_for_again(
    client: SdkClient, oci: MockOci, oci_url: str, status: int, tries: int
) -> None:
    oci.script.error(status, times=9, path=PATH)
    with pytest.raises(UpstreamError) as caught:
        send(client, oci_url)
    assert caught.value.status == status
    assert len(oci.requests) == tries


def test_retry_after_is_honoured(client: SdkClient, oci: MockOci, oci_url: str, slept: list[float]) -> None:
    oci.script.error(429, headers={"retry-after": "5"}, path=PATH)
    says(oci)
    send(client, oci_url).read()
    assert slept == [5.0]


def test_a_call_is_not_tried_again_beyond_its_deadline(client: SdkClient, oci: MockOci, oci_url: str) -> None:
    oci.script.error(429, headers={"retry-after": "60"}, times=9, path=PATH)
    with pytest.raises(UpstreamThrottled) as caught:
        send(client, oci_url)
    assert caught.value.retry_after == "60"
    assert len(oci.requests) == 1


def test_many_failures_close_no_circuit(client: SdkClient, oci: MockOci, oci_url: str) -> None:
    oci.script.error(500, times=30, path=PATH)
    for _ in range(10):
        with pytest.raises(UpstreamError):
            send(client, oci_url)
    says(oci)
    assert send(client, oci_url).read() == ANSWER


@pytest.mark.parametrize(("profile", "attempts"), [("DEFAULT", 1), ("SESSION", 2)])
def test_a_401_is_tried_once_more_where_there_may_be_a_newer_key(
    connect: Callable[..., SdkClient], oci: MockOci, oci_url: str, profile: str, attempts: int
) -> None:
    oci.script.error(401, "NotAuthenticated", "no", times=9, path=PATH)
    with pytest.raises(UpstreamRefused) as caught:
        send(connect(profile), oci_url)
    assert caught.value.status == 401
    assert len(oci.requests) == attempts


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        (b'{"code": "400", "message": "Invalid"}', "Invalid", "upstream_error"),
        (b'{"code": "InvalidParameter", "message": "Invalid"}', "Invalid", "InvalidParameter"),
        (b'{"error": {"message": "no", "code": "unsupported_file"}}', "no", "unsupported_file"),
        (b'{"code": "invalid-argument", "error": "no"}', "no", "invalid-argument"),
        (b'{"code": "400", "message": "{\\"error\\": {\\"message\\": \\"deep\\"}}"}', "deep", "upstream_error"),
        (b"plain \xff text", "plain � text", "upstream_error"),
        (b"", "OCI answered 400 and said nothing.", "upstream_error"),
    ],
)
def test_every_shape_of_error_is_read(
    client: SdkClient, oci: MockOci, oci_url: str, body: bytes, message: str, code: str
) -> None:
    oci.script.error(400, body=body, path=PATH)
    with pytest.raises(UpstreamRefused) as caught:
        send(client, oci_url)
    assert (caught.value.message, caught.value.code) == (message, code)
    assert caught.value.opc_request_id


def test_a_redirect_is_not_followed(client: SdkClient, oci: MockOci, oci_url: str) -> None:
    says(oci, b"", status=307, headers={"location": oci_url + "/elsewhere"}, times=9)
    with pytest.raises(UpstreamError) as caught:
        send(client, oci_url)
    assert caught.value.status == 502
    assert {request.target for request in oci.requests} == {PATH}


def test_a_proxy_of_the_environment_sees_nothing(
    client: SdkClient, oci: MockOci, oci_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    says(oci)
    assert send(client, oci_url).read() == ANSWER


def test_nothing_listens_there(client: SdkClient, slept: list[float]) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(UpstreamUnreachable, match=r"Cannot connect to 127\.0\.0\.1:\d+: .*refused"):
        send(client, url)
    assert slept == [0.5, 1.0]


@pytest.mark.not_through("process", why="sockets are what it is about")
def test_a_host_that_speaks_no_tls_is_named(client: SdkClient, oci_url: str) -> None:
    with pytest.raises(UpstreamUnreachable, match=r"127\.0\.0\.1:\d+: the other side does not speak TLS"):
        send(client, oci_url.replace("http:", "https:"))


def test_an_ipv6_address_is_refused_with_the_name_of_the_setting(client: SdkClient) -> None:
    with pytest.raises(SettingsError, match="OCI_GENAI_ENDPOINT"):
        send(client, "http://[::1]:8080")


@pytest.mark.parametrize(
    ("policy", "lines", "shows_prompt"),
    [
        (LogPolicy(), [], False),
        (LogPolicy(requests=True), ["upstream_request", "upstream_answer"], False),
        (LogPolicy(requests=True, content=True), ["upstream_request", "upstream_answer"], True),
    ],
)
def test_requests_and_content_are_logged_only_when_asked_for(
    connect: Callable[..., SdkClient],
    oci: MockOci,
    oci_url: str,
    logged: Callable[[], str],
    policy: LogPolicy,
    lines: list[str],
    shows_prompt: bool,
) -> None:
    log.configure()
    says(oci)
    send(connect(log=policy), oci_url).read()
    written = logged()
    assert [json.loads(line)["event"] for line in written.splitlines()] == lines
    assert ("a secret plan" in written) is shows_prompt
    assert "Signature" not in written


def test_another_try_is_in_the_log_with_its_reason(
    client: SdkClient, oci: MockOci, oci_url: str, logged: Callable[[], str]
) -> None:
    log.configure()
    oci.script.error(429, "TooManyRequests", path=PATH)
    says(oci)
    send(client, oci_url).read()
    line = json.loads(logged())
    assert (line["event"], line["status"], line["seconds"]) == ("upstream_retry", 429, 0.5)


def test_threads_share_a_client(client: SdkClient, oci: MockOci, oci_url: str) -> None:
    oci.script.raw(ANSWER, content_type="application/json", path=PATH, times=16)
    answers: list[bytes | ModelServiceError] = []

    def call() -> None:
        answers.extend(send(client, oci_url).read() for _ in range(4))

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert answers == [ANSWER] * 16


@pytest.mark.parametrize(("model", "loads_oci"), [("meta.llama-3.3-70b-instruct", False), ("cohere.command-a", True)])
def test_oci_is_loaded_by_the_calls_that_need_it_and_by_no_other(
    environment: dict[str, str], model: str, loads_oci: bool
) -> None:
    code = (
        "import sys\n"
        "from model_service.errors import ModelServiceError\n"
        "from model_service.models import get_model\n"
        "try: get_model(sys.argv[1]).complete('Hello')\n"
        "except ModelServiceError: pass\n"
        "print('oci' in sys.modules)"
    )
    source = str(Path(__file__).parents[3] / "src")
    done = subprocess.run(
        [sys.executable, "-c", code, model],
        check=False,
        env={**environment, "PYTHONPATH": source},
        capture_output=True,
        text=True,
    )
    assert (done.stderr, done.stdout.strip()) == ("", str(loads_oci))
