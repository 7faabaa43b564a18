"""How long a chunk is under way through the function: it bears the time at which the model sent it."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from mock_oci.fn.fdk_socket import request_bytes

CHUNKS = 50
APART = 0.02  # seconds


def timed_chunks() -> Iterator[bytes]:
    """The model's side. The monotonic clock is one for all processes of a machine."""
    for number in range(CHUNKS):
        time.sleep(APART)
        finish = "stop" if number == CHUNKS - 1 else None
        choice = {"index": 0, "delta": {"content": f"<{time.monotonic()}>"}, "finish_reason": finish}
        yield b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"
    yield b"data: [DONE]\n\n"


def chunk_lags(path: Path, model: str) -> list[float]:
    """The reader's side, on the function's Unix socket: milliseconds for each chunk."""
    body = {"model": model, "messages": [{"role": "user", "content": "Count."}], "stream": True}
    lags: list[float] = []
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.sendall(request_bytes({"fn-call-id": "bench"}, json.dumps(body).encode()))
        while len(lags) < CHUNKS:
            piece = connection.recv(65536)
            now = time.monotonic()
            sent = [float(text.split(b">")[0]) for text in piece.split(b"<")[1:]]
            lags += [(now - moment) * 1000 for moment in sent]
    return lags
