"""The services of the emulated region: one file each, and the table that routes requests to them."""

from mock_oci import instance_metadata
from mock_oci.operations import Operation
from mock_oci.services import chat_completions

SERVICES: tuple[Operation, ...] = (*chat_completions.OPERATIONS, *instance_metadata.OPERATIONS)
