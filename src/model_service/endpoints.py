"""Where the service is: a region's host name, in every realm."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Final

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
