"""Connector Hub: connectors that carry batches from a source to a function or a bucket, and the pump that moves them.

Sources: docs connector-hub/overview.htm and create-service-connector-streaming-source.htm; oci.sch.models.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from mock_oci.cloud import Cloud
from mock_oci.identity.policies.variables import target_variable
from mock_oci.identity.tenancy import ocid
from mock_oci.services.connector_hub.batches import Run, code_of, cut
from mock_oci.services.connector_hub.sources import PayloadStyle, Piece, Source, SourceGone, source_of
from mock_oci.services.connector_hub.targets import target_of
from mock_oci.services.functions.invoke_errors import InvokeError
from mock_oci.services.functions.state import resource_principal
from mock_oci.services.oci_surface import not_emulated
from mock_oci.services.pumping import pumping
from mock_oci.services.resources import Resources
from mock_oci.wire import Response

ACTIVE = "ACTIVE"
INACTIVE = "INACTIVE"
_MAX_RECORDED = 10_000
_MAX_PAUSE_SECONDS = 60.0
_PATIENCE_SECONDS = 7 * 86_400.0  # unverified, its end is not dated (verify: connector-patience)
_SIDE_BY_SIDE = 4


class Connector:
    """One connector. Thread-safe: it moves one batch at a time. ``details`` is what it was made with, as on the wire.

    ``state``: ACTIVE, INACTIVE or DELETED; ``state_details`` why it was deactivated. ``runs`` are the last batches
    sent, oldest first.
    """

    def __init__(self, hub: ConnectorHub, cloud: Cloud, connector_id: str, details: Mapping[str, Any]) -> None:
        self.id = connector_id
        self.created = cloud.clock()
        self.state = ACTIVE
        self.state_details = ""
        self._runs: deque[Run] = deque(maxlen=_MAX_RECORDED)
        self._hub = hub
        self._cloud = cloud
        self._moving = threading.Lock()
        self._failing_since = 0.0
        self._failures = 0
        self._not_before = 0.0
        self._details: Mapping[str, Any] = {}
        self.configure(details)

    @property
    def details(self) -> Mapping[str, Any]:
        return self._details

    @property
    def compartment_id(self) -> str:
        return str(self._details["compartmentId"])

    @property
    def runs(self) -> tuple[Run, ...]:
        return tuple(self._runs)

    @property
    def source(self) -> Source:
        """Return the source, which knows how far it has got."""
        return self._source

    def configure(self, details: Mapping[str, Any]) -> None:
        """Change the details; another source begins anew. Raises Refused, and then nothing is changed."""
        changed = {**self._details, **details}
        target = target_of(self._cloud, changed.get("target"))
        if changed.get("tasks"):
            raise not_emulated("a task of a connector")  # it moves what its source has, as it is
        with self._moving:
            if changed.get("source") != self._details.get("source") or not self._details:
                self._source = source_of(self._cloud, changed.get("source"), self._hub.style)
            self._target = target
            self._details = changed
            self.updated = self._cloud.clock()

    def activate(self, state: str = ACTIVE, details: str = "") -> None:
        """Go on where it stopped; ``INACTIVE`` stops it."""
        self.state, self.state_details = state, details
        self._failures, self._not_before, self.updated = 0, 0.0, self._cloud.clock()

    def pump(self) -> Run | None:
        """Move one batch if one is due and nobody else is at it; return None when nothing was sent."""
        if not self._moving.acquire(blocking=False):
            return None
        try:
            if self.state != ACTIVE or self._cloud.clock() < self._not_before:
                return None
            return self._move()
        finally:
            self._moving.release()

    def _move(self) -> Run | None:
        if not self._may_read():
            return self._failed((), self._run((), 0, InvokeError("NotAuthorizedOrNotFound").response()))
        try:
            pieces = self._source.take(self._due())
        except SourceGone:
            return self._failed((), self._run((), 0, InvokeError("NotAuthorizedOrNotFound").response()))
        if not pieces:
            return None
        try:
            run = self._send(pieces)
        except BaseException:
            self._source.give_back(pieces)
            raise
        return self._arrived(pieces, run) if run.status == 200 else self._failed(pieces, run)

    def _may_read(self) -> bool:
        principal, source = resource_principal(self._cloud, "serviceconnector", self.id), self._source
        target = target_variable(source.id)
        return self._cloud.permissions.permit(principal, self.compartment_id, "", source.needs, target)

    def _due(self) -> Sequence[Piece]:
        """Return a batch that is full, or whose oldest record has waited long enough; else nothing."""
        pieces, full = cut(self._source.waiting(), self._target)
        waited = self._cloud.clock() - min((piece.since for piece in pieces), default=self._cloud.clock())
        return pieces if full or waited >= self._target.seconds else ()

    def _send(self, pieces: Sequence[Piece]) -> Run:
        began = self._cloud.clock()
        size, response = self._target.send(self._cloud, self.id, pieces)
        return self._run(pieces, size, response, began)

    def _run(self, pieces: Sequence[Piece], size: int, response: Response, began: float | None = None) -> Run:
        now = self._cloud.clock()
        return Run(
            records=len(pieces),
            size=size,
            attempt=self._failures + 1,
            status=response.status,
            code=code_of(response),
            began=now if began is None else began,
            ended=now,
        )

    def _arrived(self, pieces: Sequence[Piece], run: Run) -> Run:
        self._source.commit(pieces)
        self._failures = 0
        self._runs.append(run)  # last of all: who sees it finds all of it done
        return run

    def _failed(self, pieces: Sequence[Piece], run: Run) -> Run:
        self._source.give_back(pieces)
        now = self._cloud.clock()
        self._failures += 1
        self._failing_since = now if self._failures == 1 else self._failing_since
        self._not_before = now + self._hub.backoff(self._failures)
        if now - self._failing_since >= self._hub.patience_seconds:
            self.activate(INACTIVE, f"Deactivated: the target has been failing with {run.status} {run.code}")
        self._runs.append(run)
        return run


class ConnectorHub(Resources[Connector]):
    """The connectors of one tenancy in one region. Thread-safe.

    ``backoff`` gives the seconds before a failed batch is tried again, by how often it has failed;
    ``patience_seconds`` is for how long a connector may fail before it is deactivated; ``style`` see PayloadStyle.
    Nothing moves by itself: see ``pump`` and ``pumping``.
    """

    def __init__(self, cloud: Cloud) -> None:
        super().__init__()
        self._cloud = cloud
        # Doubling from a second to a minute; the service's own pauses are not published (verify: connector-patience).
        self.backoff: Callable[[int], float] = lambda failures: min(2.0 ** (failures - 1), _MAX_PAUSE_SECONDS)
        self.patience_seconds = _PATIENCE_SECONDS
        self.style = PayloadStyle()

    def create(self, name: str, source: Mapping[str, Any], target: Mapping[str, Any], **details: Any) -> Connector:
        """Create a connector, active at once.

        ``source`` and ``target`` are as on the wire: see ``from_stream`` and the like.

        Raises Refused for what is not known here, and for a source that is not there.
        """
        id_ = ocid("serviceconnector", f"{name}/{self._cloud.next_serial()}", self._cloud.region)
        usual = {"displayName": name, "compartmentId": self._cloud.tenancy.compartment_id}
        connector = Connector(self, self._cloud, id_, {**usual, **details, "source": source, "target": target})
        return self.keep(id_, connector)

    def delete(self, connector_id: str) -> None:
        """Delete a connector; a batch that is under way is still finished."""
        connector = self.find(connector_id)
        super().delete(connector_id)
        if connector is not None:
            connector.activate("DELETED")

    def pump(self) -> tuple[Run, ...]:
        """Move one batch of each connector that has one due, one after the other; return what became of them."""
        return tuple(run for connector in self.all() if (run := connector.pump()) is not None)

    def pumping(self) -> AbstractContextManager[None]:
        """Pump in the background until the block ends, several connectors side by side."""
        return pumping(*[self.pump] * _SIDE_BY_SIDE)
