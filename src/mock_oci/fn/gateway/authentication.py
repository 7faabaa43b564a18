"""A custom authorizer: the function that judges a credential, and the gateway's memory of its verdicts.

Source: docs APIGateway/Tasks/apigatewayusingauthorizerfunction.htm and …_topic-Creating_an_Authorizer_Function.htm.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from mock_oci.fn.gateway.expressions import Variable
from mock_oci.fn.gateway.specification import choice_in, part_of
from mock_oci.wire import Request, Response

MIN_CACHE_SECONDS = 60.0
MAX_CACHE_SECONDS = 3600.0
_MAX_PARAMETERS = 10
_MAX_CACHE_KEY = 10
_MAX_VERDICTS = 10_000  # kept at once; how many is not documented (verify: gateway-verdicts)

Ask = Callable[[str, bytes], Response]
"""Invokes a function by its OCID, as the gateway."""


@dataclass(frozen=True)
class Verdict:
    """What an authorizer said: whether the caller is let in, what it may, and what it told of the caller."""

    active: bool
    scope: frozenset[str] = frozenset()
    context: Mapping[str, Any] = field(default_factory=dict)
    challenge: str = ""
    expires: float | None = None


class Unanswered(Exception):
    """The authorizer gave no verdict; the client gets this status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class CustomAuthentication:
    """``specification`` is a CustomAuthenticationPolicy in its JSON form; ``clock`` gives Unix seconds. Thread-safe."""

    def __init__(self, specification: Mapping[str, Any], clock: Callable[[], float]) -> None:
        part_of(specification, "a CUSTOM_AUTHENTICATION", *_KNOWN)
        choice_in(specification, "type", ["CUSTOM_AUTHENTICATION"])
        self.is_anonymous_allowed = bool(specification.get("isAnonymousAccessAllowed"))
        self._function_id = str(specification["functionId"])
        self._token = _token_variable(specification)
        self._parameters = {name: Variable.read(text) for name, text in specification.get("parameters", {}).items()}
        self._cache_key = tuple(specification.get("cacheKey", ()))
        self._check()
        self._clock = clock
        self._lock = threading.Lock()
        self._verdicts: dict[tuple[tuple[str, ...], ...], tuple[Verdict, float]] = {}

    def verdict(self, request: Request, ask: Ask) -> Verdict:
        """Return what the authorizer says of ``request``, or said a while ago of one with the same credential.

        Raises Unanswered.
        """
        arguments = {name: variable.values(request, {}) for name, variable in self._arguments().items()}
        if self._token is not None and not arguments["token"]:
            return Verdict(active=False)
        key = tuple(tuple(arguments[name]) for name in self._cache_key or arguments)
        kept = self._kept(key)
        if kept is not None:
            return kept
        verdict = _read(ask(self._function_id, json.dumps(self._question(arguments)).encode()))
        self._keep(key, verdict)
        return verdict

    def _check(self) -> None:
        if (self._token is None) == (not self._parameters):
            raise ValueError("a CUSTOM_AUTHENTICATION takes parameters, or one of tokenHeader and tokenQueryParam")
        if len(self._parameters) > _MAX_PARAMETERS or len(self._cache_key) > _MAX_CACHE_KEY:
            raise ValueError(f"at most {_MAX_PARAMETERS} parameters, and {_MAX_CACHE_KEY} values of cacheKey")
        if self._parameters and not self._cache_key:
            # What the gateway then does is not documented (verify: gateway-cache-key): one caller may get another's.
            raise ValueError("mock_oci asks for a cacheKey: without one the verdicts of callers may be mixed up")
        if not set(self._cache_key) <= self._arguments().keys():
            raise ValueError("cacheKey must be names of parameters")

    def _arguments(self) -> Mapping[str, Variable]:
        return self._parameters if self._token is None else {"token": self._token}

    def _question(self, arguments: Mapping[str, list[str]]) -> dict[str, Any]:
        given = {name: values[0] if len(values) == 1 else values for name, values in arguments.items() if values}
        if self._token is not None:
            return {"type": "TOKEN", **given}
        return {"type": "USER_DEFINED", "data": given}

    def _kept(self, key: tuple[tuple[str, ...], ...]) -> Verdict | None:
        with self._lock:
            verdict, until = self._verdicts.get(key, (None, 0.0))
        return verdict if self._clock() < until else None

    def _keep(self, key: tuple[tuple[str, ...], ...], verdict: Verdict) -> None:
        now = self._clock()
        asked = MIN_CACHE_SECONDS if verdict.expires is None else verdict.expires - now
        until = now + min(max(asked, MIN_CACHE_SECONDS), MAX_CACHE_SECONDS)
        with self._lock:
            if len(self._verdicts) >= _MAX_VERDICTS:
                self._verdicts.clear()
            self._verdicts[key] = (verdict, until)


def _token_variable(specification: Mapping[str, Any]) -> Variable | None:
    if specification.get("tokenHeader"):
        return Variable("header", str(specification["tokenHeader"]))
    if specification.get("tokenQueryParam"):
        return Variable("query", str(specification["tokenQueryParam"]))
    return None


def _read(answer: Response) -> Verdict:
    """Return the verdict in a function's answer. Raises Unanswered: 502 for a failure, as the page says.

    A function that the gateway may not invoke, or that is not there, is the bare 500 of a missing policy.
    """
    if answer.status == 404:
        raise Unanswered(500)
    try:
        said = json.loads(answer.body) if answer.status == 200 and isinstance(answer.body, bytes) else None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise Unanswered(502)
    context = said.get("context")
    return Verdict(
        active=said.get("active") is True,
        scope=_scope(said.get("scope")),
        context=context if isinstance(context, dict) else {},
        challenge=str(said.get("wwwAuthenticate") or ""),
        expires=_expiry(said.get("expiresAt")),
    )


def _scope(value: Any) -> frozenset[str]:
    """Return scopes, which come as an array or separated by blanks."""
    words = value.split() if isinstance(value, str) else value
    return frozenset(word for word in words if isinstance(word, str)) if isinstance(words, list) else frozenset()


def _expiry(value: Any) -> float | None:
    """Return Unix seconds. Raises Unanswered for what is no ISO 8601 time: what OCI makes of one is unverified.

    (verify: gateway-verdicts)
    """
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError):
        raise Unanswered(502) from None


_KNOWN = (
    "type",
    "functionId",
    "parameters",
    "cacheKey",
    "tokenHeader",
    "tokenQueryParam",
    "isAnonymousAccessAllowed",
)
