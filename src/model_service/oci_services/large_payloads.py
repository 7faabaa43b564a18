"""The 6 MB wall: an answer that the platform would not let out goes to Object Storage, and a link to it goes out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from model_service.errors import AnswerTooLarge, InvalidRequest, ModelServiceError
from model_service.fn.invocation import Deadline
from model_service.fn.limits import Limits, check_memory
from model_service.logs import log
from model_service.oci_names import ObjectLocation, is_object_name
from model_service.oci_services.object_storage import ObjectStorage
from model_service.openai_api.accumulator import ChunkAccumulator
from model_service.openai_api.chat import Chunk, Stream
from model_service.openai_api.encoding import read_json_object, write_json
from model_service.upstream.retries import PERSISTENT

TRY_SECONDS: Final = 20.0  # for what nobody waits for
LIFETIME: Final = timedelta(hours=1)
"""How long a link is good for. The object stays until a lifecycle rule of the bucket takes it away."""

EXTENSIONS: Final = {"application/json": ".json", "text/event-stream": ".txt", "application/x-ndjson": ".ndjson"}


@dataclass(frozen=True)
class Overflow:
    """``bucket`` is where answers go (``MODEL_SERVICE_OVERFLOW_BUCKET``)."""

    storage: ObjectStorage
    bucket: ObjectLocation

    def store(self, content: bytes, content_type: str, deadline: Deadline) -> dict[str, Any]:
        """Store an answer and return the reference to it, a link that expires.

        ``{"object": "model_service.reference", "url", "expires_at" (RFC 3339), "bytes", "content_type"}``. Raise
        ``AnswerTooLarge`` where the answer cannot be stored either.
        """
        deadline = replace(deadline, margin=deadline.margin / 4)  # of the time for getting the answer out
        now = datetime.now(UTC)
        expires = (now + LIFETIME).replace(microsecond=0)
        try:
            place = self._put(content, content_type, now, deadline)
            url = self.storage.link(place, expires, deadline)
        except ModelServiceError as error:
            raise _not_stored(len(content), error) from error
        return {
            "object": "model_service.reference",
            "url": url,
            "expires_at": expires.isoformat().replace("+00:00", "Z"),
            "bytes": len(content),
            "content_type": content_type,
        }

    def keep(self, content: bytes, deadline: Deadline) -> dict[str, Any]:
        """Store it for readers that come later, with a key of their own, and return the reference to it.

        ``{"object": "model_service.reference", "bucket", "name", "bytes", "content_type"}``. Raise ``AnswerTooLarge``
        as ``store`` does, though not at once: it has been paid for, and there is more time than a caller has.
        """
        kind = "application/json"

        def put(deadline: Deadline) -> ObjectLocation:
            return self._put(content, kind, datetime.now(UTC), deadline)

        try:
            place = PERSISTENT.call(put, deadline, TRY_SECONDS)
        except ModelServiceError as error:
            raise _not_stored(len(content), error) from error
        where = {"bucket": place.bucket, "name": place.name}
        return {"object": "model_service.reference", **where, "bytes": len(content), "content_type": kind}

    def _put(self, content: bytes, content_type: str, now: datetime, deadline: Deadline) -> ObjectLocation:
        place = replace(self.bucket, name=_name(now, content_type))
        self.storage.put(place, content, content_type, deadline)
        log.write("answer_stored", bucket=place.bucket, object=place.name, bytes=len(content))
        return place

    def catching(self, stream: Stream, deadline: Deadline) -> Stream:
        """Return the same stream, of which too long an answer is stored.

        Where it gets too long for the platform, its last chunk refers to the whole answer, which is stored as one
        ``chat.completion``: a stream is mostly wrapping, its text fits into memory.
        """
        gathered = [ChunkAccumulator()]

        def rest_elsewhere(rest: Iterator[Chunk]) -> Chunk:
            for _ in rest:
                pass  # it is gathered on its way here
            completion = gathered.pop().completion()
            closing = closing_chunk(completion)
            content = write_json(completion)
            del completion  # as long as the answer: one copy of it is enough while it is stored
            reference = self.store(content, "application/json", deadline)
            return {**closing, "model_service": {"ended_by": "size", "reference": reference}}

        return replace(stream, chunks=_gathering(stream.chunks, gathered[0]), rest_elsewhere=rest_elsewhere)


def closing_chunk(completion: dict[str, Any]) -> Chunk:
    """Return what ends a stream that was cut: each choice has the finish reason ``length``, as for any cut text."""
    head: Chunk = {name: completion[name] for name in ("id", "created", "model") if name in completion}
    choices = [{"index": choice["index"], "delta": {}, "finish_reason": "length"} for choice in completion["choices"]]
    return {**head, "object": "chat.completion.chunk", "choices": choices}


def _gathering(chunks: Iterator[Chunk], gathered: ChunkAccumulator) -> Iterator[Chunk]:
    for chunk in chunks:
        gathered.add(chunk)
        yield chunk


def _name(now: datetime, content_type: str) -> str:
    call = re.sub(r"[^\w-]", "", log.call_id.get(), flags=re.ASCII)[:64]
    name = "-".join(part for part in (call, uuid4().hex[:12]) if part)
    return f"model-service/{now:%Y/%m/%d}/{name}{EXTENSIONS.get(content_type, '')}"


def _not_stored(size: int, error: ModelServiceError) -> AnswerTooLarge:
    return AnswerTooLarge(
        f"The answer has {size} bytes, too many for the platform, and could not be stored: {error.message}",
        hint="The function needs OBJECT_CREATE, OBJECT_READ and PAR_MANAGE in the bucket that "
        "MODEL_SERVICE_OVERFLOW_BUCKET names.",
        opc_request_id=error.opc_request_id,
    )


FIELD: Final = "body_from"
KNOWN: Final = frozenset({"namespace", "bucket", "object"})


@dataclass(frozen=True)
class StoredRequests:
    """``allowed`` are the buckets that callers may name (``MODEL_SERVICE_REQUEST_BUCKETS``)."""

    storage: ObjectStorage
    allowed: Sequence[ObjectLocation]
    limits: Limits

    def body(self, body: bytes, deadline: Deadline) -> bytes:
        """Return the stored request with the caller's other fields laid over it, or ``body`` where none is named.

        Raise ``InvalidRequest`` (403 for a bucket that is not allowed, 413 for what would not fit into memory).
        """
        try:
            fields = read_json_object(body)
        except InvalidRequest:
            return body  # what is wrong with it the envelope says
        named = fields.pop(FIELD, None)
        if named is None:
            return body
        place = self._allowed(_place(named), deadline)
        stored = self.storage.get(place, self.limits.stored_request_bytes, deadline)
        check_memory(stored, self.limits)
        if f'"{FIELD}"'.encode() in stored and FIELD in read_json_object(stored):
            raise InvalidRequest("body_from: the object names another object.", param=FIELD)
        return _laid_over(stored, fields)

    def _allowed(self, place: ObjectLocation, deadline: Deadline) -> ObjectLocation:
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


def _laid_over(stored: bytes, fields: dict[str, Any]) -> bytes:
    """Return the stored object as JSON that ends with ``fields``, of two equal names the last one counts.

    It is not read here: that would be a second copy of all of it.
    """
    if not fields:
        return stored
    head = stored.rstrip()
    if not head.endswith(b"}") or not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return stored  # no object, as the envelope will say
    separator = b"" if head[:-1].rstrip().endswith(b"{") else b","
    return b"".join((memoryview(head)[:-1], separator, write_json(fields)[1:]))


def _place(named: Any) -> ObjectLocation:
    if not isinstance(named, Mapping) or not set(named) <= KNOWN:
        raise InvalidRequest("body_from: must be an object with namespace, bucket and object.", param=FIELD)
    texts = {name: value for name, value in named.items() if value is not None}
    if not all(isinstance(value, str) and value for value in texts.values()) or not {"bucket", "object"} <= set(texts):
        raise InvalidRequest("body_from: bucket and object must be strings.", param=FIELD)
    if not is_object_name(texts["object"]):
        raise InvalidRequest("body_from: no object can have this name.", param=FIELD)
    try:
        bucket = ObjectLocation.of_bucket("/".join(texts[name] for name in ("namespace", "bucket") if name in texts))
    except ValueError:
        raise InvalidRequest("body_from: namespace or bucket cannot be a name.", param=FIELD) from None
    return replace(bucket, name=texts["object"])
