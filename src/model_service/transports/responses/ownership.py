"""Ownership of responses and conversations at OCI: the owner is stored in their metadata; others get a 404.

OpenAI's metadata is stored with responses and conversations and comes back with them
(https://platform.openai.com/docs/api-reference/responses/create#responses-create-metadata), so there is nothing else to
keep, and to find an owner costs one look-up. A caller can neither set nor read the field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from model_service.errors import InvalidRequest, PathNotFound, UpstreamRefused
from model_service.openai_api.responses import ID
from model_service.openai_api.stored_state import is_item_reference

STORED: Final = re.compile(r"/openai/v1(?P<path>/(responses|conversations)/[^/?]+)")
OWNER_FIELD: Final = "model_service_owner"
OWNER_MARK: Final = re.compile(r"ms-owner-(?P<owner>[0-9a-f]{32})-")  # before the name of a file or a container
NAMES: Final = frozenset({"filename", "name"})
MAX_METADATA: Final = 15  # OpenAI's 16, less ours
ITEM_FIELDS: Final = ("input", "items")
MAX_REFERENCED_ITEMS: Final = 20  # of one request; each is looked up

ReadStored = Callable[[str], Mapping[str, Any]]
"""Returns the stored object at a path below ``/openai/v1``; raises ``UpstreamRefused`` where there is none."""


class NotFound(PathNotFound):
    """Raised for an object that does not exist or belongs to another owner."""

    code = "not_found"


def with_owner(body: Mapping[str, Any], owner: str) -> dict[str, Any]:
    """Return the request with the owner in its metadata; raise ``InvalidRequest`` if the metadata is full."""
    metadata = body.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise InvalidRequest("metadata: must be an object", param="metadata")
    own = {name: value for name, value in metadata.items() if name != OWNER_FIELD}
    if len(own) > MAX_METADATA:
        raise InvalidRequest(f"metadata: must have at most {MAX_METADATA} keys", param="metadata")
    return {**body, "metadata": {**own, OWNER_FIELD: owner}}


def without_owner(value: Any) -> Any:
    """Return a JSON value without owners in metadata and in the names of files."""
    if isinstance(value, list):
        return [without_owner(item) for item in value]
    if not isinstance(value, dict):
        return value
    shown = {name: without_owner(item) for name, item in value.items() if name != OWNER_FIELD}
    for name in NAMES & shown.keys():
        if isinstance(shown[name], str):
            shown[name] = OWNER_MARK.sub("", shown[name], count=1)
    return shown


def check_owner(stored: Mapping[str, Any], owner: str) -> None:
    """Raise ``NotFound`` unless the stored object is the owner's."""
    metadata = stored.get("metadata")
    if not isinstance(metadata, Mapping) or metadata.get(OWNER_FIELD) != owner:
        raise NotFound("There is no such response or conversation.")


def references(body: Mapping[str, Any]) -> list[str]:
    """Return the paths, below ``/openai/v1``, of the stored objects that a request continues."""
    conversation = body.get("conversation")
    conversation_id = conversation.get("id") if isinstance(conversation, dict) else conversation
    named = (("responses", body.get("previous_response_id")), ("conversations", conversation_id))
    return [f"/{kind}/{name}" for kind, name in named if isinstance(name, str) and ID.fullmatch(name)]


def object_of(target: str) -> str | None:
    """Return the path of the stored object in a request's path; ``None`` if the request creates an object."""
    match = STORED.match(target)
    return match["path"] if match else None


def check_stored(body: Mapping[str, Any], owner: str, read: ReadStored, *about: str) -> None:
    """Raise ``NotFound`` unless the owner owns all objects of a request: those in ``about``, and those that it names.

    Raise ``InvalidRequest`` for an ``item_reference`` to an item that is in none of these objects, because an item
    itself has no owner. ``read`` returns the object at a path; each object is read once.
    """
    known = {path: read(path) for path in dict.fromkeys([*about, *references(body)])}
    for found in known.values():
        check_owner(found, owner)
    named = _referenced_items(body)
    if not named:
        return
    conversations = [path for path in known if path.startswith("/conversations/")]
    responses = {path: found for path, found in known.items() if path not in conversations}
    items = {item_id for path, found in responses.items() for item_id in _items_of(path, found, read)}
    for path, item_id in named:
        if item_id not in items and not any(_has_item(conversation, item_id, read) for conversation in conversations):
            raise InvalidRequest(
                f"{path}: the item must be in the conversation or the previous response that the request names, since "
                "this service keeps its callers apart.",
                param=path,
                code="item_reference_not_allowed",
                hint="Send the item itself; clients do so with store=false.",
            )


def _referenced_items(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the path and the id of each item that a request names instead of sending it.

    Raise ``InvalidRequest`` for more than are looked up, and for what is no id.
    """
    found: list[tuple[str, str]] = []
    for name in ITEM_FIELDS:
        for place, item in enumerate(body[name] if isinstance(body.get(name), list) else ()):
            if not is_item_reference(item):
                continue
            path, item_id = f"{name}.{place}.id", item.get("id")
            if not isinstance(item_id, str) or not ID.fullmatch(item_id):
                raise InvalidRequest(f"{path}: must be the id of an item.", param=path)
            found.append((path, item_id))
    if len(found) > MAX_REFERENCED_ITEMS:
        raise InvalidRequest(
            f"input: must have at most {MAX_REFERENCED_ITEMS} references to items: this service keeps its callers "
            "apart and looks each of them up. Send the items themselves.",
            param="input",
            code="too_many_references",
        )
    return found


def _items_of(path: str, response: Mapping[str, Any], read: ReadStored) -> set[str]:
    """Return the ids of the output items of a stored response, and of its newest 100 input items."""
    pages = [response.get("output"), read(f"{path}/input_items?limit=100").get("data")]
    items = [item for page in pages if isinstance(page, list) for item in page]
    return {item["id"] for item in items if isinstance(item, dict) and isinstance(item.get("id"), str)}


def _has_item(conversation: str, item_id: str, read: ReadStored) -> bool:
    try:
        return read(f"{conversation}/items/{item_id}").get("id") == item_id
    except UpstreamRefused as refusal:
        if refusal.status != 404:
            raise
        return False


def owned(body: Mapping[str, Any], owner: str, read: ReadStored) -> dict[str, Any]:
    """Return a request that makes a response for ``owner``; raise as ``check_stored`` does."""
    check_stored(body, owner, read)
    return with_owner(body, owner)
