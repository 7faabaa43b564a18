"""Generative AI API keys: two secrets each, which let their bearers in until they expire or are turned off.

Client: oci.generative_ai.GenerativeAiClient; docs: generative-ai/api-keys.htm. A secret is shown when it is made, and
never again. Unverified (verify: api-key-shown): how it is masked, and that one is enough.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mock_oci.cloud import Cloud
from mock_oci.identity.tenancy import ocid
from mock_oci.operations import Call, Operation, refusing
from mock_oci.services.oci_surface import (
    invalid,
    mapping_in,
    object_in,
    objects_in,
    optional_text_in,
    permitted,
    seconds_in,
    text_in,
    timestamp,
)
from mock_oci.services.resources import Collection, Resources, details_in
from mock_oci.wire import Body, Response

_MAX_SECRETS = 2
_TAGS = ("freeformTags", "definedTags")
_STATES = ("ACTIVE", "INACTIVE", "REVOKED")


@dataclass(frozen=True)
class KeySecret:
    """One secret of a key; ``times`` when its state changed, by their names on the wire. Times in Unix seconds."""

    name: str
    secret: str = field(repr=False)
    created: float
    expires: float
    state: str = "ACTIVE"
    times: Mapping[str, float] = field(default_factory=dict)

    def state_at(self, now: float) -> str:
        return "EXPIRED" if self.state == "ACTIVE" and now >= self.expires else self.state

    def wire(self, now: float, *, shown: bool) -> Body:
        """Write it as oci.generative_ai.models.ApiKeyItem has it; ``shown``: with its secret."""
        return {
            "key": self.secret if shown else None,
            "keyName": self.name,
            "keyMask": f"{self.secret[:5]}***{self.secret[-4:]}",
            "timeCreated": timestamp(self.created),
            "timeExpiry": timestamp(self.expires),
            "state": self.state_at(now),
            **{name: timestamp(time) for name, time in self.times.items()},
        }


@dataclass(frozen=True)
class ApiKey:
    """``created`` and ``updated`` in Unix seconds; ``details``: name, description and tags."""

    id: str
    compartment_id: str
    created: float
    updated: float
    secrets: tuple[KeySecret, ...]
    details: Mapping[str, Any] = field(default_factory=dict)


class ApiKeys(Resources[ApiKey]):
    """The keys of one tenancy. Thread-safe. Who bears a secret of one is let in while it is active."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__()
        self._cloud = cloud
        cloud.principals.ask_of_bearers(lambda secret: cloud.state_of(ApiKeys).key_of(secret))

    def new_secret(self, name: str, expires: float) -> KeySecret:
        now = self._cloud.clock()
        return KeySecret(name, f"sk-{secrets.token_urlsafe(32)}", now, expires, times={"timeActivated": now})

    def key_of(self, secret: str) -> str:
        """Return the OCID of the key that has this secret, where it lets in now; else nothing."""
        now = self._cloud.clock()
        for key in self.all():
            for item in key.secrets:
                if secrets.compare_digest(item.secret.encode(), secret.encode()) and item.state_at(now) == "ACTIVE":
                    return key.id
        return ""


def create_key(call: Call) -> Response:
    details = object_in(call.request.body)
    compartment_id, name = text_in(details, "compartmentId"), text_in(details, "displayName")
    permitted(call, compartment_id)
    keys, now = call.cloud.state_of(ApiKeys), call.cloud.clock()
    made = tuple(_new(call, item) for item in objects_in(details, "keyDetails", _MAX_SECRETS))
    if len({item.name for item in made}) != len(made):
        raise invalid("keyDetails must have different names")
    about = {"displayName": name, **details_in(details, "description", *_TAGS)}
    id_ = ocid("generativeaiapikey", f"{name}/{call.cloud.next_serial()}", call.region)
    return _shown(call, keys.keep(id_, ApiKey(id_, compartment_id, now, now, made, about)), made)


def update_key(call: Call) -> Response:
    details = object_in(call.request.body)
    return _changed(call, _KEYS.of(call), details_in(details, "displayName", "description", *_TAGS))


def renew_key(call: Call) -> Response:
    """Make a secret anew, under its name, and let the one before let nobody in. Raises Refused."""
    key, details = _KEYS.of(call), object_in(call.request.body)
    new = _new(call, mapping_in(details, "details"))
    _check_named(key, new.name)
    kept = tuple(new if item.name == new.name else item for item in key.secrets)
    return _changed(call, replace(key, secrets=kept), details_in(details, *_TAGS), (new,))


