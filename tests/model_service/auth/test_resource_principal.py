"""The function's own identity, in a container that outlives its tokens."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from mock_oci import MockOci
from mock_oci.identity.principals import Principal, pem_of, spare_key
from mock_oci.identity.signatures import NotAuthenticated
from mock_oci.identity.tenancy import ocid
from model_service.auth.resource_principal import ResourcePrincipal
from model_service.errors import CredentialError
from model_service.fn.invocation import Deadline
from model_service.settings import Settings

SOON = Deadline.after(3600)  # of a call that has time

SignerOf = Callable[[ResourcePrincipal], Principal]
FUNCTION = ocid("fnfunc", "rotated", "us-chicago-1")


@pytest.fixture
def credential(resource_environment: dict[str, str]) -> ResourcePrincipal:
    return ResourcePrincipal(Settings.load(resource_environment))


def _replace(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(path)


def test_oci_knows_the_function(credential: ResourcePrincipal, signer_of: SignerOf) -> None:
    principal = signer_of(credential)
    assert (principal.kind, principal.resource_type) == ("resource", "fnfunc")


def test_the_region_comes_along_and_a_compartment_does_not(credential: ResourcePrincipal, oci: MockOci) -> None:
    assert credential.region(SOON) == oci.region
    assert credential.tenancy_id is None


@pytest.mark.parametrize("order", [1, -1], ids=["token first", "key first"])
def test_a_rotated_pair_signs_from_then_on(
    credential: ResourcePrincipal,
    folder: Path,
    oci: MockOci,
    signer_of: SignerOf,
    another_key: rsa.RSAPrivateKey,
    order: int,
) -> None:
    signer_of(credential)
    pair = oci.principals.resource_principal(FUNCTION, key=another_key)
    for name, text in [("rpst", pair.rpst), ("private.pem", pair.private_pem)][::order]:
        _replace(folder / "resource_principal" / name, text)
    assert signer_of(credential).id == FUNCTION


@pytest.mark.parametrize("name", ["rpst", "private.pem"])
def test_half_a_rotation_changes_nothing_until_the_other_half_is_there(
    credential: ResourcePrincipal,
    folder: Path,
    oci: MockOci,
    signer_of: SignerOf,
    another_key: rsa.RSAPrivateKey,
    name: str,
) -> None:
    before = signer_of(credential).id
    pair = oci.principals.resource_principal(FUNCTION, key=another_key)
    texts = {"rpst": pair.rpst, "private.pem": pair.private_pem}
    _replace(folder / "resource_principal" / name, texts.pop(name))
    assert signer_of(credential).id == before
    for other, text in texts.items():
        _replace(folder / "resource_principal" / other, text)
    assert signer_of(credential).id == FUNCTION


def test_after_a_refusal_a_rotation_under_way_is_waited_for(
    credential: ResourcePrincipal, folder: Path, oci: MockOci, signer_of: SignerOf, another_key: rsa.RSAPrivateKey
) -> None:
    refused = credential.key(SOON)
    pair = oci.principals.resource_principal(FUNCTION, key=another_key)
    _replace(folder / "resource_principal" / "rpst", pair.rpst)
    rest = threading.Timer(0.1, _replace, (folder / "resource_principal" / "private.pem", pair.private_pem))
    rest.start()
    assert credential.renew(refused, SOON) is True
    assert signer_of(credential).id == FUNCTION
    rest.join()


def test_an_expired_token_is_replaced_before_oci_sees_it(
    credential: ResourcePrincipal, folder: Path, oci: MockOci, signer_of: SignerOf
) -> None:
    stale = oci.principals.resource_principal(FUNCTION, lifetime=-1, key=spare_key())
    _replace(folder / "resource_principal" / "rpst", stale.rpst)
    with pytest.raises(NotAuthenticated, match="expired"):
        signer_of(credential)
    _replace(folder / "resource_principal" / "rpst", oci.principals.resource_principal(FUNCTION, key=spare_key()).rpst)
    assert signer_of(credential).id == FUNCTION


def test_token_and_key_may_stand_in_the_environment(
    resource_environment: dict[str, str], oci: MockOci, signer_of: SignerOf
) -> None:
    pair = oci.principals.resource_principal(FUNCTION, key=spare_key())
    literal = {"OCI_RESOURCE_PRINCIPAL_RPST": pair.rpst, "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM": pem_of(spare_key())}
    assert signer_of(ResourcePrincipal(Settings.load({**resource_environment, **literal}))).id == FUNCTION


def test_outside_of_functions_the_error_says_what_to_do() -> None:
    with pytest.raises(CredentialError, match="OCI_RESOURCE_PRINCIPAL_VERSION is not set") as refusal:
        ResourcePrincipal(Settings.load({"OCI_AUTH_TYPE": "resource_principal"}))
    assert "OCI_AUTH_TYPE" in (refusal.value.hint or "")


@pytest.mark.parametrize("name", ["rpst", "private.pem"])
def test_a_missing_file_is_named(credential: ResourcePrincipal, folder: Path, name: str) -> None:
    file = folder / "resource_principal" / name
    file.unlink()
    with pytest.raises(CredentialError, match=f"{file}: No such file"):
        credential.key(SOON)
