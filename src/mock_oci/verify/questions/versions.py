"""What is not documented of versions of objects and of retention rules."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from mock_oci.verify.question import Cost, CouldNotAsk, Observation, Question
from mock_oci.verify.service import AskedService

_CLIENT = "ObjectStorageClient"


def _bucket(service: AskedService, stem: str) -> str:
    """Make a bucket whose objects are removed with all of their versions; return its path."""
    namespace = service.require("GET", _CLIENT, "/n").body
    name = service.name(stem)
    path = f"/n/{namespace}/b/{name}"
    body = {"name": name, "compartmentId": service.compartment_id}
    service.require("POST", _CLIENT, f"/n/{namespace}/b", body, stores=True)
    service.made("bucket", name, lambda: service.removed(_CLIENT, path))
    service.made("versions of bucket", name, lambda: _emptied(service, path))
    return path


def _versions(service: AskedService, path: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = service.require("GET", _CLIENT, f"{path}/objectversions").body["items"]
    return items


def _emptied(service: AskedService, path: str) -> bool:
    for item in _versions(service, path):
        chosen = f"?versionId={quote(item['versionId'])}" if item.get("versionId") else ""
        service.removed(_CLIENT, f"{path}/o/{quote(item['name'])}{chosen}")
    return not _versions(service, path)


def _put(service: AskedService, path: str) -> bool:
    """Put an object; tell whether the answer names a version."""
    answer = service.require("PUT", _CLIENT, f"{path}/o/one", b"content", headers={"content-type": "text/plain"})
    return "version-id" in answer.headers


def ask_version_id(service: AskedService) -> Observation:
    """Put an object into a bucket that keeps no versions."""
    return {"version-id": _put(service, _bucket(service, "plain"))}


def ask_suspended(service: AskedService) -> Observation:
    """Delete an object that was put while versions were kept, after that was suspended."""
    path = _bucket(service, "suspended")
    service.require("POST", _CLIENT, path, {"versioning": "Enabled"})
    _put(service, path)
    service.require("POST", _CLIENT, path, {"versioning": "Suspended"})
    service.require("DELETE", _CLIENT, f"{path}/o/one")
    left = _versions(service, path)
    markers = sum(bool(item.get("isDeleteMarker")) for item in left)
    return {"versions": len(left) - markers, "delete markers": markers}


def ask_retention(service: AskedService) -> Observation:
    """Overwrite and delete an object that a rule retains for a day, and keep versions beside the rule."""
    path = _bucket(service, "retained")
    _put(service, path)
    rule = {"displayName": "verify", "duration": {"timeAmount": 1, "timeUnit": "DAYS"}}
    made = service.require("POST", _CLIENT, f"{path}/retentionRules", rule).body["id"]
    service.made("retention rule", made, lambda: service.removed(_CLIENT, f"{path}/retentionRules/{made}"))
    if service.require("GET", _CLIENT, f"{path}/retentionRules").body["items"] == []:
        raise CouldNotAsk("the rule is not there yet")
    headers = {"content-type": "text/plain"}
    return {
        "put over": service.ask("PUT", _CLIENT, f"{path}/o/one", b"another", headers=headers).seen,
        "delete": service.ask("DELETE", _CLIENT, f"{path}/o/one").seen,
        "keep versions": service.ask("POST", _CLIENT, path, {"versioning": "Enabled"}).seen,
    }


QUESTIONS = (
    Question(
        "version-id",
        "Whether a put names a version where none are kept.",
        "Puts an object of 7 bytes.",
        Cost(3, resources=2),
        ask_version_id,
        "a bucket with an object",
    ),
    Question(
        "version-suspended",
        "What deleting an object does to a version that was made before versions were suspended.",
        "Makes such a version, and deletes the object.",
        Cost(7, resources=2),
        ask_suspended,
        "a bucket with versions of an object",
    ),
    Question(
        "retention-codes",
        "The codes of the refusals of retention rules.",
        "Overwrites and deletes an object that a rule of a day retains, and asks for versions beside the rule.",
        Cost(8, resources=3),
        ask_retention,
        "a bucket with an object and a retention rule, which is not locked",
    ),
)
