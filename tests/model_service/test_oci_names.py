"""Our host names are the SDK's, in every realm that has Generative AI."""

from __future__ import annotations

import pytest
from oci.regions import REALMS, REGION_REALMS

from model_service.oci_names import (
    control_plane_endpoint,
    functions_endpoint,
    inference_endpoint,
    notifications_endpoint,
    object_storage_endpoint,
    queue_endpoint,
    region_of,
    streaming_endpoint,
)

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


@pytest.mark.parametrize("region", ["us-chicago-1", "eu-frankfurt-2", "uk-gov-london-1"])
def test_the_control_plane_has_the_same_domain_and_no_inference_in_front(region: str) -> None:
    assert inference_endpoint(region) == control_plane_endpoint(region).replace("://", "://inference.")


@pytest.mark.parametrize(
    ("ocid", "region"),
    [
        ("ocid1.generativeaiendpoint.oc1.us-chicago-1.amaaa", "us-chicago-1"),
        ("ocid1.generativeaiendpoint.oc4.uk-gov-london-1.amaaa", "uk-gov-london-1"),
        ("ocid1.generativeaiendpoint.oc1..amaaa", None),
        ("ocid1.generativeaiendpoint.oc1.iad.amaaa", None),
        ("ocid1.generativeaiendpoint.oc1.us-chicago-1", None),
        ("ocid1.generativeaiendpoint.oc1.evil/host-1.amaaa", None),
        ("cohere.command-a-03-2025", None),
        ("", None),
    ],
)
def test_an_ocid_names_a_region_or_none(ocid: str, region: str | None) -> None:
    assert region_of(ocid) == region


@pytest.mark.parametrize(("region", "domain"), [("us-chicago-1", "oraclecloud.com"), ("eu-madrid-2", "oraclecloud.eu")])
def test_the_other_services_are_where_the_sdk_looks_for_them(region: str, domain: str) -> None:
    assert object_storage_endpoint(region) == f"https://objectstorage.{region}.{domain}"
    assert queue_endpoint(region) == f"https://messaging.{region}.oci.{domain}"
    assert streaming_endpoint(region) == f"https://streaming.{region}.oci.{domain}"
    assert notifications_endpoint(region) == f"https://notification.{region}.{domain}"
    assert functions_endpoint(region) == f"https://functions.{region}.oci.{domain}"
