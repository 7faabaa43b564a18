"""Secrets on the wire: create, read, list, update, versions, and deletion that is only scheduled.

Client: oci.vault.VaultsClient. Vaults and keys themselves are not emulated: any OCID of theirs will do.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from mock_oci.operations import Call, Operation, Refused, json_response, not_found, oci_error, refusing
from mock_oci.services.oci_surface import (
    invalid,
    object_in,
    optional_text_in,
    page_of,
    permitted,
    seconds_in,
    sorted_by,
    text_in,
    timestamp,
)
from mock_oci.services.resources import Collection, details_in
from mock_oci.services.vault.state import CURRENT, PENDING, Secret, Secrets, SecretVersion
from mock_oci.wire import Body, Response

MAX_CONTENT_BYTES = 25 * 1024  # docs: KeyManagement/Concepts/secretlimits; of the content itself, not of its base64
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,255}")
_SHORTEST_WAIT = 24 * 3600.0  # seconds until a deletion (docs: at least a day, at most 30)
_LONGEST_WAIT = 30 * _SHORTEST_WAIT


def create_secret(call: Call) -> Response:
    details = object_in(call.request.body)
    compartment_id = text_in(details, "compartmentId")
    permitted(call, compartment_id)
    content, stage, version_name = _content_in(details)
    if stage != CURRENT:
        raise invalid("A new secret's stage must be CURRENT")
    name = text_in(details, "secretName")
    if not _NAME.fullmatch(name):
        raise invalid("secretName may have letters, digits, hyphens, underscores and periods")
    try:
        secret = call.cloud.state_of(Secrets).create(
            name,
            content,
            vault_id=_ocid_in(details, "vaultId", "vault"),
            key_id=_ocid_in(details, "keyId", "key"),
            compartment_id=compartment_id,
            details=details_in(details, *_ABOUT),
            version_name=version_name,
        )
    except ValueError as error:
        raise Refused(oci_error(409, f"A secret of the name {name} exists in the vault", "Conflict")) from error
    return _shown(call, secret)


def update_secret(call: Call) -> Response:
    secret, details = SECRETS.of(call), object_in(call.request.body)
    if secret.deletion is not None:
        raise Refused(oci_error(409, "The secret is pending deletion", "IncorrectState"))
    given, number = details.get("secretContent") is not None, details.get("currentVersionNumber")
    if given and number is not None:
        raise invalid("secretContent and currentVersionNumber cannot be given at once")
    state = call.cloud.state_of(Secrets)
    if given:
        content, stage, name = _content_in(details)
        secret = state.add_version(secret, content, stage, name)
    elif number is not None:
        secret = state.promote(secret, _version(secret, number).number)
    return _shown(call, state.change(secret, details={**secret.details, **details_in(details, *_ABOUT)}))


def schedule_deletion(call: Call) -> Response:
    secret = SECRETS.of(call)
    body, now = object_in(call.request.body or b"{}"), call.cloud.clock()
    when = seconds_in(body, "timeOfDeletion") if body.get("timeOfDeletion") else now + _LONGEST_WAIT
    if not now + _SHORTEST_WAIT <= when <= now + _LONGEST_WAIT:
        raise invalid("timeOfDeletion must be between 1 and 30 days from now")
    changed = call.cloud.state_of(Secrets).change(secret, deletion=when)
    return Response(200, {"etag": changed.etag})


def cancel_deletion(call: Call) -> Response:
    secret = SECRETS.of(call)
    if secret.deletion is None:
        raise Refused(oci_error(409, "The secret is not pending deletion", "IncorrectState"))
    changed = call.cloud.state_of(Secrets).change(secret, deletion=None)
    return Response(200, {"etag": changed.etag})


def get_secret(call: Call) -> Response:
    return _shown(call, SECRETS.of(call))


def get_version(call: Call) -> Response:
    secret = SECRETS.of(call)
    return json_response(200, _version_wire(secret, _version(secret, call.parameters["number"])), {"etag": secret.etag})


def list_versions(call: Call) -> Response:
    secret = SECRETS.of(call)
    rows = [_version_wire(secret, version) for version in secret.versions]
    page, headers = page_of(sorted_by(rows, call.request.query, "VERSION_NUMBER"), call.request.query)
    return json_response(200, page, headers)


def _content_in(details: Body) -> tuple[str, str, str]:
    """Return the base64 content, its stage and its version's name. Raises Refused."""
    content = details.get("secretContent")
    if not isinstance(content, dict):
        raise invalid("secretContent must be an object", "MissingParameter")
    if content.get("contentType") != "BASE64":
        raise invalid("secretContent.contentType must be BASE64")
    stage = optional_text_in(content, "stage", CURRENT)
    if stage not in (CURRENT, PENDING):
        raise invalid("secretContent.stage must be one of CURRENT, PENDING")
    text = text_in(content, "content")
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid("secretContent.content must be base64") from error
    if len(raw) > MAX_CONTENT_BYTES:
        raise invalid(f"secretContent.content must have at most {MAX_CONTENT_BYTES} bytes")
    return text, stage, optional_text_in(content, "name")


