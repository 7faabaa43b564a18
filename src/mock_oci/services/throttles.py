"""How often an operation may be called: what ``mock_oci.limits`` says, and beyond it 429."""

from __future__ import annotations

import threading

from mock_oci.cloud import Cloud
from mock_oci.limits import limits_of
from mock_oci.operations import Call
from mock_oci.services.oci_surface import invalid


class Throttles:
    """Calls so far in the current window of each limit. Thread-safe."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lock = threading.Lock()
        self._counted: dict[tuple[str, str], tuple[int, int]] = {}
        self.limits = limits_of(cloud.quota_rows)

    def admit(self, name: str, of: str = "", amount: int = 1) -> bool:
        """Count ``amount`` against a limit; return False, and count nothing, where it is too much for the window.

        ``of``: which topic, partition and so on it is counted for. Everything is admitted where nobody throttles.
        """
        limit = self.limits[name]
        if not limit.always and not self._cloud.throttles:
            return True
        window = int(self._cloud.clock() // limit.seconds)
        with self._lock:
            begun, counted = self._counted.get((name, of), (window, 0))
            counted = amount + (counted if begun == window else 0)
            if counted <= limit.most:
                self._counted[name, of] = (window, counted)
            return counted <= limit.most


def throttle(call: Call, name: str, of: str = "") -> None:
    """Raise Refused with 429, without Retry-After, when an operation was called too often."""
    throttles = call.cloud.state_of(Throttles)
    if not throttles.admit(name, of):
        limit = throttles.limits[name]
        message = f"Too many requests: {name} takes {limit.most} in {limit.seconds} s {limit.of}"
        raise invalid(message, "TooManyRequests", 429)
