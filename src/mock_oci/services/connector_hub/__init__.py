"""Connector Hub: its operations in one table, and the state that tests reach for."""

from __future__ import annotations

from mock_oci.services.connector_hub.batches import Run, from_queue, from_stream, to_bucket, to_function
from mock_oci.services.connector_hub.feeds import Logs, Metrics
from mock_oci.services.connector_hub.state import Connector, ConnectorHub
from mock_oci.services.connector_hub.wire import OPERATIONS

__all__ = [
    "OPERATIONS",
    "Connector",
    "ConnectorHub",
    "Logs",
    "Metrics",
    "Run",
    "from_queue",
    "from_stream",
    "to_bucket",
    "to_function",
]
