"""The sink in a bucket: one object for each record, written once, which itself tells whose outcome it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from model_service.batch.record import digest_of
from model_service.batch.sinks.sink import DELIVERED, Found, Outcome
from model_service.batch.tasks.templates import Template
from model_service.errors import InvalidRequest, ModelServiceError, UpstreamThrottled
from model_service.fn.invocation import Deadline
from model_service.oci_names import ObjectLocation, is_object_name
from model_service.oci_services.object_storage import ObjectStorage, StoredObject
from model_service.upstream.retries import PERSISTENT, Retries, passes

RECORD: Final = "model-service-id"  # the metadata, opc-meta-model-service-id, that has the record's id
OWN_FOLDER: Final = "model-service/"  # what lies in the ledger counts as paid for: no sender writes there
OTHER_FOLDER: Final = "model-service/dead-letters/"
TRY_SECONDS: Final = 20.0
NAMES_OF_ALL: Final = frozenset({"id", "source"})


@dataclass(frozen=True)
class BucketSink:
    """Write each outcome as an object of its own. ``name`` is the template of the names, ``<id>.json`` without one.

    It needs OBJECT_CREATE and OBJECT_READ. Of two containers that write at once one is told so. A try whose answer was
    lost on the way finds its own object: that, too, is an outcome that was there already.

    With ``takes_all``, as for dead letters, a name that cannot be written, or that another object has, is no failure:
    the outcome goes under a name below OTHER_FOLDER that only its record can have.
    """

    storage: ObjectStorage
    bucket: ObjectLocation
    name: Template | None = None
    retries: Retries = PERSISTENT
    takes_all: bool = False
    largest = 50 * 1024**3  # of one PUT

    def find(self, record: str, view: Mapping[str, Any], deadline: Deadline) -> Found | None:
        for place, last in self._places(record, view):
            found = self._owner(place, deadline)
            if found is None or found == record:
                return DELIVERED if found else None
            if last:
                raise _name_taken()
        return None

    def deliver(self, outcome: Outcome, deadline: Deadline) -> bool:
        for place, last in self._places(outcome.id, outcome.view):
            delivered = self._deliver(place, outcome, deadline)
            if delivered is not None:
                return delivered
            if last:
                raise _name_taken()
        return False

    def redeliver(self, record: str, view: Mapping[str, Any], deadline: Deadline) -> None:
        """Do nothing: nothing is kept that could be delivered later."""

    def mark_dead(self, record: str, deadline: Deadline) -> None:
        """Do nothing, as above."""

    def reopen(self, record: str, deadline: Deadline) -> None:
        """Do nothing: whether there is an outcome shows in the bucket."""

    def location(self, record: str, source: str) -> ObjectLocation | None:
        if self.name is not None and not self.name.names <= NAMES_OF_ALL:
            return None
        return next((place for place, _ in self._places(record, {"id": record, "source": source})), None)

    def is_delivered(self, size: int) -> bool:
        return size > 0 and not self.takes_all  # a dead letter's name may have been taken: that one is looked at

    def _deliver(self, place: ObjectLocation, outcome: Outcome, deadline: Deadline) -> bool | None:
        """Return whether it was written, rather than there before; ``None`` where another's object is there."""
        try:
            while not self._put(place, outcome, deadline):
                owner = self._owner(place, deadline)
                if owner is not None:
                    return False if owner == outcome.id else None
        except ModelServiceError as error:
            # The last try may have got through, though its answer did not: then it is no failure to be put on record.
            unheard = passes(error, repeatable=True) and not isinstance(error, UpstreamThrottled)
            if unheard and self._owner(place, deadline) == outcome.id:
                return False
            raise
        return True

    def _put(self, place: ObjectLocation, outcome: Outcome, deadline: Deadline) -> bool:
        def put(deadline: Deadline) -> str | None:
            return self.storage.put_once(place, outcome.body, {RECORD: outcome.id}, deadline)

        return self.retries.call(put, deadline, TRY_SECONDS) is not None

    def _owner(self, place: ObjectLocation, deadline: Deadline) -> str | None:
        """Return the id of the record whose object is there, empty for one of nobody's; ``None`` for no object."""

        def find(deadline: Deadline) -> StoredObject | None:
            return self.storage.find(place, deadline)

        found = self.retries.call(find, deadline, TRY_SECONDS)
        return None if found is None else found.metadata.get(RECORD, "")

    def _places(self, record: str, view: Mapping[str, Any]) -> Iterator[tuple[ObjectLocation, bool]]:
        """Yield the places for an outcome, the next where the one before it is taken, and whether it is the last."""
        try:
            name = self.name.text(view) if self.name else f"{record}.json"
        except InvalidRequest:
            if not self.takes_all:
                raise
            name = ""
        if is_object_name(name) and not name.startswith(OWN_FOLDER):
            yield replace(self.bucket, name=name), not self.takes_all
        elif not self.takes_all:
            raise InvalidRequest("The sink's template gives this record no name for an object.", code="bad_name")
        yield replace(self.bucket, name=f"{OTHER_FOLDER}{digest_of(record.encode())}.json"), True


def _name_taken() -> InvalidRequest:
    return InvalidRequest(
        "The object for this record's outcome is there already, and is not this record's.",
        code="name_taken",
        status=409,
        hint="Names that have {{ id }} in them are different for each record.",
    )
