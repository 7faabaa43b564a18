"""Monitoring: custom metrics, as they are posted and as they are queried; alarms are not emulated."""

from __future__ import annotations

from mock_oci.services.monitoring.state import CustomMetrics, DataPoint, MetricStream
from mock_oci.services.monitoring.wire import OPERATIONS

__all__ = ["OPERATIONS", "CustomMetrics", "DataPoint", "MetricStream"]
