"""Queue: its operations in one table, and the state that tests reach for."""

from __future__ import annotations

from mock_oci.services.queues import admin, messages
from mock_oci.services.queues.state import Message, Messages, Queue, Queues, Settings

__all__ = ["OPERATIONS", "Message", "Messages", "Queue", "Queues", "Settings"]

OPERATIONS = (*admin.OPERATIONS, *messages.OPERATIONS)
