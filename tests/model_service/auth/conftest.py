"""The environments of the four auth types, as mock_oci writes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from mock_oci import MockOci, Request
from mock_oci.identity.principals import Principal, new_key
from mock_oci.identity.signatures import verify
from model_service.auth import Credential
from model_service.fn.invocation import Deadline

SOON = Deadline.after(3600)  # of a call that has time


@pytest.fixture(scope="session")
def another_key() -> rsa.RSAPrivateKey:
    return new_key()


@pytest.fixture
def folder(environment: dict[str, str]) -> Path:
    """Where ``write_config`` has put its files."""
    return Path(environment["OCI_CONFIG_FILE"]).parent


@pytest.fixture
def resource_environment(folder: Path, oci: MockOci) -> dict[str, str]:
    """What Functions injects, with files in place of ``/.oci-credentials``."""
    return {
        "OCI_RESOURCE_PRINCIPAL_VERSION": "2.2",
        "OCI_RESOURCE_PRINCIPAL_RPST": str(folder / "resource_principal" / "rpst"),
        "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM": str(folder / "resource_principal" / "private.pem"),
        "OCI_RESOURCE_PRINCIPAL_REGION": oci.region,
    }


@pytest.fixture
def signer_of(oci: MockOci) -> Callable[[Credential], Principal]:
    """Whom OCI sees behind what a credential signs; raises ``NotAuthenticated``."""

    def signer(credential: Credential) -> Principal:
        headers = credential.key(SOON).sign("POST", "127.0.0.1:1", "/v1/x", b"{}", {})
        return verify(Request("POST", "/v1/x", headers, b"{}"), oci.principals, oci.clock())

    return signer
