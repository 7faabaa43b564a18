"""A pod on OKE: its service account's token is exchanged for one of OCI, as the SDK's own signer does."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from tests.model_service.network.conftest import Authority, TlsDoor, authority

from mock_oci import LoopbackServer, MockOci, Request, Response
from mock_oci.identity.signatures import verify
from model_service.auth import credential_for, federation, workload_identity
from model_service.auth.workload_identity import WorkloadIdentity
from model_service.errors import CredentialError, DeadlineExceeded
from model_service.fn.invocation import Deadline
from model_service.settings import Settings

__all__ = ["authority"]  # a fixture
SOON = Deadline.after(3600)  # of a call that has time


class Cluster:
    """What gives tokens inside a cluster; ``statuses`` are its first answers."""

    def __init__(self, oci: MockOci) -> None:
        self._oci = oci
        self.statuses: list[int] = []
        self.requests: list[Request] = []
        self.go_on = threading.Event()
        self.go_on.set()

    def answer(self, request: Request) -> Response:
        self.go_on.wait(10)
        self.requests.append(request)
        if self.statuses:
            return Response(self.statuses.pop(0), {}, b"secret")
        pem = f"-----BEGIN PUBLIC KEY-----\n{json.loads(request.body)['podKey']}\n-----END PUBLIC KEY-----\n"
        key: Any = load_pem_public_key(pem.encode())
        claims = {"sub": "ocid1.workload", "ptype": "resource", "tenant": self._oci.tenancy.tenancy_id}
        token = self._oci.principals.token_for(claims, key, 1200)
        body = base64.b64encode(json.dumps({"token": f"ST${token}"}).encode())
        return Response(200, {"connection": "close"}, body)


@pytest.fixture
def cluster(oci: MockOci) -> Cluster:
    return Cluster(oci)


@pytest.fixture
def environment(
    cluster: Cluster, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    with LoopbackServer(cluster.answer) as server, closing(TlsDoor(authority, server.port)) as door:
        monkeypatch.setattr(workload_identity, "PORT", door.port)
        monkeypatch.setattr(federation, "FIRST_PAUSE", 0.001)
        (tmp_path / "token").write_text("service-account-token\n")
        monkeypatch.setattr(workload_identity, "TOKEN_FILE", tmp_path / "token")
        yield {
            "OCI_AUTH_TYPE": "oke_workload_identity",
            "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH": str(authority.bundle),
            "OCI_RESOURCE_PRINCIPAL_VERSION": "2.2",
            "OCI_RESOURCE_PRINCIPAL_REGION": "phx",
            "HTTPS_PROXY": "http://127.0.0.1:9",
        }


def test_oci_knows_the_workload(environment: dict[str, str], oci: MockOci, cluster: Cluster) -> None:
    credential = credential_for(Settings.load(environment))
    signed = credential.key(SOON).sign("POST", "h", "/v1/x", b"{}", {})
    assert verify(Request("POST", "/v1/x", signed, b"{}"), oci.principals, oci.clock()).id == "ocid1.workload"
    assert (credential.auth_type, credential.region(SOON), credential.tenancy_id) == (
        "oke_workload_identity",
        "phx",
        None,
    )
    credential.key(SOON)
    assert len(cluster.requests) == 1


def test_the_request_is_the_sdks(
    environment: dict[str, str], cluster: Cluster, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    from oci.auth.rpt_path_providers import SuppliedServiceAccountTokenProvider
    from oci.auth.signers import OkeWorkloadIdentityResourcePrincipalSigner

    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(SuppliedServiceAccountTokenProvider, "get_sa_token", lambda _: "service-account-token")
    provider = SuppliedServiceAccountTokenProvider("service-account-token")
    bundle = str(authority.bundle)
    OkeWorkloadIdentityResourcePrincipalSigner(
        provider, bundle, "127.0.0.1", str(workload_identity.PORT), "us-phoenix-1"
    )
    credential_for(Settings.load(environment)).key(SOON)
    theirs, ours = cluster.requests
    assert (ours.method, ours.path) == (theirs.method, theirs.path)
    assert json.loads(ours.body).keys() == json.loads(theirs.body).keys()
    assert [ours.headers[name] for name in ("authorization", "content-type")] == [
        theirs.headers[name] for name in ("authorization", "content-type")
    ]


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_cluster_is_asked_again(environment: dict[str, str], cluster: Cluster, status: int) -> None:
    cluster.statuses = [status, status]
    assert WorkloadIdentity(Settings.load(environment)).key(SOON)
    assert len(cluster.requests) == 3


def test_a_refusal_says_what_is_needed(environment: dict[str, str], cluster: Cluster) -> None:
    cluster.statuses = [403]
    with pytest.raises(CredentialError, match=r"No workload identity: the cluster .* answered 403") as refusal:
        WorkloadIdentity(Settings.load(environment)).key(SOON)
    assert "enhanced OKE cluster" in (refusal.value.hint or "")
    assert "secret" not in f"{refusal.value.message} {refusal.value.hint}"


def test_a_cluster_that_is_silent_takes_no_longer_than_the_call_has(
    environment: dict[str, str], cluster: Cluster
) -> None:
    cluster.go_on.clear()
    started = time.monotonic()
    with pytest.raises((DeadlineExceeded, CredentialError), match=r"127\.0\.0\.1"):
        WorkloadIdentity(Settings.load(environment)).key(Deadline.after(1.2))
    assert time.monotonic() - started < 6
    cluster.go_on.set()


def test_outside_of_a_cluster_the_error_says_so() -> None:
    with pytest.raises(CredentialError, match="KUBERNETES_SERVICE_HOST is not set"):
        WorkloadIdentity(Settings.load({"OCI_AUTH_TYPE": "oke_workload_identity"}))


def test_a_service_account_without_a_token_is_named(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "token").unlink()
    with pytest.raises(CredentialError, match="token of the service account"):
        WorkloadIdentity(Settings.load(environment)).key(SOON)
