"""Streaming: its operations in one table, and the state that tests reach for."""

from __future__ import annotations

from mock_oci.services.streaming import admin, messages, pools
from mock_oci.services.streaming.log import Entry
from mock_oci.services.streaming.pools import StreamPool, StreamPools
from mock_oci.services.streaming.state import Stream, Streaming

__all__ = ["OPERATIONS", "Entry", "Stream", "StreamPool", "StreamPools", "Streaming"]

OPERATIONS = (*admin.OPERATIONS, *pools.OPERATIONS, *messages.OPERATIONS)
