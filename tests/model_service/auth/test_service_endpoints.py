"""Two regions: models are asked in OCI_REGION, all else in our own; what an OCID or a URL names comes first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mock_oci import MockOci, mock_oci
from mock_oci.doors.written_config import write_config
from mock_oci.services.object_storage.state import NAMESPACE, ObjectStorage
from model_service.auth.service_endpoints import OVERRIDES, ServiceEndpoints
from model_service.batch.tasks.location import tasks_text
from model_service.errors import CredentialError, SettingsError
from model_service.fn.invocation import Deadline
from model_service.models import Model
from model_service.oci_names import ENDPOINTS, ObjectLocation
from model_service.service import Service
from model_service.settings import Settings

SOON = Deadline.after(3600)  # of a call that has time
OWN, MODELS = "uk-london-1", "us-chicago-1"
BESIDE = sorted(set(OVERRIDES) - {"inference", "control_plane"})


def endpoints(environment: dict[str, str], own: str | None = OWN) -> ServiceEndpoints:
    credential: Any = SimpleNamespace(region=lambda _: own)
    return ServiceEndpoints(Settings.load(environment), lambda: credential)


@pytest.mark.parametrize("service", ["inference", "control_plane"])
def test_models_are_asked_in_oci_region(service: str) -> None:
    assert f".{MODELS}." in endpoints({"OCI_REGION": MODELS}).of(service, SOON)
    assert f".{OWN}." in endpoints({}).of(service, SOON)


@pytest.mark.parametrize("service", BESIDE)
def test_everything_else_is_in_our_own_region(service: str) -> None:
    found = endpoints({"OCI_REGION": MODELS})
    assert f".{OWN}." in found.of(service, SOON)
    assert ".us-ashburn-1." in found.of(service, SOON, ocid="ocid1.stream.oc1.iad.aaaa")
    assert ".us-phoenix-1." in found.of(service, SOON, region="us-phoenix-1")


@pytest.mark.parametrize("service", ["inference", "control_plane"])
def test_a_model_of_another_region_is_asked_there(service: str) -> None:
    found = endpoints({"OCI_REGION": MODELS})
    assert ".eu-frankfurt-1." in found.of(service, SOON, ocid="ocid1.generativeaiendpoint.oc1.fra.aaaa")


def test_where_nobody_else_names_a_region_oci_region_is_our_own() -> None:
    assert f".{MODELS}." in endpoints({"OCI_REGION": MODELS}, own=None).of("object_storage", SOON)


def test_the_region_of_the_cli_is_our_own() -> None:
    found = endpoints({"OCI_CLI_REGION": "fra"})
    assert ".eu-frankfurt-1." in found.of("object_storage", SOON)
    assert ".eu-frankfurt-1." in found.of("inference", SOON)


@pytest.mark.parametrize("own", ["lhr", "LHR", "uk-london-1"])
def test_a_profile_may_have_a_short_name(own: str) -> None:
    assert ".uk-london-1." in endpoints({}, own).of("object_storage", SOON)


def test_a_region_that_can_be_none_is_named_with_how_to_add_one() -> None:
    with pytest.raises(CredentialError, match="is not one such as us-chicago-1") as refusal:
        endpoints({}, "mars").of("object_storage", SOON)
    assert "OCI_REGION_METADATA" in (refusal.value.hint or "")


def test_without_any_region_the_setting_is_named() -> None:
    with pytest.raises(SettingsError, match="OCI_REGION"):
        endpoints({}, None).of("inference", SOON)


@pytest.mark.parametrize("service", BESIDE)
def test_a_service_has_an_endpoint_of_its_own_before_the_one_of_all(service: str) -> None:
    shared = {"MODEL_SERVICE_OCI_ENDPOINT": "http://all:1"}
    name = f"MODEL_SERVICE_{OVERRIDES[service][0].upper()}"
    assert endpoints(shared).of(service, SOON, ocid="ocid1.stream.oc1.iad.aaaa") == "http://all:1"
    assert endpoints({**shared, name: "http://own:1"}).of(service, SOON) == "http://own:1"


def test_generative_ai_has_endpoints_of_its_own() -> None:
    inference = {"OCI_GENAI_ENDPOINT": "http://models:1", "MODEL_SERVICE_OCI_ENDPOINT": "http://all:1"}
    control = {"MODEL_SERVICE_CONTROL_PLANE_ENDPOINT": "http://control:1"}
    assert endpoints(inference).of("control_plane", SOON) == "http://models:1"
    assert endpoints({**inference, **control}).of("control_plane", SOON) == "http://control:1"
    assert endpoints({**inference, **control}).of("inference", SOON) == "http://models:1"


def test_every_service_that_is_asked_through_it_has_a_host() -> None:
    assert set(OVERRIDES) <= set(ENDPOINTS)


@pytest.fixture
def oci() -> Iterator[MockOci]:
    with mock_oci() as oci:
        yield oci


@pytest.fixture
def service(oci: MockOci, tmp_path: Path) -> Iterator[Service]:
    """A profile of London whose models are in Chicago."""
    write_config(oci, tmp_path, "http://127.0.0.1:1")
    config = tmp_path / "config"
    config.write_text(config.read_text().replace(f"region={oci.region}", f"region={OWN}"))
    compartment = {"OCI_COMPARTMENT_ID": oci.tenancy.compartment_id}
    environment = {"OCI_CONFIG_FILE": str(config), "OCI_REGION": MODELS, **compartment}
    with closing(Service(Settings.load(environment))) as service:
        yield service


@pytest.mark.parametrize("model", ["meta.llama-3.3-70b-instruct", "cohere.command-a-03-2025"])
def test_a_chat_goes_to_one_region_and_a_bucket_to_the_other(oci: MockOci, service: Service, model: str) -> None:
    oci.state_of(ObjectStorage).create_bucket("b")
    Model(model, service).complete("Hello")
    service.object_storage.put(ObjectLocation(NAMESPACE, "b", "o"), b"{}", "application/json", SOON)
    hosts = [request.headers["host"].partition(":")[0] for request in oci.requests]
    assert hosts == [f"inference.generativeai.{MODELS}.oci.oraclecloud.com", f"objectstorage.{OWN}.oraclecloud.com"]


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("https://objectstorage.us-phoenix-1.oraclecloud.com/n/{namespace}/b/b/o/tasks.yaml", "us-phoenix-1"),
        (
            "https://{namespace}.objectstorage.eu-frankfurt-1.oci.customer-oci.com/n/{namespace}/b/b/o/tasks.yaml",
            "eu-frankfurt-1",
        ),
        ("oci://b@{namespace}/tasks.yaml", OWN),
    ],
)
def test_the_region_in_the_url_of_an_object_counts(oci: MockOci, service: Service, url: str, region: str) -> None:
    oci.state_of(ObjectStorage).create_bucket("b")
    service.object_storage.put(ObjectLocation(NAMESPACE, "b", "tasks.yaml"), b"tasks: []", "text/plain", SOON)
    tasks_text(url.format(namespace=NAMESPACE), lambda: service.object_storage, SOON)
    assert oci.requests[-1].headers["host"].startswith(f"objectstorage.{region}.")


def test_the_region_in_a_url_that_can_be_none_is_refused(service: Service) -> None:
    url = "https://objectstorage.mars.oraclecloud.com/n/ns/b/b/o/tasks.yaml"
    with pytest.raises(SettingsError, match="region which can be none"):
        tasks_text(url, lambda: service.object_storage, SOON)


def test_a_new_region_is_reached_as_the_platform_describes_it() -> None:
    described = {
        "realmKey": "OC77",
        "realmDomainComponent": "x77.com",
        "regionKey": "NEW",
        "regionIdentifier": "ap-new-1",
    }
    found = endpoints({"OCI_REGION_METADATA": json.dumps(described)}, "new")
    assert found.of("streaming", SOON) == "https://streaming.ap-new-1.oci.x77.com"
