"""The connection to OCI: signed, kept open between calls, timed by the deadline, its failures turned into ours."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from model_service import logs
from model_service.auth import Credential
from model_service.encoding import write_json
from model_service.errors import DeadlineExceeded, UpstreamUnreachable
from model_service.invocation import Deadline
from model_service.redaction import redact
from model_service.upstream_errors import upstream_error

CONNECT_SECONDS: Final = 10.0
KEEPALIVE_SECONDS: Final = 60.0  # a container sleeps between calls; what lies longer than this is likely gone
LONGEST_ERROR: Final = 65536  # bytes of an error's body that are read

HEADERS: Final = {
    "content-type": "application/json",
    # zstd must not be offered: the service then sends each chunk of a stream as a frame of its own, on which httpx
    # fails (langchain-oci, oci_generative_ai.py:79).
    "accept-encoding": "gzip, deflate",
    "user-agent": "model-service",
}


@dataclass(frozen=True)
class LogPolicy:
    """What of the traffic with OCI is logged (``OCI_LOG_REQUESTS``, ``MODEL_SERVICE_LOG_CONTENT``)."""

    requests: bool = False
    content: bool = False


class OCISignature(httpx.Auth):
    """Signs each request, and once more with a renewed key when OCI answers 401."""

    requires_request_body = True

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        self._sign(request)
        response = yield request
        if response.status_code == 401 and self._credential.renew():
            request.headers.pop("date", None)
            self._sign(request)
            yield request

    def _sign(self, request: httpx.Request) -> None:
        signed = self._credential.key().sign(
            request.method,
            request.headers["host"],
            request.url.raw_path.decode("ascii"),
            request.content,
            request.headers,
        )
        request.headers.update(signed)


@dataclass(frozen=True)
class Exchange:
    """An answer of OCI that is under way: its status is good, its body not read yet."""

    response: httpx.Response
    deadline: Deadline

    @property
    def opc_request_id(self) -> str | None:
        return _header(self.response, "opc-request-id")

    @property
    def is_stream(self) -> bool:
        return (_header(self.response, "content-type") or "").startswith("text/event-stream")

    def read(self) -> bytes:
        """The whole body."""
        return b"".join(self.pieces())

    def pieces(self) -> Iterator[bytes]:
        """The body as it comes; closes the connection when the reader stops early."""
        with closing(self.response), _failures():
            for piece in self.response.iter_bytes():
                self.deadline.require()
                yield piece


@dataclass
class Upstream:
    """One pool of connections to one endpoint, for one credential. Threads may share it."""

    endpoint: str
    credential: Credential
    log: LogPolicy = field(default_factory=LogPolicy)

    def __post_init__(self) -> None:
        self._client = httpx.Client(
            headers=HEADERS,
            auth=OCISignature(self.credential),
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=8, keepalive_expiry=KEEPALIVE_SECONDS),
            trust_env=False,  # a proxy from the environment would see every prompt; nobody set it for us
            follow_redirects=False,
        )

    def send(
        self, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str], deadline: Deadline
    ) -> Exchange:
        """Raises ``UpstreamError`` for a status >= 400, and a ``ModelServiceError`` for what can go wrong before."""
        content = b"" if body is None else write_json(body)
        self._log_request(method, path, content)
        started = time.monotonic()
        with _failures():
            response = self._send_twice(_Draft(method, self.endpoint + path, content, dict(headers)), deadline)
            refusal = b"" if response.is_success else _head_of(response)
        self._log_answer(response, started, refusal)
        if not response.is_success:
            raise upstream_error(
                response.status_code,
                refusal,
                opc_request_id=_header(response, "opc-request-id"),
                retry_after=_header(response, "retry-after"),
            )
        return Exchange(response, deadline)

    def _send_twice(self, draft: _Draft, deadline: Deadline) -> httpx.Response:
        """Once more where a kept connection has died in the meantime: nobody has read that request."""
        watch = _ConnectionWatch()
        try:
            return self._send_once(draft, deadline, watch)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            if watch.connected:
                raise
        return self._send_once(draft, deadline, watch)

    def _send_once(self, draft: _Draft, deadline: Deadline, watch: _ConnectionWatch) -> httpx.Response:
        seconds = deadline.require()
        request = self._client.build_request(
            draft.method,
            draft.url,
            content=draft.content,
            headers=draft.headers,
            timeout=httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds)),
            extensions={"trace": watch},
        )
        return self._client.send(request, stream=True)

    def _log_request(self, method: str, path: str, content: bytes) -> None:
        if self.log.requests:
            extra = {"content": _loggable(content)} if self.log.content else {}
            logs.write("upstream_request", method=method, url=self.endpoint + path, bytes=len(content), **extra)

    def _log_answer(self, response: httpx.Response, started: float, refusal: bytes) -> None:
        if self.log.requests:
            extra = {"content": _loggable(refusal)} if self.log.content and refusal else {}
            logs.write(
                "upstream_answer",
                status=response.status_code,
                opc_request_id=_header(response, "opc-request-id"),
                ms=round((time.monotonic() - started) * 1000, 1),
                **extra,
            )


@dataclass(frozen=True)
class _Draft:
    """A request that is not signed yet."""

    method: str
    url: str
    content: bytes
    headers: dict[str, str]


class _ConnectionWatch:
    """Sees, through httpcore's trace, whether a request opened a connection or used one that was kept."""

    def __init__(self) -> None:
        self.connected = False

    def __call__(self, event: str, _info: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.started":
            self.connected = True


@contextmanager
def _failures() -> Iterator[None]:
    """httpx's exceptions become ours, here and nowhere else; around a call as around the reading of a stream."""
    try:
        yield
    except httpx.ConnectTimeout as error:
        raise UpstreamUnreachable("OCI did not accept a connection in time.") from error
    except httpx.TimeoutException as error:
        raise DeadlineExceeded("OCI did not answer before the deadline of this invocation.") from error
    except httpx.ConnectError as error:
        host = error.request.url.host
        raise UpstreamUnreachable(f"Cannot connect to {host}: {_cause(error)}.") from error
    except httpx.DecodingError as error:
        raise UpstreamUnreachable("OCI sent a body that cannot be decompressed.") from error
    except httpx.TransportError as error:
        raise UpstreamUnreachable("The connection to OCI broke.", code="connection_lost") from error


def _cause(error: httpx.ConnectError) -> str:
    # "[Errno -2] Name or service not known", "certificate verify failed": it quotes nothing that was sent.
    return str(error) or type(error).__name__


def _header(response: httpx.Response, name: str) -> str | None:
    value: str | None = response.headers.get(name)
    return value


def _head_of(response: httpx.Response) -> bytes:
    with closing(response):
        head = b""
        for piece in response.iter_bytes():
            head += piece
            if len(head) >= LONGEST_ERROR:
                break
        return head[:LONGEST_ERROR]


def _loggable(content: bytes) -> str:
    return redact(content.decode("utf-8", "replace"))
