"""Secret retrieval: what a function reads, by OCID or by name, and of which version.

Client: oci.secrets.SecretsClient.
"""

from __future__ import annotations

from mock_oci.operations import Call, Operation, Refused, json_response, not_found, refusing
from mock_oci.services.oci_surface import invalid, page_of, permitted, sorted_by, text_in, timestamp
from mock_oci.services.vault.secrets import SECRETS
from mock_oci.services.vault.state import CURRENT, DEPRECATED, LATEST, PENDING, PREVIOUS, Secret, Secrets, SecretVersion
from mock_oci.wire import Body, Response

_STAGES = (CURRENT, PENDING, LATEST, PREVIOUS, DEPRECATED)


def get_bundle(call: Call) -> Response:
    return _bundle(call, _readable(SECRETS.of(call)))


def get_bundle_by_name(call: Call) -> Response:
    query = call.request.query
    found = call.cloud.state_of(Secrets).named(text_in(query, "vaultId"), text_in(query, "secretName"))
    if found is None:
        raise Refused(not_found())
    permitted(call, found.compartment_id, found.id)
    return _bundle(call, _readable(found))


def list_versions(call: Call) -> Response:
    secret = _readable(SECRETS.of(call))
    rows = [_version_wire(secret, version) for version in secret.versions]
    page, headers = page_of(sorted_by(rows, call.request.query, "VERSION_NUMBER"), call.request.query)
    return json_response(200, page, headers)


def _readable(secret: Secret) -> Secret:
    """Raise Refused for a secret that waits for its deletion: nothing of it is given out any more."""
    if secret.deletion is not None:
        raise Refused(not_found())
    return secret


def _bundle(call: Call, secret: Secret) -> Response:
    version = _asked_version(call, secret)
    content = {"contentType": "BASE64", "content": version.content}
    metadata = {"metadata": secret.details["metadata"]} if secret.details.get("metadata") else {}
    body = {**_version_wire(secret, version), **metadata, "secretBundleContent": content}
    return json_response(200, body, {"etag": secret.etag})


def _asked_version(call: Call, secret: Secret) -> SecretVersion:
    query = call.request.query
    stage = query.get("stage", "" if {"versionNumber", "secretVersionName"} & query.keys() else CURRENT)
    if stage and stage not in _STAGES:
        raise invalid(f"stage must be one of {', '.join(_STAGES)}")
    for version in reversed(secret.versions):
        numbered = query.get("versionNumber", str(version.number)) == str(version.number)
        named = query.get("secretVersionName", version.name) == version.name
        if numbered and named and (not stage or stage in version.stages):
            return version
    raise Refused(not_found())


def _version_wire(secret: Secret, version: SecretVersion) -> Body:
    """Write a version as oci.secrets.models.SecretBundleVersionSummary has it."""
    return {
        "secretId": secret.id,
        "timeCreated": timestamp(version.created),
        "versionNumber": version.number,
        "versionName": version.name or None,
        "stages": list(version.stages),
    }


_ALL = "/20190301/secretbundles"
OPERATIONS = (
    Operation("POST", f"{_ALL}/actions/getByName", refusing(get_bundle_by_name)),
    Operation("GET", f"{_ALL}/{{secret}}/versions", refusing(list_versions)),
    Operation("GET", f"{_ALL}/{{secret}}", refusing(get_bundle)),
)
