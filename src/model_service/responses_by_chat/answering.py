"""Answer a request of the Responses API by a chat with its model; keep the answer where there is a bucket for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from model_service.openai_api.chat import Answer, ChatRequest, Chunk, Complete, Stream, chunk_of
from model_service.openai_api.responses import stores
from model_service.responses_by_chat.events import RESPONSE_EVENTS, EventSequence
from model_service.responses_by_chat.kept_responses import answer_about
from model_service.responses_by_chat.output import OutputEvent
from model_service.responses_by_chat.parameters import NAMES
from model_service.responses_by_chat.request import (
    TranslatedRequest,
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
    is_reference,
    not_kept,
)
from model_service.transports.call import Call, DroppedParameters

if TYPE_CHECKING:
    from model_service.openai_api.responses import SurfaceRequest
    from model_service.routing import Route

ENDS: Final = ("response.completed", "response.incomplete")
AskChat = Callable[[ChatRequest], Answer]


@dataclass(frozen=True)
class ResponsesByChat:
    """``ask`` asks the model of ``route`` a chat; ``bucket`` keeps responses, ``None`` where nothing is kept."""

    route: Route
    bucket: ResponseBucket | None
    ask: AskChat

    def send(self, request: SurfaceRequest, call: Call) -> Answer:
        """Return the response, whole or as its events; raise ``ModelServiceError`` before there is anything of it."""
        if request.kept_id is not None:
            return answer_about(request, request.kept_id, self.bucket, call)
        body = request.body or {}
        dropped = DroppedParameters(call.refuses_unsupported)
        keeps = stores(body, may_store=call.may_store) and self.bucket is not None
        if body.get("store") and not keeps:
            dropped.drop("store")
        given = input_items(body)
        if self.bucket is not None and any(map(is_reference, given)):
            given = self.bucket.resolved(given, call)
        history = self._history(body, call)
        asked = translated(body, history, given, dropped, relay=request.relay)
        response = ResponseObject(body, self.route.model, store=keeps)
        with in_the_words_of_responses():
            answer = self.ask(asked.chat)
        named = [NAMES.get(name, name) for name in answer.dropped]
        answer = replace(answer, dropped=tuple(dict.fromkeys([*dropped.names, *named])))
        events = _events(answer, asked, response)
        if keeps:
            events = self._kept(events, KeptTurn(history, given), call)
        if isinstance(answer, Stream):
            return replace(answer, chunks=events, encoding=RESPONSE_EVENTS, hides_usage=False)
        *_, last = events
        return replace(answer, completion=last["response"])

    def _history(self, body: Mapping[str, Any], call: Call) -> list[Any]:
        """Return the items that the request continues; raise ``InvalidRequest`` where they are not to be had."""
        previous = body.get("previous_response_id")
        if previous is None or previous == "":
            return []
        if self.bucket is None:
            raise not_kept("previous_response_id")
        return self.bucket.continued(previous, call).context

    def _kept(self, events: Iterator[OutputEvent], turn: KeptTurn, call: Call) -> Iterator[OutputEvent]:
        """Yield the events; a response is kept before its last event says that it is."""
        assert self.bucket is not None  # noqa: S101 - `send` has looked
        for event in events:
            if event["type"] in ENDS:
                response = event["response"]
                event["response"] = {**response, "store": self.bucket.keep(response, turn, call)}
            yield event


def answer_by_chat(service: KeepingService, route: Route, request: SurfaceRequest, call: Call, ask: AskChat) -> Answer:
    """Return what ``ResponsesByChat`` answers, with the bucket of the service, if it has one."""
    return ResponsesByChat(route, bucket_of(service), ask).send(request, call)


def _events(answer: Answer, asked: TranslatedRequest, response: ResponseObject) -> Iterator[OutputEvent]:
    chunks: Iterator[Chunk] = iter([chunk_of(answer.completion)]) if isinstance(answer, Complete) else answer.chunks
    return EventSequence(response, custom=asked.custom, summary=asked.summary).of_chunks(chunks)
