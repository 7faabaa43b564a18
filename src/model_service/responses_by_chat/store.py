"""Responses kept in a bucket of Object Storage, each with all that came before it, until they expire.

An object lies below its owner's name, so another caller's id leads nowhere, and says itself when it expires: the
bucket's lifecycle rule takes it away later, but nobody is given it any more.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from model_service.errors import (
    InvalidRequest,
    ModelServiceError,
    PathNotFound,
    PreviousResponseNotFound,
    RequestTooLarge,
)
from model_service.fn.invocation import Deadline
from model_service.fn.limits import Limits, check_memory
from model_service.logs import log
from model_service.oci_names import ObjectLocation
from model_service.oci_services.object_storage import ObjectStorage
from model_service.openai_api.encoding import is_nested_too_deeply, read_json_object, write_json
from model_service.openai_api.stored_state import RESPONSE_PREFIX, is_item_reference
from model_service.responses_by_chat.kept_items import kept_items
from model_service.transports.call import Call

DAY_SECONDS: Final = 86_400
KEPT_ID: Final = re.compile(rf"{RESPONSE_PREFIX}[0-9a-f]{{32}}")
KEPT_ITEM: Final = re.compile(r"[a-z]+_chat_(?P<unique>[0-9a-f]{32})_i?[0-9]+")
MAX_REFERENCED: Final = 20  # responses whose items one request may name
SHARED: Final = "shared"  # the owner, where callers are not kept apart


class ResponseNotFound(PathNotFound):
    """A response that is not there, has expired or is another caller's: they all look the same."""

    code = "not_found"


@dataclass(frozen=True)
class KeptTurn:
    """``history`` is what came before the turn, ``given`` what its request brought."""

    history: Sequence[Any]
    given: Sequence[Any]


@dataclass(frozen=True)
class KeptResponse:
    """A response as it is kept; ``context`` is what a next turn continues from."""

    response: dict[str, Any]
    input: list[dict[str, Any]]
    history: list[Any]

    @property
    def context(self) -> list[Any]:
        return [*self.history, *self.input, *self.response["output"]]


class KeepingService(Protocol):
    """What the bucket uses of the service."""

    @property
    def settings(self) -> Any: ...

    @property
    def object_storage(self) -> ObjectStorage: ...


