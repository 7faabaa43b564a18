"""A function's containers: one call each at a time, more of them while they are busy, up to a limit."""

from __future__ import annotations

import threading
from collections.abc import Callable

from mock_oci.fn.caretaker import Caretaker
from mock_oci.fn.confinement import CONCURRENCY_MB
from mock_oci.fn.container import Container
from mock_oci.services.functions.invoke_errors import InvokeError


class Concurrency:
    """The limit of a tenancy, in MB of the containers that are busy (docs: functionsmonitoringcapacityusage.htm)."""

    def __init__(self, megabytes: int = CONCURRENCY_MB) -> None:
        self._left = megabytes
        self._lock = threading.Lock()

    def take(self, megabytes: int) -> bool:
        """Tell whether that much was left, and take it."""
        with self._lock:
            if megabytes > self._left:
                return False
            self._left -= megabytes
            return True

    def give_back(self, megabytes: int) -> None:
        with self._lock:
            self._left += megabytes


class ContainerPool:
    """``start`` gives a container that listens, or raises InvokeError. Thread-safe.

    ``limit``: of busy containers, besides what ``concurrency`` has left for their ``memory`` in MB.
    """

    def __init__(
        self,
        start: Callable[[], Container],
        *,
        memory: int,
        limit: int | None,
        concurrency: Concurrency,
        caretaker: Caretaker,
    ) -> None:
        self._start = start
        self._memory = memory
        self._limit = limit
        self._concurrency = concurrency
        self._caretaker = caretaker
        self._idle: list[Container] = []
        self._busy: set[Container] = set()
        self._starting = 0
        self._closed = False
        self._lock = threading.Lock()

    @property
    def containers(self) -> tuple[Container, ...]:
        """Return the containers that are alive, busy ones first."""
        with self._lock:
            return tuple(container for container in [*self._busy, *self._idle] if container.alive)

    def take(self) -> Container:
        """Return a container to call and to give back. Raises InvokeError (429 when all that may be are busy)."""
        if not self._concurrency.take(self._memory):
            raise InvokeError("TooManyRequests")
        try:
            container = self._take_idle() or self._admit(self._started())
        except BaseException:
            self._concurrency.give_back(self._memory)
            raise
        container.wake()
        self._caretaker.notice(container)
        return container

    def give_back(self, container: Container) -> None:
        with self._lock:
            self._busy.discard(container)
            reusable = container.alive and not self._closed
            if reusable:
                container.rest()
                self._idle.append(container)
        self._concurrency.give_back(self._memory)
        if reusable:
            self._caretaker.notice(container)
        else:
            container.close()

    def close(self) -> None:
        """End every container, at once; a call in flight fails."""
        with self._lock:
            self._closed = True
            containers = [*self._busy, *self._idle]
            self._idle.clear()
        for container in containers:
            container.close()

    def _take_idle(self) -> Container | None:
        """Return an idle container, else None and the right to start another."""
        with self._lock:
            if self._closed:
                raise InvokeError("FunctionInvokeServiceUnavailable")
            container = self._pop_living()
            if container is not None:
                self._busy.add(container)
                return container
            if self._limit is not None and len(self._busy) + self._starting >= self._limit:
                raise InvokeError("TooManyRequests")
            self._starting += 1
            return None

    def _started(self) -> Container:
        try:
            return self._start()
        except BaseException:
            with self._lock:
                self._starting -= 1
            raise

    def _pop_living(self) -> Container | None:
        while self._idle:
            container = self._idle.pop()
            if container.alive:
                return container
            container.close()
        return None

    def _admit(self, container: Container) -> Container:
        with self._lock:
            self._starting -= 1
            if not self._closed:
                self._busy.add(container)
                return container
        container.close()
        raise InvokeError("FunctionInvokeServiceUnavailable")
