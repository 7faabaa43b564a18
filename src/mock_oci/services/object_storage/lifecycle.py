"""Lifecycle rules of buckets on the wire, which delete objects, their previous versions and uploads by the clock.

Client: oci.object_storage.ObjectStorageClient (docs: Object/Tasks/usinglifecyclepolicies.htm).
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from typing import Any

from mock_oci.cloud import Cloud
from mock_oci.operations import Call, Operation, Refused, json_response, oci_error, refusing
from mock_oci.services.object_storage.buckets import bucket_of, storage_of
from mock_oci.services.object_storage.errors import if_none_match_failed
from mock_oci.services.object_storage.rules import SECONDS, LifecyclePolicies
from mock_oci.services.object_storage.versions import StoredObject
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
from mock_oci.wire import Body, Response

_MAX_RULES = 1000
_TIERS = ("ARCHIVE", "INFREQUENT_ACCESS")
_ACTIONS = {"objects": "DELETE", "previous-object-versions": "DELETE", "multipart-uploads": "ABORT"}
_FIELDS = {"name", "target", "action", "timeAmount", "timeUnit", "isEnabled", "objectNameFilter"}
_FILTERS = {"inclusionPrefixes", "inclusionPatterns", "exclusionPatterns"}


def put_policy(call: Call) -> Response:
    """Replace a bucket's rules. Raises Refused for a rule that is not emulated: no other tier is."""
    bucket = bucket_of(call)
    rules = [_rule(item) for item in objects_in(object_in(call.request.body), "items", _MAX_RULES)]
    kept = call.cloud.state_of(LifecyclePolicies)
    before = kept.find(bucket.name)
    if before is not None:
        match_etag(call, before["etag"])
        if call.request.headers.get("if-none-match") == "*":
            raise if_none_match_failed()
    etag = new_uuid(call.cloud, "lifecycle")
    created = before["timeCreated"] if before is not None else timestamp(call.cloud.clock())
    policy = kept.keep(bucket.name, {"timeCreated": created, "items": rules, "etag": etag})
    storage_of(call).expire_by(
        bucket.name, lambda item, since, now: any(_reached(rule, item, since, now) for rule in rules)
    )
    return _shown(policy)


def get_policy(call: Call) -> Response:
    return _shown(_policy_of(call))


def delete_policy(call: Call) -> Response:
    match_etag(call, _policy_of(call)["etag"])
    name = bucket_of(call).name
    call.cloud.state_of(LifecyclePolicies).delete(name)
    storage_of(call).expire_by(name, None)
    return Response(204)


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
    action, target = text_in(rule, "action"), text_in(rule, "target")
    if target not in _ACTIONS:
        raise invalid(f"target must be one of {', '.join(_ACTIONS)}")
    if action in _TIERS and target != "multipart-uploads":
        raise invalid(f"mock_oci: action {action} is not emulated", "NotImplemented", 501)
    if action != _ACTIONS[target]:
        raise invalid(f"The action of a rule for {target} must be {_ACTIONS[target]}")
    if text_in(rule, "timeUnit") not in SECONDS:
        raise invalid(f"timeUnit must be one of {', '.join(SECONDS)}")
    if not str(rule.get("timeAmount", "")).isdigit() or int(rule["timeAmount"]) < 1:
        raise invalid("timeAmount must be a whole number of at least 1")
    named = rule["objectNameFilter"] or {}
    if not isinstance(named, dict) or named.keys() - _FILTERS:
        raise invalid(f"objectNameFilter must be an object of {', '.join(sorted(_FILTERS))}")
    return {**rule, "timeAmount": int(rule["timeAmount"])}


def _reached(rule: Mapping[str, Any], item: StoredObject, since: float | None, now: float) -> bool:
    """Return whether a rule deletes an object, by its age and name.

    The latest version is as old as its last change, a previous one as long as it has been one.
    """
    target = "objects" if since is None else "previous-object-versions"
    begun = item.modified if since is None else since
    return rule["target"] == target and _is_due(rule, item.name, begun, now)


def _is_due(rule: Mapping[str, Any], name: str, begun: float, now: float) -> bool:
    old = now - begun >= rule["timeAmount"] * SECONDS[rule["timeUnit"]]
    return bool(rule["isEnabled"]) and old and _named(rule["objectNameFilter"] or {}, name)


def is_aborted(cloud: Cloud, bucket: str, name: str, begun: float) -> bool:
    """Tell whether a rule has ended an upload in parts that was begun then, in Unix seconds."""
    policy = cloud.state_of(LifecyclePolicies).find(bucket)
    rules = [rule for rule in (policy or {"items": []})["items"] if rule["target"] == "multipart-uploads"]
    return any(_is_due(rule, name, begun, cloud.clock()) for rule in rules)


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
)
