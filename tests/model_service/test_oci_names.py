"""Our regions and host names are the SDK's, in every realm, and so is what the environment adds to them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import oci
import pytest
from oci import regions as sdk

from mock_oci.identity.principals import spare_key
from model_service.oci_names import ENDPOINTS, KNOWN, ObjectLocation, Region, Regions, is_object_name

CLIENTS = {
    "inference": oci.generative_ai_inference.GenerativeAiInferenceClient,
    "control_plane": oci.generative_ai.GenerativeAiClient,
    "object_storage": oci.object_storage.ObjectStorageClient,
    "streaming": oci.streaming.StreamAdminClient,
    "queue": oci.queue.QueueAdminClient,
    "notifications": oci.ons.NotificationDataPlaneClient,
    "functions": oci.functions.FunctionsManagementClient,
    "vault": oci.secrets.SecretsClient,
    "vault_management": oci.vault.VaultsClient,
    "monitoring": oci.monitoring.MonitoringClient,
}


@pytest.fixture(scope="module")
def clients() -> dict[str, Any]:
    signer = oci.auth.signers.SecurityTokenSigner("a.b.c", spare_key())
    return {name: kind({"region": "us-ashburn-1"}, signer=signer) for name, kind in CLIENTS.items()}


@pytest.mark.parametrize("service", CLIENTS)
def test_a_service_is_where_the_sdks_client_looks_for_it_in_every_region(service: str, clients: dict[str, Any]) -> None:
    base = clients[service].base_client
    for region in sdk.REGIONS:
        base.set_region(region)
        # The version of the API, and what the SDK leaves out when it sends without dual stack.
        theirs = re.sub(r"/[0-9]{8}$|\{dualStack\?[^}]*\}", "", base.endpoint)
        assert Regions().endpoint(service, region) == theirs


@pytest.mark.parametrize("region", sdk.REGIONS)
def test_the_auth_service_is_where_the_sdk_looks_for_it(region: str) -> None:
    assert Regions().endpoint("auth", region) == sdk.endpoint_for("auth", region)


def test_metrics_are_written_to_the_host_that_the_sdk_names() -> None:
    documented = oci.monitoring.MonitoringClient.post_metric_data.__doc__
    host = Regions().endpoint("monitoring_ingestion", "eu-frankfurt-1").removeprefix("https://")
    assert host in documented


def test_there_is_no_service_that_is_compared_with_nothing() -> None:
    assert set(ENDPOINTS) == {*CLIENTS, "auth", "monitoring_ingestion"}


def test_the_regions_are_the_sdks_by_both_of_their_names() -> None:
    names = {region.identifier: region.key for region in KNOWN.values()}
    assert names == {identifier: key for key, identifier in sdk.REGIONS_SHORT_NAMES.items()}
    assert {identifier: KNOWN[identifier].domain for identifier in names} == {
        identifier: sdk.REALMS[realm] for identifier, realm in sdk.REGION_REALMS.items()
    }


@pytest.mark.parametrize(
    ("ocid", "region"),
    [
        ("ocid1.generativeaiendpoint.oc1.us-chicago-1.amaaa", "us-chicago-1"),
        ("ocid1.generativeaiendpoint.oc4.uk-gov-london-1.amaaa", "uk-gov-london-1"),
        ("ocid1.queue.oc1.iad.amaaa", "us-ashburn-1"),
        ("ocid1.stream.oc1.phx.amaaa", "us-phoenix-1"),
        ("ocid1.bucket.oc1.PHX.amaaa", "us-phoenix-1"),
        *((f"ocid1.onstopic.oc1.{key}.aaaa", region) for key, region in sdk.REGIONS_SHORT_NAMES.items()),
        ("ocid1.stream.oc1.ap-tomorrow-1.amaaa", "ap-tomorrow-1"),
        ("ocid1.generativeaiendpoint.oc1..amaaa", None),
        ("ocid1.generativeaiendpoint.oc1.xyz.amaaa", None),
        ("ocid1.generativeaiendpoint.oc1.us-chicago-1", None),
        ("ocid1.generativeaiendpoint.oc1.evil/host-1.amaaa", None),
        ("ocid1.generativeaiendpoint.oc1.us-chicago-1\n.amaaa", None),
        ("cohere.command-a-03-2025", None),
        ("", None),
    ],
)
def test_an_ocid_names_a_region_or_none(ocid: str, region: str | None) -> None:
    assert Regions().of_ocid(ocid) == region


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("us-chicago-1", "us-chicago-1"),
        ("ORD", "us-chicago-1"),
        ("Eu-Frankfurt-1", "eu-frankfurt-1"),
        ("ap-tomorrow-1", "ap-tomorrow-1"),  # which a newer SDK may know
        ("us-chicago", None),
        ("chicago", None),
        ("mars-north-1", None),
        ("us-chicago-1.example.com", None),
        ("us-chicago-1/", None),
        ("", None),
    ],
)
def test_a_region_is_known_or_can_be_one_or_is_none(name: str, identifier: str | None) -> None:
    assert Regions().identifier(name) == identifier


NEW = {
    "realmKey": "OC77",
    "realmDomainComponent": "OracleCloud77.com",
    "regionKey": "NEW",
    "regionIdentifier": "mars-north-1",
}
OTHER = {**NEW, "realmDomainComponent": "other.example"}


@pytest.fixture
def sdk_regions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The SDK's tables, which it changes as it learns, and its file; all as before afterwards."""
    for name in ("REGIONS_SHORT_NAMES", "REGION_REALMS", "REALMS"):
        monkeypatch.setattr(sdk, name, dict(getattr(sdk, name)))
    monkeypatch.setattr(sdk, "REGIONS", list(sdk.REGIONS))
    monkeypatch.setattr(sdk, "second_level_domain_fallback", "")
    read = dict.fromkeys(sdk.ExternalSources, False) | {sdk.ExternalSources.IMDS: True}
    monkeypatch.setattr(sdk, "_has_been_read_external_sources", read)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".oci").mkdir()
    yield tmp_path / ".oci" / "regions-config.json"


