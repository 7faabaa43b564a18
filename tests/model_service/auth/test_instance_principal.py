"""The identity of an instance, through the SDK and a metadata and an auth service on loopback."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from mock_oci import LoopbackServer, MockOci, Request, Response
from mock_oci.identity.principals import Principal
from model_service.auth.instance_principal import InstancePrincipal
from model_service.errors import CredentialError
from model_service.settings import Settings

SignerOf = Callable[[InstancePrincipal], Principal]


class Services:
    """Metadata and auth service of an instance; ``status`` other than 200 is what the auth service answers."""

    def __init__(self, oci: MockOci) -> None:
        self._oci = oci
        self.status = 200
        self.asked = 0

    def answer(self, request: Request) -> Response:
        # Each connection is closed: the SDK leaves its sessions open, and a test leaves nothing open.
        response = self._answer(request)
        return Response(response.status, {**response.headers, "connection": "close"}, response.body)

    def _answer(self, request: Request) -> Response:
        if request.path != "/v1/x509":
            return self._oci.answer(request)
        self.asked += 1
        if self.status != 200:
            return Response(self.status, {"content-type": "application/json"}, b'{"code":"x","message":"secret"}')
        return self._oci.answer(request)


@pytest.fixture
def services(oci: MockOci) -> Services:
    return Services(oci)


@pytest.fixture
def credential(services: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[InstancePrincipal]:
    with LoopbackServer(services.answer) as server:
        # The one variable that the SDK itself reads.
        monkeypatch.setenv("OCI_METADATA_BASE_URL", f"{server.url}/opc/v2")
        environment = {
            "OCI_AUTH_TYPE": "instance_principal",
            "MODEL_SERVICE_FEDERATION_ENDPOINT": f"{server.url}/v1/x509",
        }
        yield InstancePrincipal(Settings.load(environment))


def test_oci_knows_the_instance(credential: InstancePrincipal, signer_of: SignerOf) -> None:
    assert signer_of(credential).kind == "instance"


def test_the_region_is_that_of_the_instance(credential: InstancePrincipal, oci: MockOci) -> None:
    assert credential.region == oci.region
    assert credential.tenancy_id is None


def test_a_token_is_asked_for_once(credential: InstancePrincipal, services: Services) -> None:
    assert credential.key().key_id == credential.key().key_id
    assert services.asked == 1


def test_after_a_refusal_there_is_a_new_token_with_a_new_key(
    credential: InstancePrincipal, signer_of: SignerOf
) -> None:
    before = credential.key()
    assert credential.renew() is True
    after = credential.key()
    assert before.key_id != after.key_id
    assert before.private_key.private_numbers() != after.private_key.private_numbers()
    assert signer_of(credential).kind == "instance"


def test_a_token_is_renewed_before_it_expires(
    credential: InstancePrincipal, services: Services, oci: MockOci, monkeypatch: pytest.MonkeyPatch
) -> None:
    from oci.auth import security_token_container

    credential.key()
    soon = oci.clock() + 1200 - 30
    monkeypatch.setattr(security_token_container, "time", SimpleNamespace(time=lambda: soon))
    credential.key()
    assert services.asked == 2


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_an_auth_service_that_refuses_is_asked_once_and_is_a_clear_error(
    credential: InstancePrincipal, services: Services, status: int
) -> None:
    services.status = status
    with pytest.raises(CredentialError, match="No instance principal") as refusal:
        credential.key()
    assert services.asked == 1
    assert "dynamic group" in (refusal.value.hint or "")
    assert "secret" not in f"{refusal.value} {refusal.value.hint}"


def test_an_auth_service_that_comes_back_is_used_again(
    credential: InstancePrincipal, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oci.auth.session_key_supplier.SessionKeySupplier.refresh", lambda _: None)  # 0.1 s each
    services.status = 500
    for _ in range(12):  # more often than the SDK's own circuit breaker forgives
        with pytest.raises(CredentialError):
            credential.key()
    services.status = 200
    assert credential.key().key_id.startswith("ST$")


def test_on_a_machine_that_is_no_instance_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as nobody:  # bound, but nobody listens
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("OCI_METADATA_BASE_URL", f"http://127.0.0.1:{nobody.getsockname()[1]}/opc/v2")
        with pytest.raises(CredentialError, match="No instance principal") as refusal:
            InstancePrincipal(Settings.load({"OCI_AUTH_TYPE": "instance_principal"})).key()
    assert "On a laptop set OCI_AUTH_TYPE" in (refusal.value.hint or "")


def test_nothing_is_asked_before_a_key_is_wanted(credential: InstancePrincipal, services: Services) -> None:
    assert credential.tenancy_id is None
    assert services.asked == 0
