"""Drive headless Chromium over a WebSocket (RFC 6455) in the words of https://chromedevtools.github.io/devtools-protocol/."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

PROGRAM = shutil.which("chromium")
SECONDS = 30.0
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)


class WebSocket:
    """One connection: a text message at a time."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname or "", parts.port or 80), SECONDS)
        key = base64.b64encode(os.urandom(16)).decode()
        head = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        self._socket.sendall(f"{head}Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        self._stream = self._socket.makefile("rb")
        assert b" 101 " in self._stream.readline()
        while self._stream.readline().strip():
            pass

    def send(self, text: str) -> None:
        payload, mask = text.encode(), os.urandom(4)
        size = len(payload)
        length = struct.pack("!BB", 0x81, 0x80 | size) if size < 126 else struct.pack("!BBQ", 0x81, 0xFF, size)
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
        self._socket.sendall(length + mask + masked)

    def receive(self) -> str:
        text = b""
        while True:
            first, second = self._stream.read(2)
            size = second & 0x7F
            if size > 125:
                size = int.from_bytes(self._stream.read(2 if size == 126 else 8), "big")
            text += self._stream.read(size)
            if first & 0x80:
                return text.decode()

    def close(self) -> None:
        self._stream.close()
        self._socket.close()


class Page:
    """One tab. ``events`` is what it has told of itself: what its console says, what a policy refuses."""

    def __init__(self, connection: WebSocket) -> None:
        self._connection = connection
        self._number = 0
        self.events: list[dict[str, Any]] = []
        for domain in ("Page", "Runtime", "Log"):
            self.do(f"{domain}.enable")

    def do(self, method: str, **parameters: Any) -> Any:
        """Return the result of a method of the protocol."""
        self._number += 1
        self._connection.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._connection.receive())
            if message.get("id") == self._number:
                assert "error" not in message, message
                return message["result"]
            self.events.append(message)

    def go(self, url: str, until: str) -> None:
        self.do("Page.navigate", url=url)
        self.wait(until)

    def run(self, script: str) -> Any:
        """Return the value of an expression; a promise is waited for."""
        result = self.do("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def wait(self, condition: str) -> None:
        """Wait until an expression is true."""
        ends = time.monotonic() + SECONDS
        while not self.run(f"!!({condition})"):
            assert time.monotonic() < ends, f"never: {condition}"
            time.sleep(0.05)

    def show(self, width: int, *, dark: bool, height: int = 900) -> None:
        self.do("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.do("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self) -> bytes:
        """Return a PNG of the whole page."""
        return base64.b64decode(self.do("Page.captureScreenshot", captureBeyondViewport=True)["data"])


@contextmanager
def chromium(folder: Path) -> Iterator[Page]:
    """Start Chromium with a profile in ``folder``, and end it."""
    assert PROGRAM is not None, "chromium is not installed: Debian's package of that name"
    with subprocess.Popen(
        [PROGRAM, *FLAGS, f"--user-data-dir={folder}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            connection = WebSocket(_address(folder / "DevToolsActivePort"))
            yield Page(connection)
            connection.close()
        finally:
            process.kill()


def _address(port_file: Path) -> str:
    ends = time.monotonic() + SECONDS
    while not port_file.exists() or not port_file.read_text().strip():
        assert time.monotonic() < ends, "Chromium does not start"
        time.sleep(0.05)
    port = port_file.read_text().split()[0]
    targets = httpx.get(f"http://127.0.0.1:{port}/json", trust_env=False, timeout=SECONDS).json()
    return str(next(target["webSocketDebuggerUrl"] for target in targets if target["type"] == "page"))
