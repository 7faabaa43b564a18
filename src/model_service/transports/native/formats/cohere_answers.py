"""The answers of Cohere's two native formats: both have one choice, told as a whole or in events of the same fields."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any

from model_service.errors import UpstreamError
from model_service.openai_api.chat import Chunk, Completion
from model_service.transports.native.formats.answer_builder import AnswerBuilder, AnswerDelta
from model_service.transports.native.formats.openai_answers import Identity, check_not_failed
from model_service.transports.native.formats.stream_events import Watch, ignore, native_answer, native_events


class CohereAnswers(ABC):
    """What both of Cohere's formats do with answers."""

    said_in: frozenset[str]  # the fields of which an event, or an answer, has at least one, if it says anything

    def completion(self, answer: Mapping[str, Any], identity: Identity) -> Completion:
        """Return the whole answer; raise ``UpstreamError`` for a failure in its place."""
        response = native_answer(answer)
        if not response.keys() & self.said_in:
            raise UpstreamError("OCI answered without an answer.")
        builder = AnswerBuilder(identity)
        check_not_failed(response.get("finishReason"), response.get("errorMessage"))
        builder.take(self.delta_of(response))
        builder.note(response.get("usage"))
        return builder.completion()

    def chunks(
        self, events: Iterator[str], identity: Identity, *, include_usage: bool, watch: Watch = ignore
    ) -> Iterator[Chunk]:
        """Yield the chunks of a stream; raise ``StreamBroken`` where it breaks or ends too early."""
        builder = AnswerBuilder(identity)
        for event in native_events(events, watch):
            check_not_failed(event.get("finishReason"), event.get("errorMessage"))
            if "usage" in event:
                builder.note(event["usage"])
            if event.keys() & self.said_in:
                yield from builder.take(self.delta_of(event))
        yield from builder.end(include_usage=include_usage)

    @abstractmethod
    def delta_of(self, event: Mapping[str, Any]) -> AnswerDelta:
        """Return what an event, or a whole answer, says."""
