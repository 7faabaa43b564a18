"""Translate a Responses request to a chat request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from model_service.errors import InvalidRequest, ModelServiceError
from model_service.openai_api.chat import ChatRequest
from model_service.openai_api.validation import invalid_field
from model_service.responses_by_chat.conversation import ChatHistory
from model_service.responses_by_chat.parameters import NAMES, chat_parameters, shows_summary
from model_service.responses_by_chat.tools import offered_tools
from model_service.transports.call import DroppedParameters


@dataclass(frozen=True)
class ItemHistory:
    """The ``items`` that a request continues, and the parameter that refers to them."""

    param: str = "input"
    items: Sequence[Any] = ()


@dataclass(frozen=True)
class TranslatedRequest:
    """``custom`` has the names of custom tools; ``summary`` says whether reasoning is returned as a summary."""

    chat: ChatRequest
    custom: frozenset[str]
    summary: bool
    stream: bool


def translated(
    body: Mapping[str, Any],
    history: ItemHistory,
    given: Sequence[Any],
    dropped: DroppedParameters,
    *,
    relay: Any = None,
) -> TranslatedRequest:
    """Return the chat request for the earlier items of ``history`` and the items of the request, ``given``.

    Raise ``InvalidRequest``, with the path of the field, for what Chat Completions does not have.
    """
    tools = offered_tools(body, dropped.drop)
    chat = ChatHistory()
    chat.instruct(body.get("instructions"))
    chat.extend(history.param, history.items)
    chat.extend("input", given)
    dropped.names |= chat.left_out  # which an earlier answer of this service may have had: it is never refused
    fields = {
        "model": body["model"],
        **chat_parameters(body, dropped.drop),
        **tools.chat,
        "messages": chat.messages,
    }
    stream = body.get("stream")
    if stream is not None and not isinstance(stream, bool):
        raise invalid_field("stream", "must be true or false.")
    with in_the_words_of_responses():
        if relay is not None:
            fields["relay"] = relay
        request = ChatRequest.parse({**fields, **({"stream": True} if stream else {})})
    return TranslatedRequest(request, tools.custom, shows_summary(body), bool(stream))


def input_items(body: Mapping[str, Any]) -> list[Any]:
    """Return the input as an array of items; raise ``InvalidRequest`` for anything else."""
    given = body.get("input")
    if isinstance(given, str):
        return [{"type": "message", "role": "user", "content": given}]
    if not isinstance(given, list):
        raise invalid_field("input", "must be a string or an array of input items.")
    return given


@contextmanager
def in_the_words_of_responses() -> Iterator[None]:
    """Rewrite errors of the chat that are raised in this block, so that they name the parameter of the caller."""
    try:
        yield
    except ModelServiceError as error:
        if error.param is not None:
            name, dot, rest = error.param.partition(".")
            written = NAMES.get(name, name) + ("" if name in WHOLE else dot + rest)
            if isinstance(error, InvalidRequest) and error.message.startswith(f"{error.param}:"):
                error.message = written + error.message.removeprefix(error.param)
            error.param = written
        raise


WHOLE: Final = ("messages", "response_format")
"""Parameters whose inner paths differ between the chat and the request."""
