"""The sink in a bucket: one object for each record, written once, which itself tells whose outcome it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from model_service.batch.ledger import FOLDER
from model_service.batch.sinks.sink import Outcome
from model_service.batch.tasks.templates import Template
from model_service.errors import InvalidRequest, ModelServiceError, UpstreamThrottled
from model_service.fn.invocation import Deadline
from model_service.oci_names import ObjectLocation, is_object_name
from model_service.oci_services.object_storage import ObjectStorage, StoredObject
from model_service.upstream.retries import PERSISTENT, Retries, passes

RECORD: Final = "model-service-id"  # the metadata, opc-meta-model-service-id, that has the record's id
TRY_SECONDS: Final = 20.0


@dataclass(frozen=True)
class BucketSink:
    """``name`` is the template of the objects' names; without one they are ``<id>.json``.

    It needs OBJECT_CREATE and OBJECT_READ. Of two containers that write at once one is told so. A try whose answer was
    lost on the way finds its own object: that, too, is an outcome that was there already.
    """

    storage: ObjectStorage
    bucket: ObjectLocation
    name: Template | None = None
    retries: Retries = PERSISTENT
    largest = 50 * 1024**3  # of one PUT

    def seen(self, record: str, view: Mapping[str, Any], deadline: Deadline) -> bool:
        return self._is_there(self._place(record, view), record, deadline)

    def deliver(self, outcome: Outcome, deadline: Deadline) -> bool:
        place = self._place(outcome.id, outcome.view)
        try:
            while not self._put(place, outcome, deadline):
                if self._is_there(place, outcome.id, deadline):
                    return False
        except ModelServiceError as error:
            # The last try may have got through, though its answer did not: then it is no failure to be put on record.
            unheard = passes(error, repeatable=True) and not isinstance(error, UpstreamThrottled)
            if unheard and self._is_there(place, outcome.id, deadline):
                return False
            raise
        return True

    def mark_dead(self, record: str, deadline: Deadline) -> None:
        """Nothing is kept that could be delivered later."""

    def _put(self, place: ObjectLocation, outcome: Outcome, deadline: Deadline) -> bool:
        def put(deadline: Deadline) -> str | None:
            return self.storage.put_once(place, outcome.body, {RECORD: outcome.id}, deadline)

        return self.retries.call(put, deadline, TRY_SECONDS) is not None

    def _is_there(self, place: ObjectLocation, record: str, deadline: Deadline) -> bool:
        def find(deadline: Deadline) -> StoredObject | None:
            return self.storage.find(place, deadline)

        found = self.retries.call(find, deadline, TRY_SECONDS)
        if found is not None and found.metadata.get(RECORD) != record:
            raise InvalidRequest(
                "The object for this record's outcome is there already, and is not this record's.",
                code="name_taken",
                status=409,
                hint="Names that have {{ id }} in them are different for each record.",
            )
        return found is not None

    def _place(self, record: str, view: Mapping[str, Any]) -> ObjectLocation:
        name = self.name.text(view) if self.name else f"{record}.json"
        # What lies in the ledger is believed to have been paid for: no sender may write there.
        if not is_object_name(name) or name.startswith(f"{FOLDER}/"):
            raise InvalidRequest("The sink's template gives this record no name for an object.", code="bad_name")
        return replace(self.bucket, name=name)
