"""Object Storage, as far as the function needs it: write an object once, link to it, read one.

Source: https://docs.oracle.com/en-us/iaas/api/#/en/objectstorage/20160918/
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from model_service.errors import RequestTooLarge, UpstreamError
from model_service.invocation import Deadline
from model_service.object_place import Place
from model_service.region_services import RegionServices, read_object, read_value
from model_service.upstream import Exchange


class ObjectStorage:
    """The client. Every failure is a ``ModelServiceError``."""

    def __init__(self, services: RegionServices) -> None:
        self._services = services
        self._namespace: str | None = None

    def namespace(self, deadline: Deadline) -> str:
        """The tenancy's own, asked for once."""
        if self._namespace is None:
            self._namespace = str(read_value(self._send("GET", "/n", None, {}, deadline)))
        return self._namespace

    def put(self, place: Place, content: bytes, content_type: str, deadline: Deadline) -> None:
        self._send("PUT", self._path(place, "o", deadline), content, {"content-type": content_type}, deadline).read()

    def get(self, place: Place, largest: int, deadline: Deadline) -> bytes:
        """The object; raises ``RequestTooLarge`` where it has more than ``largest`` bytes, without reading them."""
        exchange = self._send("GET", self._path(place, "o", deadline), None, {}, deadline)
        content = bytearray()
        for piece in exchange.pieces():
            content += piece
            if len(content) > largest:
                raise RequestTooLarge(f"The object has more than {largest} bytes.", param="body_from")
        return bytes(content)

    def link(self, place: Place, expires: datetime, deadline: Deadline) -> str:
        """A URL that reads this one object without a signature until ``expires``: a pre-authenticated request."""
        details = {
            "name": place.name,
            "objectName": place.name,
            "accessType": "ObjectRead",
            "timeExpires": expires.isoformat(),
        }
        made = read_object(self._send("POST", self._path(place, "p", deadline), details, {}, deadline))
        if isinstance(made.get("fullPath"), str):
            return str(made["fullPath"])
        if not isinstance(made.get("accessUri"), str):
            raise UpstreamError("Object Storage gave a pre-authenticated request without its address.")
        return self._services.object_storage.endpoint + str(made["accessUri"])

    def _path(self, place: Place, what: str, deadline: Deadline) -> str:
        namespace = place.namespace or self.namespace(deadline)
        path = f"/n/{quote(namespace, safe='')}/b/{quote(place.bucket, safe='')}/{what}"
        return path if what == "p" else f"{path}/{quote(place.name, safe='')}"

    def _send(
        self, method: str, path: str, body: dict[str, str] | bytes | None, headers: dict[str, str], deadline: Deadline
    ) -> Exchange:
        return self._services.object_storage.send(method, path, body, headers, deadline)
