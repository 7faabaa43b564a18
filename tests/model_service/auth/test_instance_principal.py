"""The identity of an instance, beside the SDK's, with a metadata and an auth service on loopback."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest

from mock_oci import LoopbackServer, MockOci, Request, Response
from mock_oci.identity.principals import Principal
from mock_oci.identity.signatures import verify
from model_service.auth import credential_for, federation, instance_principal
from model_service.auth.instance_principal import InstancePrincipal
from model_service.errors import CredentialError, DeadlineExceeded
from model_service.fn.invocation import Deadline
from model_service.settings import Settings

SOON = Deadline.after(3600)  # of a call that has time

SignerOf = Callable[[InstancePrincipal], Principal]


class Services:
    """Metadata and auth service of an instance. ``statuses`` are what the auth service answers first, ``missing`` is a
    path that the metadata service does not have, and ``silent`` one that nobody answers before ``go_on`` is set."""

    def __init__(self, oci: MockOci) -> None:
        self._oci = oci
        self.statuses: list[int] = []
        self.retry_after = ""
        self.missing = self.silent = ""
        self.delay = 0.0
        self.go_on = threading.Event()
        self.paths: list[str] = []
        self.federations: list[Request] = []
        self.port = ""

    @property
    def asked(self) -> int:
        return len(self.federations)

    def answer(self, request: Request) -> Response:
        self.port = request.headers["host"].partition(":")[2]
        self.paths.append(request.path)
        if self.silent and request.path.endswith(self.silent):
            self.go_on.wait(10)
        # Each connection is closed: the SDK leaves its sessions open, and a test leaves nothing open.
        response = self._answer(request)
        return Response(response.status, {**response.headers, "connection": "close"}, response.body)

    def _answer(self, request: Request) -> Response:
        if self.missing and request.path.endswith(self.missing):
            return Response(404, {}, b"secret")
        if request.path != "/v1/x509":
            return self._oci.answer(request)
        time.sleep(self.delay)
        self.federations.append(request)
        if not self.statuses:
            return self._oci.answer(request)
        headers = {"content-type": "application/json"} | ({"retry-after": self.retry_after} if self.retry_after else {})
        return Response(self.statuses.pop(0), headers, b'{"code":"x","message":"secret"}')


@pytest.fixture
def services(oci: MockOci) -> Services:
    return Services(oci)


@pytest.fixture
def environment(services: Services) -> Iterator[dict[str, str]]:
    with LoopbackServer(services.answer) as server:
        yield {
            "OCI_AUTH_TYPE": "instance_principal",
            "OCI_METADATA_BASE_URL": f"{server.url}/opc/v2",
            "MODEL_SERVICE_FEDERATION_ENDPOINT": server.url,
        }


@pytest.fixture
def credential(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> InstancePrincipal:
    monkeypatch.setattr(federation, "FIRST_PAUSE", 0.001)
    return InstancePrincipal(Settings.load(environment))


def test_oci_knows_the_instance(credential: InstancePrincipal, signer_of: SignerOf) -> None:
    assert signer_of(credential).kind == "instance"


def test_the_region_is_that_of_the_instance_and_asked_for_once(
    credential: InstancePrincipal, services: Services, oci: MockOci
) -> None:
    assert credential.region(SOON) == credential.region(SOON) == oci.region
    assert credential.tenancy_id is None
    assert [path for path in services.paths if path.endswith("/region")] == ["/opc/v2/instance/region"]


def test_a_token_is_asked_for_once(credential: InstancePrincipal, services: Services) -> None:
    assert credential.key(SOON).key_id == credential.key(SOON).key_id
    assert services.asked == 1


def test_threads_share_one_sign_in(credential: InstancePrincipal, services: Services) -> None:
    services.delay = 0.05
    with ThreadPoolExecutor(16) as pool:
        keys = list(pool.map(lambda _: credential.key(SOON), range(16)))
    assert len({key.key_id for key in keys}) == 1
    assert services.asked == 1


def test_threads_that_were_refused_together_share_one_sign_in(
    credential: InstancePrincipal, services: Services
) -> None:
    refused = credential.key(SOON)
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: credential.renew(refused, SOON), range(8)))
    assert services.asked == 2


def test_after_a_refusal_there_is_a_new_token_with_a_new_key(
    credential: InstancePrincipal, signer_of: SignerOf
) -> None:
    before = credential.key(SOON)
    assert credential.renew(before, SOON) is True
    after = credential.key(SOON)
    assert before.key_id != after.key_id
    assert before.private_key.private_numbers() != after.private_key.private_numbers()
    assert signer_of(credential).kind == "instance"


def _at(moment: float, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(time=lambda: moment, monotonic=time.monotonic, sleep=time.sleep)
    monkeypatch.setattr(federation, "time", clock)


def test_a_token_is_renewed_before_it_expires(
    credential: InstancePrincipal, services: Services, oci: MockOci, monkeypatch: pytest.MonkeyPatch
) -> None:
    credential.key(SOON)
    _at(oci.clock() + 1200 - 30, monkeypatch)
    credential.key(SOON)
    assert services.asked == 2


@pytest.mark.parametrize("status", [401, 503])
def test_a_token_that_is_still_good_is_used_where_the_auth_service_fails(
    credential: InstancePrincipal, services: Services, oci: MockOci, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    key = credential.key(SOON)
    services.statuses = [status] * 100
    _at(oci.clock() + 1200 - 30, monkeypatch)
    assert credential.key(SOON) is key
    asked = services.asked
    assert credential.key(SOON) is key
    assert services.asked == asked  # not again with every call
    assert credential.renew(key, SOON) is False
    _at(oci.clock() + 1201, monkeypatch)
    with pytest.raises(CredentialError):
        credential.key(SOON)


@pytest.mark.parametrize("status", [400, 401, 404])
def test_an_auth_service_that_refuses_is_asked_once_and_named_with_its_status(
    credential: InstancePrincipal, services: Services, status: int
) -> None:
    services.statuses = [status]
    with pytest.raises(CredentialError, match="No instance principal: the auth service") as refusal:
        credential.key(SOON)
    assert services.asked == 1
    assert f"(127.0.0.1:{services.port}) answered {status}" in refusal.value.message
    assert "dynamic group" in (refusal.value.hint or "")
    assert "secret" not in f"{refusal.value} {refusal.value.hint}"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_auth_service_that_is_busy_is_asked_again(
    credential: InstancePrincipal, services: Services, status: int
) -> None:
    services.statuses = [status, status]
    assert credential.key(SOON).key_id.startswith("ST$")
    assert services.asked == 3


def test_no_pause_is_made_that_the_deadline_does_not_allow(credential: InstancePrincipal, services: Services) -> None:
    services.statuses = [503]
    services.retry_after = "60"
    with pytest.raises(CredentialError, match="answered 503"):
        credential.key(Deadline.after(20))
    assert services.asked == 1


@pytest.mark.parametrize("path", ["instance/region", "identity/cert.pem", "identity/key.pem"])
def test_a_metadata_service_that_fails_is_named_with_its_status(
    credential: InstancePrincipal, services: Services, path: str
) -> None:
    services.missing = path
    with pytest.raises(CredentialError, match=rf"the metadata service \(.*\) answered 404 to opc/v2/{path}"):
        credential.region(SOON)
        credential.key(SOON)


def test_an_auth_service_that_comes_back_is_used_again(
    credential: InstancePrincipal, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instance_principal, "new_session_key", cache(federation.new_session_key))  # 0.1 s each
    services.statuses = [500] * 36
    for _ in range(12):  # more often than the SDK's own circuit breaker forgives
        with pytest.raises(CredentialError):
            credential.key(SOON)
    assert credential.key(SOON).key_id.startswith("ST$")


@pytest.mark.parametrize("path", ["/v1/x509", "/opc/v2/identity/cert.pem"])
def test_a_service_that_does_not_answer_takes_no_longer_than_the_call_has(
    credential: InstancePrincipal, services: Services, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instance_principal, "METADATA_SECONDS", 0.5)
    services.silent = path
    started = time.monotonic()
    with pytest.raises((CredentialError, DeadlineExceeded), match=r"127\.0\.0\.1.* not answer"):
        credential.key(Deadline.after(3.0))  # what comes before it takes a second where the machine is busy
    assert time.monotonic() - started < 10  # seconds; the SDK waits for 140
    services.go_on.set()


def test_on_a_machine_that_is_no_instance_the_error_says_what_to_do() -> None:
    with socket.socket() as nobody:  # bound, but nobody listens
        nobody.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{nobody.getsockname()[1]}/opc/v2"
        settings = Settings.load({"OCI_AUTH_TYPE": "instance_principal", "OCI_METADATA_BASE_URL": base})
        with pytest.raises(CredentialError, match="No instance principal: the metadata service") as refusal:
            InstancePrincipal(settings).key(SOON)
    assert "On a laptop set OCI_AUTH_TYPE" in (refusal.value.hint or "")


def test_nothing_is_asked_before_a_key_is_wanted(credential: InstancePrincipal, services: Services) -> None:
    assert credential.tenancy_id is None
    assert services.paths == []


@pytest.mark.parametrize(
    ("setting", "asked"),
    [
        ("auth.example.com", "https://auth.example.com/v1/x509"),
        ("https://auth.example.com/", "https://auth.example.com/v1/x509"),
        ("http://127.0.0.1:1/v1/x509", "http://127.0.0.1:1/v1/x509"),
    ],
)
def test_the_federation_endpoint_may_be_a_host(setting: str, asked: str) -> None:
    credential = InstancePrincipal(Settings.load({"MODEL_SERVICE_FEDERATION_ENDPOINT": setting}))
    assert credential._federation_url(SOON) == asked


def test_the_request_for_a_token_is_the_sdks(
    credential: InstancePrincipal, services: Services, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    from oci.auth.signers import InstancePrincipalsSecurityTokenSigner

    monkeypatch.setenv("OCI_METADATA_BASE_URL", environment["OCI_METADATA_BASE_URL"])
    url = environment["MODEL_SERVICE_FEDERATION_ENDPOINT"] + "/v1/x509"
    theirs = InstancePrincipalsSecurityTokenSigner(federation_endpoint=url)
    credential.key(SOON)
    ours_seen, theirs_seen = services.federations[-1], services.federations[0]
    unlike = {"publicKey"}
    bodies = [{k: v for k, v in json.loads(seen.body).items() if k not in unlike} for seen in (ours_seen, theirs_seen)]
    assert bodies[0] == bodies[1]
    signed = [re.sub(r'signature="[^"]*"', "", seen.headers["authorization"]) for seen in (ours_seen, theirs_seen)]
    assert sorted(signed[0].split(",")) == sorted(signed[1].split(","))
    assert credential.region(SOON) == theirs.region


def test_a_delegation_token_is_carried_and_signed_as_the_sdk_does(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, oci: MockOci
) -> None:
    from oci._vendor import requests
    from oci.auth.signers import InstancePrincipalsDelegationTokenSigner

    (tmp_path / "delegation_token").write_text("a-users-token\n")
    profile = "[DEFAULT]\nauthentication_type=instance_principal\ndelegation_token_file=delegation_token\nregion=phx\n"
    (tmp_path / "config").write_text(profile + f"tenancy={oci.tenancy.tenancy_id}\n")
    without = {name: text for name, text in environment.items() if name != "OCI_AUTH_TYPE"}
    credential = credential_for(Settings.load({**without, "OCI_CONFIG_FILE": str(tmp_path / "config")}))
    assert (credential.auth_type, credential.region(SOON)) == ("delegation_token", "phx")
    assert credential.tenancy_id == oci.tenancy.tenancy_id
    date = {"date": "Thu, 05 Jan 2034 21:31:40 GMT"}
    ours = credential.key(SOON).sign("POST", "h", "/v1/x", b"{}", date)

    monkeypatch.setenv("OCI_METADATA_BASE_URL", environment["OCI_METADATA_BASE_URL"])
    url = environment["MODEL_SERVICE_FEDERATION_ENDPOINT"] + "/v1/x509"
    signer = InstancePrincipalsDelegationTokenSigner(federation_endpoint=url, delegation_token="a-users-token")
    request = requests.Request(
        "POST", "http://h/v1/x", data=b"{}", headers={**date, "content-type": "application/json"}
    )
    theirs = signer(request.prepare()).headers
    named = [
        re.search(r'headers="([^"]*)"', one)[1].split() for one in (ours["authorization"], theirs["authorization"])
    ]  # type: ignore[index] # there is one
    assert sorted(named[0]) == sorted(named[1])
    assert ours["opc-obo-token"] == theirs["opc-obo-token"] == "a-users-token"
    now = credential.key(SOON).sign("POST", "h", "/v1/x", b"{}", {})
    assert verify(Request("POST", "/v1/x", now, b"{}"), oci.principals, oci.clock()).kind == "instance"
