"""Our host names are the SDK's, in every realm that has Generative AI."""

from __future__ import annotations

import pytest
from oci.regions import REALMS, REGION_REALMS

from model_service.endpoints import inference_endpoint

REALMS_WITH_GENERATIVE_AI = ("oc1", "oc2", "oc3", "oc4", "oc19")


@pytest.mark.parametrize(
    ("region", "endpoint"),
    [
        ("us-chicago-1", "https://inference.generativeai.us-chicago-1.oci.oraclecloud.com"),
        ("eu-frankfurt-1", "https://inference.generativeai.eu-frankfurt-1.oci.oraclecloud.com"),
        ("eu-frankfurt-2", "https://inference.generativeai.eu-frankfurt-2.oci.oraclecloud.eu"),
        ("uk-gov-london-1", "https://inference.generativeai.uk-gov-london-1.oci.oraclegovcloud.uk"),
        ("us-gov-phoenix-1", "https://inference.generativeai.us-gov-phoenix-1.oci.oraclegovcloud.com"),
        ("us-luke-1", "https://inference.generativeai.us-luke-1.oci.oraclegovcloud.com"),
        ("ap-tomorrow-1", "https://inference.generativeai.ap-tomorrow-1.oci.oraclecloud.com"),
    ],
)
def test_a_region_has_its_realms_domain(region: str, endpoint: str) -> None:
    assert inference_endpoint(region) == endpoint


@pytest.mark.parametrize("region", [r for r, realm in REGION_REALMS.items() if realm in REALMS_WITH_GENERATIVE_AI])
def test_every_region_that_the_sdk_knows_has_the_sdks_host_name(region: str) -> None:
    assert inference_endpoint(region).endswith(f"{region}.oci.{REALMS[REGION_REALMS[region]]}")
