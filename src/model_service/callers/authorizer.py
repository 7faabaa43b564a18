"""The verdict on a caller's key, for API Gateway: the same function is the gateway's authorizer.

Source: https://docs.oracle.com/en-us/iaas/Content/APIGateway/Tasks/apigatewayusingauthorizerfunction.htm
A refusal is status 200 with ``active`` false; the gateway keeps a verdict for 60 s to an hour.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final, Protocol

from model_service.callers.keys import VARIABLE, Key, KeyRing, read_key_ring
from model_service.errors import SettingsError
from model_service.fn.caller import NOWHERE, Origin
from model_service.fn.invocation import Deadline
from model_service.logs import log
from model_service.openai_api.chat import Complete
from model_service.routing import Route
from model_service.service_file.documents import Places, Refreshed, refreshed
from model_service.settings import Settings

VERDICT_SECONDS: Final = 60  # the shortest that the gateway takes: so long a revoked key may still open
BEARER: Final = "bearer "
CHALLENGE: Final = 'Bearer realm="model-service"'


class KeyService(Places, Protocol):
    """What an authorizer uses of the service."""

    @property
    def settings(self) -> Settings: ...


@dataclass(frozen=True)
class AuthorizationRequest:
    """A key to be judged; ``token`` is what stood in the caller's header, with or without ``Bearer``."""

    token: str = field(repr=False)

    def route(self, aliases: Any) -> Route | None:  # noqa: ARG002 - no model is asked
        """Return ``None``: no model is asked."""
        return None


@dataclass(frozen=True)
class Authorizer:
    """Judge keys, as ``dispatch.ANSWERERS`` asks for it."""

    service: KeyService
    answer_other: object = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @cached_property
    def ring(self) -> Refreshed[KeyRing]:
        """Return the keys that callers may have, read again every now and then."""
        settings = self.service.settings
        if settings.keys is None:
            raise SettingsError(VARIABLE, "is not set, so there are no keys to check")
        return refreshed(VARIABLE, settings.keys, self.service, settings.config_seconds, read_key_ring)

    def answer(self, request: AuthorizationRequest, _deadline: Deadline, _origin: Origin = NOWHERE) -> Complete:
        """Return the verdict that the gateway expects.

        What goes wrong while the keys are read is an error, which the gateway answers with 502: a caller whose key was
        not looked at is neither let in nor told that it is wrong.
        """
        now = self.clock()
        text = request.token.strip()
        text = text[len(BEARER) :].strip() if text[: len(BEARER)].lower() == BEARER else text
        key = self.ring.current().check(text, now)
        log.write("key_checked", key=key and key.id, caller=key and key.owner, active=key is not None)
        if key is None:
            return Complete({"active": False, "wwwAuthenticate": CHALLENGE})
        return Complete({"active": True, "scope": ["model-service"], **_verdict(key, now)})


def _verdict(key: Key, now: datetime) -> dict[str, Any]:
    """Return until when the verdict holds, and what the gateway puts into the headers for the function."""
    ends = now + timedelta(seconds=VERDICT_SECONDS)
    if key.expires is not None:
        ends = min(ends, datetime.fromisoformat(key.expires))
    context = {"caller": key.owner, "team": key.team or "", "key": key.id, "models": ",".join(key.models or ())}
    return {"expiresAt": ends.isoformat(timespec="seconds"), "context": context}
