"""One exchange with an FDK over its Unix socket, with the bytes that Fn's Go client writes."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mock_oci.fn.fdk_answer import FdkStream, read_stream

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


@dataclass(frozen=True)
class FdkAnswer:
    """``headers`` has lower-case names; one that came twice is joined by a comma."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


def exchange(path: Path, headers: Mapping[str, str], body: bytes) -> FdkAnswer:
    """Return the whole answer to ``POST /call``. Raises OSError or InvokeError."""
    with exchanging(path, headers, body) as answer:
        return FdkAnswer(answer.status, answer.headers, b"".join(answer.pieces))


@contextmanager
def exchanging(path: Path, headers: Mapping[str, str], body: bytes) -> Iterator[FdkStream]:
    """Send ``POST /call``; the answer can be read in the block. Raises OSError or InvokeError.

    The FDK keeps a connection open whatever it is asked for, and spins when it is left idle for 75 s
    (fdk/async_http/protocol.py). So this end closes it after one exchange.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(str(path))
        connection.sendall(request_bytes(headers, body))
        yield read_stream(connection)


def await_turn(path: Path, seconds: float) -> None:
    """Wait until the FDK has taken and closed a connection that says nothing. Raises OSError after ``seconds``.

    It has one thread, so by then it has also seen that an earlier connection was closed, and cancelled its call.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(seconds)
        connection.connect(str(path))
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)


def request_bytes(headers: Mapping[str, str], body: bytes) -> bytes:
    """Write the request in Go's order: Host, User-Agent and the framing first, then the rest sorted by name.

    The order decides which of two headers wins in the FDK (fdk/headers.py). It is that of the dump in
    oracle-functions-samples, oci-apigw-display-httprequest-info-python/README.md.
    """
    named = {canonical(name): value for name, value in headers.items()}
    agent = named.pop("User-Agent", "Go-http-client/1.1")
    first = [("Host", "localhost"), ("User-Agent", agent), ("Transfer-Encoding", "chunked")]
    last = [] if "Accept-Encoding" in named else [("Accept-Encoding", "gzip")]
    lines = [_header_line(name, value) for name, value in [*first, *sorted(named.items()), *last]]
    chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
    return b"POST /call HTTP/1.1\r\n" + b"".join(lines) + b"\r\n" + chunk + b"0\r\n\r\n"


def canonical(name: str) -> str:
    """Spell a header as Go's ``textproto.CanonicalMIMEHeaderKey``: ``fn-http-h-x`` becomes ``Fn-Http-H-X``."""
    return "-".join(part.capitalize() for part in name.split("-"))


def breaks_line(text: str) -> bool:
    """Tell whether ``text`` cannot stand in a header."""
    return any(character in text for character in "\r\n\0")


def _header_line(name: str, value: str) -> bytes:
    if breaks_line(name) or breaks_line(value):
        raise ValueError(f"the header {name!r} holds a line break")
    line = f"{name}: {value}\r\n"
    try:
        return line.encode("latin-1")  # what a server door decoded from the wire goes back to the same bytes
    except UnicodeEncodeError:
        return line.encode()
