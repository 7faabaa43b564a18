"""Who may do what: by the policies, where there are some; else everyone of the tenancy may, until someone is denied."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace

from mock_oci.identity.policies.decision import Asked, Decision, PolicyAnswer
from mock_oci.identity.policies.iam import Iam
from mock_oci.identity.policies.required import REQUIRED, needed, operation_name
from mock_oci.identity.policies.variables import request_variables
from mock_oci.identity.principals import Principal

_MAX_RECORDED = 10_000
_Target = Mapping[str, tuple[str, ...]]


class Permissions:
    """``clock`` gives Unix seconds, ``region_key`` is what ``request.region`` has: ORD.

    ``decisions`` are those of the policies, in order; ``deny`` and ``allow`` go before every policy.
    """

    def __init__(self, iam: Iam, clock: Callable[[], float], region_key: str) -> None:
        self._iam = iam
        self._clock = clock
        self._region_key = region_key
        self._denied: set[str] = set()
        self.decisions: deque[Decision] = deque(maxlen=_MAX_RECORDED)

    def deny(self, principal: str) -> None:
        self._denied.add(principal)

    def allow(self, principal: str) -> None:
        self._denied.discard(principal)

    def decide(
        self,
        principal: Principal,
        compartment_id: str,
        name: str,
        needs: str = "",
        target: _Target | None = None,
    ) -> Decision:
        """Return whether ``principal`` may do this here.

        ``name`` is the operation's, by which the table has what it asks for, unless ``needs`` says it; ``target`` are
        the variables that name what it is done to.
        """
        operation = operation_name(name)
        asked = Asked(principal, operation, (), compartment_id, {})
        directory = self._iam.directory
        if {principal.id, principal.kind, principal.resource_type} & self._denied:
            return Decision(asked, PolicyAnswer.DENIED, note="deny() has been called for it")
        if not directory.path(compartment_id):
            return Decision(asked, PolicyAnswer.DENIED, note="there is no such compartment")
        if not self._iam.is_enforced:
            return Decision(asked, PolicyAnswer.ALLOWED)
        requirement = needs or REQUIRED.get(name)
        if requirement is None:
            return self._noted(Decision(asked, PolicyAnswer.UNKNOWN, note=f"what {name} asks for is not known here"))
        variables = {
            **request_variables(principal, self._region_key, operation, self._clock()),
            "target.compartment.id": (compartment_id,),
            "target.compartment.name": (directory.name(compartment_id),),
            **(target or {}),
        }
        return self._noted(self._iam.decide(replace(asked, needs=needed(requirement), variables=variables)))

    def permit(
        self,
        principal: Principal,
        compartment_id: str,
        name: str,
        needs: str = "",
        target: _Target | None = None,
    ) -> bool:
        """Tell whether ``principal`` may; what nobody can say is no."""
        return self.decide(principal, compartment_id, name, needs, target).is_allowed

    def _noted(self, decision: Decision) -> Decision:
        self.decisions.append(decision)
        return decision
