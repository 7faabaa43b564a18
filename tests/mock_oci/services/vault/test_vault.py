import base64
from collections.abc import Callable
from typing import Any

import oci as sdk
import pytest
from oci.secrets import SecretsClient
from oci.vault import VaultsClient
from oci.vault.models import (
    Base64SecretContentDetails,
    CreateSecretDetails,
    ScheduleSecretDeletionDetails,
    UpdateSecretDetails,
)
from tests.mock_oci.conftest import Clock

from mock_oci import MockOci, Response
from mock_oci.services.oci_surface import timestamp
from mock_oci.services.vault import Secrets


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def content(text: str, **more: Any) -> Base64SecretContentDetails:
    return Base64SecretContentDetails(content_type="BASE64", content=coded(text), **more)


@pytest.fixture
def vaults(sdk_client: Callable[[Any], Any]) -> Any:
    return sdk_client(VaultsClient)


@pytest.fixture
def reading(sdk_client: Callable[[Any], Any]) -> Any:
    return sdk_client(SecretsClient)


@pytest.fixture
def create(vaults: Any, live: MockOci) -> Callable[..., Any]:
    def make(name: str = "keys", text: str = "first", **more: Any) -> Any:
        state = live.state_of(Secrets)
        about = {"vault_id": state.vault_id, "key_id": state.key_id, "secret_name": name}
        about |= {"compartment_id": live.tenancy.compartment_id, "secret_content": content(text), **more}
        return vaults.create_secret(CreateSecretDetails(**about)).data

    return make


@pytest.fixture
def read(reading: Any) -> Callable[..., str]:
    def text(secret_id: str, **which: Any) -> str:
        bundle = reading.get_secret_bundle(secret_id, **which).data
        return base64.b64decode(bundle.secret_bundle_content.content).decode()

    return text


def refusal(call: Callable[..., Any], *arguments: Any, **named: Any) -> tuple[int, str]:
    with pytest.raises(sdk.exceptions.ServiceError) as caught:
        call(*arguments, **named)
    return caught.value.status, caught.value.code


def test_a_secret_is_made_read_and_described(
    create: Callable[..., Any], vaults: Any, reading: Any, read: Callable[..., str]
) -> None:
    made = create(description="callers", freeform_tags={"a": "b"}, metadata={"c": "d"})
    assert (made.lifecycle_state, made.current_version_number, made.id.split(".")[1]) == ("ACTIVE", 1, "vaultsecret")
    kept = vaults.get_secret(made.id).data
    assert (kept.secret_name, kept.description, kept.freeform_tags) == ("keys", "callers", {"a": "b"})
    bundle = reading.get_secret_bundle(made.id).data
    assert (bundle.secret_id, bundle.version_number, bundle.stages) == (made.id, 1, ["CURRENT", "LATEST"])
    assert bundle.metadata == {"c": "d"}
    assert read(made.id) == "first"


def test_a_secret_is_read_by_name_within_its_vault(create: Callable[..., Any], reading: Any, live: MockOci) -> None:
    made, vault_id = create(), live.state_of(Secrets).vault_id
    assert reading.get_secret_bundle_by_name("keys", vault_id).data.secret_id == made.id
    assert refusal(reading.get_secret_bundle_by_name, "other", vault_id) == (404, "NotAuthorizedOrNotFound")
    assert refusal(reading.get_secret_bundle_by_name, "keys", f"{vault_id}b") == (404, "NotAuthorizedOrNotFound")


@pytest.fixture
def rotated(create: Callable[..., Any], vaults: Any) -> str:
    """A secret with the versions first, second (named), third (pending)."""
    secret_id = str(create().id)
    vaults.update_secret(secret_id, UpdateSecretDetails(secret_content=content("second", name="two")))
    vaults.update_secret(secret_id, UpdateSecretDetails(secret_content=content("third", stage="PENDING")))
    return secret_id


@pytest.mark.parametrize(
    ("which", "text"),
    [
        ({}, "second"),
        ({"stage": "CURRENT"}, "second"),
        ({"stage": "PREVIOUS"}, "first"),
        ({"stage": "PENDING"}, "third"),
        ({"stage": "LATEST"}, "third"),
        ({"version_number": 1}, "first"),
        ({"secret_version_name": "two"}, "second"),
    ],
)
def test_each_stage_of_a_rotation_can_be_read(
    rotated: str, read: Callable[..., str], which: dict[str, Any], text: str
) -> None:
    assert read(rotated, **which) == text


def test_a_rotation_moves_the_stages_on(rotated: str, vaults: Any, reading: Any) -> None:
    vaults.update_secret(rotated, UpdateSecretDetails(current_version_number=3))
    stages = {version.version_number: version.stages for version in reading.list_secret_bundle_versions(rotated).data}
    assert stages == {1: ["DEPRECATED"], 2: ["PREVIOUS"], 3: ["CURRENT", "LATEST"]}
    vaults.update_secret(rotated, UpdateSecretDetails(current_version_number=1))
    listed = vaults.list_secret_versions(rotated, sort_order="ASC").data
    assert [version.stages for version in listed] == [["CURRENT"], ["DEPRECATED"], ["PREVIOUS", "LATEST"]]
    assert vaults.get_secret_version(rotated, 3).data.stages == ["PREVIOUS", "LATEST"]


def test_what_is_not_there_is_404(rotated: str, vaults: Any, reading: Any) -> None:
    for ask in (
        lambda: reading.get_secret_bundle(rotated, stage="DEPRECATED"),
        lambda: reading.get_secret_bundle(rotated, version_number=9),
        lambda: reading.get_secret_bundle(rotated, version_number=1, stage="CURRENT"),
        lambda: reading.get_secret_bundle("ocid1.vaultsecret.oc1..a"),
        lambda: vaults.get_secret_version(rotated, 9),
    ):
        assert refusal(ask) == (404, "NotAuthorizedOrNotFound")


