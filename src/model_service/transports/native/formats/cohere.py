"""COHERE, the native format of every Cohere model that writes text: one message, and what came before it.

Source: https://docs.oracle.com/en-us/iaas/api/#/en/generative-ai-inference/20231130/datatypes/CohereChatRequest
and oci.generative_ai_inference.models.CohereChatRequest, .CohereChatResponse
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from model_service.openai_api.chat import ChatRequest
from model_service.routing import Route
from model_service.transports.native.formats.answer_builder import AnswerDelta
from model_service.transports.native.formats.cohere_answers import CohereAnswers
from model_service.transports.native.formats.cohere_history import conversation
from model_service.transports.native.formats.openai_answers import (
    objects,
    snake_case,
    text_in,
)
from model_service.transports.native.formats.parameters import (
    ELSEWHERE,
    HARMLESS,
    ChatBody,
    NativeFields,
    Parameters,
    anything,
    as_is,
    exactly,
    falsy,
    known_fields,
    listed,
    refusal,
    require_object,
    streaming,
    token_limit,
)
from model_service.transports.native.formats.tool_call_deltas import CallPiece
from model_service.transports.native.formats.tool_schemas import (
    arguments_text,
    function_tools,
    parameter_definitions,
    response_schema,
)


class Cohere(CohereAnswers):
    api_format = "COHERE"

    def request(self, request: ChatRequest, route: Route, *, stream: bool) -> NativeFields:
        body = route.quirks.apply(request.wire())
        limit = token_limit(body)
        return {
            "apiFormat": self.api_format,
            **conversation(body["messages"], has_own_preamble=body.get("preambleOverride") is not None),
            **PARAMETERS.translate(body),
            **({} if limit is None else {"maxTokens": limit}),
            **_tools(body),
            **PARAMETERS.native_fields(body),
            **streaming(request, stream=stream),
        }

    def delta_of(self, event: Mapping[str, Any]) -> AnswerDelta:
        """Return what an event, or a whole answer, says.

        An event with any of these fields has the text from the beginning once more, and not more of it
        (Elasticsearch: "the final Cohere event repeats the full text").
        """
        restates = any(event.get(key) is not None for key in ("finishReason", "chatHistory", "toolCalls"))
        return AnswerDelta(
            text=text_in(event.get("text")),
            restates="yes" if restates else "no",
            whole_calls=tuple(_call(call) for call in objects(event.get("toolCalls"))),
            extras={snake_case(name): event[name] for name in EXTRAS if event.get(name)},
            finish_reason=text_in(event.get("finishReason")) or None,
        )


def _call(call: Mapping[str, Any]) -> CallPiece:
    return CallPiece(name=text_in(call.get("name")), arguments=arguments_text(call.get("parameters")) or "{}")


def _tools(body: ChatBody) -> NativeFields:
    """The format cannot force a call; a tool that is not offered is not called, which is what "none" asks for."""
    choice = body.get("tool_choice") or "auto"
    if choice not in ("auto", "none"):
        raise refusal("tool_choice", "OCI's COHERE format cannot make the model call a tool; it knows auto and none.")
    tools = [_tool(number, function) for number, function in enumerate(function_tools(body))]
    return {"tools": tools} if tools and choice == "auto" else {}


def _tool(number: int, function: Mapping[str, Any]) -> NativeFields:
    path = f"tools.{number}.function"
    name = function["name"]
    if not name.isascii() or not name.isidentifier():
        raise refusal(f"{path}.name", "a Cohere tool's name has only letters, digits and _, and no digit in front.")
    return {
        "name": name,
        "description": function.get("description") or name,  # the format requires one
        "parameterDefinitions": parameter_definitions(f"{path}.parameters", function.get("parameters") or {}),
    }


def response_format(_: str, value: Any) -> NativeFields:
    """Both of Cohere's formats: JSON_OBJECT with the schema, always followed, so that ``strict`` adds nothing, nor
    does the schema's name."""
    kind = require_object("response_format", value).get("type")
    if kind == "text":
        return {"responseFormat": {"type": "TEXT"}}
    if kind == "json_object":
        return {"responseFormat": {**known_fields("response_format", value, "type", "schema"), "type": "JSON_OBJECT"}}
    schema = response_schema(value).get("schema")
    return {"responseFormat": {"type": "JSON_OBJECT", **({} if schema is None else {"schema": schema})}}


# Fields of an answer that OpenAI does not have: they stand on the message, or on the last delta of a stream, in snake
# case and otherwise as they came. Citations are {start, end, text, documentIds}, in characters of the text.
EXTRAS: Final = ("citations", "documents", "searchQueries", "isSearchRequired", "prompt")

# Of the parameters that neither of Cohere's formats has: what asks for nothing, or for what happens anyway.
COHERE_HARMLESS: Final = {
    **HARMLESS,
    "logit_bias": falsy,
    "metadata": anything,  # labels for stored completions, and nothing is stored
    "n": exactly(1),
    "parallel_tool_calls": exactly(True),
    "service_tier": exactly("auto", "default"),
}

PARAMETERS: Final = Parameters(
    api_format="COHERE",
    carried={
        "frequency_penalty": as_is("frequencyPenalty"),
        "presence_penalty": as_is("presencePenalty"),
        "response_format": response_format,
        "seed": as_is("seed"),
        "stop": listed("stopSequences"),
        "temperature": as_is("temperature"),
        "top_p": as_is("topP"),
    },
    elsewhere=ELSEWHERE - {"logprobs", "top_logprobs"},
    harmless={**COHERE_HARMLESS, "logprobs": falsy, "top_logprobs": falsy, "reasoning_effort": exactly("none")},
    native=frozenset(
        {
            "citationQuality",
            "documents",
            "frequencyPenalty",
            "isEcho",
            "isForceSingleStep",
            "isRawPrompting",
            "isSearchQueriesOnly",
            "maxInputTokens",
            "maxTokens",
            "preambleOverride",
            "presencePenalty",
            "promptTruncation",
            "responseFormat",
            "safetyMode",
            "stopSequences",
            "topK",
            "topP",
        }
    ),
)
