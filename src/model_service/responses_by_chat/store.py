"""Store responses in a bucket of Object Storage, each with its history, until they expire.

The object name contains the owner, so an id of another caller is not found. The object contains its expiry time: an
expired response is not returned, even if the bucket's lifecycle rule has not deleted it yet.
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
    """Raised for a response that does not exist, has expired or belongs to another caller."""

    code = "not_found"


@dataclass(frozen=True)
class KeptTurn:
    """``history`` has the items before the turn, ``given`` the input items of its request."""

    history: Sequence[Any]
    given: Sequence[Any]


@dataclass(frozen=True)
class KeptResponse:
    """A stored response; ``context`` has the items that the next turn continues."""

    response: dict[str, Any]
    input: list[dict[str, Any]]
    history: list[Any]

    @property
    def context(self) -> list[Any]:
        return [*self.history, *self.input, *self.response["output"]]


class KeepingService(Protocol):
    """The part of the service that the bucket uses."""

    @property
    def settings(self) -> Any: ...

    @property
    def object_storage(self) -> ObjectStorage: ...


@dataclass(frozen=True)
class ResponseBucket:
    """``bucket`` is ``MODEL_SERVICE_RESPONSES_BUCKET``; ``days`` is the retention of a response.

    A response that would not fit into memory again (``limits``) is not stored.
    """

    storage: ObjectStorage
    bucket: ObjectLocation
    days: int
    limits: Limits

    def keep(self, response: Mapping[str, Any], turn: KeptTurn, call: Call) -> bool:
        """Store a response and return whether it was stored. A failure is logged, because the answer is paid for."""
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
        """Return the expiry time of an object that is stored now, in seconds since the epoch."""
        return int(time.time()) + self.days * DAY_SECONDS

    def check_readable(self, content: Mapping[str, Any], written: bytes) -> None:
        """Raise ``RequestTooLarge`` if content (``written`` is its JSON) is too large or too deep to be read again."""
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
                "previous_response_id: there is no such response; it was not stored, has expired, or OCI stores the "
                "responses of its model.",
                param="previous_response_id",
            ) from missing

    def resolved(self, items: Sequence[Any], history: Sequence[Any], call: Call) -> list[Any]:
        """Return the items with each ``item_reference`` replaced by its item; an unresolved reference stays.

        A reference to an item of ``history`` is removed.
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
        """Delete a response; raise ``ResponseNotFound`` if it does not exist."""
        self.find(response_id, owner, deadline)
        self.storage.delete(self._place(response_id, owner), deadline)

    def _place(self, response_id: str, owner: str | None) -> ObjectLocation:
        name = f"model-service/responses/{owner or SHARED}/{response_id.removeprefix(RESPONSE_PREFIX)}.json"
        return replace(self.bucket, name=name)


def bucket_of(service: KeepingService) -> ResponseBucket | None:
    """Return the bucket in which the service stores responses; ``None`` if there is none."""
    settings = service.settings
    if settings.responses_bucket is None or not settings.responses_store:
        return None
    return ResponseBucket(service.object_storage, settings.responses_bucket, settings.responses_days, settings.limits)


def not_kept(param: str) -> InvalidRequest:
    """Return the error for a reference to stored state if nothing is stored."""
    return InvalidRequest(
        f"{param}: responses of this model are not stored. Send the whole history as input with each request.",
        param=param,
        code="store_disabled",
        hint="An operator can enable storage with MODEL_SERVICE_RESPONSES_BUCKET.",
    )


NOT_FOUND: Final = "There is no such response."
REMEDY: Final = "The function needs OBJECT_CREATE, OBJECT_READ and OBJECT_DELETE in MODEL_SERVICE_RESPONSES_BUCKET."
