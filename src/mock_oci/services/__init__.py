"""The services of the emulated region, a package each, and the table that routes requests to them."""

from mock_oci.operations import Operation
from mock_oci.services import (
    apm,
    connector_hub,
    control_planes,
    events,
    functions,
    generative_ai,
    instance_metadata,
    log_ingestion,
    monitoring,
    notifications,
    object_storage,
    queues,
    streaming,
    vault,
)

SERVICES: tuple[Operation, ...] = (
    *generative_ai.OPERATIONS,
    *object_storage.OPERATIONS,
    *streaming.OPERATIONS,
    *queues.OPERATIONS,
    *notifications.OPERATIONS,
    *functions.OPERATIONS,
    *connector_hub.OPERATIONS,
    *events.OPERATIONS,
    *vault.OPERATIONS,
    *monitoring.OPERATIONS,
    *apm.OPERATIONS,
    *control_planes.OPERATIONS,
    *log_ingestion.OPERATIONS,
    *instance_metadata.OPERATIONS,
)