def _ocid_in(details: Body, name: str, kind: str) -> str:
    value = text_in(details, name)
    if not value.startswith(f"ocid1.{kind}."):
        raise invalid(f"{name} must be the OCID of a {kind}")
    return value


def _version(secret: Secret, number: Any) -> SecretVersion:
    found = next((version for version in secret.versions if str(version.number) == str(number)), None)
    if found is None:
        raise Refused(not_found())
    return found


def _shown(call: Call, secret: Secret) -> Response:
    return json_response(200, _wire(call, secret), {"etag": secret.etag})


def _wire(call: Call, secret: Secret) -> Body:
    """Write a secret as oci.vault.models.Secret has it."""
    metadata = {"metadata": secret.details["metadata"]} if secret.details.get("metadata") else {}
    return {**_summary(call, secret), **metadata, "currentVersionNumber": secret.current.number}


def _summary(_call: Call, secret: Secret) -> Body:
    ends = {} if secret.deletion is None else {"timeOfDeletion": timestamp(secret.deletion)}
    about = {name: value for name, value in secret.details.items() if name != "metadata"}
    return {
        "freeformTags": {},
        "definedTags": {},
        **about,
        **ends,
        "id": secret.id,
        "secretName": secret.name,
        "vaultId": secret.vault_id,
        "keyId": secret.key_id,
        "compartmentId": secret.compartment_id,
        "lifecycleState": "ACTIVE" if secret.deletion is None else "PENDING_DELETION",
        "timeCreated": timestamp(secret.created),
        "isAutoGenerationEnabled": False,
        "isReplica": False,
    }


def _version_wire(secret: Secret, version: SecretVersion) -> Body:
    return {
        "contentType": "BASE64",
        "name": version.name or None,
        "secretId": secret.id,
        "stages": list(version.stages),
        "timeCreated": timestamp(version.created),
        "versionNumber": version.number,
        "isContentAutoGenerated": False,
    }


_ABOUT = ("description", "freeformTags", "definedTags", "metadata")
SECRETS = Collection(
    parameter="secret",
    resources=lambda cloud: cloud.state_of(Secrets),
    wire=_wire,
    summary=_summary,
    filters=("compartmentId", "secretName", "vaultId", "lifecycleState"),
    aliases={"name": "secretName"},
    etag=lambda _call, secret: secret.etag,
    usual_order="TIMECREATED",
)
_ALL = "/20180608/secrets"
_ONE = f"{_ALL}/{{secret}}"
OPERATIONS = (
    Operation("POST", _ALL, refusing(create_secret)),
    Operation("GET", _ALL, refusing(SECRETS.list)),
    Operation("GET", _ONE, refusing(get_secret)),
    Operation("PUT", _ONE, refusing(update_secret)),
    Operation("POST", f"{_ONE}/actions/scheduleDeletion", refusing(schedule_deletion)),
    Operation("POST", f"{_ONE}/actions/cancelDeletion", refusing(cancel_deletion)),
    Operation("GET", f"{_ONE}/versions", refusing(list_versions)),
    Operation("GET", f"{_ONE}/version/{{number}}", refusing(get_version)),
)
