"""What one emulated tenancy and region hold, whichever service asks."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from mock_oci.adjustable_clock import AdjustableClock
from mock_oci.call_records import CallRecord
from mock_oci.identity.principals import Principals
from mock_oci.identity.tenancy import Tenancy
from mock_oci.model.catalogue import Catalogue
from mock_oci.model.known_models import REGIONS, Region
from mock_oci.scripts import Script
from mock_oci.wire import Request

if TYPE_CHECKING:
    from mock_oci.identity.permissions import Permissions
    from mock_oci.identity.policies.iam import Iam
    from mock_oci.identity.policies.sources import PolicySource
    from mock_oci.limits import QuotaRow
    from mock_oci.model.model_rows import ModelSource

T = TypeVar("T")
_MAX_RECORDED = 10_000


class Cloud:
    """``clock`` gives Unix seconds, ``sleep`` takes seconds; ``chunk_delay`` slows unscripted streams.

    ``throttles``: calls are counted against the limits that the services document. ``max_native_body``: from how many
    bytes on the native chat refuses a body with 413; that it does was seen, but not from where on.
    ``finishes_abandoned``: a model whose client leaves before its answer runs on, and is charged; nobody has said
    (verify: abandoned-stream).
    ``policies``: statements, or where they stand (see ``identity.policies.sources``); with them, and with the first one
    that is added to ``iam``, callers may do what a statement allows and no more. Raises PolicyError.
    ``models``: more models than those of ``mock_oci.model.known_models``, or others in their place: see
    ``mock_oci.model.model_rows``. ``quotas``: what is let through, of models and of the operations in
    ``mock_oci.limits``, which are counted then. Raises ValueError.
    ``requests`` records what came in, ``calls`` what became of it; ``refusals`` the reasons of 401s, which the wire
    never tells.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        region: str = "us-chicago-1",
        *,
        sleep: Callable[[float], None] = time.sleep,
        chunk_delay: float = 0.0,
        throttles: bool = False,
        max_native_body: int | None = None,
        finishes_abandoned: bool = False,
        policies: PolicySource | None = None,
        models: ModelSource = (),
        quotas: Iterable[QuotaRow] = (),
    ) -> None:
        self.clock = AdjustableClock(clock)
        self.region = region
        self.sleep = sleep
        self.chunk_delay = chunk_delay
        self.throttles = throttles
        self.max_native_body = max_native_body
        self.finishes_abandoned = finishes_abandoned
        self.tenancy = Tenancy()
        self.principals = Principals(self.tenancy, region, self.clock)
        self.script = Script()
        self.catalogue = Catalogue(region, self.clock)
        self.quota_rows: tuple[QuotaRow, ...] = ()
        self._take_data(models, quotas)
        self.requests: deque[Request] = deque(maxlen=_MAX_RECORDED)
        self.refusals: deque[str] = deque(maxlen=_MAX_RECORDED)
        self.calls: deque[CallRecord] = deque(maxlen=_MAX_RECORDED)
        self._serial = itertools.count(1)
        self._lock = threading.RLock()  # a state may ask for a serial while it is made
        self._states: dict[Callable[[Cloud], Any], Any] = {}
        self._iam: Iam | None = None
        self._permissions: Permissions | None = None
        self._given_policies = policies
        self._set_policies()

    def _take_data(self, models: ModelSource, quotas: Iterable[QuotaRow]) -> None:
        if models:
            from mock_oci.model.model_rows import read_models  # noqa: PLC0415 - where there are some

            self.catalogue.add(*read_models(models, self.region))
        if quotas:
            from mock_oci.limits import check_quotas  # noqa: PLC0415 - where there are some

            self.quota_rows = check_quotas(quotas)

    @property
    def iam(self) -> Iam:
        """Return the policies, and whom and what they name."""
        from mock_oci.identity.policies.iam import Iam  # noqa: PLC0415 - 15 ms, with the first call

        with self._lock:
            if self._iam is None:
                self._iam = Iam(self.tenancy)
            return self._iam

    @property
    def permissions(self) -> Permissions:
        """Return what decides who may do what."""
        from mock_oci.identity.permissions import Permissions  # noqa: PLC0415 - as above

        with self._lock:
            if self._permissions is None:
                region = REGIONS.get(self.region) or Region(self.region, self.region)
                self._permissions = Permissions(self.iam, self.clock, region.key)
            return self._permissions

    @property
    def has_policies(self) -> bool:
        """Tell whether somebody wrote a policy, so that policies count."""
        return self._iam is not None and self._iam.is_enforced

    def deny(self, principal: str) -> None:
        """Answer this principal's OCID, or a kind such as ``resource``, with OCI's 404 from now on."""
        self.permissions.deny(principal)

    def allow(self, principal: str) -> None:
        """Take a ``deny`` back."""
        self.permissions.allow(principal)

    def reset(self) -> None:
        """Forget what was made, scripted, denied and recorded, and let the clock go as it did.

        Policies are again those that it was made with.

        Who may call stays, and so do states that say that they outlive it: what is deployed.
        """
        with self._lock:
            self._states = {kind: state for kind, state in self._states.items() if hasattr(kind, "outlives_reset")}
        self.script.clear()
        self.catalogue.forget_made()
        self._set_policies()
        self.clock.reset()
        for records in (self.requests, self.refusals, self.calls):
            records.clear()

    def _set_policies(self) -> None:
        self._iam, self._permissions = None, None
        if self._given_policies is not None:
            from mock_oci.identity.policies.sources import add_policies  # noqa: PLC0415 - where there are some

            add_policies(self.iam, self._given_policies)

    def next_serial(self) -> int:
        """Count 1, 2, 3 …: ids are made of it, so that two runs give the same ones."""
        with self._lock:
            return next(self._serial)

    def state_of(self, kind: Callable[[Cloud], T]) -> T:
        """Return the one ``kind`` of this cloud, where a service keeps its state; it is made on first use."""
        with self._lock:
            if kind not in self._states:
                self._states[kind] = kind(self)
            state: T = self._states[kind]
        return state
