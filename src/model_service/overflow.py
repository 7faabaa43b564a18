"""The 6 MB wall: an answer that the platform would not let out goes to Object Storage, and a link to it goes out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from model_service import logs
from model_service.chat import Chunk, Stream
from model_service.encoding import write_json
from model_service.errors import AnswerTooLarge, ModelServiceError
from model_service.gathering import Gathered
from model_service.invocation import Deadline
from model_service.object_place import Place
from model_service.object_storage import ObjectStorage
from model_service.retries import PERSISTENT

TRY_SECONDS: Final = 20.0  # for what nobody waits for
LIFETIME: Final = timedelta(hours=1)
"""How long a link is good for. The object stays until a lifecycle rule of the bucket takes it away."""

EXTENSIONS: Final = {"application/json": ".json", "text/event-stream": ".txt", "application/x-ndjson": ".ndjson"}


@dataclass(frozen=True)
class Overflow:
    """``bucket`` is where answers go (``MODEL_SERVICE_OVERFLOW_BUCKET``)."""

    storage: ObjectStorage
    bucket: Place

    def store(self, content: bytes, content_type: str, deadline: Deadline) -> dict[str, Any]:
        """The reference: ``{"object": "model_service.reference", "url", "expires_at" (RFC 3339), "bytes",
        "content_type"}``. Raises ``AnswerTooLarge`` where the answer cannot be stored either."""
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
        """For readers that come later, and have a key of their own: ``{"object": "model_service.reference", "bucket",
        "name", "bytes", "content_type"}``. Raises ``AnswerTooLarge`` as ``store`` does, though not at once: it has been
        paid for, and there is more time than a caller has."""
        kind = "application/json"

        def put(deadline: Deadline) -> Place:
            return self._put(content, kind, datetime.now(UTC), deadline)

        try:
            place = PERSISTENT.call(put, deadline, TRY_SECONDS)
        except ModelServiceError as error:
            raise _not_stored(len(content), error) from error
        where = {"bucket": place.bucket, "name": place.name}
        return {"object": "model_service.reference", **where, "bytes": len(content), "content_type": kind}

    def _put(self, content: bytes, content_type: str, now: datetime, deadline: Deadline) -> Place:
        place = replace(self.bucket, name=_name(now, content_type))
        self.storage.put(place, content, content_type, deadline)
        logs.write("answer_stored", bucket=place.bucket, object=place.name, bytes=len(content))
        return place

    def catching(self, stream: Stream, deadline: Deadline) -> Stream:
        """The same stream; where it gets too long for the platform, its last chunk refers to the whole answer, which is
        stored as one ``chat.completion``: a stream is mostly wrapping, its text fits into memory."""
        gathered = Gathered()

        def rest_elsewhere(rest: Iterator[Chunk]) -> Chunk:
            for _ in rest:
                pass  # it is gathered on its way here
            completion = gathered.completion()
            reference = self.store(write_json(completion), "application/json", deadline)
            return closing_chunk(completion, reference)

        return replace(stream, chunks=_gathering(stream.chunks, gathered), rest_elsewhere=rest_elsewhere)


def closing_chunk(completion: dict[str, Any], reference: dict[str, Any]) -> Chunk:
    """What ends a stream that was cut: every choice has the finish reason ``length``, as for any cut text."""
    head: Chunk = {name: completion[name] for name in ("id", "created", "model") if name in completion}
    choices = [{"index": one["index"], "delta": {}, "finish_reason": "length"} for one in completion["choices"]]
    marker = {"ended_by": "size", "reference": reference}
    return {**head, "object": "chat.completion.chunk", "choices": choices, "model_service": marker}


def _gathering(chunks: Iterator[Chunk], gathered: Gathered) -> Iterator[Chunk]:
    for chunk in chunks:
        gathered.add(chunk)
        yield chunk


def _name(now: datetime, content_type: str) -> str:
    call = re.sub(r"[^\w-]", "", logs.call_id.get(), flags=re.ASCII)[:64]
    name = "-".join(part for part in (call, uuid4().hex[:12]) if part)
    return f"model-service/{now:%Y/%m/%d}/{name}{EXTENSIONS.get(content_type, '')}"


def _not_stored(size: int, error: ModelServiceError) -> AnswerTooLarge:
    return AnswerTooLarge(
        f"The answer has {size} bytes, too many for the platform, and could not be stored: {error.message}",
        hint="The function needs OBJECT_CREATE, OBJECT_READ and PAR_MANAGE in the bucket that "
        "MODEL_SERVICE_OVERFLOW_BUCKET names.",
        opc_request_id=error.opc_request_id,
    )
