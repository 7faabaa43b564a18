"""Where the service is: a region's host name, in every realm."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final


def inference_endpoint(region: str) -> str:
    """Source: ``generative_ai_inference_client.py`` and ``regions_definitions.py`` of the OCI SDK."""
    domain = next(domain for pattern, domain in REALM_DOMAINS if fnmatchcase(region, pattern))
    return f"https://inference.generativeai.{region}.oci.{domain}"


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
