"""A user's API key, from a file or from the profile itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from mock_oci import MockOci
from mock_oci.identity.principals import Principal, pem_of, spare_key
from mock_oci.identity.signatures import NotAuthenticated
from model_service.auth.api_key import ApiKey
from model_service.errors import CredentialError
from model_service.fn.invocation import Deadline
from model_service.settings import Settings

SOON = Deadline.after(3600)  # of a call that has time

SignerOf = Callable[[ApiKey], Principal]


@pytest.fixture
def config(folder: Path) -> Path:
    return folder / "config"


@pytest.fixture
def settings(environment: dict[str, str]) -> Settings:
    return Settings.load(environment)


def _edit(config: Path, old: str, new: str) -> None:
    config.write_text(config.read_text().replace(old, new))


def test_oci_knows_the_user(settings: Settings, signer_of: SignerOf, oci: MockOci) -> None:
    assert signer_of(ApiKey(settings)).id == oci.tenancy.user_id


def test_the_profile_gives_region_and_tenancy(settings: Settings, oci: MockOci) -> None:
    credential = ApiKey(settings)
    assert (credential.region(SOON), credential.tenancy_id) == (oci.region, oci.tenancy.tenancy_id)


def test_the_key_is_read_once(settings: Settings, folder: Path) -> None:
    credential = ApiKey(settings)
    key = credential.key(SOON)
    (folder / "api_key.pem").unlink()
    assert credential.key(SOON) is key


def test_after_a_refusal_there_is_no_other_key_to_try(settings: Settings) -> None:
    credential = ApiKey(settings)
    assert credential.renew(credential.key(SOON), SOON) is False


def test_a_key_that_was_replaced_signs_after_a_refusal(
    settings: Settings, folder: Path, another_key: rsa.RSAPrivateKey
) -> None:
    credential = ApiKey(settings)
    refused = credential.key(SOON)
    (folder / "api_key.pem").write_text(pem_of(another_key)[:200])
    assert credential.renew(refused, SOON) is False
    assert credential.key(SOON) is refused
    (folder / "api_key.pem").write_text(pem_of(another_key))
    assert credential.renew(refused, SOON) is True
    assert credential.key(SOON).private_key.private_numbers() == another_key.private_numbers()


def test_somebody_elses_key_is_refused_by_oci(
    settings: Settings, folder: Path, signer_of: SignerOf, another_key: rsa.RSAPrivateKey
) -> None:
    (folder / "api_key.pem").write_text(pem_of(another_key))
    with pytest.raises(NotAuthenticated):
        signer_of(ApiKey(settings))


def test_the_key_may_stand_in_the_profile(settings: Settings, config: Path, signer_of: SignerOf, oci: MockOci) -> None:
    inline = pem_of(spare_key()).strip().replace("\n", "\n  ")
    _edit(config, "key_file=", f"key_content={inline}\nkey_file=/nowhere")
    assert signer_of(ApiKey(settings)).id == oci.tenancy.user_id


def test_an_encrypted_key_is_opened_with_the_pass_phrase_of_the_profile(
    settings: Settings, config: Path, folder: Path, signer_of: SignerOf, oci: MockOci
) -> None:
    encryption = BestAvailableEncryption(b"correct horse")
    pem = spare_key().private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, encryption)
    (folder / "api_key.pem").write_bytes(pem)
    with pytest.raises(CredentialError, match=r"api_key\.pem is encrypted, and its pass phrase is missing"):
        ApiKey(settings).key(SOON)
    _edit(config, "user=", "pass_phrase=correct horse\nuser=")
    assert signer_of(ApiKey(settings)).id == oci.tenancy.user_id


@pytest.mark.parametrize("entry", ["tenancy", "user", "fingerprint", "key_file"])
def test_a_missing_entry_is_named_with_its_cure(settings: Settings, config: Path, entry: str) -> None:
    before, _, _ = config.read_text().partition("[SESSION]")
    config.write_text(before.replace(f"{entry}=", f"another_{entry}="))
    with pytest.raises(CredentialError, match=f"Profile DEFAULT in {config} has no {entry}") as refusal:
        ApiKey(settings).key(SOON)
    assert "oci setup config" in (refusal.value.hint or "")


def test_a_missing_key_file_is_named(settings: Settings, folder: Path) -> None:
    (folder / "api_key.pem").unlink()
    with pytest.raises(CredentialError, match=r"Cannot read the private key .*api_key\.pem: No such file"):
        ApiKey(settings).key(SOON)


def test_a_fingerprint_that_cannot_be_one_is_a_clear_error(settings: Settings, config: Path) -> None:
    _edit(config, "fingerprint=", "fingerprint=ü")
    with pytest.raises(CredentialError, match="key id"):
        ApiKey(settings).key(SOON)
