"""The counter that all containers share: OCI Cache (Redis or Valkey) over TLS, imported with the first limit.

Facts of OCI Cache: TLS on port 6379, host names only, no ``KEYS``, about a thousand connections to a cluster, so one
for each container (https://docs.oracle.com/iaas/Content/ocicache/connecttocluster.htm).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any, Final
from uuid import uuid4

import redis

from model_service.callers.counters import Amount, Counted, CounterUnavailable
from model_service.logs import log

TIMEOUT_SECONDS: Final = 0.25  # for connecting and for each answer: a call waits for no more than two of them
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


class RedisCounter:
    """Count in a shared store. While it cannot be reached, what is added is remembered and told with the next call."""

    def __init__(
        self,
        url: str,
        *,
        password: str | None = None,
        ca_file: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        more: dict[str, Any] = {"ssl_ca_certs": ca_file} if url.startswith("rediss:") and ca_file else {}
        if password is not None:
            more["password"] = password
        self._client = redis.Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            max_connections=1,
            retry=None,
            **more,
        )
        self._script = self._client.register_script(ADD)
        self._container = uuid4().hex[:16]
        self._lock = Lock()  # one connection, and amounts that follow each other
        self._mine: dict[str, tuple[int, float]] = {}
        self._clock = clock
        self._pause_until = 0.0

    def add(self, amounts: Sequence[Amount]) -> Counted:
        with self._lock:
            now = self._clock()
            self._mine = {name: row for name, row in self._mine.items() if row[1] > now}
            try:
                counted = self._ask(amounts, now)
            except CounterUnavailable:
                self._remember(amounts, now)
                raise
            if counted.refused is None:
                self._remember(amounts, now)
            return counted

    def _ask(self, amounts: Sequence[Amount], now: float) -> Counted:
        if now < self._pause_until:
            raise CounterUnavailable("The counter of budgets could not be reached a moment ago.")
        arguments: list[int | str] = [self._container]
        for row in amounts:
            mine = self._mine.get(row.name, (0, 0.0))[0]
            arguments += [mine, row.amount, -1 if row.limit is None else row.limit, row.seconds]
        try:
            refused, *totals = self._script(keys=[row.name for row in amounts], args=arguments)
        except redis.RedisError as error:
            self._pause_until = now + PAUSE_SECONDS
            log.write("counter_unavailable", error=type(error).__name__)
            raise CounterUnavailable("The counter of budgets cannot be reached.") from error
        return Counted(tuple(int(total) for total in totals), refused - 1 if refused else None)

    def _remember(self, amounts: Sequence[Amount], now: float) -> None:
        for row in amounts:
            mine = self._mine.get(row.name, (0, 0.0))[0]
            self._mine[row.name] = (mine + row.amount, now + row.seconds)

    def close(self) -> None:
        """Close the connection; the next call opens a new one."""
        self._client.close()
