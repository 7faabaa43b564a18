"""A session token: read again when the CLI refreshes it, and told from an expired one before OCI is asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from mock_oci import MockOci
from mock_oci.identity.principals import Principal, pem_of
from model_service.auth import session_token
from model_service.auth.session_token import SessionToken
from model_service.errors import CredentialError
from model_service.fn.invocation import Deadline
from model_service.settings import Settings

SOON = Deadline.after(3600)  # of a call that has time

SignerOf = Callable[[SessionToken], Principal]


@pytest.fixture
def settings(environment: dict[str, str]) -> Settings:
    return Settings.load({**environment, "OCI_PROFILE": "SESSION"})


def _replace(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(path)


def test_oci_knows_the_user(settings: Settings, signer_of: SignerOf, oci: MockOci) -> None:
    assert signer_of(SessionToken(settings)).id == oci.tenancy.user_id


def test_the_profile_gives_region_and_tenancy(settings: Settings, oci: MockOci) -> None:
    credential = SessionToken(settings)
    assert (credential.region(SOON), credential.tenancy_id) == (oci.region, oci.tenancy.tenancy_id)


def test_a_refreshed_session_is_picked_up_without_a_refusal(settings: Settings, folder: Path, oci: MockOci) -> None:
    credential = SessionToken(settings)
    credential.key(SOON)
    refreshed = oci.principals.session_token().token
    _replace(folder / "token", refreshed)
    assert credential.key(SOON).key_id == f"ST${refreshed}"


def test_a_new_login_with_a_new_key_is_picked_up(
    settings: Settings, folder: Path, oci: MockOci, signer_of: SignerOf, another_key: rsa.RSAPrivateKey
) -> None:
    credential = SessionToken(settings)
    credential.key(SOON)
    _replace(folder / "session_key.pem", pem_of(another_key))
    _replace(folder / "token", oci.principals.session_token(key=another_key).token)
    assert signer_of(credential).id == oci.tenancy.user_id


def test_after_a_refusal_the_files_are_worth_a_second_look(settings: Settings, folder: Path, oci: MockOci) -> None:
    credential = SessionToken(settings)
    refused = credential.key(SOON)
    _replace(folder / "token", oci.principals.session_token().token)
    assert credential.renew(refused, SOON) is True
    assert credential.key(SOON).key_id != refused.key_id


def test_an_expired_session_is_reported_with_the_command_that_renews_it(
    settings: Settings, folder: Path, oci: MockOci
) -> None:
    (folder / "token").write_text(oci.principals.session_token(lifetime=-1).token)
    with pytest.raises(CredentialError, match="session token has expired") as refusal:
        SessionToken(settings).key(SOON)
    assert refusal.value.hint == "Run `oci session authenticate --profile-name SESSION`."
    assert refusal.value.code == "session_expired"


def test_a_session_expires_on_a_credential_that_is_in_use(
    settings: Settings, oci: MockOci, monkeypatch: pytest.MonkeyPatch
) -> None:
    credential = SessionToken(settings)
    credential.key(SOON)
    tomorrow = oci.clock() + 25 * 3600
    monkeypatch.setattr(session_token, "time", SimpleNamespace(time=lambda: tomorrow))
    with pytest.raises(CredentialError, match="expired"):
        credential.key(SOON)


def test_a_session_that_is_renewed_after_it_has_expired_works_again(
    settings: Settings, folder: Path, oci: MockOci
) -> None:
    good = (folder / "token").read_text()
    (folder / "token").write_text(oci.principals.session_token(lifetime=-1).token)
    credential = SessionToken(settings)
    with pytest.raises(CredentialError):
        credential.key(SOON)
    _replace(folder / "token", good)
    assert credential.key(SOON).key_id == f"ST${good}"


@pytest.mark.parametrize("entry", ["security_token_file", "key_file"])
def test_a_missing_entry_is_named_with_the_command_that_writes_it(settings: Settings, folder: Path, entry: str) -> None:
    config = folder / "config"
    _, _, session = config.read_text().partition("[SESSION]")
    config.write_text("[SESSION]" + session.replace(f"{entry}=", f"another_{entry}="))
    with pytest.raises(CredentialError, match=f"Profile SESSION in {config} has no {entry}") as refusal:
        SessionToken(settings)
    assert "oci session authenticate --profile-name SESSION" in (refusal.value.hint or "")


@pytest.mark.parametrize("file", ["token", "session_key.pem"])
def test_a_missing_file_is_named_with_the_command_that_writes_it(settings: Settings, folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(CredentialError, match=f"{folder / file}: No such file") as refusal:
        SessionToken(settings).key(SOON)
    assert "oci session authenticate" in (refusal.value.hint or "")


def test_a_token_whose_expiry_nobody_can_read_is_left_to_oci(settings: Settings, folder: Path) -> None:
    (folder / "token").write_text("opaque")
    assert SessionToken(settings).key(SOON).key_id == "ST$opaque"
