"""Which events a rule is for: its condition, a pattern that an event has to fit.

Source: docs Events/Concepts/filterevents.htm; the docstring of oci.events.models.CreateRuleDetails.condition.
"""

from __future__ import annotations

import json
import re
from typing import Any

from mock_oci.services.oci_surface import invalid
from mock_oci.wire import Body


def condition_in(text: str) -> Body:
    """Read a condition; ``{}`` is for every event. Raises Refused."""
    try:
        condition = json.loads(text)
    except (ValueError, RecursionError):
        condition = None
    if not isinstance(condition, dict):
        raise invalid("condition must be a JSON object, as text")
    return condition


def fits(pattern: Any, value: Any) -> bool:
    """Tell whether an event's ``value`` fits a pattern.

    An object must have all fields of the pattern, nested alike; of a list of patterns any one is enough, and of a list
    of values too; in a string ``*`` stands for anything. How numbers, null, the case of letters and arrays of the event
    are compared is unverified (verify: rule-comparison): here as JSON has them.
    """
    if isinstance(pattern, list):
        return any(fits(choice, value) for choice in pattern)
    if isinstance(value, list):
        return any(fits(pattern, item) for item in value)
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            name in value and fits(wanted, value[name]) for name, wanted in pattern.items()
        )
    if isinstance(pattern, str) and isinstance(value, str):
        return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), value, re.DOTALL) is not None
    return type(pattern) is type(value) and pattern == value
