"""How often an operation may be called: what the services document as their limits, and answer with 429."""

from __future__ import annotations

import threading

from mock_oci.cloud import Cloud
from mock_oci.operations import Call
from mock_oci.services.oci_surface import invalid


class Throttles:
    """Calls so far in the current window of each limit. Thread-safe."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lock = threading.Lock()
        self._counted: dict[str, tuple[int, int]] = {}

    def admit(self, name: str, limit: int, seconds: int) -> bool:
        """Count a call; return False when this window of ``seconds`` has had ``limit`` of them."""
        window = int(self._cloud.clock() // seconds)
        with self._lock:
            begun, counted = self._counted.get(name, (window, 0))
            counted = counted if begun == window else 0
            self._counted[name] = (window, counted + 1)
        return counted < limit


def throttle(call: Call, name: str, limit: int, seconds: int) -> None:
    """Raise Refused with 429, without Retry-After, when ``name`` was called too often. Source: the SDK's docstrings."""
    if not call.cloud.state_of(Throttles).admit(name, limit, seconds):
        raise invalid(f"Too many requests: {limit} in {seconds} s for {name}", "TooManyRequests", 429)


def throttle_if_asked(call: Call, name: str, limit: int, seconds: int) -> None:
    """Do the same where the cloud throttles (``MockOci(throttles=True)``)."""
    if call.cloud.throttles:
        throttle(call, name, limit, seconds)
