"""The shape that a GENERIC chat request must have (oci.generative_ai_inference.models.GenericChatRequest)."""

from __future__ import annotations

from typing import Any

from mock_oci.services.generative_ai.native.generic_quirks import QUIRKS
from mock_oci.services.generative_ai.native.refusal import bad_request, check_shape, misshapen, unanswered
from mock_oci.services.generative_ai.quirks import MAX_TOOLS, check_quirks
from mock_oci.services.shapes import (
    each,
    link,
    mapping,
    number,
    one_by,
    one_of,
    record,
    text,
    texts,
    truth,
    whole,
)
from mock_oci.wire import Body


def check(model: str, request: Body) -> None:
    """Raise Refused for what is wrong with the request, first with its shape, then for this model's family."""
    check_shape(_SHAPE, request, "chatRequest")
    if not request["messages"]:
        raise misshapen("chatRequest.messages is empty")
    if len(request.get("tools") or ()) > MAX_TOOLS:
        raise bad_request(f"At most {MAX_TOOLS} tools are supported")  # the emulator's wording
    check_quirks(QUIRKS, model, request)
    _check_answered(request["messages"])


def _check_answered(messages: list[Body]) -> None:
    """Require each tool call to be answered before the conversation goes on (oracle/langchain-oracle#53)."""
    open_calls: set[Any] = set()
    for message in messages:
        if message["role"] == "TOOL":
            open_calls.discard(message["toolCallId"])
            continue
        if open_calls:
            break
        open_calls = {call["id"] for call in message.get("toolCalls") or ()}
    if open_calls:
        raise bad_request(unanswered(open_calls))


_TYPE = {"type": text}


def _link(name: str) -> Any:
    url = record({"url": link, "detail": one_of("AUTO", "LOW", "HIGH")}, ["url"])
    return record({**_TYPE, name: url}, [name])


_CONTENT = each(
    one_by(
        "type",
        {
            "TEXT": record({**_TYPE, "text": text}, ["text"]),
            "IMAGE": _link("imageUrl"),
            "DOCUMENT": _link("documentUrl"),
            "VIDEO": _link("videoUrl"),
            "AUDIO": _link("audioUrl"),
        },
    )
)
_SAID = {"role": text, "content": _CONTENT, "name": text}
_TOOL_CALL = record({**_TYPE, "id": text, "name": text, "arguments": text}, ["type", "id", "name"])
_ASSISTANT = {
    **_SAID,
    "refusal": text,
    "toolCalls": each(_TOOL_CALL),
    "annotations": each(mapping),
    "reasoningContent": text,
}
_MESSAGE = one_by(
    "role",
    {
        "SYSTEM": record(_SAID, ["content"]),
        "DEVELOPER": record(_SAID, ["content"]),
        "USER": record(_SAID, ["content"]),
        "ASSISTANT": record(_ASSISTANT),
        "TOOL": record({"role": text, "content": _CONTENT, "toolCallId": text}, ["toolCallId"]),
    },
)
_JSON_SCHEMA = record({"name": text, "description": text, "schema": mapping, "isStrict": truth}, ["name"])
_RESPONSE_FORMAT = one_by(
    "type",
    {
        "TEXT": record(_TYPE),
        "JSON_OBJECT": record(_TYPE),
        "JSON_SCHEMA": record({**_TYPE, "jsonSchema": _JSON_SCHEMA}, ["jsonSchema"]),
    },
)
_TOOL_CHOICE = one_by(
    "type",
    {
        "AUTO": record(_TYPE),
        "NONE": record(_TYPE),
        "REQUIRED": record(_TYPE),
        "FUNCTION": record({**_TYPE, "name": text}, ["name"]),
    },
)
_FUNCTION = record({**_TYPE, "name": text, "description": text, "parameters": mapping}, ["name"])

_SHAPE = record(
    {
        "apiFormat": text,
        "messages": each(_MESSAGE),
        "reasoningEffort": one_of("NONE", "MINIMAL", "LOW", "MEDIUM", "HIGH"),
        "verbosity": one_of("LOW", "MEDIUM", "HIGH"),
        "metadata": mapping,
        "isStream": truth,
        "streamOptions": record({"isIncludeUsage": truth}),
        "numGenerations": whole(1),
        "seed": whole(),
        "isEcho": truth,
        "topK": whole(-1),
        "topP": number(0, 1),
        "temperature": number(0, 2),
        "frequencyPenalty": number(-2, 2),
        "presencePenalty": number(-2, 2),
        "stop": texts,
        "logProbs": whole(0),
        "maxTokens": whole(1),
        "maxCompletionTokens": whole(1),
        "logitBias": mapping,
        "prediction": record({**_TYPE, "content": _CONTENT}),
        "responseFormat": _RESPONSE_FORMAT,
        "toolChoice": _TOOL_CHOICE,
        "isParallelToolCalls": truth,
        "tools": each(one_by("type", {"FUNCTION": _FUNCTION})),
        "webSearchOptions": mapping,
        "serviceTier": one_of("AUTO", "DEFAULT", "PRIORITY"),
    },
    ["messages"],
)
