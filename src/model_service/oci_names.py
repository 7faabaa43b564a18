"""Where the service is: a region's host name, in every realm."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

COMPARTMENT_OCID: Final = re.compile(r"ocid1\.(compartment|tenancy)\.[a-z0-9]+\.[a-z0-9-]*\.[A-Za-z0-9._-]+")
PROJECT_OCID: Final = re.compile(r"ocid1\.generativeaiproject\.[a-z0-9]+\.[a-z0-9-]*\.[A-Za-z0-9._-]+")
REGION: Final = re.compile(r"[a-z]+-[a-z0-9-]+-[0-9]+")


def inference_endpoint(region: str) -> str:
    """Source: ``generative_ai_inference_client.py`` and ``regions_definitions.py`` of the OCI SDK."""
    return f"https://inference.generativeai.{region}.oci.{realm_domain(region)}"


def control_plane_endpoint(region: str) -> str:
    """Where models and endpoints are described. Source: ``generative_ai_client.py`` of the OCI SDK."""
    return f"https://generativeai.{region}.oci.{realm_domain(region)}"


def object_storage_endpoint(region: str) -> str:
    """Source: ``object_storage_client.py`` of the OCI SDK."""
    return f"https://objectstorage.{region}.{realm_domain(region)}"


def queue_endpoint(region: str) -> str:
    """Where queues are described. Source: ``queue_admin_client.py`` of the OCI SDK."""
    return f"https://messaging.{region}.oci.{realm_domain(region)}"


def streaming_endpoint(region: str) -> str:
    """Where streams are described. Source: ``stream_admin_client.py`` of the OCI SDK."""
    return f"https://streaming.{region}.oci.{realm_domain(region)}"


def secrets_endpoint(region: str) -> str:
    """Source: ``secrets_client.py`` of the OCI SDK."""
    return f"https://secrets.vaults.{region}.oci.{realm_domain(region)}"


def vaults_endpoint(region: str) -> str:
    """Source: ``vaults_client.py`` of the OCI SDK."""
    return f"https://vaults.{region}.oci.{realm_domain(region)}"


def notifications_endpoint(region: str) -> str:
    """Source: ``notification_data_plane_client.py`` of the OCI SDK (unlike the others, without ``oci.``)."""
    return f"https://notification.{region}.{realm_domain(region)}"


def functions_endpoint(region: str) -> str:
    """Where functions are described. Source: ``functions_management_client.py`` of the OCI SDK."""
    return f"https://functions.{region}.oci.{realm_domain(region)}"


def region_of(ocid: str) -> str | None:
    """The region in an OCID, such as that of a dedicated endpoint: ``ocid1.<type>.<realm>.<region>.<unique>``.

    ``None`` where the fourth part is empty or a region's key of three letters, as it is for other types.
    """
    parts = ocid.split(".")
    return parts[3] if len(parts) > 4 and REGION.fullmatch(parts[3]) else None


def realm_domain(region: str) -> str:
    return next(domain for pattern, domain in REALM_DOMAINS if fnmatchcase(region, pattern))


# The realms that have Generative AI, by the regions in them; OCI_GENAI_ENDPOINT serves any other.
REALM_DOMAINS: Final = (
    ("us-gov-*", "oraclegovcloud.com"),
    ("us-luke-*", "oraclegovcloud.com"),
    ("us-langley-*", "oraclegovcloud.com"),
    ("uk-gov-*", "oraclegovcloud.uk"),
    ("eu-frankfurt-2", "oraclecloud.eu"),
    ("eu-madrid-2", "oraclecloud.eu"),
    ("*", "oraclecloud.com"),
)


BUCKET: Final = re.compile(r"((?P<namespace>[\w-]{1,256})/)?(?P<bucket>[\w.-]{1,256})", re.ASCII)


MAX_OBJECT_NAME_BYTES: Final = 1024  # bytes of an object's name (docs: Object/Tasks/managingobjects.htm)


def is_object_name(name: str) -> bool:
    """Whether an object can have it, and no reader of paths takes it for another's: no ``.`` or ``..`` in it."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError:  # half a surrogate pair
        return False
    control = any(character < " " or "\x7f" <= character < "\xa0" for character in name)
    return 0 < size <= MAX_OBJECT_NAME_BYTES and not control and not {".", ".."} & set(name.split("/"))


@dataclass(frozen=True)
class ObjectLocation:
    """``namespace`` ``None`` is the tenancy's own; without a ``name`` it is the bucket."""

    namespace: str | None
    bucket: str
    name: str = ""

    @classmethod
    def of_bucket(cls, text: str) -> ObjectLocation:
        """From ``namespace/bucket`` or ``bucket``; raises ``ValueError`` for what is neither."""
        match = BUCKET.fullmatch(text)
        if match is None or match["bucket"] in (".", ".."):  # in a path they would mean something else
            raise ValueError("no bucket")
        return cls(match["namespace"], match["bucket"])
