"""A response as a turn of a stored conversation: its history, and the items that it adds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from model_service.errors import InvalidRequest, ModelServiceError
from model_service.logs import log
from model_service.openai_api.stored_state import CONVERSATION_PREFIX, RESPONSE_PREFIX
from model_service.openai_api.validation import invalid_field
from model_service.responses_by_chat.conversation_store import ConversationBucket, KeptConversation
from model_service.responses_by_chat.kept_items import kept_items
from model_service.responses_by_chat.output import OutputEvent
from model_service.responses_by_chat.request import ItemHistory
from model_service.responses_by_chat.store import ResponseBucket
from model_service.transports.call import Call

ENDS: Final = ("response.completed", "response.incomplete")


@dataclass(frozen=True)
class ConversationTurn:
    """``conversation`` is the state at the beginning of the turn."""

    bucket: ConversationBucket
    conversation: KeptConversation

    @classmethod
    def begin(cls, conversation_id: Any, kept_in: ResponseBucket, call: Call) -> ConversationTurn:
        """Return the turn of a conversation; raise ``ConversationNotFound`` or ``InvalidRequest``."""
        if not isinstance(conversation_id, str):
            raise invalid_field("conversation", "must be the id of a conversation, or an object with its id.")
        if not conversation_id.startswith(CONVERSATION_PREFIX):
            raise kept_by_oci()
        bucket = ConversationBucket(kept_in, call)
        return cls(bucket, bucket.find(conversation_id))

    @property
    def history(self) -> ItemHistory:
        return ItemHistory("conversation", self.conversation.items)

    def added(self, events: Iterator[OutputEvent], given: Sequence[Any]) -> Iterator[OutputEvent]:
        """Yield the events; add input and output to the conversation before the last event.

        If they cannot be added, the caller still receives the answer, which is paid for; its ``conversation`` is null.
        """
        for event in events:
            if event["type"] in ENDS and not self._add(event["response"], given):
                event["response"] = {**event["response"], "conversation": None}
            yield event

    def _add(self, response: dict[str, Any], given: Sequence[Any]) -> bool:
        items = [*kept_items(given, response["id"].removeprefix(RESPONSE_PREFIX)), *response["output"]]
        try:
            self.bucket.change(self.conversation, lambda current: current.with_items(items))
        except ModelServiceError as error:
            log.write("conversation_not_extended", status=error.status, error=error.code, remedy=REMEDY)
            return False
        return True


def kept_by_oci() -> InvalidRequest:
    """Return the error for a conversation that this service does not store."""
    return InvalidRequest(
        f"conversation: this model can continue only conversations that this service stores; their ids begin with "
        f"{CONVERSATION_PREFIX}. A conversation that OCI stores needs a model that OCI's Responses API serves.",
        param="conversation",
        code="stored_elsewhere",
        hint="Create a conversation for this model: POST /v1/conversations with its model.",
    )


REMEDY: Final = (
    "The function needs OBJECT_CREATE, OBJECT_READ, OBJECT_OVERWRITE and OBJECT_DELETE in "
    "MODEL_SERVICE_RESPONSES_BUCKET."
)
