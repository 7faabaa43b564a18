"""The messages of a request in turns: an assistant's tool calls together with the results that answer them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from model_service.openai_api.chat import Message
from model_service.transports.native.formats.parameters import NativeFields, known_fields, require_string
from model_service.transports.native.formats.translation import Translation, refusal


@dataclass(frozen=True)
class ToolCall:
    """A call that an assistant made; ``path`` is where it stands in the request, for messages to the caller."""

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


def turns_of(
    messages: Sequence[Message], carried: Mapping[str, frozenset[str]], translation: Translation
) -> list[ChatTurn]:
    """Return the turns, whose messages have only fields that the format carries; ``carried`` is by role.

    What another model or gateway added to a history is left out and noted. Raise ``InvalidRequest`` for other fields,
    and where a call has no result or a result no call: no backend takes that, and what they say about it does not help
    (Cohere: "An assistant message with 'tool_calls' must be followed by tool messages").
    """
    for index, message in enumerate(messages):
        _check_fields(f"messages.{index}", message, carried, translation)
    turns: list[ChatTurn] = []
    index = 0
    while index < len(messages):
        turn = _turn(messages, index, translation)
        turns.append(turn)
        index += 1 + len(turn.results)
    return turns


def _check_fields(path: str, message: Message, carried: Mapping[str, frozenset[str]], translation: Translation) -> None:
    role = message["role"]
    if role not in carried:
        raise refusal(f"{path}.role", f"must be one of {', '.join(carried)} for this model.")
    for name, value in message.items():
        if not value or name in carried[role] or name in ("role", "content"):  # clients send nulls of all kinds
            continue
        if name not in LEFT_OUT and (name not in ECHOED or role != "assistant"):
            raise refusal(f"{path}.{name}", "OCI's format for this model cannot carry this field.")
        translation.leave_out(f"messages.{name}")
    content = message.get("content")
    if isinstance(content, list) and any(part.get(CACHE_HINT) for part in content):
        translation.leave_out(f"messages.content.{CACHE_HINT}")


def _turn(messages: Sequence[Message], index: int, translation: Translation) -> ChatTurn:
    message, path = messages[index], f"messages.{index}"
    if message["role"] == "tool":
        raise refusal(f"{path}.tool_call_id", "this result belongs to no tool call of the assistant message before it.")
    if message["role"] != "assistant" or not message.get("tool_calls"):
        return ChatTurn(path, message)
    calls = tuple(_calls(message, path, translation))
    return ChatTurn(path, message, calls, tuple(_results(messages, index, calls)))


def _calls(message: Message, path: str, translation: Translation) -> Iterator[ToolCall]:
    seen: set[str] = set()
    for number, call in enumerate(message["tool_calls"]):
        place = f"{path}.tool_calls.{number}"
        function = call.get("function")
        if (call.get("type") or "function") != "function" or function is None:
            raise refusal(f"{place}.type", "must be function: OCI has no other calls.")
        for part, known, where in ((call, CALL_FIELDS, place), (function, FUNCTION_FIELDS, f"{place}.function")):
            for name, value in part.items():
                if value and name not in known:
                    if name not in ECHOED_CALL:
                        raise refusal(f"{where}.{name}", "unknown field: OCI has no place for it.")
                    translation.leave_out(f"messages.tool_calls.{name}")
        if call["id"] in seen:
            raise refusal(f"{place}.id", "two calls of one message have this id.")
        seen.add(call["id"])
        yield ToolCall(place, call["id"], function["name"], function["arguments"])


def _results(messages: Sequence[Message], index: int, calls: Sequence[ToolCall]) -> Iterator[ToolResult]:
    open_calls = {call.id: call for call in calls}
    for number in range(index + 1, len(messages)):
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
        raise refusal("messages", f"the tool calls of messages.{index} have no result: {missing}.")


# Anthropic's mark of what to keep in a cache, which clients for several providers send to all of them.
CACHE_HINT: Final = "cache_control"
LEFT_OUT: Final = frozenset({CACHE_HINT, "name"})  # of any message, where the format has no place for it

# What answers of any format, other gateways and clients' libraries put on an assistant's message: a format that has no
# place for one in its history leaves it out.
ECHOED: Final = frozenset(
    {
        "annotations",
        "citations",
        "content_parts",
        "documents",
        "grounding_metadata",
        "id",
        "is_search_required",
        "native_finish_reason",
        "parsed",
        "prompt",
        "provider_specific_fields",
        "provider_state",
        "reasoning",
        "reasoning_content",
        "reasoning_details",
        "response_annotations",
        "response_items",
        "search_queries",
        "thinking_blocks",
    }
)

CALL_FIELDS: Final = frozenset({"function", "id", "index", "type"})
FUNCTION_FIELDS: Final = frozenset({"arguments", "name"})
ECHOED_CALL: Final = frozenset({"extra_content", "parsed_arguments", "provider_specific_fields", "thought_signature"})


ContentPart = Mapping[str, Any]
PartTable = Mapping[str, Callable[[str, ContentPart], NativeFields]]
"""The type of a part, and what makes a native part of it: path and part in, native part out."""


def native_parts(path: str, content: Any, table: PartTable) -> list[NativeFields]:
    """Return the parts of a content; a string becomes one part, null none.

    Raise ``InvalidRequest`` for a type that the table does not have.
    """
    if content is None:
        return []
    if isinstance(content, str):
        return [{"type": "TEXT", "text": content}]
    parts = []
    for number, part in enumerate(content):
        make = table.get(part["type"])
        place = f"{path}.content.{number}"
        if make is None:
            raise refusal(f"{place}.type", "OCI's format for this model cannot carry content of this type.")
        parts.append(make(place, part))
    return parts


def plain_text(path: str, content: Any, table: PartTable) -> str:
    """Return the text of a string or of parts of text, which are all that the table may make."""
    return "".join(part["text"] for part in native_parts(path, content, table))


def part_field(path: str, part: ContentPart, name: str) -> Any:
    """Return the one field of a part beside its type; raise ``InvalidRequest`` that names any other."""
    for key, value in part.items():
        if value and key not in ("type", name, CACHE_HINT):
            raise refusal(f"{path}.{key}", "unknown field: OCI has no place for it.")
    return part.get(name)


def text_part(path: str, part: ContentPart) -> NativeFields:
    return {"type": "TEXT", "text": require_string(f"{path}.text", part_field(path, part, "text"))}


def refusal_part(path: str, part: ContentPart) -> NativeFields:
    """Return an assistant's refusal as text, for a format that has no other place for it."""
    return {"type": "TEXT", "text": require_string(f"{path}.refusal", part_field(path, part, "refusal"))}


def image_url(path: str, part: ContentPart) -> NativeFields:
    """Return ``{url, detail}`` of an OpenAI image part, with OCI's AUTO, LOW and HIGH."""
    given = known_fields(f"{path}.image_url", part_field(path, part, "image_url"), "url", "detail")
    return {key: value.upper() if key == "detail" else value for key, value in given.items()}


def own(_: str, part: ContentPart) -> NativeFields:
    """Return a part that the caller wrote in the format's own words."""
    return dict(part)


def reasoning_of(path: str, message: Message) -> str:
    """Return what the model thought; ``reasoning`` is the name that vLLM and OpenRouter have for it."""
    name = "reasoning_content" if message.get("reasoning_content") else "reasoning"
    return require_string(f"{path}.{name}", message.get(name) or "")


TEXT_ONLY: PartTable = {"text": text_part, "TEXT": text_part}
SPOKEN: PartTable = {**TEXT_ONLY, "refusal": refusal_part}  # what an assistant may have said
