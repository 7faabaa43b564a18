"""The connection to OCI: signed, kept open between calls, timed by the deadline, its failures turned into ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import httpx

from model_service.auth import Credential
from model_service.errors import DeadlineExceeded, UpstreamUnreachable
from model_service.fn.invocation import Deadline
from model_service.openai_api.encoding import write_json
from model_service.settings_parsers import MAX_THREADS
from model_service.upstream.request_log import LogPolicy, TrafficLog
from model_service.upstream.response import UpstreamResponse
from model_service.upstream.sockets import Conversation, DeadlineTransport

CONNECT_SECONDS: Final = 10.0
KEEPALIVE_SECONDS: Final = 60.0  # a container sleeps between calls; what lies longer than this is likely gone

HEADERS: Final = {
    "content-type": "application/json",
    # zstd must not be offered: the service then sends each chunk of a stream as a frame of its own, on which httpx
    # fails (langchain-oci, oci_generative_ai.py:79).
    "accept-encoding": "gzip, deflate",
    "user-agent": "model-service",
}


class HttpxUpstreamResponse(UpstreamResponse):
    """Over ``httpx.Response``."""

    late = (httpx.ReadTimeout, DeadlineExceeded)

    def _coming(self) -> Iterator[bytes]:
        body: Iterator[bytes] = self.response.iter_bytes()
        return body

    def _failures(self) -> AbstractContextManager[None]:
        return _failures(str(self.response.url))


@dataclass
class UpstreamClient:
    """One pool of connections to one endpoint, for one credential. Threads may share it."""

    endpoint: str
    credential: Credential
    log: LogPolicy = field(default_factory=LogPolicy)

    def __post_init__(self) -> None:
        # The certificates take 30 ms to load, which a plain http:// endpoint (a local OCI) need not wait for.
        is_tls = not self.endpoint.lower().startswith("http:")  # a scheme's case means nothing
        limits = httpx.Limits(
            max_connections=64, max_keepalive_connections=MAX_THREADS, keepalive_expiry=KEEPALIVE_SECONDS
        )
        # The transport alone: httpx's client adds cookies, redirects and proxies, which have no place here, and a
        # third of a millisecond.
        self._transport = DeadlineTransport(verify=is_tls, limits=limits)

    def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | bytes | None,
        headers: Mapping[str, str],
        deadline: Deadline,
    ) -> UpstreamResponse:
        """Raises ``UpstreamError`` for a status >= 400, and a ``ModelServiceError`` for what can go wrong before.

        A ``body`` that is bytes goes out as it is, any other as JSON.
        """
        content = body if isinstance(body, bytes) else b"" if body is None else write_json(body)
        draft = _Draft(method, self.endpoint + path, content, dict(headers))
        with _failures(self.endpoint):
            exchange = self._send_renewed(draft, Conversation(deadline))
        if not exchange.is_success:
            raise exchange.to_error()
        return exchange

    def close(self) -> None:
        self._transport.close()

    def _send_renewed(self, draft: _Draft, conversation: Conversation) -> UpstreamResponse:
        """Once more with a renewed key where OCI answers 401."""
        exchange = self._send_reconnected(draft, conversation)
        if exchange.status != 401 or not self.credential.renew():
            return exchange
        exchange.close()
        return self._send_reconnected(draft, conversation)

    def _send_reconnected(self, draft: _Draft, conversation: Conversation) -> UpstreamResponse:
        """Again while kept connections turn out to have died in the meantime; each leaves the pool as it fails, and a
        new one that fails is a failure. One that failed only after a while may have been read: see ``died_idle``."""
        while True:
            conversation.begin()
            try:
                return self._send_once(draft, conversation)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                if not conversation.died_idle:
                    raise

    def _send_once(self, draft: _Draft, conversation: Conversation) -> UpstreamResponse:
        seconds = conversation.deadline.require()
        log = TrafficLog(self.log)
        log.sent(draft.method, draft.url, draft.content)
        request = self._signed(draft)
        request.extensions["timeout"] = dict.fromkeys(("read", "write", "pool"), seconds) | {"connect": CONNECT_SECONDS}
        with conversation.on_the_wire():
            response = self._transport.handle_request(request)
        response.request = request
        return HttpxUpstreamResponse(response, conversation, log)

    def _signed(self, draft: _Draft) -> httpx.Request:
        url = _parsed(draft.url)
        host, target = url.netloc.decode("ascii"), url.raw_path.decode("ascii")
        headers = {**HEADERS, **draft.headers}
        headers |= self.credential.key().sign(draft.method, host, target, draft.content, headers)
        return httpx.Request(draft.method, url, headers=headers, content=draft.content)


@lru_cache(maxsize=64)
def _parsed(url: str) -> httpx.URL:
    # A function calls the same few addresses again and again; httpx would take each apart twice a call.
    return httpx.URL(url)


@dataclass(frozen=True)
class _Draft:
    """A request that is not signed yet."""

    method: str
    url: str
    content: bytes
    headers: dict[str, str]


@contextmanager
def _failures(endpoint: str) -> Iterator[None]:
    """httpx's exceptions become ours, here and nowhere else; around a call as around the reading of a stream."""
    try:
        yield
    except httpx.ConnectTimeout as error:
        raise UpstreamUnreachable("OCI did not accept a connection in time.") from error
    except httpx.TimeoutException as error:
        raise DeadlineExceeded("OCI did not answer before the deadline of this invocation.") from error
    except httpx.ConnectError as error:
        raise UpstreamUnreachable(f"Cannot connect to {endpoint}: {_cause(error)}.") from error
    except httpx.DecodingError as error:
        raise UpstreamUnreachable("OCI sent a body that cannot be decompressed.") from error
    except httpx.TransportError as error:
        raise UpstreamUnreachable("The connection to OCI broke.", code="connection_lost") from error


def _cause(error: httpx.ConnectError) -> str:
    # "[Errno -2] Name or service not known", "certificate verify failed": it quotes nothing that was sent.
    return str(error) or type(error).__name__
