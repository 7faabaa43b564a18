"""Names of OCI: OCIDs, regions and their short names, the host of each service in each region, objects and buckets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from model_service.light_dataclasses import dataclass

COMPARTMENT_OCID: Final = re.compile(r"ocid1\.(compartment|tenancy)\.[a-z0-9]+\.[a-z0-9-]*\.[A-Za-z0-9._-]+")
# A conversation store is what held responses before there were projects, and what some tenancies still have.
PROJECT_OCID: Final = re.compile(
    r"ocid1\.generativeai(project|conversationstore)\.[a-z0-9]+\.[a-z0-9-]*\.[A-Za-z0-9._-]+"
)
CONVERSATION_STORE: Final = "ocid1.generativeaiconversationstore."

# The shape of a region that nobody describes; its first two letters are those of a country or of a part of the world.
REGION: Final = re.compile(r"[a-z]{2}-([a-z0-9]+-)+[0-9]+")
INFERENCE_HOST: Final = re.compile(r"[/.]generativeai\.(?P<region>[a-z0-9-]+)\.oci\.")  # of ENDPOINTS, or a private one
REGION_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,64}")  # its identifier or its short name, in whatever case
DOMAIN: Final = re.compile(r"([a-z0-9-]+\.)+[a-z]+")
HOW_TO_ADD_A_REGION: Final = (
    "OCI_REGION_METADATA and ~/.oci/regions-config.json describe regions that are newer than this version: "
    "https://docs.oracle.com/en-us/iaas/Content/API/Concepts/sdk_adding_new_region_endpoints.htm"
)


@dataclass(frozen=True)
class Region:
    """A region: its identifier, the short name that stands in older OCIDs, and the domain of its realm."""

    identifier: str
    key: str
    domain: str

    @classmethod
    def of_metadata(cls, value: Any) -> Region | None:
        """Read the description that ``OCI_REGION_METADATA`` and ``regions-config.json`` have; ``None`` if it is none.

        Source: https://docs.oracle.com/en-us/iaas/Content/API/Concepts/sdk_adding_new_region_endpoints.htm
        """
        names = ("regionIdentifier", "regionKey", "realmDomainComponent")
        texts = [value.get(name) if isinstance(value, Mapping) else None for name in names]
        identifier, key, domain = (text.lower() if isinstance(text, str) else "" for text in texts)
        good = re.fullmatch(r"[a-z0-9-]+", identifier) and re.fullmatch(r"[a-z0-9-]+", key) and DOMAIN.fullmatch(domain)
        return cls(identifier, key, domain) if good else None


@dataclass(frozen=True)
class Regions:
    """The regions that there are: those of ``REALMS``, and those that the environment adds, in the SDK's order.

    ``file`` (``~/.oci/regions-config.json``) is read when a region is asked for that nobody else knows; ``metadata`` is
    the text of ``OCI_REGION_METADATA``, ``default_domain`` that of ``OCI_DEFAULT_REALM``. As in the SDK, what cannot be
    read is left out. Source: ``oci/regions.py``.
    """

    file: Path = Path("~/.oci/regions-config.json")
    metadata: str = ""
    default_domain: str = ""

    @property
    def known(self) -> frozenset[str]:
        """Return the identifiers of all that somebody describes."""
        return frozenset(region.identifier for region in (*KNOWN.values(), *self._added.values()))

    def find(self, name: str) -> Region | None:
        """Return the region with this identifier or short name, in whatever case; ``None`` if nobody describes it."""
        return KNOWN.get(name.lower()) or self._added.get(name.lower())

    def identifier(self, name: str) -> str | None:
        """Return the identifier of a region, whether or not anybody describes it; ``None`` where there can be none."""
        region = self.find(name)
        if region is not None:
            return region.identifier
        return name.lower() if REGION.fullmatch(name.lower()) else None

    def domain(self, region: str) -> str:
        """Return the domain of the realm that ``region`` is in, ``OCI_DEFAULT_REALM`` where nobody knows."""
        found = self.find(region)
        return found.domain if found is not None else self.default_domain or REALMS[0][0]

    def endpoint(self, service: str, region: str) -> str:
        """Return the URL of a service of ``ENDPOINTS`` in ``region``, without a slash at its end."""
        return ENDPOINTS[service].format(region=region, domain=self.domain(region))

    def of_ocid(self, ocid: str) -> str | None:
        """Return the region of an OCID, ``ocid1.<type>.<realm>.<region>.<unique>``; ``None`` if it names none."""
        parts = ocid.split(".")
        return self.identifier(parts[3]) if len(parts) > 4 else None

    def of_endpoint(self, url: str) -> str | None:
        """Return the region in the host of an inference endpoint; ``None`` if it names none, as one of one's own."""
        match = INFERENCE_HOST.search(url.lower())
        return self.identifier(match["region"]) if match else None

    @cached_property
    def _added(self) -> Mapping[str, Region]:
        described = [Region.of_metadata(value) for value in (*self._file_values(), _json(self.metadata))]
        # The first that describes a region counts, as in the SDK.
        return _by_name(region for region in reversed(described) if region is not None)

    def _file_values(self) -> Iterator[Any]:
        try:
            values = _json(self.file.expanduser().read_text(encoding="utf-8"))
        except (OSError, ValueError, RuntimeError):  # no file, no text, no home
            return
        yield from values if isinstance(values, list) else ()


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _by_name(regions: Iterable[Region]) -> dict[str, Region]:
    return {name: region for region in regions for name in (region.key, region.identifier)}


