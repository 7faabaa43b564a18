"""The services of the emulated region: one file each, and the table that routes requests to them."""

from mock_oci import instance_metadata
from mock_oci.operations import Operation
from mock_oci.services import (
    chat_completions,
    connector_hub,
    control_plane,
    conversations,
    embeddings,
    events,
    functions,
    native_chat,
    notifications,
    object_storage,
    projects,
    queues,
    rerank,
    responses,
    streaming,
)

SERVICES: tuple[Operation, ...] = (
    *chat_completions.OPERATIONS,
    *responses.OPERATIONS,
    *conversations.OPERATIONS,
    *native_chat.OPERATIONS,
    *embeddings.OPERATIONS,
    *rerank.OPERATIONS,
    *control_plane.OPERATIONS,
    *projects.OPERATIONS,
    *object_storage.OPERATIONS,
    *streaming.OPERATIONS,
    *queues.OPERATIONS,
    *notifications.OPERATIONS,
    *functions.OPERATIONS,
    *connector_hub.OPERATIONS,
    *events.OPERATIONS,
    *instance_metadata.OPERATIONS,
)
