"""Management Dashboard's import on the wire (client: oci.management_dashboard.DashxApisClient)."""

from __future__ import annotations

from mock_oci.cloud import Cloud
from mock_oci.identity.tenancy import ocid
from mock_oci.operations import Call, Operation, refusing
from mock_oci.services.oci_surface import invalid, object_in, objects_in, permitted, text_in
from mock_oci.services.resources import Resources
from mock_oci.wire import Body, Response

_MAX_DASHBOARDS = 50
# What is required in oci.management_dashboard.models.ManagementDashboardForImportExportDetails
_REQUIRED = (
    "dashboardId", "providerId", "providerName", "providerVersion", "tiles", "displayName", "description",
    "compartmentId", "isOobDashboard", "isShowInHome", "metadataVersion", "isShowDescription", "screenImage", "nls",
    "uiConfig", "dataConfig", "type", "isFavorite", "savedSearches",
)  # fmt: skip
_OPTIONAL = ("parametersConfig", "featuresConfig", "drilldownConfig", "freeformTags", "definedTags")


class Dashboards(Resources[Body]):
    """What has been imported: the documents as they came, by OCIDs of their own. Thread-safe."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__()
        del cloud


def import_dashboard(call: Call) -> Response:
    """Keep the dashboards of a document; with ``overrideSameName`` in place of those of the same name."""
    kept = call.cloud.state_of(Dashboards)
    override = call.request.query.get("overrideSameName", "false").lower() == "true"
    for dashboard in objects_in(object_in(call.request.body), "dashboards", _MAX_DASHBOARDS):
        _check(dashboard)
        permitted(call, text_in(dashboard, "compartmentId"))
        name = dashboard["displayName"]
        same = [item for item in kept.all() if item["displayName"] == name]
        if same and not override:
            raise invalid(f"A dashboard named {name} exists in the compartment", "Conflict", 409)
        id_ = same[0]["id"] if same else ocid("managementdashboard", f"{name}/{call.cloud.next_serial()}", call.region)
        kept.keep(id_, {**dashboard, "id": id_})
    return Response(200)


def _check(dashboard: Body) -> None:
    missing = [name for name in _REQUIRED if dashboard.get(name) is None]
    if missing:
        raise invalid(f"{missing[0]} must not be null", "MissingParameter")
    unknown = sorted(dashboard.keys() - {*_REQUIRED, *_OPTIONAL})
    if unknown:
        raise invalid(f"The field {unknown[0]} is not known to a dashboard")


UNDERSTOOD = {"DashxApisClient.import_dashboard": "dashboards freeformTags definedTags overrideSameName"}
OPERATIONS = (Operation("POST", "/20200901/managementDashboards/actions/importDashboard", refusing(import_dashboard)),)
