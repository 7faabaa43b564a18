"""Private keys, as OCI hands them out and as they go wrong."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from mock_oci.identity.principals import spare_key
from model_service.auth.signing import load_private_key
from model_service.errors import CredentialError


def _pem(key: Any, shape: PrivateFormat = PrivateFormat.PKCS8, passphrase: str | None = None) -> bytes:
    encryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return bytes(key.private_bytes(Encoding.PEM, shape, encryption))


@pytest.mark.parametrize("shape", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize("passphrase", [None, "correct horse"])
def test_a_key_is_read_in_every_shape_that_oci_hands_out(shape: PrivateFormat, passphrase: str | None) -> None:
    key = load_private_key(_pem(spare_key(), shape, passphrase), passphrase, "key.pem")
    assert key.private_numbers() == spare_key().private_numbers()


def test_the_label_that_the_console_appends_does_no_harm() -> None:
    load_private_key(b"\n" + _pem(spare_key()) + b"OCI_API_KEY", None, "key.pem")


def test_a_pass_phrase_that_the_key_does_not_need_does_no_harm() -> None:
    load_private_key(_pem(spare_key()), "inherited from DEFAULT", "key.pem")


@pytest.mark.parametrize("shape", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize(
    ("given", "says"), [(None, "its pass phrase is missing"), ("wrong", "its pass phrase is wrong")]
)
def test_an_encrypted_key_without_its_pass_phrase_is_a_clear_error(
    shape: PrivateFormat, given: str | None, says: str
) -> None:
    with pytest.raises(CredentialError, match=f"in key.pem is encrypted, and {says}") as refusal:
        load_private_key(_pem(spare_key(), shape, "correct horse"), given, "key.pem")
    assert "horse" not in str(refusal.value)


def _public_pem() -> bytes:
    return spare_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    ("pem", "says"),
    [
        (b"", "is not a private key"),
        (b"what is this?", "is not a private key"),
        (_pem(spare_key())[:400], "is not a private key"),
        (_public_pem(), "is not a private key"),
        (_pem(ec.generate_private_key(ec.SECP256R1())), "is not an RSA key"),
    ],
    ids=["empty", "text", "cut off", "public", "elliptic curve"],
)
def test_what_is_no_rsa_key_is_a_clear_error(pem: bytes, says: str) -> None:
    with pytest.raises(CredentialError, match=f"The private key in key.pem {says}"):
        load_private_key(pem, None, "key.pem")


def test_nothing_of_a_broken_key_is_in_its_error() -> None:
    pem = _pem(spare_key())[:400]
    with pytest.raises(CredentialError) as refusal:
        load_private_key(pem, None, "key.pem")
    shown = f"{refusal.value!r} {refusal.value.__cause__!r} {refusal.value.body()}"
    assert pem.splitlines()[2].decode() not in shown
