"""A request whose body lies in Object Storage, because the doorway takes no more than 6 MB:
``{"body_from": {"bucket": …, "object": …}}``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from model_service.encoding import read_json_object, write_json
from model_service.errors import InvalidRequest
from model_service.invocation import Deadline
from model_service.object_place import Place, is_object_name
from model_service.object_storage import ObjectStorage

LARGEST: Final = 32 * 1024 * 1024  # bytes of a stored request; it is held in memory several times over
FIELD: Final = "body_from"
KNOWN: Final = frozenset({"namespace", "bucket", "object"})


@dataclass(frozen=True)
class StoredRequests:
    """``allowed`` are the buckets that callers may name (``MODEL_SERVICE_REQUEST_BUCKETS``)."""

    storage: ObjectStorage
    allowed: Sequence[Place]

    def body(self, body: bytes, deadline: Deadline) -> bytes:
        """The request to answer: the stored one, with what else the caller said laid over it; ``body`` itself where
        nothing is stored elsewhere. Raises ``InvalidRequest`` (403 for a bucket that is not allowed)."""
        try:
            said = read_json_object(body)
        except InvalidRequest:
            return body  # a batch, or what is wrong with it the doorway says
        named = said.pop(FIELD, None)
        if named is None:
            return body
        stored = self.storage.get(self._allowed(_place(named), deadline), LARGEST, deadline)
        fields = read_json_object(stored)
        if FIELD in fields:
            raise InvalidRequest("body_from: the object names another object.", param=FIELD)
        return write_json({**fields, **said}) if said else stored

    def _allowed(self, place: Place, deadline: Deadline) -> Place:
        if any(bucket.bucket == place.bucket for bucket in self.allowed):
            own = self.storage.namespace(deadline)
            place = replace(place, namespace=place.namespace or own)
            if (place.namespace, place.bucket) in {(one.namespace or own, one.bucket) for one in self.allowed}:
                return place
        raise InvalidRequest(
            "body_from: requests may not be taken from this bucket.",
            param=FIELD,
            code="bucket_not_allowed",
            status=403,
            hint="MODEL_SERVICE_REQUEST_BUCKETS lists the buckets that may be named.",
        )


def _place(named: Any) -> Place:
    if not isinstance(named, Mapping) or not set(named) <= KNOWN:
        raise InvalidRequest("body_from: must be an object with namespace, bucket and object.", param=FIELD)
    texts = {name: value for name, value in named.items() if value is not None}
    if not all(isinstance(value, str) and value for value in texts.values()) or not {"bucket", "object"} <= set(texts):
        raise InvalidRequest("body_from: bucket and object must be texts.", param=FIELD)
    if not is_object_name(texts["object"]):
        raise InvalidRequest("body_from: no object can have this name.", param=FIELD)
    try:
        bucket = Place.of_bucket("/".join(texts[name] for name in ("namespace", "bucket") if name in texts))
    except ValueError:
        raise InvalidRequest("body_from: namespace or bucket cannot be a name.", param=FIELD) from None
    return replace(bucket, name=texts["object"])
