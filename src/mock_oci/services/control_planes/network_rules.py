"""The rules of a network security group on the wire (client: oci.core.VirtualNetworkClient)."""

from __future__ import annotations

import hashlib
import threading

from mock_oci.cloud import Cloud
from mock_oci.operations import Call, Operation, json_response, refusing
from mock_oci.services.control_planes.network_types import CLIENT, SECURITY_GROUP
from mock_oci.services.control_planes.stored import collection_of
from mock_oci.services.oci_surface import filtered, invalid, object_in, objects_in, page_of, text_in, timestamp
from mock_oci.wire import Body, Response

_MAX_AT_ONCE = 25  # "Adds up to 25 security rules": the SDK's add_network_security_group_security_rules
_MAX_IN_A_GROUP = 120  # docs: General/service-limits, security rules for each network security group
_FIELDS = {
    "description": None,
    "destination": None,
    "destinationType": None,
    "direction": None,
    "icmpOptions": None,
    "isStateless": False,
    "protocol": None,
    "source": None,
    "sourceType": None,
    "tcpOptions": None,
    "udpOptions": None,
}
_SIDES = {"EGRESS": ("destination", "destinationType"), "INGRESS": ("source", "sourceType")}


class SecurityRules:
    """The rules of each group, by the group's OCID. Thread-safe."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lock = threading.Lock()
        self._of_group: dict[str, dict[str, Body]] = {}

    def of(self, group_id: str) -> list[Body]:
        with self._lock:
            return list(self._of_group.get(group_id, {}).values())

    def add(self, group_id: str, rules: list[Body]) -> list[Body]:
        """Keep rules under new ids and return them. Raises Refused when the group would have too many."""
        now = timestamp(self._cloud.clock())
        with self._lock:
            kept = self._of_group.setdefault(group_id, {})
            if len(kept) + len(rules) > _MAX_IN_A_GROUP:
                raise invalid(f"A network security group has at most {_MAX_IN_A_GROUP} rules", "LimitExceeded")
            added = [{**rule, "id": self._new_id(group_id), "isValid": True, "timeCreated": now} for rule in rules]
            kept.update((rule["id"], rule) for rule in added)
        return added

    def change(self, group_id: str, rules: list[Body]) -> list[Body]:
        """Replace rules by their ids and return them; none is when one of them is not there. Raises Refused."""
        with self._lock:
            kept = self._of_group.get(group_id, {})
            _known(kept, [rule["id"] for rule in rules])
            changed = [{**rule, "isValid": True, "timeCreated": kept[rule["id"]]["timeCreated"]} for rule in rules]
            kept.update((rule["id"], rule) for rule in changed)
        return changed

    def remove(self, group_id: str, ids: list[str]) -> None:
        """Take rules away; none when one of them is not there. Raises Refused."""
        with self._lock:
            kept = self._of_group.get(group_id, {})
            _known(kept, ids)
            for id_ in ids:
                del kept[id_]

    def _new_id(self, group_id: str) -> str:
        return hashlib.sha256(f"{group_id}/{self._cloud.next_serial()}".encode()).hexdigest()[:6].upper()


def add_rules(call: Call) -> Response:
    group_id = collection_of(SECURITY_GROUP).of(call).id
    rules = [_rule(item) for item in _asked(call)]
    return json_response(200, {"securityRules": call.cloud.state_of(SecurityRules).add(group_id, rules)})


def update_rules(call: Call) -> Response:
    group_id = collection_of(SECURITY_GROUP).of(call).id
    rules = [{**_rule({**item, "id": None}), "id": text_in(item, "id")} for item in _asked(call)]
    return json_response(200, {"securityRules": call.cloud.state_of(SecurityRules).change(group_id, rules)})


def remove_rules(call: Call) -> Response:
    group_id = collection_of(SECURITY_GROUP).of(call).id
    ids = object_in(call.request.body).get("securityRuleIds")
    if not isinstance(ids, list) or not ids or not all(isinstance(id_, str) for id_ in ids):
        raise invalid("securityRuleIds must be a non-empty array of strings")
    call.cloud.state_of(SecurityRules).remove(group_id, ids)
    return Response(204)


def list_rules(call: Call) -> Response:
    group_id = collection_of(SECURITY_GROUP).of(call).id
    query = call.request.query
    page, headers = page_of(filtered(call.cloud.state_of(SecurityRules).of(group_id), query, ("direction",)), query)
    return json_response(200, page, headers)


def _asked(call: Call) -> list[Body]:
    return objects_in(object_in(call.request.body), "securityRules", _MAX_AT_ONCE)


def _rule(item: Body) -> Body:
    """Return a rule with every field. Raises Refused for what is unknown, missing, or on the wrong side."""
    given = {name: value for name, value in item.items() if value is not None}
    unknown = given.keys() - _FIELDS.keys()
    if unknown:
        raise invalid(f"The field {min(unknown)} is not known to a security rule")
    direction = text_in(given, "direction")
    if direction not in _SIDES:
        raise invalid(f"direction must be one of {', '.join(_SIDES)}")
    text_in(given, "protocol")
    text_in(given, _SIDES[direction][0])
    text_in(given, _SIDES[direction][1])
    return {**_FIELDS, **given}


def _known(kept: dict[str, Body], ids: list[str]) -> None:
    missing = [id_ for id_ in ids if id_ not in kept]
    if missing:
        raise invalid(f"The security rule {missing[0]} is not in this group")


UNDERSTOOD = {
    f"{CLIENT}.add_network_security_group_security_rules": "securityRules",
    f"{CLIENT}.list_network_security_group_security_rules": "direction limit page",
    f"{CLIENT}.remove_network_security_group_security_rules": "securityRuleIds",
    f"{CLIENT}.update_network_security_group_security_rules": "securityRules",
}
_ONE = f"{SECURITY_GROUP.path}/{{{SECURITY_GROUP.parameter}}}"
OPERATIONS = (
    Operation("POST", f"{_ONE}/actions/addSecurityRules", refusing(add_rules)),
    Operation("POST", f"{_ONE}/actions/updateSecurityRules", refusing(update_rules)),
    Operation("POST", f"{_ONE}/actions/removeSecurityRules", refusing(remove_rules)),
    Operation("GET", f"{_ONE}/securityRules", refusing(list_rules)),
)
