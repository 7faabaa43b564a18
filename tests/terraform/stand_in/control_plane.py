"""What stands in for OCI's control planes: it keeps what was created, in memory, and makes up what OCI would add."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any, Final, Protocol

from tests.terraform.stand_in.data_sources import ANSWERS
from tests.terraform.stand_in.schema import Block


class Plane(Protocol):
    """What keeps resources: the toy below, or an emulator of OCI."""

    def create(self, type_name: str, block: Block, planned: dict[str, Any]) -> dict[str, Any]: ...
    def update(
        self, type_name: str, block: Block, prior: dict[str, Any], planned: dict[str, Any]
    ) -> dict[str, Any]: ...
    def read(self, type_name: str, block: Block, state: dict[str, Any]) -> dict[str, Any] | None: ...
    def delete(self, type_name: str, state: dict[str, Any]) -> None: ...
    def look_up(self, type_name: str, config: Mapping[str, Any]) -> dict[str, Any]: ...


class ControlPlane:
    def __init__(self) -> None:
        self._kept: dict[str, dict[str, Any]] = {}
        self._numbers = count(1)

    def create(self, type_name: str, block: Block, planned: dict[str, Any]) -> dict[str, Any]:
        """``planned`` with what OCI adds: an OCID first, then the rest."""
        number = next(self._numbers)
        made = {name: self._made_up(type_name, block, name, number) for name in block.computed}
        self._kept[made["id"]] = created = planned | made
        return created

    def update(self, type_name: str, block: Block, prior: dict[str, Any], planned: dict[str, Any]) -> dict[str, Any]:
        del type_name, block, prior
        self._kept[planned["id"]] = planned
        return planned

    def read(self, type_name: str, block: Block, state: dict[str, Any]) -> dict[str, Any] | None:
        del type_name, block
        return self._kept.get(state["id"])

    def delete(self, type_name: str, state: dict[str, Any]) -> None:
        del type_name
        self._kept.pop(state["id"], None)

    def look_up(self, type_name: str, config: Mapping[str, Any]) -> dict[str, Any]:
        return ANSWERS[type_name](config)

    def _made_up(self, type_name: str, block: Block, name: str, number: int) -> Any:
        if name == "id":
            return f"ocid1.{KINDS.get(type_name, type_name.rpartition('_')[2])}.oc1.iad.standin{number:06}"
        kind = block.arguments[name].type
        if isinstance(kind, list):
            return {} if kind[0] == "map" else []
        if kind == "string":
            return VALUES.get(name, f"standin-{name}-{number}")
        return {"bool": False, "number": 0}[kind]


# The second part of an OCID, where it is not the last word of the resource's type.
KINDS: Final = {
    "oci_apigateway_deployment": "apideployment",
    "oci_apigateway_gateway": "apigateway",
    "oci_core_network_security_group": "networksecuritygroup",
    "oci_events_rule": "eventrule",
    "oci_functions_application": "fnapp",
    "oci_functions_function": "fnfunc",
    "oci_identity_dynamic_group": "dynamicgroup",
    "oci_logging_log_group": "loggroup",
    "oci_ons_notification_topic": "onstopic",
    "oci_sch_service_connector": "serviceconnector",
    "oci_vault_secret": "vaultsecret",
}

VALUES: Final = {
    "endpoint": "https://standin.apigateway.us-chicago-1.oci.customer-oci.com/v1",
    "hostname": "standin.apigateway.us-chicago-1.oci.customer-oci.com",
    "invoke_endpoint": "https://standin.us-chicago-1.functions.oci.oraclecloud.com",
    "messages_endpoint": "https://cell-1.streaming.us-chicago-1.oci.oraclecloud.com",
    "namespace": "standin",
    "state": "ACTIVE",
    "time_created": "2026-11-22 12:00:00 +0000 UTC",
}
