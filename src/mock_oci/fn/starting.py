"""How containers of all functions are started: confined, a few at a time, and looked after from then on."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from functools import partial

from mock_oci.fn.caretaker import Caretaker
from mock_oci.fn.compiled import compile_function
from mock_oci.fn.confinement import Confined, confinement_of
from mock_oci.fn.container import Container
from mock_oci.fn.container_pool import Concurrency, ContainerPool
from mock_oci.fn.credentials import FunctionCredentials
from mock_oci.fn.environment import Deployment, environment
from mock_oci.fn.function_process import Shape
from mock_oci.fn.log_lines import LogLines


class Starter:
    """``init_seconds`` is what a container has to open its socket; ``confine`` as ``confinement_of`` reads it.

    ``confined`` is what the last one that was started must do without. Thread-safe.
    """

    def __init__(self, init_seconds: float, confine: str | Iterable[str], concurrency_mb: int) -> None:
        self._init_seconds = init_seconds
        self._names = confinement_of(confine)
        # A hosted container has a processor of its own for its first five seconds; here they share what there is.
        self._turn = threading.BoundedSemaphore(2 * (os.cpu_count() or 1))
        self._concurrency = Concurrency(concurrency_mb)
        self._caretaker = Caretaker()
        self.confined = Confined({}, {})
        self._compiled: dict[str, Deployment] = {}

    def pool(
        self, deployment: Deployment, credentials: FunctionCredentials, log: LogLines, limit: int | None
    ) -> ContainerPool:
        """Return the containers of a function, of which there is none yet; ``limit`` of them can be busy."""
        return ContainerPool(
            partial(self._start, deployment, credentials, log),
            memory=deployment.memory,
            limit=limit,
            concurrency=self._concurrency,
            caretaker=self._caretaker,
        )

    def close(self) -> None:
        """Look after no container any more."""
        self._caretaker.close()

    def _start(self, deployment: Deployment, credentials: FunctionCredentials, log: LogLines) -> Container:
        """Return a container that listens. Raises InvokeError."""
        shape = Shape(deployment.entrypoint, deployment.memory, self._names)
        with self._turn:
            container = Container(deployment.folder, environment(deployment, credentials), log, shape)
            try:
                credentials.freshen()  # while the process starts: making a key takes about as long
                if "root" in self._names and self._compiled.get(deployment.id) is not deployment:
                    compile_function(deployment.folder, deployment.entrypoint.module)
                    self._compiled[deployment.id] = deployment
                container.await_socket(self._init_seconds)
                self.confined = container.confined()
            except BaseException:
                container.close()
                raise
        return container
