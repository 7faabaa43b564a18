"""Queue: its operations in one table, and the state that tests reach for."""

from __future__ import annotations

from mock_oci.services import queues_admin, queues_messages
from mock_oci.services.queues_state import Message, Messages, Queue, Queues, Settings

__all__ = ["OPERATIONS", "Message", "Messages", "Queue", "Queues", "Settings"]

OPERATIONS = (*queues_admin.OPERATIONS, *queues_messages.OPERATIONS)
