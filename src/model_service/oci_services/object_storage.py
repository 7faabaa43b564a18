"""Use Object Storage as far as the function needs it: write an object once, link to it, read one.

Source: https://docs.oracle.com/en-us/iaas/api/#/en/objectstorage/20160918/
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from math import inf
from typing import Final
from urllib.parse import quote, urlencode

from model_service.errors import RequestTooLarge, UpstreamError, UpstreamRefused
from model_service.fn.invocation import Deadline
from model_service.oci_names import ObjectLocation
from model_service.oci_services.clients import RegionServices
from model_service.upstream.response import UpstreamResponse, read_object, read_value

METADATA: Final = "opc-meta-"


@dataclass(frozen=True)
class StoredObject:
    """An object as it was found.

    ``version`` is its ETag, ``age`` how many seconds ago it was written, by the clock of the service; ``metadata`` has
    names without ``opc-meta-``.
    """

    version: str
    age: float
    metadata: Mapping[str, str]
    content: bytes = field(repr=False)


class ObjectStorage:
    """The client. Every failure is a ``ModelServiceError``."""

    def __init__(self, services: RegionServices) -> None:
        self._services = services
        self._namespace: str | None = None

    def namespace(self, deadline: Deadline) -> str:
        """Return the namespace of the tenancy, which is asked for once."""
        if self._namespace is None:
            named = read_value(self._services.object_storage(deadline).send("GET", "/n", None, {}, deadline))
            if not isinstance(named, str) or not named:
                raise UpstreamError("Object Storage does not say what the tenancy's namespace is.")
            self._namespace = named
        return self._namespace

    def put(self, place: ObjectLocation, content: bytes, content_type: str, deadline: Deadline) -> None:
        """Write an object, over one that may be there."""
        self._send("PUT", place, content, {"content-type": content_type}, deadline).read()

    def put_once(
        self, place: ObjectLocation, content: bytes, metadata: Mapping[str, str], deadline: Deadline, *, over: str = ""
    ) -> str | None:
        """Write JSON only where there is no object yet, or only over the version ``over``.

        Return the new version, or ``None`` where somebody was first. ``metadata`` is printable ASCII.
        """
        headers = {"content-type": "application/json"} | ({"if-match": over} if over else {"if-none-match": "*"})
        headers |= {METADATA + name: value for name, value in metadata.items()}
        try:
            exchange = self._send("PUT", place, content, headers, deadline)
        except UpstreamRefused as refusal:
            # An object that is not there any more matches no version.
            if refusal.status == 412 or (over and refusal.code == "ObjectNotFound"):
                return None
            # Which OCI checks first is not documented: the condition, or OBJECT_OVERWRITE, which we may not have.
            if refusal.status == 404 and not over and self.find(place, deadline) is not None:
                return None
            if refusal.code == "ConcurrentObjectUpdate":  # passes, says oci/object_storage/transfer/internal
                raise UpstreamError(refusal.message, status=503, opc_request_id=refusal.opc_request_id) from refusal
            raise
        exchange.read()
        return exchange.header("etag") or ""

    def find(self, place: ObjectLocation, deadline: Deadline, *, largest: int = 0) -> StoredObject | None:
        """Return the object, or ``None`` where there is none; its content only up to ``largest`` bytes.

        A GET, since the answer to a HEAD has no body: it cannot tell an object that is not there from a bucket that is
        not there, or not allowed, which is an error. It needs OBJECT_READ.
        """
        part = {} if largest else {"range": "bytes=0-0"}
        try:
            exchange = self._send("GET", place, None, part, deadline)
        except UpstreamRefused as refusal:
            if refusal.status == 416:  # it is there, and empty
                return StoredObject("", inf, {}, b"")
            if refusal.code == "ObjectNotFound":
                return None
            raise
        return _stored(exchange, _content(exchange, max(largest, 1)))

    def get(self, place: ObjectLocation, largest: int, deadline: Deadline) -> bytes:
        """Return the object; raise ``RequestTooLarge`` for more than ``largest`` bytes, without reading them."""
        return _content(self._send("GET", place, None, {}, deadline), largest)

    def delete(self, place: ObjectLocation, deadline: Deadline) -> None:
        """Delete the object; one that is not there any more is no error."""
        try:
            self._send("DELETE", place, None, {}, deadline).read()
        except UpstreamRefused as refusal:
            if refusal.code != "ObjectNotFound":
                raise

    def list(self, place: ObjectLocation, end: str, deadline: Deadline) -> tuple[dict[str, int], str | None]:
        """Return a page of names from ``place.name`` to ``end``, with their sizes in bytes, and where the next begins.

        ``end`` is none of them; an empty one is no end. It needs OBJECT_INSPECT.
        """
        query = urlencode({"fields": "name,size", "start": place.name} | ({"end": end} if end else {}), quote_via=quote)
        path = f"{self._bucket_path(place, deadline)}/o?{query}"
        page = read_object(self._services.object_storage(deadline, place.region).send("GET", path, None, {}, deadline))
        found = page.get("objects")
        entries = [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else []
        names = {entry["name"]: int(entry.get("size") or 0) for entry in entries if isinstance(entry.get("name"), str)}
        following = page.get("nextStartWith")
        return names, following if isinstance(following, str) else None

    def under(self, prefix: ObjectLocation, deadline: Deadline) -> Iterator[ObjectLocation]:
        """Yield every object whose name begins with that of ``prefix``, in the order of their names."""
        start: str | None = prefix.name
        while start is not None:
            names, start = self.list(replace(prefix, name=start), "", deadline)
            found = [name for name in names if name.startswith(prefix.name)]
            yield from (replace(prefix, name=name) for name in found)
            if len(found) < len(names):
                return

    def link(self, place: ObjectLocation, expires: datetime, deadline: Deadline, *, writes: bool = False) -> str:
        """Return a URL that reads this one object unsigned until ``expires``: a pre-authenticated request.

        With ``writes`` it writes the object, and does not read it.
        """
        details = {
            "name": place.name,
            "objectName": place.name,
            "accessType": "ObjectWrite" if writes else "ObjectRead",
            "timeExpires": expires.isoformat(),
        }
        made = read_object(self._send("POST", place, details, {}, deadline))
        if isinstance(made.get("fullPath"), str):
            return str(made["fullPath"])
        if not isinstance(made.get("accessUri"), str):
            raise UpstreamError("Object Storage gave a pre-authenticated request without its address.")
        return self._services.object_storage(deadline, place.region).endpoint + str(made["accessUri"])

    def _send(
        self,
        method: str,
        place: ObjectLocation,
        body: dict[str, str] | bytes | None,
        headers: dict[str, str],
        deadline: Deadline,
    ) -> UpstreamResponse:
        """Send a request for an object, or, with POST, for a link to it, to the region that it is in."""
        path = self._bucket_path(place, deadline) + ("/p" if method == "POST" else f"/o/{quote(place.name, safe='')}")
        return self._services.object_storage(deadline, place.region).send(method, path, body, headers, deadline)

    def _bucket_path(self, place: ObjectLocation, deadline: Deadline) -> str:
        namespace = place.namespace or self.namespace(deadline)
        return f"/n/{quote(namespace, safe='')}/b/{quote(place.bucket, safe='')}"


def _content(exchange: UpstreamResponse, largest: int) -> bytes:
    content = bytearray()
    for piece in exchange.iter_bytes():
        content += piece
        if len(content) > largest:
            raise RequestTooLarge(f"The object has more than {largest} bytes.", param="body_from")
    return bytes(content)


def _stored(exchange: UpstreamResponse, content: bytes) -> StoredObject:
    headers = exchange.raw.headers
    metadata = {name.removeprefix(METADATA): headers[name] for name in headers if name.startswith(METADATA)}
    age = _seconds(headers.get("date"), time.time()) - _seconds(headers.get("last-modified"), -inf)
    return StoredObject(headers.get("etag") or "", max(0.0, age), metadata, content)


def _seconds(moment: str | None, otherwise: float) -> float:
    try:
        return parsedate_to_datetime(moment or "").timestamp()
    except (ValueError, OverflowError):
        return otherwise
