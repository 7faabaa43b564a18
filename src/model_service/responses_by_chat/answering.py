"""Answer a request of the Responses API with a chat; store the answer if a bucket is configured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from model_service.openai_api.chat import Answer, ChatRequest, Complete, Stream, chunk_of
from model_service.openai_api.stored_state import RESPONSE_PREFIX, conversation_in, exclusive, stores
from model_service.responses_by_chat.conversation_turn import ENDS, ConversationTurn
from model_service.responses_by_chat.events import RESPONSE_EVENTS, EventSequence
from model_service.responses_by_chat.kept_conversations import answer_about_conversation, create_conversation
from model_service.responses_by_chat.kept_responses import answer_about
from model_service.responses_by_chat.output import OutputEvent
from model_service.responses_by_chat.parameters import NAMES
from model_service.responses_by_chat.request import (
    ItemHistory,
    in_the_words_of_responses,
    input_items,
    translated,
)
from model_service.responses_by_chat.response_object import ResponseObject
from model_service.responses_by_chat.store import (
    KeepingService,
    KeptTurn,
    ResponseBucket,
    bucket_of,
    not_kept,
)
from model_service.transports.call import Call, DroppedParameters

if TYPE_CHECKING:
    from model_service.openai_api.responses import SurfaceRequest
    from model_service.routing import Route

AskChat = Callable[[ChatRequest], Answer]


@dataclass(frozen=True)
class ResponsesByChat:
    """``ask`` sends a chat to the model of ``route``; ``bucket`` stores responses, ``None`` if nothing is stored."""

    route: Route
    bucket: ResponseBucket | None
    ask: AskChat

    def send(self, request: SurfaceRequest, call: Call) -> Answer:
        """Return the response, complete or streamed; raise ``ModelServiceError`` before the first event."""
        if request.kept_id is not None:
            is_response = request.kept_id.startswith(RESPONSE_PREFIX)
            answer_kept = answer_about if is_response else answer_about_conversation
            return answer_kept(request, request.kept_id, self.bucket, call)
        if not request.creates_response:
            if self.bucket is None:
                raise not_kept("conversation")
            return create_conversation(request, self.bucket, call)
        return self._respond(request, request.body or {}, call)

    def _respond(self, request: SurfaceRequest, body: Mapping[str, Any], call: Call) -> Answer:
        dropped = DroppedParameters(call.refuses_unsupported)
        keeps = stores(body, may_store=call.may_store) and self.bucket is not None
        if body.get("store") and not keeps:
            dropped.drop("store")
        given = input_items(body)
        turn = self._conversation(body, call)
        history = self._history(body, call) if turn is None else turn.history
        if self.bucket is not None:
            given = self.bucket.resolved(given, history.items, call)
        asked = translated(body, history, given, dropped, relay=request.relay)
        response = ResponseObject(body, self.route.model, store=keeps)
        with in_the_words_of_responses():
            answer = self.ask(asked.chat)
        named = [NAMES.get(name, name) for name in answer.dropped]
        answer = replace(answer, dropped=tuple(dict.fromkeys([*dropped.names, *named])))
        chunks = iter([chunk_of(answer.completion)]) if isinstance(answer, Complete) else answer.chunks
        events = EventSequence(response, custom=asked.custom, summary=asked.summary).of_chunks(chunks)
        if turn is not None:
            events = turn.added(events, given)
        if keeps:
            events = self._kept(events, KeptTurn(history.items, given), call)
        if isinstance(answer, Stream):
            return replace(answer, chunks=events, encoding=RESPONSE_EVENTS, hides_usage=False)
        *_, last = events
        return replace(answer, completion=last["response"])

    def _conversation(self, body: Mapping[str, Any], call: Call) -> ConversationTurn | None:
        """Return the turn of the named conversation, ``None`` if the request names none; raise ``InvalidRequest``."""
        if body.get("conversation") in (None, ""):
            return None
        if body.get("previous_response_id"):
            raise exclusive("previous_response_id", "conversation")
        if self.bucket is None:
            raise not_kept("conversation")
        return ConversationTurn.begin(conversation_in(body), self.bucket, call)

    def _history(self, body: Mapping[str, Any], call: Call) -> ItemHistory:
        """Return the items that the request continues; raise ``InvalidRequest`` if they are not stored."""
        previous = body.get("previous_response_id")
        if previous is None or previous == "":
            return ItemHistory()
        if self.bucket is None:
            raise not_kept("previous_response_id")
        return ItemHistory("previous_response_id", self.bucket.continued(previous, call).context)

    def _kept(self, events: Iterator[OutputEvent], turn: KeptTurn, call: Call) -> Iterator[OutputEvent]:
        """Yield the events; store the response before the last event, whose ``store`` says whether it was stored."""
        assert self.bucket is not None  # noqa: S101 - `_respond` has looked
        for event in events:
            if event["type"] in ENDS:
                response = event["response"]
                event["response"] = {**response, "store": self.bucket.keep(response, turn, call)}
            yield event


def answer_by_chat(service: KeepingService, route: Route, request: SurfaceRequest, call: Call, ask: AskChat) -> Answer:
    """Return the answer of ``ResponsesByChat``, with the bucket of the service, if it has one."""
    return ResponsesByChat(route, bucket_of(service), ask).send(request, call)
