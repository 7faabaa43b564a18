"""What Fn hands to the handler, read once and made safe: the only reader of the FDK's context."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from dataclasses import field, replace
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final

from model_service.errors import DeadlineExceeded, InvalidRequest, RequestTooLarge
from model_service.fn.limits import MAX_REQUEST_BYTES
from model_service.light_dataclasses import dataclass

DEFAULT_SECONDS: Final = 30.0  # Fn's default timeout, which the FDK too assumes where Fn-Deadline is missing
MARGIN_SECONDS: Final = 0.5
GZIP: Final = b"\x1f\x8b"  # what no JSON begins with (RFC 1952, 2.3.1)
MAX_SECONDS: Final = 86_400.0  # the platform's own maximum is an hour; sockets and locks overflow at some later point

_SLASHES: Final = re.compile("/{2,}")


@dataclass(frozen=True)
class Deadline:
    """The moment, on the monotonic clock, at which the platform kills the container.

    ``margin`` is what is kept back of the time before it, in seconds, for shaping an answer and getting it out.
    """

    expires: float
    margin: float = MARGIN_SECONDS

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Return the deadline in so many seconds, at most MAX_SECONDS."""
        return cls(time.monotonic() + min(MAX_SECONDS, seconds))

    @classmethod
    def parse(cls, value: str | None) -> Deadline:
        """Read ``Fn-Deadline``: RFC 3339 in whole seconds, any offset (fn: ``agent.go``, ``time.RFC3339``)."""
        try:
            moment = datetime.fromisoformat(value or "")
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=UTC)
            return cls.after(moment.timestamp() - time.time())
        except (ValueError, OverflowError):
            return cls.after(DEFAULT_SECONDS)

    @property
    def remaining(self) -> float:
        """Return the seconds left; negative when it has passed."""
        return self.expires - time.monotonic()

    def within(self, seconds: float) -> Deadline:
        """Return the same deadline, or an earlier one for what may take no longer than ``seconds``."""
        return Deadline(min(self.expires, time.monotonic() + seconds + self.margin), self.margin)

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
        """Return the path without query, doubled and trailing slashes, deployment prefix included."""
        return _SLASHES.sub("/", self.url.partition("?")[0]).rstrip("/")

    @property
    def target(self) -> str:
        """Return the path with the query, if there is one."""
        _, mark, query = self.url.partition("?")
        return self.path + mark + query


@dataclass(frozen=True)
class Invocation:
    """One call of the function.

    ``headers`` are the platform's, ``http`` is there behind API Gateway only; ``fault`` says why the body cannot be
    read.
    """

    body: bytes = field(repr=False)
    deadline: Deadline
    call_id: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    http: HttpRequest | None = None
    fault: InvalidRequest | None = None

    @classmethod
    def from_fn(cls, context: Any, stream: BinaryIO | None) -> Invocation:
        """Read an ``fdk.context.InvokeContext`` and the stream of the body."""
        client = _flat(context.HTTPHeaders())
        return cls(
            body=stream.read() if stream else b"",
            deadline=Deadline.parse(context.Deadline()),
            call_id=context.CallID() or os.urandom(16).hex(),
            # The FDK puts client and platform headers into one dict, in which a client's `oci-subject-id` hides the
            # platform's (fdk/headers.py, decap_headers). So what a client has sent is never taken for the platform's.
            headers={name: value for name, value in _flat(context.Headers()).items() if name not in client},
            http=_http_request(context, client),
        )

    def readable(self) -> Invocation:
        """Return the invocation with its body decompressed, or with the ``fault`` that it cannot be read."""
        try:
            if len(self.body) > MAX_REQUEST_BYTES:
                raise RequestTooLarge(f"The request has more than {MAX_REQUEST_BYTES} bytes.")
            content_encoding = (self.http.headers if self.http else self.headers).get("content-encoding", "")
            if not content_encoding and self.http is None and self.body.startswith(GZIP):
                content_encoding = "gzip"  # a batch of a connector, say, which has no headers of its own
            if not content_encoding:
                return self
            # Imported on first use: most bodies come as they are.
            from model_service.fn.content_encoding import decompressed  # noqa: PLC0415 - see above

            return replace(self, body=decompressed(self.body, content_encoding, MAX_REQUEST_BYTES))
        except InvalidRequest as fault:
            return replace(self, body=b"", fault=fault)

    @property
    def caller(self) -> str | None:
        """Return the OCID of who invoked us, as OCI authenticated it."""
        return self.headers.get("oci-subject-id")


def _http_request(context: Any, client: Mapping[str, str]) -> HttpRequest | None:
    # `Fn-Intent: httprequest` alone proves nothing, a direct caller can send it; a gateway gives all of these.
    method, url = context.Method(), context.RequestURL()
    if not (method and url and client):
        return None
    if "accept" not in client:
        return HttpRequest(method.upper(), url, client)
    # Imported with the first request of a gateway: the FDK is no part of a laptop's process.
    from model_service.fn.fdk_protocol import values_of_header  # noqa: PLC0415 - see above

    accept = ", ".join(values_of_header("fn-http-h-accept"))
    return HttpRequest(method.upper(), url, {**client, "accept": accept or client["accept"]})


def _flat(headers: Mapping[str, str | list[str]]) -> dict[str, str]:
    """Return the names in lower case; of a header that came twice, which the FDK makes a list of, the last value."""
    return {name.lower(): value[-1] if isinstance(value, list) else value for name, value in headers.items()}
