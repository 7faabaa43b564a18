"""What OCI's own services have in common on the wire: bodies, compartments, pages, times and endpoints."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from mock_oci.cloud import Cloud
from mock_oci.identity.policies.variables import target_variable
from mock_oci.operations import Call, Operation, Refused, not_found, oci_error, refusing
from mock_oci.services.shapes import Check, Mismatch, each, mapping, text, whole
from mock_oci.wire import HOSTS, Body, Response

_MAX_PAGE = 1000
_OBJECTS = each(mapping)


def invalid(message: str, code: str = "InvalidParameter", status: int = 400) -> Refused:
    """Refuse by one of the codes that all services share (docs: API/References/apierrors.htm)."""
    return Refused(oci_error(status, message, code))


def match_etag(call: Call, etag: str) -> None:
    """Raise Refused with 412 when the caller saw another version of the resource (if-match)."""
    if call.request.headers.get("if-match", etag) not in (etag, "*"):
        raise invalid("The if-match header does not match the resource's ETag", "NoEtagMatch", 412)


def with_or_without_slash(method: str, path: str, answer: Callable[[Call], Response]) -> tuple[Operation, Operation]:
    """Make a collection's operation twice: the SDKs of some languages end its path with a slash."""
    return Operation(method, path, refusing(answer)), Operation(method, f"{path}/", refusing(answer))


def permitted(
    call: Call,
    compartment_id: str,
    resource_id: str = "",
    *,
    target: Mapping[str, tuple[str, ...]] | None = None,
    needs: str = "",
) -> None:
    """Raise Refused with OCI's 404 unless the caller may do what it asks for in this compartment, to this resource.

    ``target`` are variables that name it besides its OCID; ``needs``: see ``Call.may``.
    """
    if not call.may(compartment_id, {**target_variable(resource_id), **(target or {})}, needs):
        raise Refused(not_found())


def object_in(content: bytes) -> Body:
    """Return the JSON object that a request carries. Raises Refused."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise invalid("Unable to parse the request body.", "CannotParseRequest")
    return body


def text_in(body: Mapping[str, Any], name: str) -> str:
    """Return a field that has to be a non-empty string. Raises Refused."""
    value = body.get(name)
    if value is None or value == "":
        raise invalid(f"{name} must not be null", "MissingParameter")
    return str(_checked(text, value, name))


def optional_text_in(body: Mapping[str, Any], name: str, default: str = "") -> str:
    """Return a field that may be absent; when it is there it has to be a non-empty string. Raises Refused."""
    return default if body.get(name) is None else text_in(body, name)


def number_in(body: Mapping[str, Any], name: str, default: int, lowest: int, highest: int) -> int:
    """Return a whole number of a body, or of a query, where numbers are digits. Raises Refused."""
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:20])
    try:
        whole(lowest, highest)(value, name)
    except Mismatch as mismatch:
        raise invalid(f"{name} must be between {lowest} and {highest}") from mismatch
    return int(value)


def flag_in(body: Mapping[str, Any], name: str) -> bool:
    """Return a field that has to be true or false. Raises Refused."""
    value = body.get(name)
    if not isinstance(value, bool):
        raise invalid(f"{name} must be true or false", "MissingParameter" if value is None else "InvalidParameter")
    return value


def mapping_in(body: Mapping[str, Any], name: str) -> Body:
    """Return a field that has to be an object. Raises Refused."""
    value: Body = _checked(mapping, body.get(name), name)
    return value


def objects_in(body: Mapping[str, Any], name: str, most: int) -> list[Body]:
    """Return a field that has to be an array of one to ``most`` objects. Raises Refused."""
    items: list[Body] = _checked(_OBJECTS, body.get(name) or None, name)
    if len(items) > most:
        raise invalid(f"{name} must have at most {most} items")
    return items


def _checked(check: Check, value: Any, name: str) -> Any:
    try:
        check(value, name)
    except Mismatch as mismatch:
        code = "InvalidParameter" if value else "MissingParameter"
        raise invalid(f"{name} must be {mismatch.expected}", code) from mismatch
    return value


def not_emulated(what: str) -> Refused:
    """Make the refusal of what OCI has and mock_oci has not."""
    return Refused(oci_error(501, f"mock_oci: {what} is not emulated", "NotImplemented"))


def page_of(rows: list[Any], query: Mapping[str, str], most: int = _MAX_PAGE) -> tuple[list[Any], dict[str, str]]:
    """Return the page that ``limit`` and ``page`` ask for, and ``opc-next-page`` when there is another."""
    start, limit = _start(query.get("page", "")), number_in(query, "limit", most, 1, most)
    end = start + limit
    return rows[start:end], {"opc-next-page": sealed({"from": end})} if end < len(rows) else {}


def filtered(rows: list[Body], query: Mapping[str, str], names: tuple[str, ...]) -> list[Body]:
    """Return the rows whose fields are what ``query`` says of those ``names``."""
    return [row for row in rows if all(query.get(name, row.get(name)) == row.get(name) for name in names)]


def sorted_by(rows: list[Body], query: Mapping[str, str], usual: str) -> list[Body]:
    """Return the rows in the order that ``sortBy`` and ``sortOrder`` ask for, whose values the door has checked.

    ``usual`` is the ``sortBy`` where none is asked for. Names rise, and times and numbers fall, unless the caller
    says otherwise (docs of each List operation: "The default order for TIMECREATED is descending").
    """
    if not rows:
        return rows
    wanted = query.get("sortBy", usual).replace("_", "").lower()
    fields = [name for name in rows[0] if name.lower() == wanted] or [
        name for name in rows[0] if wanted == "name" and name.lower().endswith("name")
    ]
    if not fields:
        raise not_emulated(f"sortBy {query['sortBy']}")
    falls = wanted.startswith(("time", "version"))
    order = query.get("sortOrder", "DESC" if falls else "ASC").upper()
    return sorted(rows, key=lambda row: row[fields[0]], reverse=order == "DESC")


def timestamp(seconds: float) -> str:
    """Write Unix seconds as RFC 3339 in milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds_in(body: Mapping[str, Any], name: str) -> float:
    """Return Unix seconds, from an RFC 3339 timestamp that has to be there. Raises Refused."""
    try:
        moment = datetime.fromisoformat(text_in(body, name))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        raise invalid(f"{name} must be an RFC 3339 timestamp") from error


def endpoint(call: Call, host: str) -> str:
    """Tell where a client goes on: ``https://<host>`` of the region, or the socket that it came through."""
    asked = call.request.headers.get("host", "")
    if not asked or HOSTS.fullmatch(asked.lower()):
        return f"https://{host}"
    return f"http://{asked}"


def new_uuid(cloud: Cloud, what: str) -> str:
    """Make a UUID that two runs give alike."""
    return str(uuid.UUID(hashlib.sha256(f"{what}/{cloud.next_serial()}".encode()).hexdigest()[:32]))


def sealed(parts: Mapping[str, Any]) -> str:
    """Make an opaque token, safe in a URL, that ``unsealed`` reads."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def unsealed(token: str) -> Body | None:
    """Return the parts of a token; None for what ``sealed`` never made."""
    try:
        parts = json.loads(base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        return None
    return parts if isinstance(parts, dict) else None


def _start(token: str) -> int:
    parts = (unsealed(token) or {}) if token else {"from": 0}
    start = parts.get("from")
    if not isinstance(start, int) or start < 0:
        raise invalid("page is not the opc-next-page of an earlier answer")
    return start
