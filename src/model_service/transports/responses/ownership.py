"""Whose a stored response or conversation is: its owner's name stands in its metadata at OCI, and nobody else sees it.

OpenAI's metadata is stored with responses and conversations and comes back with them
(https://platform.openai.com/docs/api-reference/responses/create#responses-create-metadata), so there is nothing else to
keep, and to find an owner costs one look-up. A caller can neither set nor read the field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from model_service.errors import InvalidRequest, PathNotFound
from model_service.openai_api.responses import ID

STORED: Final = re.compile(r"/openai/v1(?P<path>/(responses|conversations)/[^/?]+)")
OWNER_FIELD: Final = "model_service_owner"
OWNER_MARK: Final = re.compile(r"ms-owner-(?P<owner>[0-9a-f]{32})-")  # before the name of a file or a container
NAMES: Final = frozenset({"filename", "name"})
MAX_METADATA: Final = 15  # OpenAI's 16, less ours


class NotFound(PathNotFound):
    """What is another's looks as if it were not there."""

    code = "not_found"


def with_owner(body: Mapping[str, Any], owner: str) -> dict[str, Any]:
    """Return a request whose metadata names the owner; raise ``InvalidRequest`` where there is no room for it."""
    metadata = body.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise InvalidRequest("metadata: must be an object", param="metadata")
    own = {name: value for name, value in metadata.items() if name != OWNER_FIELD}
    if len(own) > MAX_METADATA:
        raise InvalidRequest(f"metadata: must have at most {MAX_METADATA} keys", param="metadata")
    return {**body, "metadata": {**own, OWNER_FIELD: owner}}


def without_owner(value: Any) -> Any:
    """Return a JSON value as its caller may see it: without owners in metadata, and before the names of files."""
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
    """Return the path of the stored object that a request is about; ``None`` for one that makes a new one."""
    match = STORED.match(target)
    return match["path"] if match else None


def owned(body: Mapping[str, Any], owner: str, stored: Callable[[str], Mapping[str, Any]]) -> dict[str, Any]:
    """Return a request that makes a response for ``owner``; raise ``NotFound``.

    Only once ``stored`` has shown that what it continues is the owner's too.
    """
    for path in references(body):
        check_owner(stored(path), owner)
    return with_owner(body, owner)