# The domain of each realm and the regions in it, each with its short name. Source: oci/regions_definitions.py, with
# which a test compares it.
REALMS: Final = (
    (  # oc1
        "oraclecloud.com",
        "yny:ap-chuncheon-1 hyd:ap-hyderabad-1 mel:ap-melbourne-1 bom:ap-mumbai-1 kix:ap-osaka-1 icn:ap-seoul-1 "
        "syd:ap-sydney-1 nrt:ap-tokyo-1 yul:ca-montreal-1 yyz:ca-toronto-1 ams:eu-amsterdam-1 fra:eu-frankfurt-1 "
        "zrh:eu-zurich-1 jed:me-jeddah-1 dxb:me-dubai-1 gru:sa-saopaulo-1 cwl:uk-cardiff-1 lhr:uk-london-1 "
        "iad:us-ashburn-1 phx:us-phoenix-1 sjc:us-sanjose-1 vcp:sa-vinhedo-1 scl:sa-santiago-1 mtz:il-jerusalem-1 "
        "mrs:eu-marseille-1 sin:ap-singapore-1 auh:me-abudhabi-1 lin:eu-milan-1 arn:eu-stockholm-1 "
        "jnb:af-johannesburg-1 cdg:eu-paris-1 qro:mx-queretaro-1 mad:eu-madrid-1 ord:us-chicago-1 "
        "mty:mx-monterrey-1 aga:us-saltlake-2 bog:sa-bogota-1 vap:sa-valparaiso-1 xsp:ap-singapore-2 "
        "ruh:me-riyadh-1 onm:ap-delhi-1 hsg:ap-batam-1 orf:eu-madrid-3 nrq:eu-turin-1 jbp:ap-kulai-2 "
        "lej:af-casablanca-1",
    ),
    ("oraclegovcloud.com", "lfi:us-langley-1 luf:us-luke-1"),  # oc2
    ("oraclegovcloud.com", "ric:us-gov-ashburn-1 pia:us-gov-chicago-1 tus:us-gov-phoenix-1"),  # oc3
    ("oraclegovcloud.uk", "ltn:uk-gov-london-1 brs:uk-gov-cardiff-1"),  # oc4
    ("oraclecloud8.com", "nja:ap-chiyoda-1 ukb:ap-ibaraki-1"),  # oc8
    ("oraclecloud9.com", "mct:me-dcc-muscat-1 ibr:me-ibri-1"),  # oc9
    ("oraclecloud10.com", "wga:ap-dcc-canberra-1"),  # oc10
    (  # oc14
        "oraclecloud14.com",
        "bgy:eu-dcc-milan-1 mxp:eu-dcc-milan-2 snn:eu-dcc-dublin-2 dtm:eu-dcc-rating-2 dus:eu-dcc-rating-1 "
        "ork:eu-dcc-dublin-1",
    ),
    ("oraclecloud15.com", "dac:ap-dcc-gazipur-1"),  # oc15
    ("oraclecloud.eu", "vll:eu-madrid-2 str:eu-frankfurt-2"),  # oc19
    ("oraclecloud20.com", "beg:eu-jovanovac-1"),  # oc20
    ("oraclecloud21.com", "doh:me-dcc-doha-1 vve:me-alrayyan-1"),  # oc21
    ("oraclecloud23.com", "ebb:us-somerset-1 ebl:us-thames-1"),  # oc23
    ("oraclecloud24.com", "avz:eu-dcc-zurich-1 avf:eu-crissier-1"),  # oc24
    ("oraclecloud26.com", "ahu:me-abudhabi-3 rba:me-alain-1"),  # oc26
    ("oraclecloud29.com", "rkt:me-abudhabi-2 shj:me-abudhabi-4"),  # oc29
    ("oraclecloud35.com", "dtz:ap-seoul-2 dln:ap-suwon-1 bno:ap-chuncheon-2"),  # oc35
    ("oraclecloud42.com", "yxj:us-ashburn-2 pgc:us-newark-1"),  # oc42
    ("oraclecloud51.com", "jsk:eu-budapest-1"),  # oc51
    ("oraclecloud52.com", "hnw:sa-riodejaneiro-1"),  # oc52
)

