"""Store conversations in the bucket for responses: one object each, replaced only in the version that was read.

The object name contains the owner, as for responses. A conversation expires a number of days after its last change.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from model_service.errors import InvalidRequest, PathNotFound, RequestTooLarge
from model_service.oci_names import ObjectLocation
from model_service.openai_api.encoding import read_json_object, write_json
from model_service.openai_api.stored_state import CONVERSATION_PREFIX
from model_service.responses_by_chat.store import SHARED, ResponseBucket
from model_service.transports.call import Call

CONVERSATION_ID: Final = re.compile(rf"{CONVERSATION_PREFIX}[0-9a-f]{{32}}")
CONVERSATION_FOLDER: Final = "model-service/conversations"  # which Terraform's statement names too
MAX_ITEMS: Final = 2000  # items of one conversation
MAX_TRIES: Final = 5  # attempts to store a change while others change the conversation

ConversationItem = dict[str, Any]


class ConversationNotFound(PathNotFound):
    """Raised for a conversation that does not exist, has expired or belongs to another caller."""

    code = "not_found"

    def __init__(self) -> None:
        super().__init__("There is no such conversation.")


class ConversationLocked(InvalidRequest):
    """Raised if others keep changing the conversation. Status, code and message are OpenAI's."""

    code = "conversation_locked"

    def __init__(self) -> None:
        super().__init__(
            "Another process is currently operating on this conversation. Please retry in a few seconds.",
            param="conversation",
        )


@dataclass(frozen=True)
class KeptConversation:
    """A stored conversation; ``version`` is the ETag of its object, empty if it is not stored yet."""

    id: str
    created_at: int
    metadata: Mapping[str, str] = field(default_factory=dict)
    items: Sequence[ConversationItem] = ()
    version: str = ""

    def shown(self) -> dict[str, Any]:
        """Return OpenAI's object: https://platform.openai.com/docs/api-reference/conversations/object."""
        return {
            "id": self.id,
            "object": "conversation",
            "created_at": self.created_at,
            "metadata": dict(self.metadata),
        }

    def with_items(self, added: Sequence[ConversationItem]) -> KeptConversation:
        """Return the conversation with further items; an item that it already has is not added again."""
        known = {item["id"] for item in self.items}
        return replace(self, items=(*self.items, *(item for item in added if item["id"] not in known)))


@dataclass(frozen=True)
class ConversationBucket:
    """Reads and writes the conversations of the caller of ``call``, in the bucket ``kept_in``."""

    kept_in: ResponseBucket
    call: Call

    def find(self, conversation_id: Any) -> KeptConversation:
        """Return a conversation; raise ``ConversationNotFound``."""
        if not isinstance(conversation_id, str) or not CONVERSATION_ID.fullmatch(conversation_id):
            raise ConversationNotFound
        largest = self.kept_in.limits.stored_request_bytes
        found = self.kept_in.storage.find(self._place(conversation_id), self.call.deadline, largest=largest)
        kept = None if found is None else read_json_object(found.content)
        if found is None or kept is None or kept["expires_at"] <= time.time():
            raise ConversationNotFound
        return KeptConversation(conversation_id, kept["created_at"], kept["metadata"], kept["items"], found.version)

    def write(self, conversation: KeptConversation) -> bool:
        """Replace the stored version of a conversation; return ``False`` if somebody else has changed it.

        Raise ``RequestTooLarge`` if it could not be read again, and the errors of Object Storage.
        """
        if len(conversation.items) > MAX_ITEMS:
            raise RequestTooLarge(f"The conversation would have more than {MAX_ITEMS} items.")
        expires_at = self.kept_in.expires_at()
        content = {
            "expires_at": expires_at,
            "created_at": conversation.created_at,
            "metadata": dict(conversation.metadata),
            "items": list(conversation.items),
        }
        written = write_json(content)
        self.kept_in.check_readable(content, written)
        place, metadata = self._place(conversation.id), {"expires-at": str(expires_at)}
        storage, over = self.kept_in.storage, conversation.version
        return storage.put_once(place, written, metadata, self.call.deadline, over=over) is not None

    def change(
        self, conversation: KeptConversation, changed: Callable[[KeptConversation], KeptConversation]
    ) -> KeptConversation:
        """Apply ``changed`` to a conversation and store the result; retry if somebody else has changed it meanwhile.

        Raise ``ConversationNotFound`` where it has been deleted, and ``ConversationLocked`` after MAX_TRIES.
        """
        for _ in range(MAX_TRIES):
            wanted = changed(conversation)
            if self.write(wanted):
                return wanted
            conversation = self.find(conversation.id)
        raise ConversationLocked

    def delete(self, conversation_id: str) -> dict[str, Any]:
        """Delete a conversation, and return OpenAI's object for it; raise ``ConversationNotFound``."""
        self.find(conversation_id)
        self.kept_in.storage.delete(self._place(conversation_id), self.call.deadline)
        return {"id": conversation_id, "object": "conversation.deleted", "deleted": True}

    def _place(self, conversation_id: str) -> ObjectLocation:
        unique = conversation_id.removeprefix(CONVERSATION_PREFIX)
        name = f"{CONVERSATION_FOLDER}/{self.call.owner or SHARED}/{unique}.json"
        return replace(self.kept_in.bucket, name=name)
