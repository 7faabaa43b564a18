"""Identity on the wire: policies and dynamic groups, which count at once, compartments and regions.

Client: oci.identity.IdentityClient.
"""

from __future__ import annotations

from urllib.parse import unquote

from mock_oci.identity.policies.reader import PolicyError
from mock_oci.operations import Call, Operation, Refused, json_response, not_found, refusing
from mock_oci.services.control_planes.regions import key_of, region_names
from mock_oci.services.control_planes.resource_types import ResourceType
from mock_oci.services.control_planes.stored import StoredResource, delete, operations_of
from mock_oci.services.oci_surface import filtered, invalid, page_of, permitted, text_in
from mock_oci.wire import Body, Response

_NAMED = ("compartmentId", "name", "lifecycleState")
POLICY = ResourceType(
    client="IdentityClient",
    noun="policy",
    plural="policies",
    path="/20160918/policies",
    type="policy",
    required=("compartmentId", "name", "statements", "description"),
    optional=("versionDate",),
    fixed=("name",),
    defaults={"lifecycleState": "ACTIVE", "inactiveStatus": None, "versionDate": None},
    filters=_NAMED,
    updated="",
)
DYNAMIC_GROUP = ResourceType(
    client="IdentityClient",
    noun="dynamic_group",
    path="/20160918/dynamicGroups",
    type="dynamicgroup",
    required=("compartmentId", "name", "matchingRule", "description"),
    fixed=("name",),
    defaults={"lifecycleState": "ACTIVE", "inactiveStatus": None},
    filters=_NAMED,
    updated="",
)


def _write_policy(call: Call, policy: StoredResource) -> None:
    try:
        call.cloud.iam.add_policy(policy.body["statements"], policy.compartment_id, policy.id)
    except PolicyError as error:
        raise invalid(f"statements: {error}") from error


def _write_group(call: Call, group: StoredResource) -> None:
    if group.compartment_id != call.cloud.tenancy.tenancy_id:
        raise invalid("compartmentId must be the tenancy's")
    try:
        call.cloud.iam.directory.add_dynamic_group(group.body["name"], group.body["matchingRule"], group.id)
    except PolicyError as error:
        raise invalid(f"matchingRule: {error}") from error


def delete_policy(call: Call) -> Response:
    answer = delete(POLICY, call)
    call.cloud.iam.remove_policy(unquote(call.parameters[POLICY.parameter]))
    return answer


def delete_group(call: Call) -> Response:
    answer = delete(DYNAMIC_GROUP, call)
    call.cloud.iam.directory.remove_dynamic_group(unquote(call.parameters[DYNAMIC_GROUP.parameter]))
    return answer


def get_tenancy(call: Call) -> Response:
    if unquote(call.parameters["tenancy"]) != call.cloud.tenancy.tenancy_id:
        raise Refused(not_found())
    permitted(call, call.cloud.tenancy.tenancy_id)
    return json_response(
        200,
        {
            "id": call.cloud.tenancy.tenancy_id,
            "name": "mock-oci",
            "description": "mock_oci",
            "homeRegionKey": key_of(call.cloud.region),
            "upiIdcsCompatibilityLayerEndpoint": None,
            "freeformTags": {},
            "definedTags": {},
        },
    )


def get_compartment(call: Call) -> Response:
    wanted = unquote(call.parameters["compartment"])
    found = [row for row in _compartments(call) if row["id"] == wanted]
    if not found:
        raise Refused(not_found())
    permitted(call, wanted)
    return json_response(200, found[0])


def list_compartments(call: Call) -> Response:
    """List what is directly below a compartment; the root is not below itself."""
    query = call.request.query
    parent = text_in(query, "compartmentId")
    permitted(call, parent)
    rows = [row for row in _compartments(call) if row["compartmentId"] == parent]
    page, headers = page_of(filtered(rows, query, ("name", "lifecycleState")), query)
    return json_response(200, page, headers)


def list_regions(_call: Call) -> Response:
    return json_response(200, [{"key": key, "name": name} for key, name in region_names().items()])


def list_region_subscriptions(call: Call) -> Response:
    if unquote(call.parameters["tenancy"]) != call.cloud.tenancy.tenancy_id:
        raise Refused(not_found())
    region = call.cloud.region
    subscription = {"regionKey": key_of(region), "regionName": region, "status": "READY", "isHomeRegion": True}
    return json_response(200, [subscription])


def list_availability_domains(call: Call) -> Response:
    compartment_id = text_in(call.request.query, "compartmentId")
    permitted(call, compartment_id)
    name = f"mOCK:{call.region.upper()}-AD-1"
    return json_response(
        200, [{"id": f"ocid1.availabilitydomain.oc1..{name}", "name": name, "compartmentId": compartment_id}]
    )


def _compartments(call: Call) -> list[Body]:
    tenancy = call.cloud.tenancy
    return [
        {
            "id": id_,
            "compartmentId": parent,
            "name": name,
            "description": name,
            "timeCreated": "2026-01-01T00:00:00.000Z",
            "lifecycleState": "ACTIVE",
            "inactiveStatus": None,
            "isAccessible": True,
            "freeformTags": {},
            "definedTags": {},
        }
        for id_, parent, name in (
            (tenancy.tenancy_id, None, "mock-oci"),
            (tenancy.compartment_id, tenancy.tenancy_id, "models"),
        )
    ]


UNDERSTOOD = {
    **POLICY.understood(),
    **DYNAMIC_GROUP.understood(),
    "IdentityClient.get_compartment": "",
    "IdentityClient.get_tenancy": "",
    "IdentityClient.list_availability_domains": "compartmentId",
    "IdentityClient.list_compartments": (
        "compartmentId name lifecycleState limit page accessLevel=ANY compartmentIdInSubtree=false"
    ),
    "IdentityClient.list_region_subscriptions": "",
    "IdentityClient.list_regions": "",
}
OPERATIONS = (
    *operations_of(POLICY, accept=_write_policy, removed=delete_policy),
    *operations_of(DYNAMIC_GROUP, accept=_write_group, removed=delete_group),
    Operation("GET", "/20160918/compartments/{compartment}", refusing(get_compartment)),
    Operation("GET", "/20160918/compartments", refusing(list_compartments)),
    Operation("GET", "/20160918/regions", refusing(list_regions)),
    Operation("GET", "/20160918/tenancies/{tenancy}", refusing(get_tenancy)),
    Operation("GET", "/20160918/tenancies/{tenancy}/regionSubscriptions", refusing(list_region_subscriptions)),
    Operation("GET", "/20160918/availabilityDomains", refusing(list_availability_domains)),
)
