"""The instance metadata service, and the federation endpoint that turns an instance's certificate into a token."""

from __future__ import annotations

import base64
import binascii
import datetime
import json
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from mock_oci.cloud import Cloud
from mock_oci.identity.principals import pem_of, spare_key
from mock_oci.identity.signatures import NotAuthenticated, read_signature
from mock_oci.identity.tenancy import ocid
from mock_oci.model.known_models import REGIONS, Region
from mock_oci.operations import Call, Operation, json_response, oci_error
from mock_oci.wire import Response

_TOKEN_SECONDS = 1200
_HEADER = "Bearer Oracle"  # what IMDS v2 asks for (docs: Compute/Tasks/gettingmetadata.htm)
# The SDK's federation request does not sign its host (oci/auth/federation_client.py, AuthTokenRequestSigner).
_SIGNED = ("(request-target)",)


class Instance:
    """One compute instance: who it is, its key, and the certificates that say so."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.id = ocid("instance", "mock_oci", cloud.region)
        self.key = spare_key()
        self._authority = spare_key()
        self.certificate = self._issue(self._subject())
        self.intermediate = self._issue(_name("PKISVC Identity Intermediate"))

    def description(self) -> dict[str, Any]:
        """Describe the instance as ``/opc/v2/instance/`` does."""
        region = REGIONS.get(self._cloud.region) or Region(self._cloud.region, self._cloud.region)
        return {
            "id": self.id,
            "displayName": "mock_oci",
            "compartmentId": self._cloud.tenancy.compartment_id,
            "tenantId": self._cloud.tenancy.tenancy_id,
            "region": region.id,
            "canonicalRegionName": region.id,
            "regionInfo": {
                "realmDomainComponent": "oraclecloud.com",
                "realmKey": "oc1",
                "regionIdentifier": region.id,
                "regionKey": region.key,
            },
            "shape": "VM.Standard.E5.Flex",
            "state": "Running",
        }

    def pem(self, name: str) -> str:
        """Return ``cert.pem``, ``key.pem`` or ``intermediate.pem``; "" for any other name."""
        match name:
            case "cert.pem":
                return self.certificate.public_bytes(serialization.Encoding.PEM).decode()
            case "intermediate.pem":
                return self.intermediate.public_bytes(serialization.Encoding.PEM).decode()
            case "key.pem":
                return pem_of(self.key)
        return ""

    def token(self, session_key: rsa.RSAPublicKey) -> str:
        tenancy = self._cloud.tenancy
        claims = {"sub": self.id, "ptype": "instance", "tenant": tenancy.tenancy_id, "ttype": "x509"}
        places = {"opc-instance": self.id, "opc-compartment": tenancy.compartment_id}
        claims |= {**places, "opc-tenant": tenancy.tenancy_id}
        return self._cloud.principals.token_for(claims, session_key, _TOKEN_SECONDS)

    def _subject(self) -> x509.Name:
        """Name the tenancy where the SDK reads it: in the subject's ``opc-tenant:`` (oci/auth/auth_utils.py)."""
        tenancy = self._cloud.tenancy
        return _name(
            "mock_oci instance",
            "opc-certtype:instance",
            f"opc-compartment:{tenancy.compartment_id}",
            f"opc-instance:{self.id}",
            f"opc-tenant:{tenancy.tenancy_id}",
        )

    def _issue(self, subject: x509.Name) -> x509.Certificate:
        now = datetime.datetime.fromtimestamp(self._cloud.clock(), datetime.UTC)
        builder = x509.CertificateBuilder(
            issuer_name=_name("PKISVC Identity Intermediate"),
            subject_name=subject,
            public_key=self.key.public_key(),
            serial_number=self._cloud.next_serial(),
            not_valid_before=now - datetime.timedelta(days=1),
            not_valid_after=now + datetime.timedelta(days=1),
        )
        return builder.sign(self._authority, hashes.SHA256())


def _name(common_name: str, *units: str) -> x509.Name:
    # An OCID would be too long for X.520's common name; an organisational unit has no limit here.
    held = [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units]
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name), *held])


def describe_instance(call: Call) -> Response:
    return _metadata(call, call.cloud.state_of(Instance).description())


def describe_instance_field(call: Call) -> Response:
    return _metadata(call, call.cloud.state_of(Instance).description().get(call.parameters["field"]))


def get_identity_file(call: Call) -> Response:
    return _metadata(call, call.cloud.state_of(Instance).pem(call.parameters["name"]))


def _metadata(call: Call, value: Any) -> Response:
    if call.request.headers.get("authorization") != _HEADER:
        return Response(401, {"content-type": "text/plain"}, b"Unauthorized: IMDS v2 wants Bearer Oracle\n")
    if not value:
        return Response(404, {"content-type": "text/plain"}, b"Not Found\n")
    if isinstance(value, str):
        return Response(200, {"content-type": "text/plain"}, value.encode())
    return json_response(200, value)


def federate(call: Call) -> Response:
    instance = call.cloud.state_of(Instance)
    try:
        session_key = _session_key(call, instance)
    except NotAuthenticated as refusal:
        call.cloud.refusals.append(str(refusal))
        return oci_error(401, "Certificate or signature is not valid.", "NotAuthenticated")
    return json_response(200, {"token": instance.token(session_key)})


def _session_key(call: Call, instance: Instance) -> rsa.RSAPublicKey:
    """Return the public key that an instance asks a token for, once its certificate and its signature are good."""
    signed = read_signature(call.request, call.cloud.clock(), required=_SIGNED)
    tenancy, kind, *_ = [*signed.key_id.split("/"), ""]
    if tenancy != call.cloud.tenancy.tenancy_id or not kind.startswith("fed-x509"):
        raise NotAuthenticated("the keyId names no certificate of this tenancy")
    signed.check(instance.key.public_key())
    try:
        asked = json.loads(call.request.body)
        certificate = base64.b64decode(asked["certificate"], validate=True)
        key = serialization.load_der_public_key(base64.b64decode(asked["publicKey"], validate=True))
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as error:
        raise NotAuthenticated("the certificate or the public key cannot be read") from error
    if certificate != instance.certificate.public_bytes(serialization.Encoding.DER):
        raise NotAuthenticated("the certificate is not this instance's")
    if not isinstance(key, rsa.RSAPublicKey):
        raise NotAuthenticated("the session key is not an RSA key")
    return key


OPERATIONS = (
    Operation("GET", "/opc/v2/instance/", describe_instance, credentials=()),
    Operation("GET", "/opc/v2/instance/{field}", describe_instance_field, credentials=()),
    Operation("GET", "/opc/v2/identity/{name}", get_identity_file, credentials=()),
    Operation("POST", "/v1/x509", federate, credentials=()),
)