@dataclass(frozen=True)
class ResponseBucket:
    """``bucket`` is ``MODEL_SERVICE_RESPONSES_BUCKET``, ``days`` how long a response is kept.

    What would not fit into memory again (``limits``) is not kept.
    """

    storage: ObjectStorage
    bucket: ObjectLocation
    days: int
    limits: Limits

    def keep(self, response: Mapping[str, Any], turn: KeptTurn, call: Call) -> bool:
        """Keep a response, and return whether it is kept: an answer that has been paid for goes out in any case."""
        unique = response["id"].removeprefix(RESPONSE_PREFIX)
        expires_at = self.expires_at()
        content = {
            "expires_at": expires_at,
            "response": response,
            "input": kept_items(turn.given, unique),
            "history": turn.history,
        }
        place, written = self._place(response["id"], call.owner), write_json(content)
        try:
            self.check_readable(content, written)
            # Once, since another try over what the first has written would need one permission more.
            self.storage.put_once(place, written, {"expires-at": str(expires_at)}, call.deadline)
        except ModelServiceError as error:
            log.write("response_not_kept", status=error.status, error=error.code, bytes=len(written), remedy=REMEDY)
            return False
        return True

    def expires_at(self) -> int:
        """Return until when what is kept now can be read, in seconds since the epoch."""
        return int(time.time()) + self.days * DAY_SECONDS

    def check_readable(self, content: Mapping[str, Any], written: bytes) -> None:
        """Raise ``RequestTooLarge`` for content, and the JSON of it, that could not be read again."""
        largest = self.limits.stored_request_bytes
        if len(written) > largest:
            raise RequestTooLarge(f"The conversation would have {len(written)} bytes; at most {largest} can be kept.")
        check_memory(written, self.limits)
        if is_nested_too_deeply(content):  # a level or two more than the request had
            raise RequestTooLarge("The conversation is nested too deeply to be kept.")

    def find(self, response_id: str, owner: str | None, deadline: Deadline) -> KeptResponse:
        """Return a response; raise ``ResponseNotFound``."""
        if not KEPT_ID.fullmatch(response_id):
            raise ResponseNotFound(NOT_FOUND)
        found = self.storage.find(self._place(response_id, owner), deadline, largest=self.limits.stored_request_bytes)
        if found is None:
            raise ResponseNotFound(NOT_FOUND)
        kept = read_json_object(found.content)
        if kept["expires_at"] <= time.time():
            raise ResponseNotFound(NOT_FOUND)
        return KeptResponse(kept["response"], kept["input"], kept["history"])

    def continued(self, response_id: Any, call: Call) -> KeptResponse:
        """Return the response that a request continues; raise ``PreviousResponseNotFound``."""
        try:
            return self.find(str(response_id), call.owner, call.deadline)
        except ResponseNotFound as missing:
            raise PreviousResponseNotFound(
                "previous_response_id: there is no such response here; it was not kept, has expired, or is of a model "
                "whose responses OCI keeps.",
                param="previous_response_id",
            ) from missing

    def resolved(self, items: Sequence[Any], history: Sequence[Any], call: Call) -> list[Any]:
        """Return items with those in the place of an ``item_reference`` that it names; one that is not there stays.

        A reference to what ``history`` has already is left out.
        """
        if not any(map(is_item_reference, items)):
            return list(items)
        told = {item.get("id") for item in history}
        items = [item for item in items if not (is_item_reference(item) and item.get("id") in told)]
        found: dict[str, dict[str, Any]] = {}  # items by their id, of each response that has been read
        read: set[str] = set()
        for item in items:
            match = KEPT_ITEM.fullmatch(str(item.get("id"))) if is_item_reference(item) else None
            if match is None or match["unique"] in read or len(read) == MAX_REFERENCED:
                continue
            read.add(match["unique"])
            try:
                kept = self.find(RESPONSE_PREFIX + match["unique"], call.owner, call.deadline)
            except ResponseNotFound:
                continue
            found |= {entry["id"]: entry for entry in [*kept.input, *kept.response["output"]]}
        return [found.get(str(item.get("id")), item) if is_item_reference(item) else item for item in items]

    def delete(self, response_id: str, owner: str | None, deadline: Deadline) -> None:
        """Delete a response; raise ``ResponseNotFound`` where there is none."""
        self.find(response_id, owner, deadline)
        self.storage.delete(self._place(response_id, owner), deadline)

    def _place(self, response_id: str, owner: str | None) -> ObjectLocation:
        name = f"model-service/responses/{owner or SHARED}/{response_id.removeprefix(RESPONSE_PREFIX)}.json"
        return replace(self.bucket, name=name)


def bucket_of(service: KeepingService) -> ResponseBucket | None:
    """Return where the service keeps responses; ``None`` where it keeps none."""
    settings = service.settings
    if settings.responses_bucket is None or not settings.responses_store:
        return None
    return ResponseBucket(service.object_storage, settings.responses_bucket, settings.responses_days, settings.limits)


def not_kept(param: str) -> InvalidRequest:
    """Return the error for what refers to a response where none is kept."""
    return InvalidRequest(
        f"{param}: this model keeps no responses. Send the whole history as input with each request.",
        param=param,
        code="store_disabled",
        hint="An operator can have them kept: MODEL_SERVICE_RESPONSES_BUCKET names a bucket for them.",
    )


NOT_FOUND: Final = "There is no such response."
REMEDY: Final = "The function needs OBJECT_CREATE, OBJECT_READ and OBJECT_DELETE in MODEL_SERVICE_RESPONSES_BUCKET."