@pytest.mark.parametrize("name", ["mars-north-1", "new", "ap-tomorrow-1", "us-chicago-1"])
@pytest.mark.parametrize(
    ("file", "metadata", "realm"),
    [
        ("", "", ""),
        (json.dumps([NEW]), "", ""),
        ("", json.dumps(NEW), ""),
        (json.dumps([NEW]), json.dumps(OTHER), ""),
        (json.dumps([{**NEW, "regionKey": ""}]), json.dumps(NEW), ""),
        (json.dumps([{**NEW, "regionIdentifier": "us-chicago-1", "regionKey": "ord"}]), "", ""),
        ("", "", "oraclecloud9.com"),
        ("no JSON", "no JSON", "oraclecloud9.com"),
        (json.dumps([NEW]), "", "oraclecloud9.com"),
    ],
)
def test_what_the_environment_adds_counts_as_in_the_sdk(
    sdk_regions: Path, monkeypatch: pytest.MonkeyPatch, name: str, file: str, metadata: str, realm: str
) -> None:
    if file:
        sdk_regions.write_text(file)
    monkeypatch.setenv("OCI_REGION_METADATA", metadata)
    monkeypatch.setenv("OCI_DEFAULT_REALM", realm)
    ours = Regions(metadata=metadata, default_domain=realm)
    assert ours.endpoint("auth", ours.identifier(name) or name) == sdk.endpoint_for("auth", name)


@pytest.mark.parametrize(
    "value",
    [None, [], {}, {**NEW, "realmDomainComponent": "evil/x"}, {**NEW, "regionIdentifier": 1}, {**NEW, "regionKey": ""}],
)
def test_what_describes_no_region_is_left_out(value: Any) -> None:
    assert Region.of_metadata(value) is None


def test_a_file_that_is_none_is_left_out(tmp_path: Path) -> None:
    for file in (tmp_path / "none", tmp_path):
        assert Regions(file=file).identifier("mars-north-1") is None
    (tmp_path / "binary").write_bytes(b"\xff")
    assert Regions(file=tmp_path / "binary").identifier("mars-north-1") is None


@pytest.mark.parametrize("name", ["a", "a/b.json", "ä" * 512, "a b"])
def test_a_name_that_an_object_can_have(name: str) -> None:
    assert is_object_name(name)


@pytest.mark.parametrize("name", ["", ".", "..", "a/../b", "a\nb", "n" * 1025, "ä" * 513, "\ud800"])
def test_a_name_that_no_object_can_have(name: str) -> None:
    assert not is_object_name(name)


def test_a_bucket_is_in_our_own_region_unless_another_is_named() -> None:
    assert ObjectLocation.of_bucket("ns/b") == ObjectLocation("ns", "b", region=None)
