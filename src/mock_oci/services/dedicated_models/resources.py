"""What is made for models of one's own: clusters, endpoints on them, imported models and routing profiles.

Client: oci.generative_ai.GenerativeAiClient. What is made serves at once: an endpoint its model, also an imported one,
and a routing profile its model in the first of its regions that hosts it. Unverified: the codes of the refusals
(verify: dedicated-refusals).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import unquote

from mock_oci.identity.tenancy import ocid
from mock_oci.model.catalogue import Endpoint, ocid_of
from mock_oci.model.known_models import Model
from mock_oci.operations import Call, Operation, Refused, not_found, oci_error, refusing
from mock_oci.services.control_planes.resource_types import ResourceType
from mock_oci.services.control_planes.stored import (
    StoredResource,
    StoredResources,
    create,
    delete,
    document_of,
    named,
    update,
    work_requests_of,
)
from mock_oci.services.generative_ai.control_plane import listing, reading
from mock_oci.services.oci_surface import invalid, number_in, text_in
from mock_oci.services.resources import etag_of
from mock_oci.wire import Body, Response

_CLIENT = "GenerativeAiClient"
_KEPT: Body = {"lifecycleState": "ACTIVE", "lifecycleDetails": None, "description": None, "systemTags": {}}
_FILTERS = ("compartmentId", "lifecycleState", "displayName", "id")
_GUARDED = ("contentModerationConfig", "promptInjectionConfig", "piiDetectionConfig")
_OFF = {"isEnabled": False}
_MAX_UNITS = 1000
_PROXIED = frozenset({"google", "xai"})  # their models are asked at their own providers
_CAPABILITIES = {"TEXT_TO_TEXT": "CHAT", "IMAGE_TEXT_TO_TEXT": "CHAT", "EMBEDDING": "TEXT_EMBEDDINGS"} | {
    "RERANK": "TEXT_RERANK"
}

CLUSTER = ResourceType(
    client=_CLIENT,
    noun="dedicated_ai_cluster",
    path="/20231130/dedicatedAiClusters",
    type="generativeaidedicatedaicluster",
    required=("compartmentId", "type", "unitCount", "unitShape"),
    optional=("displayName", "description"),
    fixed=("type", "unitShape"),
    defaults={**_KEPT, "capacityReservationId": None, "capacity": None},
    filters=_FILTERS,
    in_items=True,
    work="dedicatedAiCluster",
    updates_with_body=True,
)
ENDPOINT = ResourceType(
    client=_CLIENT,
    noun="endpoint",
    path="/20231130/endpoints",
    type="generativeaiendpoint",
    required=("compartmentId", "modelId", "dedicatedAiClusterId"),
    optional=("displayName", "description", *_GUARDED),
    fixed=("modelId", "dedicatedAiClusterId"),
    defaults={**_KEPT, "generativeAiPrivateEndpointId": None, **dict.fromkeys(_GUARDED, _OFF)},
    refers={"dedicatedAiClusterId": "dedicated_ai_cluster"},
    filters=(*_FILTERS, "generativeAiPrivateEndpointId"),
    in_items=True,
    work="endpoint",
    updates_with_body=True,
)
IMPORTED = ResourceType(
    client=_CLIENT,
    noun="imported_model",
    path="/20231130/importedModels",
    type="generativeaiimportedmodel",
    required=("compartmentId", "dataSource"),
    optional=("displayName", "description", "vendor", "version", "capabilities"),
    fixed=("dataSource", "capabilities"),
    defaults={**_KEPT, "vendor": None, "version": None, "capabilities": ["TEXT_TO_TEXT"]},
    filters=("compartmentId", "lifecycleState", "displayName", "id", "vendor"),
    aliases={"capability": "capabilities"},
    in_items=True,
    work="importedModel",
    updates_with_body=True,
)
PROFILE = ResourceType(
    client=_CLIENT,
    noun="routing_profile",
    path="/20231130/routingProfiles",
    type="generativeairoutingprofile",
    optional=("description", "regionRoutingPolicy", "modelRoutingPolicy"),
    defaults=_KEPT,
    filters=_FILTERS,
    in_items=True,
    updates_with_body=True,
)


def adopt(call: Call) -> None:
    """Keep what was put into the catalogue by hand as resources too, each endpoint with a cluster."""
    kept, home = call.cloud.state_of(StoredResources), {"compartmentId": call.cloud.tenancy.compartment_id}
    for endpoint in call.cloud.catalogue.endpoints:
        if kept.find(endpoint.id) is not None:
            continue
        cluster = ocid(CLUSTER.type, endpoint.model.id, endpoint.region)
        shape = {"displayName": endpoint.model.id, "type": "HOSTING", "unitCount": 1, "unitShape": "LARGE_GENERIC"}
        if kept.find(cluster) is None:
            kept.keep(cluster, document_of(CLUSTER, call, cluster, {**home, **shape}))
        on = {"modelId": ocid_of(endpoint.model, endpoint.region), "dedicatedAiClusterId": cluster}
        asked = {**home, "displayName": endpoint.name, **on}
        kept.keep(endpoint.id, document_of(ENDPOINT, call, endpoint.id, asked))


def rows_of(kind: ResourceType) -> Callable[[Call, str], Iterator[Body]]:
    """Return what yields the resources of a kind in a region, which stands in their OCIDs."""

    def rows(call: Call, region: str) -> Iterator[Body]:
        adopt(call)
        for document in call.cloud.state_of(StoredResources).of(kind.noun).all():
            if document.id.split(".")[3] == region:
                yield document.body

    return rows


def filters_of(kind: ResourceType) -> dict[str, str]:
    """Return the fields that a list is narrowed by, under the names of the query."""
    return {**{name: name for name in kind.filters if name != "compartmentId"}, **kind.aliases}


def _etag(call: Call, resource_id: str) -> str:
    document = call.cloud.state_of(StoredResources).find(resource_id)
    return etag_of(document) if document is not None else ""


def _serve(call: Call, document: StoredResource) -> None:
    """Have a new endpoint serve its model. Raises Refused where it cannot."""
    enabled = [name for name in _GUARDED if (document.body.get(name) or _OFF).get("isEnabled") is not False]
    if enabled:
        raise Refused(oci_error(501, f"mock_oci: {enabled[0]} that is enabled is not emulated", "NotImplemented"))
    model = call.cloud.catalogue.model_with_ocid(document.body["modelId"], call.region)
    if model is None:
        raise Refused(not_found())
    if model.vendor in _PROXIED:
        raise invalid(f"{model.id} cannot be hosted on a dedicated AI cluster")
    cluster = named(call, "dedicated_ai_cluster", document.body["dedicatedAiClusterId"])
    if cluster.body["type"] != "HOSTING":
        raise invalid("The dedicated AI cluster is not one for hosting")
    endpoint = Endpoint(document.id, document.body["displayName"], model, call.region)
    call.cloud.catalogue.enter_endpoint(endpoint)


def _check_units(_call: Call, document: StoredResource) -> None:
    number_in(document.body, "unitCount", 1, 1, _MAX_UNITS)
    if document.body["type"] not in ("HOSTING", "FINE_TUNING"):
        raise invalid("type must be one of HOSTING, FINE_TUNING")
    text_in(document.body, "unitShape")


def _import(call: Call, document: StoredResource) -> None:
    """Have an imported model to be had on endpoints. Raises Refused for one whose source says nothing."""
    source = document.body["dataSource"]
    for name in _SOURCES.get(source.get("sourceType"), ("sourceType",)):
        text_in(source, name)
    if source["sourceType"] not in _SOURCES:
        raise invalid(f"sourceType must be one of {', '.join(_SOURCES)}")
    source.pop("accessToken", None)  # a secret: it is not shown
    asked = document.body["capabilities"]
    known = tuple(dict.fromkeys(_CAPABILITIES[name] for name in asked if name in _CAPABILITIES))
    if len(known) == 0:
        raise Refused(oci_error(501, f"mock_oci: the capability {asked[0]} is not emulated", "NotImplemented"))
    vendor = document.body["vendor"] or "imported"
    call.cloud.catalogue.enter_model(Model(document.id, (), known, by=vendor, imported=True))


def _route(call: Call, document: StoredResource) -> None:
    """Have a routing profile stand for its model. Raises Refused for more than one, or none."""
    models = (document.body.get("modelRoutingPolicy") or {}).get("allowedModels") or []
    regions = (document.body.get("regionRoutingPolicy") or {}).get("allowedRegions") or []
    if len(models) != 1:
        raise invalid("modelRoutingPolicy must allow one model")
    call.cloud.catalogue.enter_profile(document.id, str(models[0]), tuple(map(str, regions)))


def _removed(kind: ResourceType, call: Call) -> Response:
    """Delete a resource, and have it serve no more. Raises Refused, with 409 while another one names it."""
    answer = delete(kind, call)
    call.cloud.catalogue.leave(unquote(call.parameters[kind.parameter]))
    return answer


def _adopting(answer: Callable[[Call], Response]) -> Callable[[Call], Response]:
    def answered(call: Call) -> Response:
        adopt(call)
        return answer(call)

    return refusing(answered)


_SOURCES: dict[Any, tuple[str, ...]] = {
    "HUGGING_FACE_MODEL": ("modelId",),
    "OBJECT_STORAGE_OBJECT": ("namespaceName", "bucketName", "prefixName"),
}
KINDS = ((CLUSTER, _check_units), (ENDPOINT, _serve), (IMPORTED, _import), (PROFILE, _route))
OPERATIONS = (
    *(
        operation
        for kind, accept in KINDS
        for operation in (
            Operation("POST", kind.path, _adopting(partial(create, kind, accept=accept))),
            Operation("GET", kind.path, listing(rows_of(kind), filters_of(kind))),
            Operation("GET", f"{kind.path}/{{id}}", reading(rows_of(kind), _etag)),
            Operation("PUT", f"{kind.path}/{{{kind.parameter}}}", _adopting(partial(update, kind, accept=accept))),
            Operation("DELETE", f"{kind.path}/{{{kind.parameter}}}", _adopting(partial(_removed, kind))),
        )
    ),
    work_requests_of("20231130"),
)
