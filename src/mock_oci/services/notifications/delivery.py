"""One message on its way to one subscription, and the way to an HTTP endpoint on this machine."""

from __future__ import annotations

import http.client
import ipaddress
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

_log = logging.getLogger(__name__)
_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class Delivery:
    """One attempt. ``status`` is the HTTP status of the receiver, 0 when there was none."""

    subscription_id: str
    protocol: str
    endpoint: str
    headers: Mapping[str, str]
    body: bytes
    attempt: int = 1
    status: int = 0

    @property
    def acknowledged(self) -> bool:
        return 200 <= self.status < 300

    def again(self) -> Delivery:
        return replace(self, attempt=self.attempt + 1, status=0)

    def attempted(self, hook: Hook | None) -> Delivery:
        """Attempt the delivery and return it with its status; a protocol without a hook has nobody who could refuse."""
        if hook is None:
            return replace(self, status=202)
        try:
            return replace(self, status=hook(self))
        except Exception:  # noqa: BLE001 - whatever a receiver does, the publisher is not told
            _log.info("the subscription %s did not take a message", self.subscription_id, exc_info=True)
            return self


Hook = Callable[[Delivery], int]


def post_to_loopback(delivery: Delivery) -> int:
    """Post to an endpoint on this machine. Raises ValueError for any other, and OSError when nobody is there."""
    url = urlsplit(delivery.endpoint)
    host = url.hostname or ""
    if url.scheme != "http" or not _is_loopback(host):
        raise ValueError("messages are posted to http endpoints on loopback only: set a hook for others")
    connection = http.client.HTTPConnection(host, url.port, timeout=_TIMEOUT_SECONDS)
    try:
        target = f"{url.path or '/'}{'?' if url.query else ''}{url.query}"
        connection.request("POST", target, delivery.body, dict(delivery.headers))
        with connection.getresponse() as response:
            response.read()
            return response.status
    finally:
        connection.close()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
