"""What a service is to the backend: operations, each with its path, its credentials and who answers."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mock_oci.call_records import CallRecord
from mock_oci.cloud import Cloud
from mock_oci.identity.principals import Principal
from mock_oci.identity.signatures import SIGNATURE
from mock_oci.model.catalogue import region_of_host
from mock_oci.model.known_models import REGIONS
from mock_oci.model.replies import Reply
from mock_oci.wire import Request, Response

_NOBODY = Principal("anonymous", "", "")


@dataclass(frozen=True)
class Call:
    """A request that found its operation and whose caller is known.

    ``name`` is the operation's in the SDK, or its method and path; ``record`` is told why the caller may not.
    """

    request: Request
    cloud: Cloud
    principal: Principal = _NOBODY
    parameters: Mapping[str, str] = field(default_factory=dict)
    scripted: Reply | None = None
    name: str = ""
    record: CallRecord | None = None

    @property
    def region(self) -> str:
        """Return the region of the door or in the host that was asked, else the cloud's own."""
        return self.request.region or region_of_host(self.request.headers.get("host", ""), self.cloud.region)

    def may(self, compartment_id: str, target: Mapping[str, tuple[str, ...]] | None = None, needs: str = "") -> bool:
        """Tell whether the caller may do this in this compartment, to what ``target`` names.

        ``needs`` are the permissions, where the table of the operation does not say all. Raises Refused with 501 where
        nobody can say.
        """
        key = REGIONS[self.region].key if self.region in REGIONS else self.region
        named = {**(target or {}), "request.region": (key,)}
        decision = self.cloud.permissions.decide(self.principal, compartment_id, self.name, needs, named)
        if self.record is not None and not decision.is_allowed:
            self.record.refusal = decision.reason
        if decision.is_unknown:
            raise Refused(oci_error(501, f"mock_oci: nobody can say who may: {decision.reason}", "NotImplemented"))
        return decision.is_allowed


@dataclass(frozen=True)
class Operation:
    """``path`` is a template: ``{name}`` stands for one segment, ``{name+}`` for one or more.

    ``credentials`` names the schemes it takes; none: anyone may call. ``asks_model``: a script without a
    path is meant for it.
    """

    method: str
    path: str
    answer: Callable[[Call], Response]
    credentials: tuple[str, ...] = (SIGNATURE,)
    asks_model: bool = False

    @property
    def title(self) -> str:
        """Return its method and path, which name it where the SDK has no name for it."""
        return f"{self.method} {self.path}"

    def match(self, method: str, path: str) -> dict[str, str] | None:
        if method != self.method or not path.startswith(self._beginning):
            return None
        match = self._pattern.fullmatch(path)
        return match and match.groupdict()

    @functools.cached_property
    def _beginning(self) -> str:
        return self.path.partition("{")[0]

    @functools.cached_property
    def _pattern(self) -> re.Pattern[str]:
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(self.path))
        return re.compile(re.sub(r"\\{(\w+)\\\+\\}", r"(?P<\1>.+)", pattern))


def json_response(
    status: int, body: Mapping[str, Any] | list[Any] | str, headers: Mapping[str, str] | None = None
) -> Response:
    """Make a response whose content type has no charset: the SDK matches it exactly (oci/base_client.py)."""
    content = {"content-type": "application/json", **(headers or {})}
    return Response(status, content, json.dumps(body).encode())


def oci_error(status: int, message: str, code: str = "") -> Response:
    """Make an error response ``{"code","message"}``; the code is often the status as a string."""
    return json_response(status, {"code": code or str(status), "message": message})


def not_found() -> Response:
    """Make OCI's one answer to what does not exist and to what one may not see (docs: apierrors.htm)."""
    return oci_error(404, "Authorization failed or requested resource not found.", "NotAuthorizedOrNotFound")


def no_such_path() -> Response:
    """Make the answer of the gateway before the services to a path that none of them has."""
    return oci_error(404, "Path doesn't map to a registered service")


class Refused(Exception):
    """The request is answered with ``response``, an error."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def refusing(answer: Callable[[Call], Response]) -> Callable[[Call], Response]:
    """Wrap ``answer`` so that a Refused that it raises becomes its response."""

    @functools.wraps(answer)
    def answered(call: Call) -> Response:
        try:
            return answer(call)
        except Refused as refusal:
            return refusal.response

    return answered
