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
from model_service.transports.native.formats.cohere_forced_tools import ForcedTools, forced_tools
from model_service.transports.native.formats.cohere_history import CohereConversation, ToolNames
from model_service.transports.native.formats.cohere_parameters import parameter_definitions
from model_service.transports.native.formats.openai_answers import objects, snake_case, text_in
from model_service.transports.native.formats.parameters import (
    DROPPABLE,
    ELSEWHERE,
    SAYS_NOTHING,
    ChatBody,
    NativeFields,
    Parameters,
    as_is,
    exactly,
    falsy,
    first_call_only,
    known_fields,
    listed,
    require_object,
    require_string,
    streaming,
    token_limit,
)
from model_service.transports.native.formats.tool_call_deltas import CallPiece
from model_service.transports.native.formats.tool_schemas import (
    arguments_text,
    chosen_tools,
    function_tools,
    leave_out_strict,
    response_schema,
)
from model_service.transports.native.formats.translation import AnswerReading, Translation, refusal


class Cohere(CohereAnswers):
    api_format = "COHERE"
    said_in = frozenset(
        {
            "chatHistory",
            "citations",
            "documents",
            "finishReason",
            "isSearchRequired",
            "prompt",
            "searchQueries",
            "text",
            "toolCalls",
        }
    )

    def request(
        self, request: ChatRequest, route: Route, *, stream: bool, translation: Translation | None = None
    ) -> NativeFields:
        """Return the JSON under ``chatRequest``; raise ``InvalidRequest`` that names what it cannot carry."""
        translation = translation or Translation()
        body = route.quirks.apply(request.body, translation.dropped.drop)
        choice, functions = chosen_tools(body.get("tool_choice") or "auto", function_tools(body, translation))
        leave_out_strict(body, translation)
        forced = _forced(choice, functions, body, translation)
        names = ToolNames(body)
        translation.reading = AnswerReading(
            tool_names=names.callers,
            first_call_only=first_call_only(body),
            forced_call=forced.call if forced else None,
            forced_choice=frozenset(one["name"] for one in functions) if forced and not forced.call else frozenset(),
        )
        own_preamble = body.get("preambleOverride")
        instructions = forced.instructions if forced else ""
        conversation = CohereConversation(own_preamble is not None, forced is not None, instructions, names.native)
        limit = token_limit(body)
        return {
            "apiFormat": self.api_format,
            **conversation.write(body["messages"], translation),
            **PARAMETERS.translate(body, translation),
            **({} if limit is None else {"maxTokens": limit}),
            **response_format(body),
            **({} if forced or choice == "none" else _tools(functions, names, translation)),
            **PARAMETERS.native_fields(body),
            **({"responseFormat": {"type": "JSON_OBJECT", "schema": forced.schema}} if forced else {}),
            **({"preambleOverride": f"{own_preamble}\n\n{instructions}"} if forced and own_preamble else {}),
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
            whole_calls=tuple(
                CallPiece(name=text_in(call.get("name")), arguments=arguments_text(call.get("parameters")) or "{}")
                for call in objects(event.get("toolCalls"))
            ),
            extras={snake_case(name): event[name] for name in EXTRAS if event.get(name)},
            finish_reason=text_in(event.get("finishReason")) or None,
        )


def _forced(choice: str, functions: list[NativeFields], body: ChatBody, translation: Translation) -> ForcedTools | None:
    """Return a request for the JSON of a call: the format cannot make the model call a tool."""
    if choice == "function" and not functions:
        raise refusal("tool_choice", "must name a function of tools.")
    if choice not in ("required", "function"):
        return None
    if not functions:
        raise refusal("tool_choice", "needs tools that can be called.")
    wanted = (body.get("response_format") or {}).get("type", "text")
    if wanted != "text" or body.get("responseFormat"):
        raise refusal("response_format", "must be text for this model where tool_choice makes it call a tool.")
    return forced_tools(functions, translation.budget)


def _tools(functions: list[NativeFields], names: ToolNames, translation: Translation) -> NativeFields:
    tools = []
    for number, function in enumerate(functions):
        path = f"tools.{number}.function.parameters"
        definitions, untold = parameter_definitions(path, function["parameters"], translation.budget)
        described = function.get("description") or function["name"]  # the format requires one
        tools.append(
            {
                "name": names.native(function["name"]),
                "description": f"{described} {untold}".strip(),
                "parameterDefinitions": definitions,
            }
        )
    return {"tools": tools} if tools else {}


def response_format(body: ChatBody) -> NativeFields:
    """Return both of Cohere's formats: JSON_OBJECT with the schema.

    It is always followed, so that ``strict`` adds nothing, nor does the schema's name. A description goes into it.
    """
    value = body.get("response_format")
    if value is None:
        return {}
    kind = require_object("response_format", value).get("type")
    if kind == "text":
        known_fields("response_format", value, "type")
        return {"responseFormat": {"type": "TEXT"}}
    if kind == "json_object":
        return {"responseFormat": {**known_fields("response_format", value, "type", "schema"), "type": "JSON_OBJECT"}}
    given = response_schema(value)
    schema, described = given.get("schema"), given.get("description")
    if described:
        described = require_string("response_format.json_schema.description", described)
        own = (schema or {}).get("description")
        schema = {**(schema or {}), "description": f"{described} {own}" if own else described}
    return {"responseFormat": {"type": "JSON_OBJECT", **({} if schema is None else {"schema": schema})}}


# Fields of an answer that OpenAI does not have: they stand on the message, or on the last delta of a stream, in snake
# case and otherwise as they came. Citations are {start, end, text, documentIds}, in characters of the text.
EXTRAS: Final = ("citations", "documents", "searchQueries", "isSearchRequired", "prompt")

# Of the parameters that neither of Cohere's formats has: what asks for nothing, or for what happens anyway, and what no
# caller would miss.
COHERE_SAYS_NOTHING: Final = {
    **SAYS_NOTHING,
    "logit_bias": falsy,
    "n": exactly(1),
    "service_tier": exactly("auto", "default"),
}
COHERE_DROPPABLE: Final = DROPPABLE | {"metadata", "prediction", "service_tier", "verbosity"}

PARAMETERS: Final = Parameters(
    api_format="COHERE",
    carried={
        "frequency_penalty": as_is("frequencyPenalty"),
        "presence_penalty": as_is("presencePenalty"),
        "seed": as_is("seed"),
        "stop": listed("stopSequences"),
        "temperature": as_is("temperature"),
        "top_k": as_is("topK"),
        "top_p": as_is("topP"),
    },
    elsewhere=ELSEWHERE - {"logprobs", "top_logprobs"},
    says_nothing={
        **COHERE_SAYS_NOTHING,
        "logprobs": falsy,
        "reasoning_effort": exactly("none"),
        "top_logprobs": falsy,
    },
    droppable=COHERE_DROPPABLE | {"logprobs", "reasoning_effort", "top_logprobs"},
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