KNOWN: Final[Mapping[str, Region]] = _by_name(
    Region(identifier, key, domain)
    for domain, regions in REALMS
    for key, _, identifier in (text.partition(":") for text in regions.split())
)

# Source: service_endpoint_template of each of the SDK's clients, with which a test compares it. Metrics are written to
# a host of their own (the docstring of oci.monitoring.MonitoringClient.post_metric_data).
ENDPOINTS: Final[Mapping[str, str]] = {
    "inference": "https://inference.generativeai.{region}.oci.{domain}",
    "control_plane": "https://generativeai.{region}.oci.{domain}",
    "object_storage": "https://objectstorage.{region}.{domain}",
    "streaming": "https://streaming.{region}.oci.{domain}",
    "queue": "https://messaging.{region}.oci.{domain}",
    "notifications": "https://notification.{region}.{domain}",
    "functions": "https://functions.{region}.oci.{domain}",
    "vault": "https://secrets.vaults.{region}.oci.{domain}",
    "vault_management": "https://vaults.{region}.oci.{domain}",
    "monitoring": "https://telemetry.{region}.{domain}",
    "monitoring_ingestion": "https://telemetry-ingestion.{region}.{domain}",
    "auth": "https://auth.{region}.{domain}",
}


BUCKET: Final = re.compile(r"((?P<namespace>[\w-]{1,256})/)?(?P<bucket>[\w.-]{1,256})", re.ASCII)
MAX_OBJECT_NAME_BYTES: Final = 1024  # docs: Object/Tasks/managingobjects.htm


def is_object_name(name: str) -> bool:
    """Tell whether an object can have it, and no reader of paths takes it for another's (no ``.`` or ``..``)."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError:  # half a surrogate pair
        return False
    control = any(character < " " or "\x7f" <= character < "\xa0" for character in name)
    return 0 < size <= MAX_OBJECT_NAME_BYTES and not control and not {".", ".."} & set(name.split("/"))


@dataclass(frozen=True)
class ObjectLocation:
    """An object, or a bucket where it has no ``name``.

    ``namespace`` ``None`` is the tenancy's own, ``region`` ``None`` the function's own.
    """

    namespace: str | None
    bucket: str
    name: str = ""
    region: str | None = None

    @classmethod
    def of_bucket(cls, text: str) -> ObjectLocation:
        """Read ``namespace/bucket`` or ``bucket``; raise ``ValueError`` for what is neither."""
        match = BUCKET.fullmatch(text)
        if match is None or match["bucket"] in (".", ".."):  # in a path they would mean something else
            raise ValueError("no bucket")
        return cls(match["namespace"], match["bucket"])
