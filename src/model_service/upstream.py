"""The connection to OCI: signed, kept open between calls, timed by the deadline, its failures turned into ours."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from model_service.auth import Credential
from model_service.encoding import write_json
from model_service.errors import DeadlineExceeded, UpstreamError, UpstreamUnreachable
from model_service.invocation import Deadline
from model_service.network import Conversation, DeadlineTransport
from model_service.traffic_log import LogPolicy, TrafficLog
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
    """An answer of OCI that is under way: its status is known, its body not read yet."""

    response: httpx.Response
    conversation: Conversation
    log: TrafficLog

    @property
    def opc_request_id(self) -> str | None:
        return self.header("opc-request-id")

    @property
    def is_stream(self) -> bool:
        return (self.header("content-type") or "").startswith("text/event-stream")

    def header(self, name: str) -> str | None:
        value: str | None = self.response.headers.get(name)
        return value

    def read(self) -> bytes:
        """The whole body."""
        return b"".join(self.pieces())

    def pieces(self) -> Iterator[bytes]:
        """The body as it comes; closes the connection when the reader stops early."""
        coming = self.response.iter_bytes()
        with self._open(), _failures():
            while (piece := self._next_of(coming)) is not None:
                self.log.saw(piece)
                yield piece

    def refusal(self) -> UpstreamError:
        """The error that the body describes, for a status that is none of success."""
        head = b""
        for piece in self.pieces():
            head += piece
            if len(head) >= LONGEST_ERROR:
                break
        retry_after = self.header("retry-after")
        status = self.response.status_code
        return upstream_error(status, head, opc_request_id=self.opc_request_id, retry_after=retry_after)

    def _next_of(self, coming: Iterator[bytes]) -> bytes | None:
        # Around each step and not around the loop: between two steps the reader of the stream runs.
        with self.conversation.on_the_wire():
            return next(coming, None)

    @contextmanager
    def _open(self) -> Iterator[None]:
        try:
            yield
        finally:
            self.response.close()
            self.log.answered(self.response.status_code, self.opc_request_id)


@dataclass
class Upstream:
    """One pool of connections to one endpoint, for one credential. Threads may share it."""

    endpoint: str
    credential: Credential
    log: LogPolicy = field(default_factory=LogPolicy)

    def __post_init__(self) -> None:
        # The certificates take 30 ms to load, which a plain http:// endpoint (a local OCI) need not wait for.
        is_tls = self.endpoint.startswith("https:")
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=8, keepalive_expiry=KEEPALIVE_SECONDS)
        self._client = httpx.Client(
            transport=DeadlineTransport(verify=is_tls, limits=limits),
            headers=HEADERS,
            auth=OCISignature(self.credential),
            trust_env=False,  # a proxy from the environment would see every prompt; nobody set it for us
            follow_redirects=False,
        )

    def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | bytes | None,
        headers: Mapping[str, str],
        deadline: Deadline,
    ) -> Exchange:
        """Raises ``UpstreamError`` for a status >= 400, and a ``ModelServiceError`` for what can go wrong before.

        A ``body`` that is bytes goes out as it is, any other as JSON.
        """
        content = body if isinstance(body, bytes) else b"" if body is None else write_json(body)
        draft = _Draft(method, self.endpoint + path, content, dict(headers))
        log = TrafficLog(self.log)
        log.sent(method, draft.url, content)
        with _failures():
            conversation = Conversation(deadline)
            exchange = Exchange(self._send_twice(draft, conversation), conversation, log)
        if not exchange.response.is_success:
            raise exchange.refusal()
        return exchange

    def close(self) -> None:
        self._client.close()

    def _send_twice(self, draft: _Draft, conversation: Conversation) -> httpx.Response:
        """Once more where a kept connection has died in the meantime: nobody has read that request."""
        try:
            return self._send_once(draft, conversation)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            if conversation.connected:
                raise
        return self._send_once(draft, conversation)

    def _send_once(self, draft: _Draft, conversation: Conversation) -> httpx.Response:
        timeout = httpx.Timeout(conversation.deadline.require(), connect=CONNECT_SECONDS)
        request = self._client.build_request(
            draft.method, draft.url, content=draft.content, headers=draft.headers, timeout=timeout
        )
        with conversation.on_the_wire():
            return self._client.send(request, stream=True)


@dataclass(frozen=True)
class _Draft:
    """A request that is not signed yet."""

    method: str
    url: str
    content: bytes
    headers: dict[str, str]


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
