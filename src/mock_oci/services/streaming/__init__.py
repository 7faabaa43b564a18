"""Streaming: its operations in one table, and the state that tests reach for."""

from __future__ import annotations

from mock_oci.services.streaming import admin, messages
from mock_oci.services.streaming.log import Entry
from mock_oci.services.streaming.state import Stream, Streaming

__all__ = ["OPERATIONS", "Entry", "Stream", "Streaming"]

OPERATIONS = (*admin.OPERATIONS, *messages.OPERATIONS)
