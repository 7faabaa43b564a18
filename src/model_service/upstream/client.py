"""The connection to OCI: signed, kept open between calls, timed by the deadline, its failures turned into ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import field
from functools import lru_cache
from typing import Any, Final

import httpx

from model_service.auth import Credential
from model_service.errors import DeadlineExceeded, UpstreamUnreachable
from model_service.fn.invocation import Deadline
from model_service.fn.limits import Limits
from model_service.light_dataclasses import dataclass
from model_service.network import Network
from model_service.openai_api.encoding import write_json
from model_service.settings_parsers import MAX_THREADS
from model_service.upstream.request_log import LogPolicy, TrafficLog, tries
from model_service.upstream.response import UpstreamResponse
from model_service.upstream.retries import UnsignedRequest, send_until_answered
from model_service.upstream.sockets import Attempt, DeadlineTransport

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

    def _received(self) -> Iterator[bytes]:
        return filter(None, self.raw.stream)

    def _failures(self) -> AbstractContextManager[None]:
        return _failures(str(self.raw.url), Network())


@dataclass
class UpstreamClient:
    """One pool of connections to one endpoint, for one credential. Threads may share it."""

    endpoint: str
    credential: Credential
    log: LogPolicy = field(default_factory=LogPolicy)
    limits: Limits = field(default_factory=Limits.for_memory)
    network: Network = field(default_factory=Network, kw_only=True)
    connect_seconds: float = field(default=CONNECT_SECONDS, kw_only=True)

    def __post_init__(self) -> None:
        limits = httpx.Limits(
            max_connections=64, max_keepalive_connections=MAX_THREADS, keepalive_expiry=KEEPALIVE_SECONDS
        )
        # The transport alone: httpx's client adds cookies, redirects and proxies, which have no place here, and a
        # third of a millisecond.
        self._transport = DeadlineTransport(self.endpoint, self.network, limits)

    def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | bytes | None,
        headers: Mapping[str, str],
        deadline: Deadline,
    ) -> UpstreamResponse:
        """Return OCI's answer, its body unread; a ``body`` that is bytes goes out as it is, any other as JSON.

        Raises ``UpstreamError`` for a status that is none of success, and a ``ModelServiceError`` for what can go wrong
        before.
        """
        content = body if isinstance(body, bytes) else b"" if body is None else write_json(body)
        request = UnsignedRequest(method, self.endpoint + path, content, headers)
        return send_until_answered(lambda attempt: self._send(request, attempt), self.credential, deadline)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _send(self, unsigned: UnsignedRequest, attempt: Attempt) -> UpstreamResponse:
        seconds = attempt.deadline.require()
        log = TrafficLog(self.log) if self.log.requests else None
        if log is not None:
            log.sent(unsigned.method, unsigned.url, unsigned.content)
        request = self._signed(unsigned, attempt)
        request.extensions["timeout"] = dict.fromkeys(("read", "write", "pool"), seconds) | {
            "connect": self.connect_seconds
        }
        if unsigned.method == "POST" and (counted := tries.get()) and "/openai/v1/" in unsigned.url:
            counted.note(self.endpoint)
        with attempt.on_the_wire(), _failures(self.endpoint, self.network):
            raw = self._transport.handle_request(request)
        raw.request = request
        return HttpxUpstreamResponse(raw, attempt, log, self.limits)

    def _signed(self, unsigned: UnsignedRequest, attempt: Attempt) -> httpx.Request:
        url = _parsed(unsigned.url)
        host, target = url.netloc.decode("ascii"), url.raw_path.decode("ascii")
        headers = {**HEADERS, **unsigned.headers}
        attempt.key = self.credential.key(attempt.deadline)
        headers |= attempt.key.sign(unsigned.method, host, target, unsigned.content, headers)
        # As bytes and with their stream, httpx takes them as they are: to look at each again would take 50 calls.
        pairs = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
        request = httpx.Request(unsigned.method, url, headers=pairs, stream=httpx.ByteStream(unsigned.content))
        request.read()  # for whoever looks into a request on its way, as a test does
        return request


@lru_cache(maxsize=64)
def _parsed(url: str) -> httpx.URL:
    # A function calls the same few addresses again and again; httpx would take each apart twice a call.
    return httpx.URL(url)


@contextmanager
def _failures(url: str, network: Network) -> Iterator[None]:
    """Turn httpx's exceptions into ours, here and nowhere else; around a call as around the reading of a stream."""
    try:
        yield
    except (httpx.ConnectTimeout, httpx.ConnectError, httpx.ProxyError) as error:
        # Imported on first use: it is for errors only.
        from model_service.network.failures import unreachable  # noqa: PLC0415 - see above

        raise unreachable(url, error, network) from error
    except httpx.TimeoutException as error:
        raise DeadlineExceeded("OCI did not answer before the deadline of this invocation.") from error
    except httpx.TransportError as error:
        raise UpstreamUnreachable("The connection to OCI broke.", code="connection_lost") from error
