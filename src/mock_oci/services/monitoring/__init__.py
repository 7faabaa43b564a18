"""Monitoring: custom metrics, as they are posted, listed and queried; alarms are a control plane's."""

from __future__ import annotations

from mock_oci.services.monitoring import listing, wire
from mock_oci.services.monitoring.state import CustomMetrics, DataPoint, MetricStream

__all__ = ["OPERATIONS", "CustomMetrics", "DataPoint", "MetricStream"]

OPERATIONS = (*wire.OPERATIONS, *listing.OPERATIONS)
