"""What the records of one batch share: the tasks, the sinks, the time, and what is known to be wrong."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from model_service.batch.sinks import Sink
from model_service.batch.tasks.tasks import Tasks
from model_service.errors import ModelServiceError
from model_service.fn.invocation import Deadline
from model_service.logs import log
from model_service.openai_api.chat import Answer, ChatRequest
from model_service.openai_api.operations import ModelRequest, RoutedRequest
from model_service.routing import Route
from model_service.settings import Settings

if TYPE_CHECKING:
    from model_service.oci_services.clients import RegionServices
    from model_service.oci_services.large_payloads import Overflow
    from model_service.oci_services.object_storage import ObjectStorage


import time
from typing import Final

from model_service.errors import UpstreamThrottled
from model_service.upstream.retries import Retries


class RecordStatus(StrEnum):
    """What became of a record. After the last two the batch has to be sent again."""

    DELIVERED = "delivered"
    REPEATED = "repeated"  # it had an status before
    IGNORED = "ignored"
    DEAD_LETTER = "dead_letters"
    LEFT = "left"  # there was no time for it, or no telling whether it had an status
    UNRECORDED = "unrecorded"  # it failed, and that could not be written down


class BatchService(Protocol):
    """What a batch uses of the service."""

    def resolve(self, request: ChatRequest | RoutedRequest) -> Route | None: ...

    def call(self, route: Route | None, request: ModelRequest, deadline: Deadline) -> Answer: ...

    def open_connections(self) -> None: ...

    @property
    def settings(self) -> Settings: ...

    @property
    def region_services(self) -> RegionServices: ...

    @property
    def object_storage(self) -> ObjectStorage: ...

    @property
    def overflow(self) -> Overflow | None: ...


class Troubles:
    """Why records have to come again, each reason once. Threads share it. ``halted``: it is for an operator to mend,
    and until then every record would only cost its model."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: set[tuple[str, str | None]] = set()
        self.first = ""
        self.halted = False

    def note(self, where: str, error: ModelServiceError, *, halt: bool = False) -> None:
        """``where`` is a sink, ``model``, or ``read``. OCI's words are told but for the model's, which may quote."""
        with self._lock:
            self.halted = self.halted or halt
            if (where, error.code) in self._seen:
                return
            self._seen.add((where, error.code))
            said = error.hint or "" if where == "model" else error.message
            self.first = self.first or f"{where}: {error.code} {said}".rstrip()
        known = {"error": error.code, "status": error.status, "opc_request_id": error.opc_request_id}
        log.write("record_left", where=where, message=said, **known)


# A batch has more time than a caller who waits, and nobody else to try again for it.
RETRIES: Final = Retries(more_tries=5, first_pause=1.0, longest_pause=30.0)


class Throttle:
    """Has all records of a batch wait while OCI throttles one of them. Threads share it."""

    def __init__(self, retries: Retries = RETRIES) -> None:
        self.retries = retries
        self._until = 0.0

    def wait(self, deadline: Deadline) -> None:
        """Raises ``DeadlineExceeded`` where there is no time for that."""
        seconds = self._until - time.monotonic()
        if seconds > 0:
            self.retries.sleep(min(seconds, deadline.require()))

    def pause(self, tries: int, error: ModelServiceError, deadline: Deadline) -> bool:
        """Waits before another try, and says whether there is to be one."""
        seconds = self.retries.pause(tries, error, deadline)
        if seconds is None:
            return False
        if isinstance(error, UpstreamThrottled) and (tries > 1 or error.retry_after):
            self._until = max(self._until, time.monotonic() + seconds)
        self.retries.sleep(seconds)
        return True


@dataclass(frozen=True)
class BatchContext:
    """What the records of one batch share. ``deadline`` is the batch's; models may be asked until ``asking``, so that
    what failed can still be written down."""

    service: BatchService
    tasks: Tasks
    sinks: Mapping[str, Sink]
    dead_letters: Sink
    deadline: Deadline
    asking: Deadline
    share: float  # seconds that a record has to have had before it counts as failed for lack of time
    throttle: Throttle = field(default_factory=Throttle)
    troubles: Troubles = field(default_factory=Troubles)
