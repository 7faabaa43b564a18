"""What the platform and the machine give beside settings: principals, regions, and the proxies on the way to OCI."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from model_service.errors import SettingsError
from model_service.light_dataclasses import dataclass
from model_service.network import Authorities, Proxy
from model_service.oci_names import DOMAIN, HOW_TO_ADD_A_REGION, Regions
from model_service.settings_parsers import authorities, proxy_of

# Names, or beginnings of names, that Functions, the OCI CLI and the OCI SDK give to variables of their own.
OF_OTHERS = (
    *("OCI_RESOURCE_PRINCIPAL_", "OCI_TRAC", "OCI_REGION_METADATA", "OCI_DEFAULT_REALM", "OCI_METADATA_BASE_URL"),
    *("OCI_KUBERNETES_", "OCI_CLI_", "OCI_SDK_", "OCI_PYTHON_SDK_", "OCI_GO_SDK_"),
)


@dataclass(frozen=True)
class InjectedPrincipal:
    """The resource principal 2.2 that Functions injects: for each of token and key a path or the text itself.

    https://docs.oracle.com/en-us/iaas/Content/Functions/Tasks/functionsaccessingociresources.htm
    """

    rpst: str = field(repr=False)
    private_pem: str = field(repr=False)
    region: str | None


@dataclass(frozen=True)
class KubernetesPod:
    """What a pod of OKE is given: the cluster's host, the files of its service account, its region.

    https://docs.oracle.com/en-us/iaas/Content/ContEng/Tasks/contenggrantingworkloadaccesstoresources.htm
    """

    host: str
    authorities: Authorities
    region: str | None


@dataclass(frozen=True)
class TraceCollector:
    """Where Functions wants spans to go, if tracing is on. ``url`` holds a key; ``service`` is its name there.

    https://docs.oracle.com/en-us/iaas/Content/Functions/Tasks/functionstracing.htm
    """

    url: str = field(repr=False)
    service: str


def trace_collector(given: Mapping[str, str]) -> TraceCollector | None:
    """Return what Functions injects; ``None`` where tracing is off."""
    url = given.get("OCI_TRACE_COLLECTOR_URL", "")
    if given.get("OCI_TRACING_ENABLED", "0").lower() not in ("1", "true") or not url.startswith(
        ("https://", "http://")
    ):
        return None
    return TraceCollector(url, f"{given.get('FN_APP_NAME', '')}::{given.get('FN_FN_NAME', '')}".lower())


def injected_principal(given: Mapping[str, str]) -> InjectedPrincipal | None:
    prefix = "OCI_RESOURCE_PRINCIPAL_"
    version = given.get(prefix + "VERSION")
    if version is None:
        return None
    if version != "2.2":
        raise SettingsError(prefix + "VERSION", "only 2.2, which OCI Functions injects, is supported")
    for name in ("RPST", "PRIVATE_PEM"):
        if prefix + name not in given:
            raise SettingsError(prefix + name, f"is missing, although {prefix}VERSION is set")
    rpst, private_pem = given[prefix + "RPST"], given[prefix + "PRIVATE_PEM"]
    return InjectedPrincipal(rpst, private_pem, given.get(prefix + "REGION"))


def kubernetes_pod(given: Mapping[str, str]) -> KubernetesPod | None:
    if "KUBERNETES_SERVICE_HOST" not in given:
        return None
    name = "OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH"
    path = given.get(name, "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt")
    region = given.get("OCI_RESOURCE_PRINCIPAL_REGION")
    return KubernetesPod(given["KUBERNETES_SERVICE_HOST"], authorities(name, path), region)


def regions(given: Mapping[str, str]) -> Regions:
    """Return the regions that there are, those that the environment adds among them."""
    domain = given.get("OCI_DEFAULT_REALM", "").lower()
    if domain and not DOMAIN.fullmatch(domain):
        raise SettingsError("OCI_DEFAULT_REALM", "must be the domain of a realm, such as oraclecloud.com")
    return Regions(metadata=given.get("OCI_REGION_METADATA", ""), default_domain=domain)


def region_identifier(name: str, text: str, known: Regions) -> str:
    """Return the identifier of a region, or of its short name."""
    identifier = known.identifier(text)
    if identifier is None:
        problem = "must be a region such as us-chicago-1, or its short name such as ord"
        raise SettingsError(name, f"{problem}; {HOW_TO_ADD_A_REGION}")
    return identifier


def in_function(given: Mapping[str, str]) -> bool:
    """Tell whether this process is a container of OCI Functions."""
    return "FN_FN_ID" in given or "FN_LISTENER" in given


def proxies(given: Mapping[str, str], setting: str | None) -> tuple[Mapping[str, Proxy], tuple[str, ...]]:
    """Return the proxies by scheme, and the hosts that are reached without one (``NO_PROXY``)."""
    # Inside a function nobody has set the environment's proxies for us, and one would see every prompt.
    setting = setting or ("off" if in_function(given) else "environment")
    if setting == "off":
        return {}, ()
    names: dict[str, tuple[str, ...]] = {scheme: (f"{scheme}_proxy", "all_proxy") for scheme in ("https", "http")}
    if setting != "environment":
        given = {**given, "proxy": setting}
        names = dict.fromkeys(names, ("proxy",))
    found_by_scheme = {}
    for scheme, variables in names.items():
        found = next((name for one in variables for name in (one, one.upper()) if name in given), None)
        if found is not None:
            found_by_scheme[scheme] = proxy_of("MODEL_SERVICE_PROXY" if found == "proxy" else found, given[found])
    direct = given.get("no_proxy") or given.get("NO_PROXY") or ""
    return found_by_scheme, tuple(direct.replace(",", " ").split())
