"""An FDK's answer as it comes over a socket: its head, and its body in pieces, whatever frames it."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mock_oci.services.functions.invoke_errors import InvokeError

BODY_LIMIT = 6 * 1024 * 1024  # bytes, both ways (docs: functionstroubleshooting_topic-Issues-invoking-functions.htm)
_HEAD_LIMIT = 64 * 1024  # bytes; OCI has a limit too, but does not say which
_LINE_LIMIT = 4096  # bytes of a chunk's first line (Go, net/http/internal/chunked.go: maxLineLength)
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}")
_PIECE_LIMIT = 64 * 1024  # bytes
_SILENCE_SECONDS = 0.05


@dataclass(frozen=True)
class FdkStream:
    """An answer whose body is still to come.

    ``pieces`` gives it as it comes, and an empty piece now and then while nothing does; it raises OSError or
    InvokeError. ``chunked``: the FDK sends it in chunks.
    """

    status: int
    headers: Mapping[str, str]
    pieces: Iterator[bytes] = field(repr=False)
    chunked: bool


def read_stream(connection: socket.socket) -> FdkStream:
    """Read the head of an answer, and leave the rest to who reads the pieces. Raises OSError or InvokeError."""
    incoming = _Incoming(connection)
    status, headers = _read_head(incoming)
    chunked = _is_chunked(headers)
    pieces = _chunked(incoming) if chunked else _sized(incoming, _stated_length(headers))
    return FdkStream(status, headers, pieces, chunked)


class _Incoming:
    """What comes over a socket, with a buffer of its own: the standard library's cannot wait for a while only."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = bytearray()

    def silent(self, seconds: float) -> bool:
        """Tell whether there is nothing to read, nor will be for ``seconds``."""
        if self._buffer:
            return False
        self._connection.settimeout(seconds)
        try:
            self._receive()
        except TimeoutError:
            return True
        finally:
            self._connection.settimeout(None)
        return False

    def some(self, limit: int) -> bytes:
        """Read at most ``limit`` bytes, as soon as there are any; none when the other end is done."""
        if not self._buffer:
            self._receive()
        return self._taken(limit)

    def line(self, limit: int) -> bytes:
        """Read up to a line's end and with it; without one, until ``limit`` or until the other end is done."""
        while (end := self._buffer.find(b"\n", 0, limit) + 1) == 0 and len(self._buffer) < limit and self._receive():
            pass
        return self._taken(end or limit)

    def _receive(self) -> bool:
        received = self._connection.recv(_PIECE_LIMIT)
        self._buffer += received
        return bool(received)

    def _taken(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken


def _read_head(incoming: _Incoming) -> tuple[int, dict[str, str]]:
    lines = list(_head_lines(incoming))
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


def _head_lines(incoming: _Incoming) -> Iterator[str]:
    size = 0
    while True:
        line = incoming.line(_HEAD_LIMIT)
        size += len(line)
        if size >= _HEAD_LIMIT:
            raise InvokeError("FunctionInvokeResponseHeaderTooLarge")
        if not line.endswith(b"\n"):
            raise InvokeError("FunctionInvokeExecutionError")
        if not line.strip():
            return
        yield line.decode("latin-1").rstrip("\r\n")


def _is_chunked(headers: Mapping[str, str]) -> bool:
    """Raise InvokeError for any other transfer encoding, as Go's client does (net/http/transfer.go)."""
    encoding = headers.get("transfer-encoding")
    if encoding is not None and encoding.lower() != "chunked":
        raise InvokeError("FunctionInvokeExecutionError")
    return encoding is not None


def _stated_length(headers: Mapping[str, str]) -> int:
    stated = headers.get("content-length", "0")
    if not (stated.isascii() and stated.isdigit()):
        raise InvokeError("FunctionInvokeExecutionError")
    if int(stated) > BODY_LIMIT:
        raise InvokeError("FunctionInvokeResponseBodyTooLarge")
    return int(stated)


def _chunked(incoming: _Incoming) -> Iterator[bytes]:
    total = 0
    while True:
        yield from _silence(incoming)
        size = _chunk_size(incoming)
        if size == 0:
            break
        total += size
        if total > BODY_LIMIT:
            raise InvokeError("FunctionInvokeResponseBodyTooLarge")
        yield from _sized(incoming, size)
        if _line(incoming):
            raise InvokeError("FunctionInvokeExecutionError")
    while _line(incoming):
        pass  # a trailer


def _sized(incoming: _Incoming, length: int) -> Iterator[bytes]:
    """Yield a body's bytes, whatever frames them."""
    while length:
        yield from _silence(incoming)
        piece = incoming.some(min(length, _PIECE_LIMIT))
        if not piece:
            raise InvokeError("FunctionInvokeExecutionError")
        length -= len(piece)
        yield piece


def _silence(incoming: _Incoming) -> Iterator[bytes]:
    while incoming.silent(_SILENCE_SECONDS):
        yield b""


def _chunk_size(incoming: _Incoming) -> int:
    size = _line(incoming).split(b";")[0].strip()  # the rest is an extension
    if not _CHUNK_SIZE.fullmatch(size):
        raise InvokeError("FunctionInvokeExecutionError")
    return int(size, 16)


def _line(incoming: _Incoming) -> bytes:
    line = incoming.line(_LINE_LIMIT)
    if not line.endswith(b"\n"):
        raise InvokeError("FunctionInvokeExecutionError")
    return line.rstrip(b"\r\n")
