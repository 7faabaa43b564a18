"""What a COHERE chat request must be (oci.generative_ai_inference.models.CohereChatRequest)."""

from __future__ import annotations

import re

from mock_oci.services.generative_ai.native.refusal import broken, check_shape, from_cohere, unanswered
from mock_oci.services.shapes import (
    each,
    mapped,
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
    """Raise Refused for a wrong shape, types the service fails on, and turns that do not follow each other."""
    check_shape(_SHAPE, request, "chatRequest")
    _check_parameter_types(request)
    _check_results(request)
    if re.match(r"cohere\.command-a", model):
        _check_answered(request)


def _check_parameter_types(request: Body) -> None:
    """Raise the 500 of a type that is not Python's, a bare ``List`` included (BerriAI/litellm#30646)."""
    for tool in request.get("tools") or ():
        for parameter in (tool.get("parameterDefinitions") or {}).values():
            if not TYPE.fullmatch(parameter["type"]):
                raise broken()


def _check_results(request: Body) -> None:
    """Require a message or results, and no message beside results not yet answered (oracle/langchain-oracle#8)."""
    history: list[Body] = request.get("chatHistory") or []
    results = request.get("toolResults")
    brought_back = bool(history) and history[-1]["role"] == "TOOL"
    if request["message"] and brought_back:
        raise from_cohere("cannot specify message if the last entry in chat history contains tool results")
    if request["message"] and results and not request.get("isForceSingleStep"):
        raise from_cohere("cannot specify both message and tool_results in multistep mode")  # sigoden/aichat#605
    if not (request["message"] or brought_back or results):
        raise from_cohere("message must be at least 1 token long or tool results must be specified.")


def _check_answered(request: Body) -> None:
    """Require an answer to every tool call: Command A does, Command R does not (oracle/langchain-oracle#10)."""
    history = request.get("chatHistory") or ()
    after = [*history[1:], {"role": "TOOL" if request.get("toolResults") else "USER"}]
    for entry, following in zip(history, after, strict=False):
        if entry.get("toolCalls") and following["role"] != "TOOL":
            raise from_cohere(unanswered())  # COHERE's calls have no ids to name


TYPE = re.compile(r"(str|int|float|bool|any|list|dict|(List|Dict|list|dict)\[.+\])")

_CALL = record({"name": text, "parameters": mapping}, ["name", "parameters"])
_RESULT = record({"call": _CALL, "outputs": each(mapping)}, ["call", "outputs"])
_SAID = {"role": text, "message": text}
_ENTRY = one_by(
    "role",
    {
        "USER": record(_SAID, ["message"]),
        "SYSTEM": record(_SAID, ["message"]),
        "CHATBOT": record({**_SAID, "toolCalls": each(_CALL)}),
        "TOOL": record({"role": text, "toolResults": each(_RESULT)}, ["toolResults"]),
    },
)
_PARAMETER = record({"description": text, "type": text, "isRequired": truth}, ["type"])
_TOOL = record({"name": text, "description": text, "parameterDefinitions": mapped(_PARAMETER)}, ["name", "description"])
RESPONSE_FORMAT = one_by(
    "type",
    {"TEXT": record({"type": text}), "JSON_OBJECT": record({"type": text, "schema": mapping})},
)
SAMPLING = {
    "maxTokens": whole(1),
    "temperature": number(0),
    "topK": whole(0, 500),
    "topP": number(0, 1),
    "frequencyPenalty": number(0, 1),
    "presencePenalty": number(0, 1),
    "seed": whole(),
    "stopSequences": texts,
    "isStream": truth,
    "streamOptions": record({"isIncludeUsage": truth}),
    "responseFormat": RESPONSE_FORMAT,
    "isSearchQueriesOnly": truth,
    "isRawPrompting": truth,
    "documents": each(mapping),
    "safetyMode": one_of("CONTEXTUAL", "STRICT", "OFF"),
}

_SHAPE = record(
    {
        **SAMPLING,
        "apiFormat": text,
        "message": text,
        "chatHistory": each(_ENTRY),
        "preambleOverride": text,
        "maxInputTokens": whole(1),
        "promptTruncation": one_of("OFF", "AUTO_PRESERVE_ORDER"),
        "isEcho": truth,
        "tools": each(_TOOL),
        "toolResults": each(_RESULT),
        "isForceSingleStep": truth,
        "citationQuality": one_of("ACCURATE", "FAST"),
    },
    ["message"],
)
