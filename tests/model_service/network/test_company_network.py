"""A laptop's way out: a CONNECT proxy that asks for a password, and an upstream with a private authority."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from tests.model_service.network.conftest import HOSTS, Authority, ConnectProxy

from mock_oci import MockOci
from mock_oci.services.object_storage.state import NAMESPACE, ObjectStorage
from model_service.doctor.checks import examine
from model_service.errors import ModelServiceError, SettingsError, UpstreamUnreachable
from model_service.fn.invocation import Deadline
from model_service.models import Model
from model_service.oci_names import ObjectLocation
from model_service.openai_api.operations import DoctorRequest
from model_service.service import Service
from model_service.settings import Settings

pytestmark = pytest.mark.not_through("process", why="sockets and names are what it is about")

LLAMA, COMMAND = "meta.llama-3.3-70b-instruct", "cohere.command-a-03-2025"
BUCKET = ObjectLocation(NAMESPACE, "b", "o")


def chat(service: Service) -> Any:
    return Model(LLAMA, service, timeout=20).complete("Hello")


def cohere(service: Service) -> Any:
    return Model(COMMAND, service, timeout=20).complete("Hello")


def stream(service: Service) -> Any:
    return list(Model(COMMAND, service, timeout=20).stream("Hello"))


def bucket(service: Service) -> Any:
    service.object_storage.put(BUCKET, b"{}", "application/json", Deadline.after(20))
    return service.object_storage.get(BUCKET, 10, Deadline.after(20))


WAYS = pytest.mark.parametrize(
    ("ask", "host"), [(chat, HOSTS[0]), (cohere, HOSTS[0]), (stream, HOSTS[0]), (bucket, HOSTS[1])]
)


@WAYS
def test_every_way_goes_through_the_proxy_to_the_private_authority(
    laptop: dict[str, str], proxy: ConnectProxy, oci: MockOci, ask: Callable[[Service], Any], host: str
) -> None:
    oci.state_of(ObjectStorage).create_bucket("b")
    with closing(Service(Settings.load(laptop))) as service:
        assert ask(service)
    assert set(proxy.asked.hosts) == {host}
    assert proxy.asked.refused == 0


@WAYS
def test_a_wrong_password_is_named_with_the_proxy_and_what_to_do(
    laptop: dict[str, str], proxy: ConnectProxy, ask: Callable[[Service], Any], host: str
) -> None:
    wrong = {"HTTPS_PROXY": f"http://user:secret@127.0.0.1:{proxy.port}"}
    with closing(Service(Settings.load({**laptop, **wrong}))) as service, pytest.raises(UpstreamUnreachable) as failure:
        ask(service)
    assert f"Cannot connect to {host} through the proxy http://127.0.0.1:{proxy.port}: " in failure.value.message
    assert "407" in failure.value.message
    assert "user:password@" in (failure.value.hint or "")
    assert "secret" not in f"{failure.value.message} {failure.value.hint}"


@WAYS
def test_without_the_companys_authorities_the_certificate_is_the_cause(
    laptop: dict[str, str], ask: Callable[[Service], Any], host: str
) -> None:
    without = {name: text for name, text in laptop.items() if name != "MODEL_SERVICE_CA_BUNDLE"}
    with closing(Service(Settings.load(without))) as service, pytest.raises(UpstreamUnreachable) as failure:
        ask(service)
    assert f"Cannot connect to {host} through the proxy" in failure.value.message
    assert "certificate" in failure.value.message
    assert "MODEL_SERVICE_CA_BUNDLE" in (failure.value.hint or "")


@WAYS
def test_a_proxy_that_may_not_reach_the_host_is_the_cause(
    laptop: dict[str, str], proxy: ConnectProxy, ask: Callable[[Service], Any], host: str
) -> None:
    endpoint = {name: "https://elsewhere.example" for name in laptop if name.endswith("_ENDPOINT")}
    says = r"elsewhere\.example through the proxy .*403"
    settings = Settings.load({**laptop, **endpoint})
    with closing(Service(settings)) as service, pytest.raises(UpstreamUnreachable, match=says) as failure:
        ask(service)
    assert "NO_PROXY" in (failure.value.hint or "")
    assert host not in proxy.asked.hosts


@WAYS
@pytest.mark.parametrize("without", [{"NO_PROXY": "company.example"}, {"MODEL_SERVICE_PROXY": "off"}])
def test_what_goes_without_a_proxy_does(
    laptop: dict[str, str], proxy: ConnectProxy, ask: Callable[[Service], Any], host: str, without: dict[str, str]
) -> None:
    says = f"Cannot connect to {host}: its name cannot be resolved"
    settings = Settings.load({**laptop, **without})
    with closing(Service(settings)) as service, pytest.raises(UpstreamUnreachable, match=says):
        ask(service)
    assert (proxy.asked.hosts, proxy.asked.refused) == ([], 0)


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "OCI_CLI_CERT_BUNDLE"])
@WAYS
def test_the_authorities_of_other_tools_count(
    environment: dict[str, str],
    authority: Authority,
    tls_port: int,
    oci: MockOci,
    ask: Callable[[Service], Any],
    host: str,
    name: str,
) -> None:
    del host
    oci.state_of(ObjectStorage).create_bucket("b")
    url = f"https://127.0.0.1:{tls_port}"
    places = {"OCI_GENAI_ENDPOINT": url, "MODEL_SERVICE_OCI_ENDPOINT": url}
    with closing(Service(Settings.load({**environment, **places, name: str(authority.bundle)}))) as service:
        assert ask(service)


@WAYS
@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_bundle_that_is_none_is_named_by_its_variable(
    laptop: dict[str, str], tmp_path: Any, ask: Callable[[Service], Any], host: str, content: str | None
) -> None:
    del host
    if content is not None:
        (tmp_path / "ca.pem").write_text(content)
    broken = {"MODEL_SERVICE_CA_BUNDLE": str(tmp_path / "ca.pem")}
    with closing(Service(Settings.load({**laptop, **broken}))) as service, pytest.raises(ModelServiceError) as failure:
        ask(service)
    assert isinstance(failure.value, SettingsError)
    assert failure.value.param == "MODEL_SERVICE_CA_BUNDLE"


def test_the_doctor_goes_the_same_way(laptop: dict[str, str], proxy: ConnectProxy) -> None:
    with closing(Service(Settings.load(laptop))) as service:
        report = examine(
            service,
            lambda request, deadline: service.call(service.resolve(request), request, deadline),
            DoctorRequest(LLAMA),
            Deadline.after(20),
        )
    assert report.healthy, json.dumps(report.body())
    assert set(proxy.asked.hosts) == {HOSTS[0]}
