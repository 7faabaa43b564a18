"""The services of the emulated region: one file each, and the table that routes requests to them."""

from mock_oci import instance_metadata
from mock_oci.operations import Operation
from mock_oci.services import (
    chat_completions,
    control_plane,
    conversations,
    embeddings,
    native_chat,
    projects,
    rerank,
    responses,
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
    *instance_metadata.OPERATIONS,
)
