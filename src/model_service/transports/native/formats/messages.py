"""The messages of a request in turns: an assistant's tool calls together with the results that answer them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from model_service.openai_api.chat import Message
from model_service.transports.native.formats.parameters import NativeFields, known_fields, refusal, require_string


@dataclass(frozen=True)
class ToolCall:
    """A call that an assistant made; ``path`` is where it stands in the request, for complaints."""

    path: str
    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class ToolResult:
    """The message of role ``tool`` that answers ``call``."""

    path: str
    message: Message
    call: ToolCall


@dataclass(frozen=True)
class ChatTurn:
    """A message, and for an assistant that called tools also the calls and their results, in the order they came."""

    path: str
    message: Message
    calls: tuple[ToolCall, ...] = ()
    results: tuple[ToolResult, ...] = ()

    @property
    def role(self) -> str:
        role: str = self.message["role"]
        return role


def check_fields(path: str, message: Message, carried: Mapping[str, frozenset[str]]) -> None:
    """Raises ``InvalidRequest`` for a field of a message that the format cannot carry; ``carried`` is by role.

    An empty one says nothing. Clients send whole answers back, nulls and ECHOED included.
    """
    role = message["role"]
    if role not in carried:
        raise refusal(f"{path}.role", "OCI's format for this model knows no such role.")
    known = carried[role] | {"role", "content"} | (ECHOED if role == "assistant" else set())
    for name, value in message.items():
        if value and name not in known:
            raise refusal(f"{path}.{name}", "OCI's format for this model cannot carry this field.")


def turns_of(messages: Sequence[Message]) -> list[ChatTurn]:
    """Raises ``InvalidRequest`` where a call has no result or a result no call: no backend takes that, and what they
    say about it does not help (Cohere: "An assistant message with 'tool_calls' must be followed by tool messages")."""
    turns: list[ChatTurn] = []
    at = 0
    while at < len(messages):
        turn = _turn(messages, at)
        turns.append(turn)
        at += 1 + len(turn.results)
    return turns


def _turn(messages: Sequence[Message], at: int) -> ChatTurn:
    message, path = messages[at], f"messages.{at}"
    if message["role"] == "tool":
        raise refusal(f"{path}.tool_call_id", "this result belongs to no tool call of the assistant message before it.")
    if message["role"] != "assistant" or not message.get("tool_calls"):
        return ChatTurn(path, message)
    calls = tuple(_calls(message, path))
    return ChatTurn(path, message, calls, tuple(_results(messages, at, calls)))


def _calls(message: Message, path: str) -> Iterator[ToolCall]:
    seen: set[str] = set()
    for number, call in enumerate(message["tool_calls"]):
        where = f"{path}.tool_calls.{number}"
        function = call.get("function")
        if (call.get("type") or "function") != "function" or function is None:
            raise refusal(f"{where}.type", "OCI knows only calls of functions.")
        if call["id"] in seen:
            raise refusal(f"{where}.id", "two calls of one message have this id.")
        seen.add(call["id"])
        yield ToolCall(where, call["id"], function["name"], function["arguments"])


def _results(messages: Sequence[Message], at: int, calls: Sequence[ToolCall]) -> Iterator[ToolResult]:
    open_calls = {call.id: call for call in calls}
    for number in range(at + 1, len(messages)):
        message = messages[number]
        if message["role"] != "tool":
            break
        call = open_calls.pop(message.get("tool_call_id") or "", None)
        if call is None:
            problem = "this result belongs to no open tool call of the assistant message before it."
            raise refusal(f"messages.{number}.tool_call_id", problem)
        yield ToolResult(f"messages.{number}", message, call)
    if open_calls:
        missing = ", ".join(open_calls)
        raise refusal("messages", f"the tool calls of messages.{at} have no result: {missing}.")


# Fields that answers of any format have: a format that has no place for one in its history leaves it out.
ECHOED: Final = frozenset(
    {
        "annotations",
        "citations",
        "content_parts",
        "documents",
        "grounding_metadata",
        "is_search_required",
        "prompt",
        "reasoning_content",
        "search_queries",
    }
)


ContentPart = Mapping[str, Any]
PartTable = Mapping[str, Callable[[str, ContentPart], NativeFields]]
"""The type of a part, and what makes a native part of it: path and part in, native part out."""


def native_parts(path: str, content: Any, table: PartTable) -> list[NativeFields]:
    """A text becomes one part, null none; raises ``InvalidRequest`` for a type that the table does not have."""
    if content is None:
        return []
    if isinstance(content, str):
        return [{"type": "TEXT", "text": content}]
    return [_native(f"{path}.content.{number}", part, table) for number, part in enumerate(content)]


def plain_text(path: str, content: Any) -> str:
    """Of a text or of text parts; raises ``InvalidRequest`` for a part of any other type."""
    return "".join(part["text"] for part in native_parts(path, content, TEXT_ONLY))


def text_part(path: str, part: ContentPart) -> NativeFields:
    return {"type": "TEXT", "text": require_string(f"{path}.text", part.get("text"))}


def image_url(path: str, part: ContentPart) -> NativeFields:
    """``{url, detail}`` of an OpenAI image part, with OCI's AUTO, LOW and HIGH."""
    given = known_fields(f"{path}.image_url", part.get("image_url"), "url", "detail")
    return {key: value.upper() if key == "detail" else value for key, value in given.items()}


def own(_: str, part: ContentPart) -> NativeFields:
    """A part that the caller wrote in the format's own words."""
    return dict(part)


def _native(path: str, part: ContentPart, table: PartTable) -> NativeFields:
    make = table.get(part["type"])
    if make is None:
        raise refusal(f"{path}.type", "OCI's format for this model cannot carry content of this type.")
    return make(path, part)


TEXT_ONLY: PartTable = {"text": text_part, "TEXT": text_part}
