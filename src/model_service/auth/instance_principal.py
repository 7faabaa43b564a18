"""Sign as a compute instance: the certificates of the metadata service are exchanged for a token.

Source: https://docs.oracle.com/en-us/iaas/Content/Identity/Tasks/callingservicesfrominstances.htm;
``oci/auth/signers/instance_principals_security_token_signer.py`` and ``oci/auth/federation_client.py``.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import urlsplit

from model_service.auth.federation import FederatedCredential, bare, json_text, new_session_key
from model_service.auth.profile import Profile
from model_service.auth.signing import SigningKey, load_private_key
from model_service.errors import CredentialError, DeadlineExceeded
from model_service.fn.invocation import Deadline
from model_service.network import Network
from model_service.settings import Settings

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

# Of the link itself: no name to resolve, no proxy on the way. The second is that of networks without IPv4.
METADATA: Final = ("http://169.254.169.254/opc/v2", "http://[fd00:c1::a9fe:a9fe]/opc/v2")
METADATA_HEADERS: Final = {"Authorization": "Bearer Oracle"}
METADATA_SECONDS: Final = 3.0  # for each answer; one that is there answers in milliseconds
TENANCY_MARKS: Final = ("opc-tenant:", "opc-identity:")


class InstancePrincipal(FederatedCredential):
    """The principal of the instance that we run on."""

    auth_type: ClassVar[str] = "instance_principal"
    what = "instance principal"
    hint = "On a laptop set OCI_AUTH_TYPE to api_key or session_token; an instance needs a dynamic group."

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self._metadata = (settings.metadata_endpoint,) if settings.metadata_endpoint else METADATA
        self._region: str | None = None

    def region(self, deadline: Deadline) -> str | None:
        """Return the region of the instance, asked for once."""
        if self._region is None:
            self._region = self._from_metadata("instance/region", deadline).decode("ascii", "replace").strip()
        return self._region

    def _sign_in(self, deadline: Deadline) -> SigningKey:
        leaf, key_pem, intermediate = (
            self._from_metadata(f"identity/{name}.pem", deadline) for name in ("cert", "key", "intermediate")
        )
        session_key, public = new_session_key()
        url = self._federation_url(deadline)
        content = {"certificate": bare(leaf), "publicKey": public, "intermediateCertificates": [bare(intermediate)]}
        body = json.dumps(content).encode()
        certificate_key = SigningKey(self._key_id(leaf), load_private_key(key_pem, None, "the metadata service"))
        # The SDK does not sign the host of this request (AuthTokenRequestSigner); each try has a date of its own.
        headers = partial(certificate_key.sign, "POST", "", urlsplit(url).path, body, {})
        request = {"headers": headers, "body": body}
        reply = self._ask("the auth service", url, deadline, self._settings.network, request)
        token = json_text(reply.body, "token")
        if token is None:
            raise self.refused("the auth service answered without a token.")
        return SigningKey.of_token(token, session_key)

    def _federation_url(self, deadline: Deadline) -> str:
        """Return where to ask for a token.

        That is ``MODEL_SERVICE_FEDERATION_ENDPOINT``, a host or the whole address, or the auth service of the region.
        """
        endpoint = self._settings.federation_endpoint
        if endpoint is None:
            region = self._settings.regions.identifier(self.region(deadline) or "")
            if region is None:
                raise self.refused("the metadata service does not say which region this is.")
            endpoint = self._settings.regions.endpoint("auth", region)
        return endpoint if urlsplit(endpoint).path else f"{endpoint}/v1/x509"

    def _key_id(self, leaf: bytes) -> str:
        # Imported on first use, as x509 is by nobody else.
        from cryptography.hazmat.primitives.hashes import SHA1  # noqa: PLC0415
        from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415

        try:
            certificate = load_pem_x509_certificate(leaf)
        except ValueError:
            raise self.refused("the metadata service gave no certificate.") from None
        fingerprint = certificate.fingerprint(SHA1()).hex(":").upper()  # noqa: S303 - a name, as OCI gives it
        return f"{self._tenancy_of(certificate)}/fed-x509/{fingerprint}"

    def _tenancy_of(self, certificate: Certificate) -> str:
        values = [str(attribute.value) for attribute in certificate.subject]
        named = [value.removeprefix(mark) for mark in TENANCY_MARKS for value in values if value.startswith(mark)]
        if not named:
            raise self.refused("the certificate of the instance names no tenancy.")
        return named[0]

    def _from_metadata(self, path: str, deadline: Deadline) -> bytes:
        """Return what the metadata service says, at the first of its addresses that answers; never through a proxy."""
        for base in self._metadata:
            limit = deadline.within(METADATA_SECONDS)
            try:
                request = {"headers": lambda: METADATA_HEADERS}
                body = self._ask("the metadata service", f"{base}/{path}", limit, Network(), request).body
            except DeadlineExceeded:
                failure = self.refused(f"the metadata service ({urlsplit(base).netloc}) does not answer.")
            except CredentialError as error:
                failure = error
            else:
                self._metadata = (base,)
                return body
        raise failure


class DelegationToken(InstancePrincipal):
    """An instance that acts for a user, as Cloud Shell does: its requests carry and sign the user's token."""

    auth_type: ClassVar[str] = "delegation_token"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        profile = Profile.of(settings)
        self._file: Path = profile.path("delegation_token_file", self.hint)
        self._profile_region = profile.get("region")
        self.tenancy_id = profile.get("tenancy")

    def region(self, deadline: Deadline) -> str | None:
        """Return the region of the profile, or else of the instance."""
        return self._profile_region or super().region(deadline)

    def key(self, deadline: Deadline) -> SigningKey:
        """Return the key of the instance together with the token of now, which Cloud Shell rewrites."""
        key = super().key(deadline)
        try:
            token = self._file.read_text(encoding="ascii").strip()
        except (OSError, ValueError) as error:
            raise CredentialError(f"Cannot read the delegation token in {self._file}.", hint=self.hint) from error
        return SigningKey(key.key_id, key.private_key, delegation_token=token)
