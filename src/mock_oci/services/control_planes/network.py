"""Virtual cloud networks on the wire, as far as a function and a gateway need one.

Client: oci.core.VirtualNetworkClient.
"""

from __future__ import annotations

from mock_oci.operations import Call, Operation, Refused, json_response, not_found, refusing
from mock_oci.services.control_planes.network_types import (
    CLIENT,
    DHCP_OPTIONS,
    PARTS,
    ROUTE_TABLE,
    SECURITY_LIST,
    VCN,
    services_in,
)
from mock_oci.services.control_planes.stored import (
    StoredResource,
    StoredResources,
    collection_of,
    delete,
    document_of,
    operations_of,
    work_requests_of,
)
from mock_oci.services.oci_surface import invalid, page_of
from mock_oci.wire import Response

_DEFAULTS = (
    ("defaultRouteTableId", ROUTE_TABLE, "Default Route Table"),
    ("defaultSecurityListId", SECURITY_LIST, "Default Security List"),
    ("defaultDhcpOptionsId", DHCP_OPTIONS, "Default DHCP Options"),
)


def _keep_default_parts(call: Call, vcn: StoredResource) -> None:
    """Make a network's default route table, security list and DHCP options, unless they are there."""
    documents = call.cloud.state_of(StoredResources)
    for name, kind, title in _DEFAULTS:
        asked = {
            "compartmentId": vcn.compartment_id,
            "vcnId": vcn.id,
            "displayName": f"{title} for {vcn.body['displayName']}",
        }
        id_ = vcn.body[name]
        if documents.find(id_) is None:
            documents.keep(id_, document_of(kind, call, id_, asked))


def delete_vcn(call: Call) -> Response:
    """Delete a network with its default parts; 409 while it has any other. Raises Refused."""
    vcn = collection_of(VCN).of(call)
    documents = call.cloud.state_of(StoredResources)
    own = {vcn.body[name] for name, _, _ in _DEFAULTS}
    user = next((item for item in documents.all() if item.body.get("vcnId") == vcn.id and item.id not in own), None)
    if user is not None:
        raise invalid(f"The Network is not empty: {user.id} is in it", "Conflict", 409)
    for id_ in own:
        documents.delete(id_)
    return delete(VCN, call)


def list_services(call: Call) -> Response:
    page, headers = page_of(services_in(call), call.request.query)
    return json_response(200, page, headers)


def get_service(call: Call) -> Response:
    found = [row for row in services_in(call) if row["id"] == call.parameters["service"]]
    if not found:
        raise Refused(not_found())
    return json_response(200, found[0])


UNDERSTOOD = {
    **{name: names for kind in (VCN, *PARTS) for name, names in kind.understood().items()},
    f"{CLIENT}.list_services": "limit page",
    f"{CLIENT}.get_service": "",
    "WorkRequestClient.get_work_request": "",
}
OPERATIONS = (
    *operations_of(VCN, accept=_keep_default_parts, removed=delete_vcn),
    *(operation for kind in PARTS for operation in operations_of(kind)),
    Operation("GET", "/20160918/services", refusing(list_services)),
    Operation("GET", "/20160918/services/{service}", refusing(get_service)),
    work_requests_of("20160918"),
)
