"""Who may use which compartment: everyone of the tenancy may, until someone is denied."""

from __future__ import annotations

from mock_oci.identity.principals import Principal
from mock_oci.identity.tenancy import Tenancy


class Permissions:
    """Two compartments exist, the root and ``tenancy.compartment_id``; a policy engine this is not."""

    def __init__(self, tenancy: Tenancy) -> None:
        self._compartments = {tenancy.tenancy_id, tenancy.compartment_id}
        self._denied: set[str] = set()

    def deny(self, principal: str) -> None:
        self._denied.add(principal)

    def allow(self, principal: str) -> None:
        self._denied.discard(principal)

    def permit(self, principal: Principal, compartment_id: str) -> bool:
        names = {principal.id, principal.kind, principal.resource_type} - {""}
        return compartment_id in self._compartments and not names & self._denied
