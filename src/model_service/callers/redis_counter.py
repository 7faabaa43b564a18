"""The counter that all containers share: OCI Cache (Redis or Valkey) over TLS, imported with the first limit.

Facts of OCI Cache: TLS on port 6379, host names only, no ``KEYS``, about a thousand connections to a cluster, so one
for each container (https://docs.oracle.com/iaas/Content/ocicache/connecttocluster.htm).
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any, Final
from uuid import uuid4

import redis
from redis.credentials import CredentialProvider

from model_service.callers.counters import Amount, Counted, CounterUnavailable, Kept
from model_service.errors import ModelServiceError
from model_service.logs import log
from model_service.network.connections import open_socket

STEP_SECONDS: Final = 0.2  # for connecting, for TLS, for the password, and for the answer: a call waits for a second
LOCK_SECONDS: Final = 0.5  # for the threads of a container that came first
PAUSE_SECONDS: Final = 5.0  # after a failure, in which nobody waits for the store

# All or nothing, in one step. Each counter is a hash: the total, and what each container has contributed to it, so that
# a container that says its absolute amount again changes nothing.
# ARGV: the container, then for each key: what it had contributed, what it adds, the limit (-1: none), seconds to keep.
ADD: Final = """
local refused = 0
local totals = {}
for i = 1, #KEYS do
  local mine = tonumber(redis.call('HGET', KEYS[i], ARGV[1]) or '0')
  local total = tonumber(redis.call('HGET', KEYS[i], 'total') or '0') - mine + tonumber(ARGV[4 * i - 2])
  totals[i] = total
  local limit = tonumber(ARGV[4 * i])
  local amount = tonumber(ARGV[4 * i - 1])
  if refused == 0 and limit >= 0 and amount > 0 and total + amount > limit then refused = i end
end
for i = 1, #KEYS do
  local amount = refused == 0 and tonumber(ARGV[4 * i - 1]) or 0
  totals[i] = totals[i] + amount
  redis.call('HSET', KEYS[i], ARGV[1], ARGV[4 * i - 2] + amount, 'total', totals[i])
  redis.call('EXPIRE', KEYS[i], ARGV[4 * i + 1])
end
table.insert(totals, 1, refused)
return totals
"""


class _Connection(redis.Connection):
    """A connection that is made in time, also where its host's name cannot be resolved."""

    def _connect(self) -> socket.socket:
        ends = time.monotonic() + STEP_SECONDS
        connected = open_socket(self.host, self.port, lambda: ends - time.monotonic())
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.settimeout(STEP_SECONDS)
        return connected


class _TlsConnection(redis.SSLConnection, _Connection):
    """The same with TLS around it."""


class _Password(CredentialProvider):
    """The password of now: it may change while a container lives."""

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read

    def get_credentials(self) -> tuple[str]:
        return (self._read(),)


class RedisCounter:
    """Count in a shared store. While it cannot be reached, what is added is remembered and told with the next call.

    ``password`` is asked whenever a connection is made.
    """

    def __init__(
        self,
        url: str,
        *,
        password: Callable[[], str] | None = None,
        ca_file: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        is_tls = url.startswith("rediss:")
        more: dict[str, Any] = {"ssl_ca_certs": ca_file} if is_tls and ca_file else {}
        if password is not None:
            more["credential_provider"] = _Password(password)
        self._client = redis.Redis.from_url(
            url,
            connection_class=_TlsConnection if is_tls else _Connection,
            socket_timeout=STEP_SECONDS,
            socket_connect_timeout=STEP_SECONDS,
            max_connections=1,
            retry=None,
            driver_info=None,  # to say who we are would take two more answers
            **more,
        )
        self._container = uuid4().hex[:16]
        self._lock = Lock()  # one connection, and amounts that follow each other
        self._mine: Kept[int] = Kept()
        self._clock = clock
        self._pause_until = 0.0
        self._is_connected = False

    def add(self, amounts: Sequence[Amount]) -> Counted:
        if not self._lock.acquire(timeout=LOCK_SECONDS):
            raise CounterUnavailable("The counter of budgets takes too long.")
        try:
            now = self._clock()
            try:
                counted = self._ask(amounts, now)
            except CounterUnavailable:
                self._remember(amounts, now)
                raise
            if counted.refused is None:
                self._remember(amounts, now)
            return counted
        finally:
            self._lock.release()

    def _ask(self, amounts: Sequence[Amount], now: float) -> Counted:
        if now < self._pause_until:
            raise CounterUnavailable("The counter of budgets could not be reached a moment ago.")
        arguments: list[int | str] = [self._container]
        for row in amounts:
            limit = -1 if row.limit is None else row.limit
            arguments += [self._mine.get(row.name, now) or 0, row.amount, limit, row.seconds]
        words = [*(row.name for row in amounts), *arguments]
        try:
            refused, *totals = self._evaluated(len(amounts), words)
        except (redis.RedisError, OSError, ModelServiceError) as error:
            self._pause_until = now + PAUSE_SECONDS
            log.write("counter_unavailable", error=type(error).__name__)
            raise CounterUnavailable("The counter of budgets cannot be reached.") from error
        return Counted(tuple(int(total) for total in totals), refused - 1 if refused else None)

    def _evaluated(self, keys: int, words: Sequence[Any]) -> list[int]:
        """Return what the script says; once more where a connection had died while the container slept.

        What a store has heard twice counts once.
        """
        was_connected, self._is_connected = self._is_connected, False
        found: Any
        try:
            found = self._client.eval(ADD, keys, *words)
        except (redis.ConnectionError, redis.TimeoutError):
            if not was_connected:
                raise
            self._client.connection_pool.disconnect()
            found = self._client.eval(ADD, keys, *words)
        self._is_connected = True
        return list(found)

    def _remember(self, amounts: Sequence[Amount], now: float) -> None:
        for row in amounts:
            self._mine.put(row.name, (self._mine.get(row.name, now) or 0) + row.amount, now, row.seconds)

    def close(self) -> None:
        """Close the connection; the next call opens a new one."""
        self._client.close()
