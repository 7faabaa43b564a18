"""Events: rules that say which events concern whom, and the deliveries to functions, topics and streams.

Source: docs Events/Concepts/eventsoverview.htm; oci.events.models.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mock_oci.cloud import Cloud
from mock_oci.identity.tenancy import ocid
from mock_oci.services.events.conditions import condition_in, fits
from mock_oci.services.functions.state import Functions
from mock_oci.services.handing_on import hand_on
from mock_oci.services.object_storage.state import ObjectStorage
from mock_oci.services.resources import Resources
from mock_oci.wire import Body

_MAX_RECORDED = 10_000
_MAX_PAUSE_SECONDS = 60.0
_PATIENCE_SECONDS = 86_400.0  # unverified, as the pauses are (verify: rule-patience)


@dataclass(frozen=True)
class Action:
    """``kind``: FAAS, ONS or OSS; ``resource_id``: the function, topic or stream."""

    id: str
    kind: str
    resource_id: str
    enabled: bool = True
    description: str | None = None


@dataclass(frozen=True)
class Rule:
    """``condition`` is JSON, as text. ``created`` in Unix seconds; ``details`` is what else it was made with."""

    id: str
    name: str
    condition: str
    compartment_id: str
    created: float
    actions: tuple[Action, ...]
    enabled: bool = True
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class EventDelivery:
    """One attempt; ``status`` is the function's, 202 for what topics and streams took, 404 when they are not there."""

    rule_id: str
    action: Action
    body: bytes = field(repr=False)
    attempt: int = 1
    status: int = 0

    @property
    def arrived(self) -> bool:
        return self.status in (200, 202)


@dataclass(frozen=True)
class _WaitingDelivery:
    delivery: EventDelivery
    since: float
    due: float


class Events(Resources[Rule]):
    """The rules of one tenancy in one region. Thread-safe.

    It hears of Object Storage's events from the first rule on; ``emit`` takes any other. What an event sets off waits
    for ``pump``: whoever writes an object does not wait for a function. A delivery that fails is tried again after
    ``backoff`` seconds, by how often it has failed, for ``patience_seconds``; ``deliveries`` has each attempt.
    """

    def __init__(self, cloud: Cloud) -> None:
        super().__init__()
        self._cloud = cloud
        self._waiting: deque[_WaitingDelivery] = deque()
        self.backoff: Callable[[int], float] = lambda failures: min(2.0 ** (failures - 1), _MAX_PAUSE_SECONDS)
        self.patience_seconds = _PATIENCE_SECONDS
        self.deliveries: deque[EventDelivery] = deque(maxlen=_MAX_RECORDED)
        cloud.state_of(ObjectStorage).subscribers.append(self.emit)

    def create(
        self,
        name: str,
        condition: str | Mapping[str, Any],
        actions: Sequence[Action],
        *,
        compartment_id: str = "",
        enabled: bool = True,
        details: Mapping[str, Any] | None = None,
    ) -> Rule:
        """Create a rule, active at once.

        ``actions`` are made by ``action``. Raises Refused for a condition that is none.
        """
        text = condition if isinstance(condition, str) else json.dumps(condition)
        condition_in(text)
        rule = Rule(
            id=ocid("eventrule", f"{name}/{self._cloud.next_serial()}", self._cloud.region),
            name=name,
            condition=text,
            compartment_id=compartment_id or self._cloud.tenancy.compartment_id,
            created=self._cloud.clock(),
            actions=tuple(actions),
            enabled=enabled,
            details=details or {},
        )
        return self.keep(rule.id, rule)

    def action(self, kind: str, resource_id: str, *, enabled: bool = True, description: str | None = None) -> Action:
        id_ = ocid("eventaction", f"{kind}/{self._cloud.next_serial()}", self._cloud.region)
        return Action(id_, kind, resource_id, enabled, description)

    def replace(self, rule: Rule) -> None:
        """Keep this rule in place of the one of its OCID."""
        self.keep(rule.id, rule)

    def emit(self, event: Body) -> None:
        """Queue a CloudEvent that has happened for delivery to whom the rules say."""
        now, body = self._cloud.clock(), json.dumps(event).encode()
        compartment_id = (event.get("extensions") or {}).get("compartmentId")
        for rule in self.all():
            # A rule is for its compartment and those below: the root has all.
            near = rule.compartment_id in (compartment_id, self._cloud.tenancy.tenancy_id)
            if rule.enabled and near and fits(condition_in(rule.condition), event):
                due = [EventDelivery(rule.id, action, body) for action in rule.actions if action.enabled]
                with self._lock:
                    self._waiting += [_WaitingDelivery(delivery, now, now) for delivery in due]

    def pump(self) -> tuple[EventDelivery, ...]:
        """Try once each delivery that is due by the clock, new ones and those that failed before."""
        with self._lock:
            now = self._cloud.clock()
            most = sum(waiting.due <= now for waiting in self._waiting)
        tried: list[EventDelivery] = []
        while len(tried) < most and (waiting := self._next_due()) is not None:
            tried.append(self._attempt(waiting))
        return tuple(tried)

    def _next_due(self) -> _WaitingDelivery | None:
        now = self._cloud.clock()
        with self._lock:
            found = next((waiting for waiting in self._waiting if waiting.due <= now), None)
            if found is not None:
                self._waiting.remove(found)
        return found

    def _attempt(self, waiting: _WaitingDelivery) -> EventDelivery:
        delivery = waiting.delivery
        tried = replace(delivery, status=_ACTIONS[delivery.action.kind](self._cloud, delivery))
        self.deliveries.append(tried)
        due = self._cloud.clock() + self.backoff(tried.attempt)
        if not tried.arrived and due <= waiting.since + self.patience_seconds:
            again = replace(tried, attempt=tried.attempt + 1, status=0)
            with self._lock:
                self._waiting.append(_WaitingDelivery(again, waiting.since, due))
        return tried


def _to_function(cloud: Cloud, delivery: EventDelivery) -> int:
    headers = {"content-type": "application/json"}
    caller = ("eventrule", delivery.rule_id)
    return cloud.state_of(Functions).deliver(caller, delivery.action.resource_id, delivery.body, headers).status


def _onward(cloud: Cloud, delivery: EventDelivery) -> int:
    return 202 if hand_on(cloud, delivery.action.resource_id, delivery.body.decode()) else 404


_ACTIONS: dict[str, Callable[[Cloud, EventDelivery], int]] = {"FAAS": _to_function, "ONS": _onward, "OSS": _onward}
