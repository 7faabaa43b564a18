"""The connection to OCI: kept, replaced when stale, signed again after a 401, and logged only as far as asked."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from mock_oci import MockOci
from model_service.errors import UpstreamRefused, UpstreamUnreachable
from model_service.logs import log
from model_service.models import Model
from model_service.service import Service
from model_service.settings import Settings

LLAMA = "meta.llama-3.3-70b-instruct"
ANSWER = json.dumps({"choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]}).encode()
REPLY = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(ANSWER), ANSWER)


@contextmanager
def connections_that_serve(*requests_each: int) -> Iterator[tuple[str, list[int]]]:
    """A server whose first connection answers so many requests, reads the next one and hangs up, and so on.

    Yields its URL and a list that grows by the number of each connection that a request came in on.
    """
    seen: list[int] = []
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def accept() -> None:
            with suppress(OSError):  # the test may be over before all have come
                for number, requests in enumerate(requests_each):
                    connection, _ = listener.accept()
                    threading.Thread(target=serve, args=(connection, number, requests), daemon=True).start()

        def serve(connection: socket.socket, number: int, requests: int) -> None:
            with connection, suppress(OSError):  # the client may be done with it first
                for _ in range(requests):
                    _read_request(connection)
                    seen.append(number)
                    connection.sendall(REPLY)
                _read_request(connection)
                seen.append(number)

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", seen


def _read_request(connection: socket.socket) -> None:
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            return
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-len"))
    while len(body) < length:
        body += connection.recv(65536)


def model_at(url: str, environment: dict[str, str]) -> Model:
    return Model(LLAMA, Service(Settings.load({**environment, "OCI_GENAI_ENDPOINT": url})), timeout=10)


def test_a_connection_is_kept_for_the_next_call(environment: dict[str, str]) -> None:
    with connections_that_serve(3) as (url, seen), model_at(url, environment) as model:
        for _ in range(3):
            model.complete("Hello")
        assert seen == [0, 0, 0]


def test_a_new_connection_that_dies_is_not_tried_again(environment: dict[str, str]) -> None:
    with connections_that_serve(0, 1) as (url, seen), model_at(url, environment) as model:
        with pytest.raises(UpstreamUnreachable):
            model.complete("Hello")
        assert seen == [0]


def test_a_401_is_tried_once_more_with_the_token_that_the_platform_has_put_there_meanwhile(
    environment: dict[str, str], oci: MockOci, tmp_path: Path
) -> None:
    paths = [tmp_path / "resource_principal" / name for name in ("rpst", "private.pem")]
    injected = {
        "OCI_RESOURCE_PRINCIPAL_VERSION": "2.2",
        "OCI_RESOURCE_PRINCIPAL_RPST": str(paths[0]),
        "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM": str(paths[1]),
        "OCI_RESOURCE_PRINCIPAL_REGION": oci.region,
    }
    oci.script.error(401, "NotAuthenticated", "expired")
    with Model(LLAMA, Service(Settings.load({**environment, **injected}))) as model:
        answer = model.complete("Hello")
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert len(oci.requests) == 2
    assert "ST$" in oci.requests[-1].headers["authorization"]


@pytest.mark.parametrize(("profile", "attempts"), [("DEFAULT", 1), ("SESSION", 2)])
def test_a_lasting_401_ends_after_as_many_tries_as_make_sense(
    environment: dict[str, str], oci: MockOci, profile: str, attempts: int
) -> None:
    oci.script.error(401, "NotAuthenticated", "no", times=9)
    settings = Settings.load({**environment, "OCI_PROFILE": profile})
    with Model(LLAMA, Service(settings)) as model, pytest.raises(UpstreamRefused) as caught:
        model.complete("Hello")
    assert caught.value.status == 401
    assert len(oci.requests) == attempts


@pytest.mark.parametrize(
    ("variables", "lines", "shows_prompt"),
    [
        ({}, [], False),
        ({"MODEL_SERVICE_LOG_CONTENT": "1"}, [], False),
        ({"OCI_LOG_REQUESTS": "1"}, ["upstream_request", "upstream_answer"], False),
        (
            {"OCI_LOG_REQUESTS": "1", "MODEL_SERVICE_LOG_CONTENT": "1"},
            ["upstream_request", "upstream_answer"],
            True,
        ),
    ],
)
def test_requests_and_content_are_logged_only_when_asked_for(
    environment: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    variables: dict[str, str],
    lines: list[str],
    shows_prompt: bool,
) -> None:
    log.configure()
    with Model(LLAMA, Service(Settings.load({**environment, **variables}))) as model:
        model.complete("a secret plan")
    logged = capsys.readouterr().err
    assert [json.loads(line)["event"] for line in logged.splitlines()] == lines
    assert ("a secret plan" in logged) is shows_prompt
    assert "Signature" not in logged


@pytest.mark.parametrize("scheme", ["https", "HTTPS", "Https"])
def test_a_certificate_is_checked_however_the_scheme_is_spelt(scheme: str, environment: dict[str, str]) -> None:
    with model_at(f"{scheme}://127.0.0.1:9", environment) as model:
        context = model.service.upstream._transport._pool._ssl_context
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
