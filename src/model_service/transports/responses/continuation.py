"""Which part of a conversation has to be sent: all of it, or the turn since the answer that OCI holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from model_service.errors import InvalidRequest
from model_service.openai_api.chat import Message
from model_service.openai_api.stored_state import (
    STATE,
    refuse_kept_here,
    refuse_reference,
    refuse_references,
    stores,
)


@dataclass(frozen=True)
class TurnToSend:
    """``messages`` are those to send, each with its place in the request.

    ``stored`` says whether OCI keeps the answer, so that another turn can follow it by its id.
    """

    messages: Sequence[tuple[int, Message]]
    previous_response_id: str | None
    stored: bool


def turn_of(chat: Mapping[str, Any], *, may_store: bool) -> TurnToSend:
    """Return what a chat request has to send.

    Where several say what it continues, ``conversation`` comes first, then ``previous_response_id``, then
    ``provider_state`` of the request, then that of its latest message that has one.

    Raise ``InvalidRequest`` where nothing is left to send, and where the request refers to what is not stored.
    """
    stored = stores(chat, may_store=may_store)
    refuse_kept_here(chat)
    messages = list(enumerate(chat["messages"]))
    if not stored:
        refuse_references(chat)
        for place, message in messages:
            if message.get(STATE):
                refuse_reference(f"messages.{place}.{STATE}")
        return TurnToSend(messages, None, stored)
    previous, first = _continued(chat, messages)
    if first == len(messages):
        raise InvalidRequest(
            "messages: nothing follows the last assistant message, so there is no turn to send.", param="messages"
        )
    return TurnToSend(messages[first:], previous, stored)


def state_after(response_id: str, *, stored: bool) -> dict[str, Any]:
    """Return what a reply says, so that a caller without a memory can continue; nothing where nothing is stored."""
    return {STATE: {"previous_response_id": response_id}} if stored and response_id else {}


def _continued(chat: Mapping[str, Any], messages: Sequence[tuple[int, Message]]) -> tuple[str | None, int]:
    """Return the id to continue from, and the place of the first message that OCI does not hold yet."""
    after_answer = max((place + 1 for place, message in messages if message["role"] == "assistant"), default=0)
    if chat.get("conversation") is not None:
        if chat.get("previous_response_id") is not None:
            raise InvalidRequest(
                "previous_response_id: cannot be used together with conversation.", param="previous_response_id"
            )
        return None, after_answer
    previous = _id(chat, "previous_response_id", "previous_response_id") or _id_in_state(chat, STATE)
    if previous is not None:
        return previous, after_answer
    for place, message in reversed(messages):
        previous = _id_in_state(message, f"messages.{place}.{STATE}")
        if previous is not None:
            return previous, place + 1
    return None, 0


def _id_in_state(holder: Mapping[str, Any], path: str) -> str | None:
    state = holder.get(STATE)
    if not state:
        return None
    if not isinstance(state, dict) or "previous_response_id" not in state:
        raise InvalidRequest(f"{path}: must be the object of an earlier reply, unchanged.", param=path)
    return _id(state, "previous_response_id", f"{path}.previous_response_id")


def _id(holder: Mapping[str, Any], name: str, path: str) -> str | None:
    value = holder.get(name)
    if value is not None and not (isinstance(value, str) and value):
        raise InvalidRequest(f"{path}: must be the id of a response.", param=path)
    return value
