"""The headers of a call to a function: the invoker's own, the platform's, and those of a trace."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mock_oci.fn.fdk_socket import HOP_BY_HOP
from mock_oci.services.functions.state import Caller

# Authorization and the content's framing end at the service; the rest the platform alone may say.
_NOT_PASSED = HOP_BY_HOP | {"authorization", "content-length", "host", "is-dry-run"}
_PLATFORMS_OWN = ("fn-call-id", "fn-deadline", "fn-intent", "fn-invoke-type", "oci-subject-")
_SEGMENT = re.compile(r"[0-9A-Fa-f]{32}")


def request_id(serial: int, sent: str) -> str:
    """Make an id of three 32-hex segments; the first is the caller's own when it sent one (docs: apirequestid)."""
    first = sent.partition("/")[0]
    segments = [f"{serial:024X}{part:08X}" for part in range(3)]
    return "/".join([first if _SEGMENT.fullmatch(first) else segments[0], *segments[1:]])


def trace_headers(serial: int) -> dict[str, str]:
    """Return what the platform says of a trace that begins with this call (B3, as in the dump of Oracle's sample)."""
    trace_id = f"{serial:032x}"
    return {"x-b3-traceid": trace_id, "x-b3-spanid": trace_id[16:], "x-b3-sampled": "1", "x-b3-flags": "0"}


def passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    """Return what a function gets of its invoker's headers, with lower-case names."""
    named = {name.lower(): value for name, value in headers.items()}
    own = [name for name in named if name in _NOT_PASSED or name.startswith(_PLATFORMS_OWN)]
    return {name: value for name, value in named.items() if name not in own}


def subject(caller: Caller | None) -> dict[str, str]:
    """Return what the platform says of who calls."""
    if caller is None:
        return {}
    return {
        "oci-subject-id": caller.subject_id,
        "oci-subject-type": caller.subject_type,
        "oci-subject-tenancy-id": caller.tenancy_id,
    }
