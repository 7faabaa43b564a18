"""The operations of the Conversations API for conversations that this service stores.

Source: https://platform.openai.com/docs/api-reference/conversations
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl
from uuid import uuid4

from model_service.openai_api.chat import Complete
from model_service.openai_api.stored_state import CONVERSATION_PREFIX
from model_service.openai_api.validation import invalid_field
from model_service.responses_by_chat.conversation import ChatHistory
from model_service.responses_by_chat.conversation_store import (
    ConversationBucket,
    ConversationItem,
    ConversationNotFound,
    KeptConversation,
)
from model_service.responses_by_chat.kept_items import kept_items, page_of_items
from model_service.responses_by_chat.store import ResponseBucket
from model_service.transports.call import Call

if TYPE_CHECKING:
    from model_service.openai_api.responses import SurfaceRequest

MAX_ADDED: Final = 20  # items of one request
MAX_PAIRS: Final = 16  # of metadata
MAX_NAME: Final = 64  # characters of a name in metadata
MAX_VALUE: Final = 512  # characters of a value in metadata

Body = Mapping[str, Any]


def create_conversation(request: SurfaceRequest, bucket: ResponseBucket, call: Call) -> Complete:
    """Create a conversation with the items and the metadata of the request; raise ``InvalidRequest``."""
    body = _fields(request.body, "items", "metadata")
    made = KeptConversation(CONVERSATION_PREFIX + uuid4().hex, int(time.time()), _metadata(body))
    conversations = ConversationBucket(bucket, call)
    if body.get("items"):
        made = made.with_items(_added(body, made, conversations))
    conversations.write(made)
    return Complete(made.shown())


def answer_about_conversation(
    request: SurfaceRequest, conversation_id: str, bucket: ResponseBucket | None, call: Call
) -> Complete:
    """Answer a request about one conversation; raise ``ConversationNotFound``, also if there is no bucket."""
    if bucket is None:
        raise ConversationNotFound
    path, _, query = request.target.partition("?")
    below, _, item_id = path.partition(conversation_id)[2].removeprefix("/").partition("/")
    method, conversations = request.operation.method, ConversationBucket(bucket, call)
    if item_id:
        return Complete(ITEM_OPERATIONS[method](conversations, conversation_id, item_id))
    operation = OPERATIONS[method, below]
    return Complete(operation(conversations, conversation_id, request.body, dict(parse_qsl(query))))


def _update(conversations: ConversationBucket, conversation_id: str, given: Any, _query: Any) -> dict[str, Any]:
    body = _fields(given, "metadata")
    if "metadata" not in body:
        raise invalid_field("metadata", "must be an object of strings.")
    metadata, kept = _metadata(body), conversations.find(conversation_id)
    return conversations.change(kept, lambda current: replace(current, metadata=metadata)).shown()


def _add_items(conversations: ConversationBucket, conversation_id: str, given: Any, _query: Any) -> dict[str, Any]:
    kept = conversations.find(conversation_id)
    added = _added(_fields(given, "items"), kept, conversations)
    conversations.change(kept, lambda current: current.with_items(added))
    return page_of_items(added, {"order": "asc"})


def _delete_item(conversations: ConversationBucket, conversation_id: str, item_id: str) -> dict[str, Any]:
    """Delete an item and return the conversation, as OpenAI does."""

    def without(current: KeptConversation) -> KeptConversation:
        gone = _item(current, item_id)
        return replace(current, items=[item for item in current.items if item is not gone])

    return conversations.change(conversations.find(conversation_id), without).shown()


def _item(conversation: KeptConversation, item_id: str) -> ConversationItem:
    for item in conversation.items:
        if item["id"] == item_id:
            return item
    raise ConversationNotFound


def _added(body: Body, conversation: KeptConversation, conversations: ConversationBucket) -> Sequence[ConversationItem]:
    """Return the items of a request in stored form; raise ``InvalidRequest`` for items that a chat does not support.

    A conversation with such an item could never be continued.
    """
    given = body.get("items")
    if not isinstance(given, list) or not 1 <= len(given) <= MAX_ADDED:
        raise invalid_field("items", f"must be an array of 1 to {MAX_ADDED} items.")
    items = conversations.kept_in.resolved(given, conversation.items, conversations.call)
    told = ChatHistory()
    told.extend("conversation", conversation.items)
    told.extend("items", items)
    return kept_items(items, uuid4().hex)


def _fields(given: Any, *known: str) -> Body:
    body: Body = given or {}
    for name in body:
        if name not in known:
            raise invalid_field(name, f"unknown field; must be one of {', '.join(known)}.")
    return body


def _metadata(body: Body) -> Mapping[str, str]:
    metadata = body.get("metadata") or {}
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise invalid_field("metadata", "must be an object of strings.")
    if len(metadata) > MAX_PAIRS:
        raise invalid_field("metadata", f"must have at most {MAX_PAIRS} keys.")
    if any(len(name) > MAX_NAME or len(value) > MAX_VALUE for name, value in metadata.items()):
        raise invalid_field("metadata", f"keys have at most {MAX_NAME} characters, values at most {MAX_VALUE}.")
    return metadata


OPERATIONS: Final[
    Mapping[tuple[str, str], Callable[[ConversationBucket, str, Any, Mapping[str, str]], dict[str, Any]]]
] = {
    ("GET", ""): lambda conversations, id_, _body, _query: conversations.find(id_).shown(),
    ("POST", ""): _update,
    ("DELETE", ""): lambda conversations, id_, _body, _query: conversations.delete(id_),
    ("GET", "items"): lambda conversations, id_, _body, query: page_of_items(conversations.find(id_).items, query),
    ("POST", "items"): _add_items,
}

ITEM_OPERATIONS: Final[Mapping[str, Callable[[ConversationBucket, str, str], dict[str, Any]]]] = {
    "GET": lambda conversations, id_, item_id: _item(conversations.find(id_), item_id),
    "DELETE": _delete_item,
}