def set_state(call: Call) -> Response:
    """Turn a secret on or off, or revoke it for good. Raises Refused."""
    key, details = _KEYS.of(call), object_in(call.request.body)
    name, state = text_in(details, "keyName"), text_in(details, "state")
    _check_named(key, name)
    if state not in _STATES:
        raise invalid(f"state must be one of {', '.join(_STATES)}")
    kept = tuple(_in_state(call, item, state) if item.name == name else item for item in key.secrets)
    return _changed(call, replace(key, secrets=kept), details_in(details, *_TAGS))


def _in_state(call: Call, item: KeySecret, state: str) -> KeySecret:
    if item.state == "REVOKED":
        raise invalid("The key is revoked", "IncorrectState", 409)
    name = {"ACTIVE": "timeActivated", "INACTIVE": "timeDeactivated", "REVOKED": "timeRevoked"}[state]
    return replace(item, state=state, times={**item.times, name: call.cloud.clock()})


def _new(call: Call, item: Body) -> KeySecret:
    expires = seconds_in(item, "timeExpiry")
    if expires <= call.cloud.clock():
        raise invalid("timeExpiry must be in the future")
    return call.cloud.state_of(ApiKeys).new_secret(text_in(item, "keyName"), expires)


def _check_named(key: ApiKey, name: str) -> None:
    if name not in {item.name for item in key.secrets}:
        raise invalid(f"There is no key named {name}")


def _changed(call: Call, key: ApiKey, details: Body, shown: tuple[KeySecret, ...] = ()) -> Response:
    optional_text_in(details, "displayName")
    changed = replace(key, updated=call.cloud.clock(), details={**key.details, **details})
    return _shown(call, call.cloud.state_of(ApiKeys).keep(key.id, changed), shown)


def _shown(call: Call, key: ApiKey, shown: tuple[KeySecret, ...]) -> Response:
    answer = _KEYS.shown(call, key)
    if not shown:
        return answer
    now, new = call.cloud.clock(), {item.name for item in shown}
    body = {**_wire(call, key), "keys": [item.wire(now, shown=item.name in new) for item in key.secrets]}
    return replace(answer, body=json.dumps(body).encode())


def _wire(call: Call, key: ApiKey) -> Body:
    """Write a key as oci.generative_ai.models.ApiKey has it, and its summary, without its secrets."""
    now = call.cloud.clock()
    return {
        "freeformTags": {},
        "definedTags": {},
        "systemTags": {},
        "description": None,
        **key.details,
        "id": key.id,
        "compartmentId": key.compartment_id,
        "timeCreated": timestamp(key.created),
        "timeUpdated": timestamp(key.updated),
        "lifecycleState": "ACTIVE",
        "lifecycleDetails": None,
        "keys": [item.wire(now, shown=False) for item in key.secrets],
    }


_KEYS = Collection(
    parameter="key",
    resources=lambda cloud: cloud.state_of(ApiKeys),
    wire=_wire,
    summary=_wire,
    filters=("compartmentId", "lifecycleState", "displayName", "id"),
    in_items=True,
)
_CLIENT, _ALL = "GenerativeAiClient", "/20231130/apikeys"
_ONE = f"{_ALL}/{{key}}"
UNDERSTOOD = {
    f"{_CLIENT}.create_api_key": "compartmentId displayName description keyDetails freeformTags definedTags",
    f"{_CLIENT}.list_api_keys": "compartmentId lifecycleState displayName id limit page sortOrder sortBy",
    f"{_CLIENT}.get_api_key": "",
    f"{_CLIENT}.update_api_key": "if-match displayName description freeformTags definedTags",
    f"{_CLIENT}.renew_api_key": "if-match details freeformTags definedTags",
    f"{_CLIENT}.set_api_key_state": "if-match keyName state freeformTags definedTags",
    f"{_CLIENT}.delete_api_key": "if-match",
}
OPERATIONS = (
    Operation("POST", _ALL, refusing(create_key)),
    Operation("GET", _ALL, refusing(_KEYS.list)),
    Operation("GET", _ONE, refusing(_KEYS.read)),
    Operation("PUT", _ONE, refusing(update_key)),
    Operation("DELETE", _ONE, refusing(_KEYS.remove)),
    Operation("POST", f"{_ONE}/actions/renew", refusing(renew_key)),
    Operation("POST", f"{_ONE}/actions/setstate", refusing(set_state)),
)
