"""A stream that goes on from another target where it breaks, with a seam that says so.

Only where the alias says ``continue_streams``, the client says ``on_break: continue``, and there is nothing but text:
another model cannot go on within the arguments of a tool, or within the JSON of a schema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from model_service.errors import DeadlineExceeded, ModelServiceError
from model_service.openai_api.chat import ChatRequest, Chunk, Stream, finish_reasons
from model_service.service_file.targets import TargetPool

GO_ON: Final = "Continue your last message exactly where it ends. Do not repeat any of it, and do not comment on this."
NO_TEXT: Final = ("tools", "functions", "response_format")  # what asks for more than text

GoOn = Callable[[ChatRequest], Stream]
"""Ask for the rest of an answer elsewhere; raise a ``ModelServiceError`` where nobody can be asked."""


def may_continue(pool: TargetPool, request: Any) -> bool:
    """Return whether a stream of this request may go on from another target."""
    if not pool.continue_streams or getattr(request, "on_break", None) != "continue":
        return False
    return request.choices == 1 and not any(request.body.get(name) for name in NO_TEXT)


def continued(stream: Stream, request: ChatRequest, go_on: GoOn) -> Stream:
    """Return the stream, which goes on as ``go_on`` says where it breaks after some text and before its end."""
    return replace(stream, chunks=_chunks(stream, request, go_on))


def _chunks(stream: Stream, request: ChatRequest, go_on: GoOn) -> Iterator[Chunk]:
    text, last = "", {}
    is_ended = False
    try:
        for last in stream.chunks:
            text += _text_of(last)
            is_ended = is_ended or any(finish_reasons(last).values())
            yield last
    except DeadlineExceeded:
        raise
    except ModelServiceError as error:
        if is_ended or not text:
            raise
        try:
            rest = go_on(_rest_of(request, text))
        except ModelServiceError:
            raise error from None  # it is why the stream ends
        yield _seam(last, stream, rest, error)
        yield from rest.chunks


def _rest_of(request: ChatRequest, text: str) -> ChatRequest:
    """Return the request for what is missing; a stream that goes on is not made to go on once more."""
    said = [{"role": "assistant", "content": text}, {"role": "user", "content": GO_ON}]
    return replace(request, body={**request.body, "messages": [*request.messages, *said]}, on_break=None)


def _seam(last: Chunk, stream: Stream, rest: Stream, error: ModelServiceError) -> Chunk:
    """Return a chunk without choices, which clients pass over: who has answered so far, who goes on, and why."""
    seam = {
        "from": stream.served and stream.served.target,
        "to": rest.served and rest.served.target,
        "error": error.code,
    }
    return {**last, "choices": [], "usage": None, "model_service": {"seam": seam}}


def _text_of(chunk: Chunk) -> str:
    choices = chunk.get("choices")
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    delta = first.get("delta")
    content = delta.get("content") if isinstance(delta, dict) else None
    return content if isinstance(content, str) else ""
