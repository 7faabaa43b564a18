"""The answers of Cohere's two native formats: both have one choice, told as a whole or in events of the same fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from model_service.openai_api.chat import Chunk, Completion
from model_service.transports.native.formats.answer_builder import AnswerBuilder, AnswerDelta
from model_service.transports.native.formats.openai_answers import Identity, check_not_failed, mapping
from model_service.transports.native.formats.stream_events import native_events


class CohereAnswers:
    """What both of Cohere's formats do with answers: one choice, in a whole or in events of the same fields."""

    def completion(self, answer: Mapping[str, Any], identity: Identity) -> Completion:
        response = mapping(answer.get("chatResponse"))
        builder = AnswerBuilder(identity)
        if response:
            check_not_failed(response.get("finishReason"), response.get("errorMessage"))
            builder.take(self.delta_of(response))
        builder.note(response.get("usage"))
        return builder.completion()

    def chunks(self, events: Iterator[str], identity: Identity, *, include_usage: bool) -> Iterator[Chunk]:
        builder = AnswerBuilder(identity)
        for event in native_events(events):
            check_not_failed(event.get("finishReason"), event.get("errorMessage"))
            builder.note(event.get("usage"))
            if event.keys() - {"usage", "pad"}:
                yield from builder.take(self.delta_of(event))
        yield from builder.end(include_usage=include_usage)

    def delta_of(self, event: Mapping[str, Any]) -> AnswerDelta:
        """Return what an event, or a whole answer, says."""
        raise NotImplementedError
