"""Which of the four it is: what OCI_AUTH_TYPE says, else what there is."""

from __future__ import annotations

import pytest

from model_service.auth import AUTH_TYPES, credential_for
from model_service.auth.api_key import ApiKey
from model_service.auth.instance_principal import InstancePrincipal
from model_service.auth.resource_principal import ResourcePrincipal
from model_service.auth.session_token import SessionToken
from model_service.errors import CredentialError
from model_service.settings import AUTH_TYPE_NAMES, Settings


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("api_key", ApiKey),
        ("session_token", SessionToken),
        ("instance_principal", InstancePrincipal),
        ("resource_principal", ResourcePrincipal),
    ],
)
def test_the_auth_type_decides(
    environment: dict[str, str], resource_environment: dict[str, str], name: str, kind: type
) -> None:
    profile = {"OCI_PROFILE": "SESSION"} if name == "session_token" else {}
    named = {**environment, **resource_environment, **profile, "OCI_AUTH_TYPE": name}
    assert type(credential_for(Settings.load(named))) is kind


def test_without_an_auth_type_an_injected_resource_principal_comes_first(
    environment: dict[str, str], resource_environment: dict[str, str]
) -> None:
    credential = credential_for(Settings.load({**environment, **resource_environment}))
    assert type(credential) is ResourcePrincipal


@pytest.mark.parametrize(("profile", "kind"), [("DEFAULT", ApiKey), ("SESSION", SessionToken), ("", ApiKey)])
def test_without_an_auth_type_the_profile_decides(environment: dict[str, str], profile: str, kind: type) -> None:
    credential = credential_for(Settings.load({**environment, "OCI_PROFILE": profile}))
    assert type(credential) is kind


def test_without_anything_the_error_says_what_to_do(tmp_path: object) -> None:
    with pytest.raises(CredentialError, match="no OCI config file") as refusal:
        credential_for(Settings.load({"OCI_CONFIG_FILE": f"{tmp_path}/none"}))
    assert "oci session authenticate" in (refusal.value.hint or "")


def test_every_auth_type_that_may_be_set_is_there() -> None:
    assert tuple(AUTH_TYPES) == AUTH_TYPE_NAMES
