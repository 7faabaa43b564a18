"""Streaming: its operations in one table, and the state that tests reach for."""

from __future__ import annotations

from mock_oci.services import streaming_admin, streaming_messages
from mock_oci.services.streaming_log import Entry
from mock_oci.services.streaming_state import Stream, Streaming

__all__ = ["OPERATIONS", "Entry", "Stream", "Streaming"]

OPERATIONS = (*streaming_admin.OPERATIONS, *streaming_messages.OPERATIONS)
