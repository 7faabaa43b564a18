"""Retention rules on the wire: create, read, list, update and delete.

Client: oci.object_storage.ObjectStorageClient. Unverified: the codes of the refusals
(verify: retention-codes).
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote

from mock_oci.operations import Call, Operation, Refused, json_response, oci_error, refusing
from mock_oci.services.object_storage.buckets import bucket_of, storage_of
from mock_oci.services.object_storage.rules import SECONDS, RetentionRule, RetentionRules
from mock_oci.services.oci_surface import (
    invalid,
    mapping_in,
    match_etag,
    new_uuid,
    number_in,
    object_in,
    optional_text_in,
    page_of,
    seconds_in,
    text_in,
)
from mock_oci.wire import Body, Response

_MAX_RULES = 100  # create_retention_rule: "a maximum of 100 rules are supported on a bucket"
_MAX_AMOUNT = 1_000_000
_LOCKS_AFTER_SECONDS = 14 * 86_400  # docs: "must be at least 14 days" ahead


def create_rule(call: Call) -> Response:
    """Make a rule, which holds at once. Raises Refused where versions are kept: they have no retention."""
    bucket, details = bucket_of(call), object_in(call.request.body)
    rules, now = call.cloud.state_of(RetentionRules), call.cloud.clock()
    if bucket.versioning == "Enabled":
        raise invalid("A bucket with versioning enabled cannot have retention rules", "IncorrectState", 409)
    if len(rules.of_bucket(bucket.name)) >= _MAX_RULES:
        raise invalid(f"A bucket has at most {_MAX_RULES} retention rules", "LimitExceeded")
    amount, unit = _duration(details)
    rule = RetentionRule(
        id=new_uuid(call.cloud, "retention"),
        bucket=bucket.name,
        name=optional_text_in(details, "displayName"),
        amount=amount,
        unit=unit,
        locked=_locked(call, details, amount),
        created=now,
        modified=now,
        etag=new_uuid(call.cloud, "retention"),
    )
    rules.keep(rule.id, rule)
    storage_of(call).hold_by(
        bucket.name, lambda item, at: any(rule.holds(item, at) for rule in rules.of_bucket(bucket.name))
    )
    return _shown(rule)


def update_rule(call: Call) -> Response:
    """Change a rule; once it is locked it can only be made to hold longer. Raises Refused."""
    rule, details = _rule_of(call), object_in(call.request.body)
    match_etag(call, rule.etag)
    amount, unit = _duration(details) if details.get("duration") is not None else (rule.amount, rule.unit)
    if _is_locked(call, rule) and (
        details.keys() - {"duration"} or amount * SECONDS[unit] < rule.amount * SECONDS[rule.unit]
    ):
        raise invalid("A locked rule can only be made to hold longer", "IncorrectState", 409)
    locked = _locked(call, details, amount) if details.get("timeRuleLocked") is not None else rule.locked
    changed = replace(
        rule,
        name=optional_text_in(details, "displayName", rule.name),
        amount=amount,
        unit=unit,
        locked=locked,
        modified=call.cloud.clock(),
        etag=new_uuid(call.cloud, "retention"),
    )
    return _shown(call.cloud.state_of(RetentionRules).keep(rule.id, changed))


def get_rule(call: Call) -> Response:
    return _shown(_rule_of(call))


def delete_rule(call: Call) -> Response:
    rule = _rule_of(call)
    match_etag(call, rule.etag)
    if _is_locked(call, rule):
        raise invalid("A locked rule goes with its bucket only", "IncorrectState", 409)
    call.cloud.state_of(RetentionRules).delete(rule.id)
    return Response(204)


def list_rules(call: Call) -> Response:
    rules = call.cloud.state_of(RetentionRules).of_bucket(bucket_of(call).name)
    page, headers = page_of([rule.wire() for rule in rules], call.request.query)
    return json_response(200, {"items": page}, headers)


def _rule_of(call: Call) -> RetentionRule:
    bucket = bucket_of(call)
    rule = call.cloud.state_of(RetentionRules).find(unquote(call.parameters["rule"]))
    if rule is None or rule.bucket != bucket.name:
        raise Refused(oci_error(404, "The retention rule does not exist.", "RetentionRuleNotFound"))
    return rule


def _is_locked(call: Call, rule: RetentionRule) -> bool:
    return rule.locked is not None and rule.locked <= call.cloud.clock()


def _duration(details: Body) -> tuple[int, str]:
    """Return the amount and the unit; 0 for a rule that holds for good."""
    if details.get("duration") is None:
        return 0, "DAYS"
    duration = mapping_in(details, "duration")
    if text_in(duration, "timeUnit") not in SECONDS:
        raise invalid(f"timeUnit must be one of {', '.join(SECONDS)}")
    return number_in(duration, "timeAmount", 1, 1, _MAX_AMOUNT), duration["timeUnit"]


def _locked(call: Call, details: Body, amount: int) -> float | None:
    if details.get("timeRuleLocked") is None:
        return None
    if not amount:
        raise invalid("timeRuleLocked needs a duration")
    locked = seconds_in(details, "timeRuleLocked")
    if locked < call.cloud.clock() + _LOCKS_AFTER_SECONDS:
        raise invalid("timeRuleLocked must be at least 14 days ahead")
    return locked


def _shown(rule: RetentionRule) -> Response:
    return json_response(200, rule.wire(), {"etag": rule.etag})


_ALL = "/n/{namespace}/b/{bucket}/retentionRules"
_ONE = f"{_ALL}/{{rule}}"
OPERATIONS = (
    Operation("POST", _ALL, refusing(create_rule)),
    Operation("GET", _ALL, refusing(list_rules)),
    Operation("GET", _ONE, refusing(get_rule)),
    Operation("PUT", _ONE, refusing(update_rule)),
    Operation("DELETE", _ONE, refusing(delete_rule)),
)
