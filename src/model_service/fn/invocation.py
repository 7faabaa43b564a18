"""What Fn hands to the handler, read once and made safe: the only reader of the FDK's context."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final

from model_service.errors import DeadlineExceeded

DEFAULT_SECONDS: Final = 30.0  # Fn's default timeout, which the FDK too assumes where Fn-Deadline is missing
MARGIN_SECONDS: Final = 0.5


@dataclass(frozen=True)
class Deadline:
    """The moment, on the monotonic clock, at which the platform kills the container.

    ``margin`` is what is kept back of the time before it, in seconds, for shaping an answer and getting it out.
    """

    expires: float
    margin: float = MARGIN_SECONDS

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        return cls(time.monotonic() + seconds)

    @classmethod
    def parse(cls, value: str | None) -> Deadline:
        """Read ``Fn-Deadline``: RFC 3339 in whole seconds, any offset (fn: ``agent.go``, ``time.RFC3339``)."""
        try:
            moment = datetime.fromisoformat(value or "")
        except ValueError:
            return cls.after(DEFAULT_SECONDS)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return cls.after(moment.timestamp() - time.time())

    @property
    def remaining(self) -> float:
        """Return the seconds left; negative when it has passed."""
        return self.expires - time.monotonic()

    def require(self) -> float:
        """Return the seconds that may still be waited for something; raise ``DeadlineExceeded`` when there are none."""
        seconds = self.remaining - self.margin
        if seconds <= 0:
            raise DeadlineExceeded("The deadline of this invocation has passed.")
        return seconds


@dataclass(frozen=True)
class HttpRequest:
    """The request that a client sent to API Gateway: ``headers`` are the client's own, lower-case names."""

    method: str
    url: str
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        """Return the path without query and trailing slash, deployment prefix included."""
        return self.url.partition("?")[0].rstrip("/")


@dataclass(frozen=True)
class Invocation:
    """One call of the function. ``headers`` are the platform's, ``http`` is there behind API Gateway only."""

    body: bytes = field(repr=False)
    deadline: Deadline
    call_id: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    http: HttpRequest | None = None

    @classmethod
    def from_fn(cls, context: Any, stream: BinaryIO | None) -> Invocation:
        """Read an ``fdk.context.InvokeContext`` and the stream of the body."""
        client = _flat(context.HTTPHeaders())
        return cls(
            body=stream.read() if stream else b"",
            deadline=Deadline.parse(context.Deadline()),
            call_id=context.CallID() or "",
            # The FDK puts client and platform headers into one dict, in which a client's `oci-subject-id` hides the
            # platform's (fdk/headers.py, decap_headers). So what a client has sent is never taken for the platform's.
            headers={name: value for name, value in _flat(context.Headers()).items() if name not in client},
            http=_http_request(context, client),
        )

    @property
    def caller(self) -> str | None:
        """Return the OCID of who invoked us, as OCI authenticated it."""
        return self.headers.get("oci-subject-id")


def _http_request(context: Any, client: Mapping[str, str]) -> HttpRequest | None:
    # `Fn-Intent: httprequest` alone proves nothing, a direct caller can send it; a gateway gives all of these.
    method, url = context.Method(), context.RequestURL()
    if not (method and url and client):
        return None
    return HttpRequest(method.upper(), url, client)


def _flat(headers: Mapping[str, str | list[str]]) -> dict[str, str]:
    """Return the names in lower case; of a header that came twice, which the FDK makes a list of, the last value."""
    return {name.lower(): value[-1] if isinstance(value, list) else value for name, value in headers.items()}