def test_secrets_are_listed_filtered_and_sorted(create: Callable[..., Any], vaults: Any, live: MockOci) -> None:
    for name in ("b", "a", "c"):
        create(name)
    compartment_id = live.tenancy.compartment_id
    assert [row.secret_name for row in vaults.list_secrets(compartment_id, sort_by="NAME").data] == ["a", "b", "c"]
    assert [row.secret_name for row in vaults.list_secrets(compartment_id, name="b").data] == ["b"]
    assert not vaults.list_secrets(compartment_id, vault_id="ocid1.vault.oc1..other").data
    assert refusal(vaults.list_secrets, live.tenancy.compartment_id + "x") == (404, "NotAuthorizedOrNotFound")


def test_an_update_of_another_version_than_was_seen_is_412(create: Callable[..., Any], vaults: Any) -> None:
    made = create()
    seen = vaults.get_secret(made.id).headers["etag"]
    vaults.update_secret(made.id, UpdateSecretDetails(description="x"), if_match=seen)
    again = refusal(vaults.update_secret, made.id, UpdateSecretDetails(description="y"), if_match=seen)
    assert again == (412, "NoEtagMatch")


def test_a_secret_that_waits_for_deletion_cannot_be_read(create: Callable[..., Any], vaults: Any, reading: Any) -> None:
    made = create()
    vaults.schedule_secret_deletion(made.id, ScheduleSecretDeletionDetails())
    waiting = vaults.get_secret(made.id).data
    assert (waiting.lifecycle_state, waiting.time_of_deletion is None) == ("PENDING_DELETION", False)
    assert refusal(reading.get_secret_bundle, made.id) == (404, "NotAuthorizedOrNotFound")
    assert refusal(vaults.update_secret, made.id, UpdateSecretDetails(description="x")) == (409, "IncorrectState")
    vaults.cancel_secret_deletion(made.id)
    assert reading.get_secret_bundle(made.id).data.version_number == 1
    assert refusal(vaults.cancel_secret_deletion, made.id) == (409, "IncorrectState")


@pytest.fixture
def post(signed: Callable[..., Response], oci: MockOci) -> Callable[..., Response]:
    def send(**changes: Any) -> Response:
        state = oci.state_of(Secrets)
        usual = {"vaultId": state.vault_id, "keyId": state.key_id, "compartmentId": oci.tenancy.compartment_id}
        usual |= {"secretName": "a", "secretContent": {"contentType": "BASE64", "content": coded("x")}}
        given = {name: value for name, value in {**usual, **changes}.items() if value is not None}
        return signed("POST", "/20180608/secrets", given)

    return send


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"secretName": None}, 400, "secretName"),
        ({"secretName": "a b"}, 400, "letters, digits"),
        ({"vaultId": "ocid1.key.oc1..a"}, 400, "OCID of a vault"),
        ({"keyId": None}, 400, "keyId"),
        ({"secretContent": None}, 400, "secretContent"),
        ({"secretContent": {"contentType": "TEXT", "content": "x"}}, 400, "BASE64"),
        ({"secretContent": {"contentType": "BASE64", "content": "not base64!"}}, 400, "base64"),
        ({"secretContent": {"contentType": "BASE64", "content": coded("x" * (25 * 1024 + 1))}}, 400, "25600 bytes"),
        ({"secretContent": {"contentType": "BASE64", "content": coded("x"), "stage": "PENDING"}}, 400, "CURRENT"),
        ({"compartmentId": "ocid1.compartment.oc1..other"}, 404, "not found"),
        (
            {"rotationConfig": {"isScheduledRotationEnabled": True}},
            501,
            "rotationConfig of create_secret is not emulated",
        ),
        ({"enableAutoGeneration": True}, 501, "enableAutoGeneration of create_secret other than false"),
    ],
)
def test_what_a_new_secret_may_not_be(
    post: Callable[..., Response], changes: dict[str, Any], status: int, said: str
) -> None:
    response = post(**changes)
    assert (response.status, said in response.body.decode()) == (status, True), response.body


def test_a_name_is_given_once_in_a_vault(post: Callable[..., Response]) -> None:
    assert [post().status, post().status] == [200, 409]
    assert post(vaultId="ocid1.vault.oc1..other").status == 200


@pytest.mark.parametrize(("days", "status"), [(0.5, 400), (2, 200), (29, 200), (31, 400)])
def test_a_deletion_is_a_day_to_a_month_away(
    signed: Callable[..., Response], oci: MockOci, clock: Clock, days: float, status: int
) -> None:
    secret = oci.state_of(Secrets).create("a", b"x")
    body = {"timeOfDeletion": timestamp(clock.now + days * 86_400)}
    assert signed("POST", f"/20180608/secrets/{secret.id}/actions/scheduleDeletion", body).status == status


@pytest.mark.parametrize("query", ["sortBy=SIZE", "sortOrder=UP"])
def test_an_order_that_there_is_not_is_refused(signed: Callable[..., Response], oci: MockOci, query: str) -> None:
    target = f"/20180608/secrets?compartmentId={oci.tenancy.compartment_id}&{query}"
    assert signed("GET", target).status == 400


def test_who_may_not_gets_404(create: Callable[..., Any], reading: Any, live: MockOci) -> None:
    made = create()
    live.deny("user")
    assert refusal(reading.get_secret_bundle, made.id) == (404, "NotAuthorizedOrNotFound")
