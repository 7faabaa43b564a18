"""How long a chunk is under way through a function, and what it costs: it bears the time at which the model sent it."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.containers import Running

from mock_oci.fn.fdk_socket import request_bytes

CHUNKS = 50
APART = 0.02  # seconds
MANY = 10_000
WANTED = re.compile(rb"(\d+) chunks")
HEAD = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "b"}  # short: 35,000 fit into an answer


def _event(content: str, finish: str | None) -> bytes:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
    return b"data: " + json.dumps({**HEAD, "choices": [choice]}, separators=(",", ":")).encode() + b"\n\n"


def timed_chunks() -> Iterator[bytes]:
    """Yield what the model sends, in its pace. The monotonic clock is one for all processes of a machine."""
    for number in range(CHUNKS):
        time.sleep(APART)
        yield _event(f"<{time.monotonic()}>", "stop" if number == CHUNKS - 1 else None)
    yield b"data: [DONE]\n\n"


def many_chunks(count: int) -> Iterator[bytes]:
    """Yield so many as fast as they are taken."""
    for start in range(0, count, 50):
        yield b"".join(_event(f" word {number}", None) for number in range(start, min(start + 50, count)))
    yield _event("", "stop") + b"data: [DONE]\n\n"


def asked(model: str, text: str) -> bytes:
    """Return a request that is answered by a stream."""
    return json.dumps({"model": model, "messages": [{"role": "user", "content": text}], "stream": True}).encode()


def chunk_lags(path: Path, model: str) -> list[float]:
    """Return the milliseconds that each chunk took from the model to a reader of the function's Unix socket."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.sendall(request_bytes({"fn-call-id": "bench"}, asked(model, "Count.")))
        return lags_of(connection)


def lags_of(connection: socket.socket) -> list[float]:
    """Return the milliseconds of each chunk that comes over ``connection``."""
    lags: list[float] = []
    seen = b""
    while len(lags) < CHUNKS:
        piece = connection.recv(65536)
        now = time.monotonic()
        if not piece:
            raise SystemExit(f"a stream ended early: {seen[-500:]!r}")
        *whole, seen = (seen + piece).split(b">")
        lags += [(now - float(text.rpartition(b"<")[2])) * 1000 for text in whole if b"<" in text]
    return lags


def cpu_of_stream(running: Running, count: int = MANY) -> float:
    """Return the milliseconds of CPU of one stream of so many chunks."""
    before = running.cpu
    answer = running(asked("meta.llama-3.3-70b-instruct", f"{count} chunks"))
    if b"[DONE]" not in answer[-64:]:
        raise SystemExit("a stream ended early")
    return running.cpu - before
