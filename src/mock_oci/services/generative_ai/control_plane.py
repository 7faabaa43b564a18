"""The Generative AI control plane's reading side: models, endpoints and model discovery, for IAM callers only.

Sources: the client oci.generative_ai.GenerativeAiClient; docs: generative-ai/model-discovery-tutorial.htm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from urllib.parse import parse_qs, urlsplit

from mock_oci.identity.policies.variables import target_variable
from mock_oci.operations import Call, Operation, Refused, json_response, not_found, refusing
from mock_oci.services.generative_ai.listed import discovered, models_of
from mock_oci.services.oci_surface import invalid, page_of, permitted
from mock_oci.wire import Body, Response

Query = dict[str, list[str]]
_MAX_PAGE = 1000


def listing(rows: Callable[[Call, str], Iterable[Body]], filters: dict[str, str]) -> Callable[[Call], Response]:
    """Make a List operation; ``filters`` says which field each query parameter is compared with."""

    @refusing
    def answer(call: Call) -> Response:
        query = _query(call)
        found = [row for row in rows(call, call.region) if _wanted(row, query, filters)]
        found.sort(key=_sort_key(query), reverse=_descending(query))
        page, headers = page_of(found, {name: values[-1] for name, values in query.items()}, _MAX_PAGE)
        items = [{name: value for name, value in row.items() if not name.startswith("_")} for row in page]
        return json_response(200, {"items": items}, headers)

    return answer


def reading(
    rows: Callable[[Call, str], Iterable[Body]], etag: Callable[[Call, str], str] = lambda _, wanted: wanted[-8:]
) -> Callable[[Call], Response]:
    """Make a Get operation for one of ``rows``, by its OCID; ``etag`` gives its version."""

    @refusing
    def answer(call: Call) -> Response:
        wanted = call.parameters["id"]
        found = next((row for row in rows(call, call.region) if row["id"] == wanted), None)
        # Base models belong to no compartment: a permission in any will do (where OCI asks for it is
        # unverified; verify: who-lists-base-models).
        home = (found or {}).get("compartmentId")
        homes = [home] if home else call.cloud.iam.directory.compartments[::-1]
        if found is None or not any(call.may(compartment_id, target_variable(wanted)) for compartment_id in homes):
            raise Refused(not_found())
        return json_response(200, found, {"etag": etag(call, wanted)})

    return answer


def _query(call: Call) -> Query:
    """Return the query, once the caller is found to have the compartment it names."""
    query = parse_qs(urlsplit(call.request.target).query)
    if "compartmentId" not in query:
        raise invalid("compartmentId is missing", "MissingParameter")
    permitted(call, query["compartmentId"][-1])
    return query


def _wanted(row: Body, query: Query, filters: dict[str, str]) -> bool:
    if row.get("compartmentId") not in (None, query["compartmentId"][-1]):
        return False
    for name, values in query.items():
        if name not in (*filters, *_OF_EVERY_LIST):
            raise invalid(f"The query parameter {name} is not known.")
        if name in filters:
            held = row.get(filters[name])
            held = held if isinstance(held, list) else [str(held).lower() if isinstance(held, bool) else held]
            if not set(held) & set(values):
                return False
    return True


def _sort_key(query: Query) -> Callable[[Body], str]:
    field = query.get("sortBy", ["timeCreated"])[-1]
    if field not in _SORTED_BY:
        raise invalid(f"sortBy must be one of {', '.join(_SORTED_BY)}")
    return lambda row: str(row.get(field, ""))


def _descending(query: Query) -> bool:
    """Tell the order: names rise and dates fall unless ``sortOrder`` says otherwise (docs: ListModels)."""
    usual = "ASC" if query.get("sortBy", [""])[-1] == "displayName" else "DESC"
    order = query.get("sortOrder", [usual])[-1]
    if order not in ("ASC", "DESC"):
        raise invalid("sortOrder must be ASC or DESC")
    return order == "DESC"


_OF_EVERY_LIST = ("compartmentId", "limit", "page", "sortBy", "sortOrder")
_SORTED_BY = ("timeCreated", "displayName", "lifecycleState")
_NAMED = {"id": "id", "displayName": "displayName", "lifecycleState": "lifecycleState"}
_MODELS = {**_NAMED, "vendor": "vendor", "capability": "capabilities"}
_DISCOVERY = {
    "modelId": "modelId",
    "capability": "capabilities",
    "apiCapability": "apiCapability",
    "modelAccess": "modelAccess",
    "realm": "_realms",
    "region": "_regions",
    "servingMode": "_servingModes",
    "isDeprecated": "_isDeprecated",
    "isOnDemandRetired": "_isOnDemandRetired",
    "isDedicatedRetired": "_isDedicatedRetired",
}

OPERATIONS = (
    Operation("GET", "/20231130/models", listing(models_of, _MODELS)),
    Operation("GET", "/20231130/models/{id}", reading(models_of)),
    Operation("GET", "/20231130/modelDiscovery", listing(discovered, _DISCOVERY)),
)
