"""What the records of one batch share: the tasks, the sinks, the time, and what is known to be wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from model_service.batch.bulk import Company
from model_service.batch.lookup import Lookup
from model_service.batch.memory import Memory
from model_service.batch.pacing import Pacing
from model_service.batch.sinks import Sink
from model_service.batch.tasks.tasks import Tasks
from model_service.errors import ModelServiceError
from model_service.fn.caller import Origin
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


class RecordStatus(StrEnum):
    """What became of a record. After the last two the batch has to be sent again."""

    DELIVERED = "delivered"
    REPEATED = "repeated"  # it had an outcome before
    IGNORED = "ignored"
    DEAD_LETTER = "dead_letters"
    LEFT = "left"  # there was no time for it, or no telling whether it had an outcome
    UNRECORDED = "unrecorded"  # it failed, and that could not be written down


class BatchService(Protocol):
    """What a batch uses of the service."""

    def resolve(self, request: ChatRequest | RoutedRequest) -> Route | None: ...

    def call(self, route: Route | None, request: ModelRequest, deadline: Deadline, origin: Origin) -> Answer: ...

    def open_connections(self) -> None: ...

    def end(self, deadline: Deadline) -> None: ...

    @property
    def settings(self) -> Settings: ...

    @property
    def region_services(self) -> RegionServices: ...

    @property
    def object_storage(self) -> ObjectStorage: ...

    @property
    def overflow(self) -> Overflow | None: ...


class Troubles:
    """Collect why records have to come again, each reason once. Threads share it.

    ``halted``: it is for an operator to mend, and until then every record would only cost its model.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: set[tuple[str, str | None]] = set()
        self.first = ""
        self.halted = False

    def note(self, where: str, error: ModelServiceError, *, halt: bool = False) -> None:
        """Log a reason; ``where`` is a sink, ``dead letters``, ``overflow``, ``model`` or ``read``.

        OCI's words are repeated, but for the model's, which may quote a prompt.
        """
        with self._lock:
            self.halted = self.halted or halt
            if (where, error.code) in self._seen:
                return
            self._seen.add((where, error.code))
            words = error.hint or "" if where == "model" else error.message
            self.first = self.first or f"{where}: {error.code} {words}".rstrip()
        known = {"error": error.code, "status": error.status, "opc_request_id": error.opc_request_id}
        log.write("record_left", where=where, message=words, **known)


@dataclass(frozen=True)
class BatchContext:
    """What the records of one batch share.

    ``deadline`` is the batch's; models may be asked until ``asking``, so that what failed can still be written down.
    ``share`` is the most that one record may have of the time, in seconds.

    With ``redriven`` the records are tried again although they have dead letters. ``on_end`` hears of each record that
    has its status.
    """

    service: BatchService
    tasks: Tasks
    sinks: Mapping[str, Sink]
    dead_letters: Sink
    deadline: Deadline
    asking: Deadline
    share: float
    lookup: Lookup
    pacing: Pacing
    memory: Memory = field(default_factory=Memory)
    troubles: Troubles = field(default_factory=Troubles)
    redriven: bool = False
    on_end: Callable[[str, RecordStatus], None] | None = None
    company: Company = field(default_factory=Company)
    began: float = field(default_factory=time.monotonic)
    undecided: set[str] = field(default_factory=set)

    @property
    def all_undecided(self) -> bool:
        """Whether no record goes on by which it could show whether only some of them fail."""
        return len(self.undecided) >= len(self.lookup.left)
