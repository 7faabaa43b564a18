from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import oci as oci_sdk
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from mock_oci import LoopbackServer, MockOci, Request, Response
from mock_oci.identity.principals import pem_of
from mock_oci.services.instance_metadata import Instance

Sign = Callable[..., Request]


def _get(oci: MockOci, path: str, authorization: str = "Bearer Oracle") -> Response:
    return oci.answer(Request("GET", path, {"authorization": authorization}))


def test_the_sdks_instance_principal_signer_works_against_it(
    live: MockOci, server: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCI_METADATA_BASE_URL", f"{server.url}/opc/v2")
    signer = oci_sdk.auth.signers.InstancePrincipalsSecurityTokenSigner(
        federation_endpoint=f"{server.url}/v1/x509",
        federation_client_retry_strategy=oci_sdk.retry.NoneRetryStrategy(),
        federation_client_circuit_breaker_strategy=oci_sdk.circuit_breaker.NoCircuitBreakerStrategy(),
    )
    assert (signer.region, signer.tenancy_id) == (live.region, live.tenancy.tenancy_id)
    reply = oci_sdk._vendor.requests.post(
        f"{server.url}/openai/v1/chat/completions",
        json={"model": "xai.grok-4.3", "messages": [{"role": "user", "content": "Hi"}]},
        headers={"CompartmentId": live.tenancy.compartment_id},
        auth=signer,
        timeout=10,
    )
    assert reply.status_code == 200, list(live.refusals)
    principal = live.principals.principal_of(f"ST${signer.federation_client.get_security_token()}")
    assert principal
    assert (principal.kind, principal.id) == ("instance", live.state_of(Instance).id)
    assert principal.compartment_id == live.tenancy.compartment_id
    _close(signer)


def _close(signer: Any) -> None:
    for retriever in (signer.leaf_certificate_retriever, signer.intermediate_certificate_retriever):
        retriever.requests_session.close()
    signer.federation_client.requests_session.close()


@pytest.mark.parametrize("path", ["/opc/v2/instance/", "/opc/v2/instance/region", "/opc/v2/identity/key.pem"])
@pytest.mark.parametrize("authorization", ["", "Bearer oracle"])
def test_metadata_wants_its_header(oci: MockOci, path: str, authorization: str) -> None:
    assert _get(oci, path, authorization).status == 401


@pytest.mark.parametrize("path", ["/opc/v2/instance/nothing", "/opc/v2/identity/other.pem", "/opc/v1/instance/"])
def test_what_metadata_does_not_have_is_not_found(oci: MockOci, path: str) -> None:
    assert _get(oci, path).status == 404


def test_the_instance_describes_itself(oci: MockOci) -> None:
    seen = json.loads(_get(oci, "/opc/v2/instance/").body)  # type: ignore[arg-type]
    assert (seen["compartmentId"], seen["tenantId"]) == (oci.tenancy.compartment_id, oci.tenancy.tenancy_id)
    assert json.loads(_get(oci, "/opc/v2/instance/regionInfo").body) == {  # type: ignore[arg-type]
        "realmDomainComponent": "oraclecloud.com",
        "realmKey": "oc1",
        "regionIdentifier": "us-chicago-1",
        "regionKey": "ORD",
    }
    assert _get(oci, "/opc/v2/instance/region").body == b"us-chicago-1"


def test_the_leaf_certificate_is_signed_by_the_intermediate_and_matches_the_key(oci: MockOci) -> None:
    leaf, middle = (
        x509.load_pem_x509_certificate(_get(oci, f"/opc/v2/identity/{name}.pem").body)  # type: ignore[arg-type]
        for name in ("cert", "intermediate")
    )
    key = serialization.load_pem_private_key(_get(oci, "/opc/v2/identity/key.pem").body, None)  # type: ignore[arg-type]
    leaf.verify_directly_issued_by(middle)
    assert leaf.public_key() == key.public_key()


@pytest.fixture
def federate(oci: MockOci, sign: Sign) -> Callable[..., Response]:
    """A federation request like the SDK's, in which anything can be set wrong."""
    instance = oci.state_of(Instance)
    fingerprint = instance.certificate.fingerprint(hashes.SHA256()).hex(":")

    def send(body: dict[str, Any] | bytes, pem: str = "", tenancy: str = oci.tenancy.tenancy_id) -> Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        names = "date (request-target) content-length content-type x-content-sha256"
        key_id = f"{tenancy}/fed-x509/{fingerprint}"
        return oci.answer(sign(key_id, pem or pem_of(instance.key), target="/v1/x509", body=content, names=names))

    return send


def _payload(oci: MockOci, key: Any) -> dict[str, str]:
    der = serialization.Encoding.DER
    public = key.public_bytes(der, serialization.PublicFormat.SubjectPublicKeyInfo)
    certificate = oci.state_of(Instance).certificate.public_bytes(der)
    return {
        "certificate": base64.b64encode(certificate).decode(),
        "publicKey": base64.b64encode(public).decode(),
    }


def test_a_token_is_bound_to_the_key_it_was_asked_for(
    oci: MockOci, federate: Callable[..., Response], another_key: rsa.RSAPrivateKey, sign: Sign
) -> None:
    token = json.loads(federate(_payload(oci, another_key.public_key())).body)["token"]  # type: ignore[arg-type]
    principal = oci.principals.principal_of(f"ST${token}")
    assert principal
    assert principal.public_key == another_key.public_key()


def test_a_stranger_gets_no_token(
    oci: MockOci, federate: Callable[..., Response], another_key: rsa.RSAPrivateKey
) -> None:
    payload = _payload(oci, another_key.public_key())
    elliptic = ec.generate_private_key(ec.SECP256R1()).public_key()
    refused = [
        federate(payload, pem=pem_of(another_key)),
        federate(payload, tenancy="ocid1.tenancy.oc1..other"),
        federate({**payload, "certificate": payload["publicKey"]}),
        federate({**payload, "publicKey": "AAAA"}),
        federate({**payload, "publicKey": _payload(oci, elliptic)["publicKey"]}),
        federate({"publicKey": payload["publicKey"]}),
        federate(b"[]"),
        federate(b"{"),
        oci.answer(Request("POST", "/v1/x509", {}, b"{}")),
    ]
    assert [response.status for response in refused] == [401] * len(refused)
    assert len(oci.refusals) == len(refused)


def test_it_is_there_over_http(server: LoopbackServer) -> None:
    url = f"{server.url}/opc/v2/instance/region"
    assert httpx.get(url, headers={"Authorization": "Bearer Oracle"}, trust_env=False).text == "us-chicago-1"
