"""Retry tokens: a request that comes again with its token gets the first answer again, and changes nothing."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from mock_oci.cloud import Cloud
from mock_oci.operations import Refused, oci_error
from mock_oci.wire import Response

LIFETIME_SECONDS = 24 * 3600.0  # "Retry tokens expire after 24 hours": the SDK's docstrings of opc_retry_token
_MAX_KEPT = 10_000


class RetryTokens:
    """What was answered under which token. Thread-safe; two requests with one token wait for each other."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, ...], tuple[float, bytes, Response]] = OrderedDict()
        self._busy: dict[tuple[str, ...], threading.Lock] = {}

    def once(self, key: tuple[str, ...], body: bytes, answer: Callable[[], Response]) -> Response:
        """Return ``answer()``, or what it gave before. Raises Refused for another request under the same token."""
        with self._lock:
            busy = self._busy.setdefault(key, threading.Lock())
        with busy:
            kept = self._found(key)
            if kept is not None and kept[1] != body:
                message = "The retry token was used for another request."
                raise Refused(oci_error(409, message, "InvalidatedRetryToken"))
            if kept is not None:
                return kept[2]
            response = answer()
            self._keep(key, body, response)
        return response

    def _found(self, key: tuple[str, ...]) -> tuple[float, bytes, Response] | None:
        with self._lock:
            kept = self._kept.get(key)
        return kept if kept is not None and self._cloud.clock() < kept[0] + LIFETIME_SECONDS else None

    def _keep(self, key: tuple[str, ...], body: bytes, response: Response) -> None:
        """Keep a success that can be said again; a stream is not, and what failed may be tried again."""
        with self._lock:
            self._busy.pop(key, None)
            if response.status < 300 and isinstance(response.body, bytes):
                self._kept[key] = (self._cloud.clock(), body, response)
            while len(self._kept) > _MAX_KEPT:
                self._kept.popitem(last=False)
