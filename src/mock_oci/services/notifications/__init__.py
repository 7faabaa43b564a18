"""Notifications: its operations in one table, and the state that tests reach for."""

from __future__ import annotations

from mock_oci.services.notifications import changes, wire
from mock_oci.services.notifications.delivery import Delivery
from mock_oci.services.notifications.state import Notifications, Published, Subscription, Topic

__all__ = ["OPERATIONS", "Delivery", "Notifications", "Published", "Subscription", "Topic"]

OPERATIONS = (*wire.OPERATIONS, *changes.OPERATIONS)
