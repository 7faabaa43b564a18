"""What crosses mock_oci's doors: a request and a response as plain data, whichever door they came through."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Body = dict[str, Any]
"""A JSON object as requests and responses carry it."""


@dataclass(frozen=True)
class Request:
    """One HTTP request as it stood on the wire.

    ``target`` is the raw path and query (percent-encoding kept: it is part of what a signature covers);
    ``headers`` has lower-case names. ``region`` is that of the door it came through, where a door has one of its own;
    ``has_left`` tells whether its client is gone, where a door can tell.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    region: str = ""
    has_left: Callable[[], bool] | None = field(default=None, compare=False, repr=False)

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))


@dataclass(frozen=True)
class Response:
    """One HTTP response; a ``body`` that is not bytes is sent chunked, each piece as soon as it is there.

    An empty piece is not sent: it gives the door a moment to see whether the client is still there.
    ``content_length`` is stated in place of what a whole body has; the connection ends after such an answer.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Iterable[bytes] = b""
    content_length: int | None = None

    def close(self) -> None:
        """Tell a streamed body that nobody reads it any more; bytes need no telling."""
        close = getattr(self.body, "close", None)
        if close is not None:
            close()


Handler = Callable[[Request], Response]
"""What answers a request, whichever door it came through; it may raise Disconnect."""


class Disconnect(Exception):
    """Cut the connection: before the response when ``answer`` raises it, mid-body when a stream does.

    ``sent`` is what the client still gets of a head; ``reset``: the connection is not closed but reset.
    """

    def __init__(self, reason: str = "", *, sent: bytes = b"", reset: bool = False) -> None:
        super().__init__(reason)
        self.sent = sent
        self.reset = reset


_REGION = r"[a-z0-9-]+"
_REALM = r"oracle(gov)?cloud\d*\.[a-z]{2,3}"
# The SDK's templates, each in its service's *_client.py, and auth/auth_utils.py for the federation endpoint.
HOSTS = re.compile(
    rf"(inference\.)?generativeai\.{_REGION}\.(ds\.)?oci\.{_REALM}"
    rf"|auth\.{_REGION}\.{_REALM}"
    # Object Storage has a host for each namespace too, which pre-authenticated requests name (fullPath).
    rf"|([a-z0-9]+\.)?objectstorage\.{_REGION}\.((ds\.)?oci\.customer-oci\.com|(ds\.oci\.)?{_REALM})"
    # A stream's and a queue's messagesEndpoint names a cell; the control planes have none.
    rf"|(cell-\d+\.)?streaming\.{_REGION}\.oci\.{_REALM}"
    rf"|(cell-\d+\.queue\.)?messaging\.{_REGION}\.oci\.{_REALM}"
    rf"|(cell\d+\.)?notification\.{_REGION}\.(oci\.)?{_REALM}"
    # A function's invokeEndpoint has a part of its own; the control plane has none.
    rf"|([a-z0-9]+\.{_REGION}\.functions|functions\.{_REGION})\.oci\.{_REALM}"
    rf"|service-connector-hub\.{_REGION}\.oci\.{_REALM}"
    rf"|(secrets\.)?vaults\.{_REGION}\.oci\.{_REALM}"
    rf"|telemetry(-ingestion)?\.{_REGION}\.(oci\.)?{_REALM}"
    rf"|[a-z0-9-]+\.apm-agt\.{_REGION}\.oci\.{_REALM}"
    rf"|iaas\.{_REGION}\.(ds\.oci\.)?{_REALM}"
    rf"|(identity|apigateway|(ingestion\.)?logging|artifacts|managementdashboard)\.{_REGION}\.(ds\.)?(oci\.)?{_REALM}"
    rf"|events\.{_REGION}\.(ds\.)?oci\.{_REALM}"
    r"|169\.254\.169\.254"  # instance metadata (docs: Compute/Tasks/gettingmetadata.htm)
)
