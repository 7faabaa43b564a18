"""Whether records would find what their tasks name: each sink, the ledger and the bucket for what is too large."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from model_service.batch.batch import read_tasks_of
from model_service.batch.tasks.tasks import Tasks
from model_service.doctor.context import CheckFailed, CheckSkipped, DoctorContext, DoctorService
from model_service.errors import ModelServiceError
from model_service.fn.invocation import Deadline
from model_service.oci_names import ObjectLocation

PROBE: Final = "model-service/doctor"  # an object that nobody writes


def look_at_tasks(context: DoctorContext) -> str:
    """Look up what the tasks name, and write nothing: that we may write shows with the first record.

    Topics cannot be asked.
    """
    if context.service.settings.tasks is None:
        raise CheckSkipped("MODEL_SERVICE_TASKS is not set: no records are expected")
    tasks = read_tasks_of(context.service, context.deadline)
    for name, kind, place in _places(tasks, context.service.settings.overflow_bucket):
        _look(name, kind, place, context)
    return f"records are for {', '.join(task.name for task in tasks.tasks)}"


def _places(tasks: Tasks, overflow: ObjectLocation | None) -> list[tuple[str, str, Any]]:
    sinks: list[tuple[str, str, Any]] = [
        (f"the sink {name}", one.kind, one.place) for name, one in tasks.places.items()
    ]
    buckets = {"the ledger": tasks.ledger, "MODEL_SERVICE_OVERFLOW_BUCKET": overflow}
    return sinks + [(name, "bucket", place) for name, place in buckets.items() if place]


def _look(name: str, kind: str, place: Any, context: DoctorContext) -> None:
    look = LOOKS.get(kind)
    if look is None:
        return
    try:
        look(context.service, place, context.deadline)
    except ModelServiceError as error:
        raise CheckFailed(f"{name}: {error.message}", REMEDY) from error


def _bucket(service: DoctorService, place: ObjectLocation, deadline: Deadline) -> None:
    service.object_storage.find(replace(place, name=PROBE), deadline)


LOOKS: Final[Mapping[str, Callable[[DoctorService, Any, Deadline], object]]] = {
    "bucket": _bucket,
    "stream": lambda service, ocid, deadline: service.region_services.stream(ocid, deadline),
    "queue": lambda service, ocid, deadline: service.region_services.queue(ocid, deadline),
    "function": lambda service, ocid, deadline: service.region_services.function(ocid, deadline),
}

REMEDY: Final = (
    "It has to be there, in this region, and the function's policy has to allow it: docs/batches.md lists how."
)
