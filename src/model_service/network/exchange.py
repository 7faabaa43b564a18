"""One small request and its answer, before there is a credential to sign with: for metadata and the auth service."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from model_service.errors import DeadlineExceeded, ModelServiceError
from model_service.fn.invocation import Deadline
from model_service.network import DEFAULT_PORTS, Network, Proxy
from model_service.network.connections import open_socket
from model_service.network.failures import unreachable

MAX_REPLY_BYTES: Final = 1024 * 1024


@dataclass(frozen=True)
class HttpReply:
    """An answer, read to its end; ``headers`` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


def exchange(
    url: str, headers: Mapping[str, str], body: bytes | None, deadline: Deadline, network: Network
) -> HttpReply:
    """Return what ``url`` answers to a GET, or to a POST of ``body``. Redirects are not followed.

    The connection is a new one, and is closed: it is made once an hour. Raise ``UpstreamUnreachable`` or
    ``DeadlineExceeded``.
    """
    parts, proxy = urlsplit(url), network.proxy_for(url)
    host = parts.hostname or ""
    try:
        with closing(_opened(url, deadline, network)) as sock, closing(http.client.HTTPConnection(host)) as connection:
            connection.sock = _DeadlineSocket(sock, deadline)
            target = url if proxy and parts.scheme == "http" else url[url.index(parts.netloc) + len(parts.netloc) :]
            to_proxy = proxy.headers if proxy and parts.scheme == "http" else {}
            method = "GET" if body is None else "POST"
            connection.request(method, target or "/", body, {"Host": parts.netloc, **headers, **to_proxy})
            response = connection.getresponse()
            content = response.read(MAX_REPLY_BYTES)
            return HttpReply(response.status, {name.lower(): value for name, value in response.getheaders()}, content)
    except ModelServiceError:
        raise
    except TimeoutError:
        raise DeadlineExceeded(f"{host} did not answer before the deadline of this invocation.") from None
    except http.client.HTTPException as error:
        raise unreachable(url, "its answer is not one of HTTP", network) from error
    except OSError as error:
        raise unreachable(url, error, network) from error


def _opened(url: str, deadline: Deadline, network: Network) -> socket.socket:
    """Return a connection to the host of ``url``, through its proxy where it has one, with TLS where it is to be."""
    parts, proxy = urlsplit(url), network.proxy_for(url)
    first = urlsplit(proxy.url) if proxy else parts
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    if proxy and first.scheme == "https":  # ssl cannot put one TLS into another; httpx and urllib3 can
        raise unreachable(url, "a proxy that itself speaks TLS cannot be used for signing in", network)
    try:
        sock = open_socket(first.hostname or "", first.port or DEFAULT_PORTS[first.scheme], deadline.require)
    except OSError as error:
        raise unreachable(url, error, network) from error
    try:
        if proxy and parts.scheme == "https":
            status = _ask_proxy(sock, f"{parts.hostname}:{port}", proxy, deadline)
            if status != "200":
                raise unreachable(url, status, network)  # noqa: TRY301 - the socket is closed on every way out
        return _with_tls(sock, parts.hostname or "", deadline, network) if parts.scheme == "https" else sock
    except BaseException:
        sock.close()
        raise


def _with_tls(sock: socket.socket, host: str, deadline: Deadline, network: Network) -> ssl.SSLSocket:
    sock.settimeout(deadline.require())
    return network.tls.wrap_socket(sock, server_hostname=host)


def _ask_proxy(sock: socket.socket, authority: str, proxy: Proxy, deadline: Deadline) -> str:
    """Ask a proxy for a way to ``authority``; return ``200`` or its refusal, with the reason."""
    head = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
    head += [f"{name}: {value}" for name, value in proxy.headers.items()]
    timed = _DeadlineSocket(sock, deadline)
    timed.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
    response = http.client.HTTPResponse(timed, method="CONNECT")  # type: ignore[arg-type] # has what is used of one
    response.begin()
    return "200" if response.status == 200 else f"{response.status} {response.reason}"


class _DeadlineSocket:
    """What ``http.client`` uses of a socket; each wait is cut to what is left until the deadline."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._socket = sock
        self._deadline = deadline

    def sendall(self, content: bytes) -> None:
        self._socket.settimeout(self._deadline.require())
        self._socket.sendall(content)

    def makefile(self, mode: str) -> Any:  # noqa: ARG002 - http.client reads bytes
        return io.BufferedReader(_DeadlineReads(self._socket, self._deadline), 1)

    def close(self) -> None:
        """Leave the socket open: whoever opened it closes it."""


class _DeadlineReads(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._socket = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._socket.settimeout(self._deadline.require())
        return self._socket.recv_into(buffer)
