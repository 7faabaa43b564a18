"""Whatever other way out there is: no name of another host is looked up while a door is open."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from mock_oci.doors.interception import is_emulated, unexpected
from mock_oci.doors.patching import replaced
from mock_oci.wire import Handler


class SocketGuard:
    """``urllib``, ``http.client`` and the like are not answered: they fail, and say what they asked for."""

    module = "socket"

    def patch(self, _answer: Handler) -> Any:
        """Return what patches the look-up of names while it is entered."""
        return replaced(socket, "getaddrinfo", _looking_up(socket.getaddrinfo))


def _looking_up(real: Callable[..., Any]) -> Callable[..., Any]:
    def getaddrinfo(host: Any, *arguments: Any, **named: Any) -> Any:
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        if name and is_emulated(name, "look-up", ""):
            raise unexpected(name, "a client that is not on httpx, requests or aiohttp")
        return real(host, *arguments, **named)

    return getaddrinfo
