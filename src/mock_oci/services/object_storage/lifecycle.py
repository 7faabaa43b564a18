"""Lifecycle rules of buckets on the wire, which delete objects as the clock passes, and their retention rules: none.

Client: oci.object_storage.ObjectStorageClient (docs: Object/Tasks/usinglifecyclepolicies.htm).
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from typing import Any

from mock_oci.cloud import Cloud
from mock_oci.operations import Call, Operation, Refused, json_response, oci_error, refusing
from mock_oci.services.object_storage.buckets import bucket_of, storage_of
from mock_oci.services.object_storage.state import StoredObject
from mock_oci.services.oci_surface import (
    flag_in,
    invalid,
    match_etag,
    new_uuid,
    object_in,
    objects_in,
    text_in,
    timestamp,
)
from mock_oci.services.resources import Resources
from mock_oci.wire import Body, Response

_MAX_RULES = 1000
_SECONDS = {"DAYS": 86_400, "YEARS": 365 * 86_400}
_FIELDS = {"name", "target", "action", "timeAmount", "timeUnit", "isEnabled", "objectNameFilter"}
_FILTERS = {"inclusionPrefixes", "inclusionPatterns", "exclusionPatterns"}


class LifecyclePolicies(Resources[Body]):
    """The policy of each bucket that has one, by the bucket's name. Thread-safe."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__()
        del cloud


def put_policy(call: Call) -> Response:
    """Replace a bucket's rules. Raises Refused for a rule that is not emulated: only objects are deleted."""
    bucket = bucket_of(call)
    rules = [_rule(item) for item in objects_in(object_in(call.request.body), "items", _MAX_RULES)]
    kept = call.cloud.state_of(LifecyclePolicies)
    before = kept.find(bucket.name)
    if before is not None:
        match_etag(call, before["etag"])
    etag = new_uuid(call.cloud, "lifecycle")
    created = before["timeCreated"] if before is not None else timestamp(call.cloud.clock())
    policy = kept.keep(bucket.name, {"timeCreated": created, "items": rules, "etag": etag})
    storage_of(call).expire_by(bucket.name, lambda item, now: any(_reached(rule, item, now) for rule in rules))
    return _shown(policy)


def get_policy(call: Call) -> Response:
    return _shown(_policy_of(call))


def delete_policy(call: Call) -> Response:
    match_etag(call, _policy_of(call)["etag"])
    name = bucket_of(call).name
    call.cloud.state_of(LifecyclePolicies).delete(name)
    storage_of(call).expire_by(name, None)
    return Response(204)


def list_retention_rules(call: Call) -> Response:
    """List none: creating one is not emulated. Terraform's provider takes a 404 for a bucket that is gone."""
    bucket_of(call)
    return json_response(200, {"items": []})


def _policy_of(call: Call) -> Body:
    bucket = bucket_of(call)
    policy = call.cloud.state_of(LifecyclePolicies).find(bucket.name)
    if policy is None:
        message = f"The lifecycle policy of the bucket '{bucket.name}' was not found"
        raise Refused(oci_error(404, message, "LifecyclePolicyNotFound"))
    return policy


def _shown(policy: Body) -> Response:
    shown = {name: value for name, value in policy.items() if name != "etag"}
    return json_response(200, shown, {"etag": policy["etag"]})


def _rule(item: Body) -> Body:
    unknown = sorted(item.keys() - _FIELDS)
    if unknown:
        raise invalid(f"The field {unknown[0]} is not known to a lifecycle rule")
    rule = {"target": "objects", "objectNameFilter": None, **{k: v for k, v in item.items() if v is not None}}
    text_in(rule, "name")
    flag_in(rule, "isEnabled")
    for name, taken in (("action", "DELETE"), ("target", "objects")):
        if text_in(rule, name) != taken:
            raise invalid(f"mock_oci: {name} {rule[name]} is not emulated", "NotImplemented", 501)
    if text_in(rule, "timeUnit") not in _SECONDS:
        raise invalid(f"timeUnit must be one of {', '.join(_SECONDS)}")
    if not str(rule.get("timeAmount", "")).isdigit() or int(rule["timeAmount"]) < 1:
        raise invalid("timeAmount must be a whole number of at least 1")
    named = rule["objectNameFilter"] or {}
    if not isinstance(named, dict) or named.keys() - _FILTERS:
        raise invalid(f"objectNameFilter must be an object of {', '.join(sorted(_FILTERS))}")
    return {**rule, "timeAmount": int(rule["timeAmount"])}


def _reached(rule: Mapping[str, Any], item: StoredObject, now: float) -> bool:
    """Return whether a rule deletes an object: by its age since it was last written, and by its name."""
    old = now - item.modified >= rule["timeAmount"] * _SECONDS[rule["timeUnit"]]
    return bool(rule["isEnabled"]) and old and _named(rule["objectNameFilter"] or {}, item.name)


def _named(wanted: Mapping[str, Any], name: str) -> bool:
    prefixes, patterns = wanted.get("inclusionPrefixes") or (), wanted.get("inclusionPatterns") or ()
    if any(fnmatch.fnmatchcase(name, pattern) for pattern in wanted.get("exclusionPatterns") or ()):
        return False
    every = not prefixes and not patterns
    return every or name.startswith(tuple(prefixes)) or any(fnmatch.fnmatchcase(name, item) for item in patterns)


_BUCKET = "/n/{namespace}/b/{bucket}"
OPERATIONS = (
    Operation("PUT", f"{_BUCKET}/l", refusing(put_policy)),
    Operation("GET", f"{_BUCKET}/l", refusing(get_policy)),
    Operation("DELETE", f"{_BUCKET}/l", refusing(delete_policy)),
    Operation("GET", f"{_BUCKET}/retentionRules", refusing(list_retention_rules)),
)
