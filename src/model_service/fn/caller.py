"""Who called: made once for an invocation, from what the platform or the gateway says, never from a client's word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import lru_cache
from typing import Final

from model_service.errors import InvalidRequest
from model_service.fn.invocation import Invocation
from model_service.light_dataclasses import dataclass
from model_service.logs.redaction import redact

SUBJECT: Final = "oci-subject-id"
GATEWAY_OCID: Final = "ocid1.apigateway."
MAX_NAME_LENGTH: Final = 200  # characters; names stand in logs, metrics and the keys of counters


@dataclass(frozen=True)
class Caller:
    """A caller: ``id`` is a key's owner, a person or an OCID; ``key_id`` the public part of the key that was shown.

    ``models`` are patterns that narrow what this key may call. ``labels`` are the operator's own (cost centre,
    environment), from the service file.
    """

    id: str | None = None
    team: str | None = None
    key_id: str | None = None
    models: tuple[str, ...] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        return self.id is not None or self.team is not None


def caller_of(invocation: Invocation, identity_headers: Mapping[str, str]) -> Caller:
    """Return who invoked the function.

    Behind API Gateway this is whom ``identity_headers`` name (``MODEL_SERVICE_IDENTITY_HEADERS``: ``id``, ``team``,
    ``key`` and ``models`` to the name of a header), which the gateway overwrites; they count only where OCI says that
    a gateway called, since a direct caller can send ``Fn-Intent: httprequest`` and any header. Everybody else is the
    subject that OCI authenticated (``oci-subject-id``).
    """
    subject = invocation.caller
    if subject is None and identity_headers and invocation.http is not None and SUBJECT in invocation.http.headers:
        # The FDK puts the client's headers and the platform's into one table, where this one hides the gateway's:
        # whoever sends it would be nobody, whom other rules may hold for.
        raise InvalidRequest(f"The header {SUBJECT} is the platform's own.", code="reserved_header")
    if invocation.http is None:
        return Caller(id=subject)
    if not identity_headers or not (subject or "").startswith(GATEWAY_OCID):
        return Caller(id=subject)
    headers = invocation.http.headers
    named = {part: _name(headers.get(header)) for part, header in identity_headers.items()}
    models = tuple(pattern for pattern in (named.get("models") or "").split(",") if pattern)
    return Caller(named.get("id"), named.get("team"), named.get("key"), models or None)


@lru_cache(maxsize=1024)  # each value is searched for eight kinds of secrets
def _name(value: str | None) -> str | None:
    """Return a name that is fit for a log, or ``None`` for an empty header."""
    text = redact((value or "").strip())[:MAX_NAME_LENGTH]
    return text if text.isprintable() and text else None


@dataclass(frozen=True)
class Origin:
    """Where a call comes from: who made it, through which trigger, and the headers that may name its trace.

    ``has_reply``: the answer leaves as the reply of the function, and so has to get through the platform. ``operation``
    is what was asked for, where the request that is made of it is another's (a completion is asked as a chat).
    ``paces_itself``: whoever calls waits by itself before it calls again, as a batch does for all of its records.
    """

    caller: Caller = field(default_factory=Caller)
    trigger: str = ""
    has_reply: bool = False
    platform_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    client_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    operation: str | None = None
    paces_itself: bool = False

    @classmethod
    def of(cls, invocation: Invocation, trigger: str, identity_headers: Mapping[str, str]) -> Origin:
        """Return the origin of what an invocation asks; raise as ``caller_of`` does."""
        client = {} if invocation.http is None else invocation.http.headers
        return cls(caller_of(invocation, identity_headers), trigger, True, invocation.headers, client)


NOBODY: Final = Caller()
"""A call of ours, or of a user of the Python API."""

NOWHERE: Final = Origin()
"""Where such a call comes from."""
