"""One exchange with an FDK over its Unix socket, with the bytes that Fn's Go client writes."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from mock_oci.invoke_errors import InvokeError

BODY_LIMIT = 6 * 1024 * 1024  # bytes, both ways (docs: functionstroubleshooting_topic-Issues-invoking-functions.htm)
_HEAD_LIMIT = 64 * 1024  # bytes; OCI has a limit too, but does not say which

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
    """Sends ``POST /call`` and reads the whole answer; raises OSError or InvokeError.

    The FDK keeps a connection open whatever it is asked for, and spins when it is left idle for 75 s
    (fdk/async_http/protocol.py). So this end closes it after one exchange.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(str(path))
        connection.sendall(request_bytes(headers, body))
        with connection.makefile("rb") as stream:
            status, answered = _read_head(stream)
            return FdkAnswer(status, answered, _read_body(stream, answered))


def request_bytes(headers: Mapping[str, str], body: bytes) -> bytes:
    """The request in Go's order: Host, User-Agent and the framing first, then the rest sorted by name.

    The order decides which of two headers wins in the FDK (fdk/headers.py). It is that of the dump in
    oracle-functions-samples, oci-apigw-display-httprequest-info-python/README.md.
    """
    given = {canonical(name): value for name, value in headers.items()}
    agent = given.pop("User-Agent", "Go-http-client/1.1")
    first = [("Host", "localhost"), ("User-Agent", agent), ("Transfer-Encoding", "chunked")]
    last = [] if "Accept-Encoding" in given else [("Accept-Encoding", "gzip")]
    lines = [_header_line(name, value) for name, value in [*first, *sorted(given.items()), *last]]
    chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
    return b"POST /call HTTP/1.1\r\n" + b"".join(lines) + b"\r\n" + chunk + b"0\r\n\r\n"


def canonical(name: str) -> str:
    """As Go's ``textproto.CanonicalMIMEHeaderKey``: ``fn-http-h-x`` becomes ``Fn-Http-H-X``."""
    return "-".join(part.capitalize() for part in name.split("-"))


def breaks_line(text: str) -> bool:
    """Whether ``text`` cannot stand in a header."""
    return any(character in text for character in "\r\n\0")


def _header_line(name: str, value: str) -> bytes:
    if breaks_line(name) or breaks_line(value):
        raise ValueError(f"the header {name!r} holds a line break")
    line = f"{name}: {value}\r\n"
    try:
        return line.encode("latin-1")  # what a server door decoded from the wire goes back to the same bytes
    except UnicodeEncodeError:
        return line.encode()


def _read_head(stream: BinaryIO) -> tuple[int, dict[str, str]]:
    lines = list(_head_lines(stream))
    headers: dict[str, str] = {}
    try:
        status = int(lines[0].split(" ")[1])
        for line in lines[1:]:
            name, value = line.split(":", 1)
            key, value = name.lower(), value.strip()
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
    except (IndexError, ValueError) as error:
        raise InvokeError("FunctionInvokeExecutionError") from error
    return status, headers


def _head_lines(stream: BinaryIO) -> Iterator[str]:
    size = 0
    while True:
        line = stream.readline(_HEAD_LIMIT)
        size += len(line)
        if size >= _HEAD_LIMIT:
            raise InvokeError("FunctionInvokeResponseHeaderTooLarge")
        if not line.endswith(b"\n"):
            raise InvokeError("FunctionInvokeExecutionError")
        if not line.strip():
            return
        yield line.decode("latin-1").rstrip("\r\n")


def _read_body(stream: BinaryIO, headers: Mapping[str, str]) -> bytes:
    """The one place that reads an answer's body: the FDK knows no other framing than Content-Length."""
    stated = headers.get("content-length", "0")
    if not (stated.isascii() and stated.isdigit()):
        raise InvokeError("FunctionInvokeExecutionError")
    length = int(stated)
    if length > BODY_LIMIT:
        raise InvokeError("FunctionInvokeResponseBodyTooLarge")
    body = stream.read(length)
    if len(body) < length:
        raise InvokeError("FunctionInvokeExecutionError")
    return body
