"""Events: its operations in one table, and the state that tests reach for."""

from __future__ import annotations

from mock_oci.services.events.state import Action, EventDelivery, Events, Rule
from mock_oci.services.events.wire import OPERATIONS

__all__ = ["OPERATIONS", "Action", "EventDelivery", "Events", "Rule"]
