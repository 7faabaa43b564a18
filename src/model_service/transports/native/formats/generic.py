"""GENERIC, the native format of Llama, Grok, Gemini, OpenAI's and imported models.

Source: https://docs.oracle.com/en-us/iaas/api/#/en/generative-ai-inference/20231130/datatypes/GenericChatRequest
and oci.generative_ai_inference.models.GenericChatRequest, .GenericChatResponse, .ChatChoice
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from model_service.openai_api.chat import ChatRequest, Chunk, Completion
from model_service.routing import Route
from model_service.transports.native.formats.answer_builder import AnswerBuilder, AnswerDelta
from model_service.transports.native.formats.gemini_schemas import gemini_schema
from model_service.transports.native.formats.generic_messages import generic_annotation, generic_messages
from model_service.transports.native.formats.messages import TEXT_ONLY, native_parts
from model_service.transports.native.formats.openai_answers import (
    Identity,
    check_not_failed,
    generic_logprobs,
    mapping,
    objects,
    parts_in,
    text_in,
)
from model_service.transports.native.formats.parameters import (
    ELSEWHERE,
    HARMLESS,
    ChatBody,
    NativeFields,
    Parameters,
    as_is,
    flag,
    known_fields,
    listed,
    refusal,
    require_object,
    require_string,
    streaming,
    token_limit,
    upper,
)
from model_service.transports.native.formats.stream_events import native_events
from model_service.transports.native.formats.tool_call_deltas import CallPiece
from model_service.transports.native.formats.tool_schemas import Schema, arguments_text, function_tools, response_schema


@dataclass(frozen=True)
class ModelFamily:
    """What models of a family take differently; ``model`` is a pattern of model ids."""

    model: str
    limit: str = "maxTokens"  # the field for the most tokens that may be written
    one_call_per_turn: bool = False
    schema: Callable[[str, Schema], Schema] = lambda _, schema: schema


class Generic:
    api_format = "GENERIC"

    def request(self, request: ChatRequest, route: Route, *, stream: bool) -> NativeFields:
        body = route.quirks.apply(request.wire())
        family = next(family for family in FAMILIES if fnmatchcase(route.model, family.model))
        return {
            "apiFormat": self.api_format,
            "messages": generic_messages(body["messages"], one_call_per_turn=family.one_call_per_turn),
            **PARAMETERS.translate(body),
            **_limit(body, family),
            **_tools(body, family),
            **_logprobs(body),
            **PARAMETERS.native_fields(body),
            **streaming(request, stream=stream),
        }

    def completion(self, answer: Mapping[str, Any], identity: Identity) -> Completion:
        response = mapping(answer.get("chatResponse"))
        whole = AnswerBuilder(identity, reads_written_calls=True)
        choices = objects(response.get("choices"))
        for number, choice in enumerate(choices):
            check_not_failed(choice.get("finishReason"), response.get("errorMessage"))
            index = choice.get("index")
            whole.take(_delta_of(choice), index if isinstance(index, int) else number)
            _note(whole, choice)
        _note(whole, response)
        return whole.completion()

    def chunks(self, events: Iterator[str], identity: Identity, *, include_usage: bool) -> Iterator[Chunk]:
        answer = AnswerBuilder(identity, reads_written_calls=True)
        for event in native_events(events):
            check_not_failed(event.get("finishReason"), event.get("errorMessage"))
            _note(answer, event)
            if "message" in event or event.get("finishReason"):
                index = event.get("index")
                yield from answer.take(_delta_of(event), index if isinstance(index, int) else None)
        yield from answer.end(include_usage=include_usage)


def _delta_of(choice: Mapping[str, Any]) -> AnswerDelta:
    """Of a choice of a complete answer, or of an event: both have ``message``, ``finishReason`` and ``logprobs``."""
    message = mapping(choice.get("message"))
    parts = parts_in(message.get("content"))
    return AnswerDelta(
        text="".join(text_in(part.get("text")) for part in parts if part.get("type", "TEXT") == "TEXT"),
        reasoning=text_in(message.get("reasoningContent")),
        calls=tuple(_piece(at, call) for at, call in enumerate(objects(message.get("toolCalls")))),
        extras=_extras(choice, message, parts),
        logprobs=generic_logprobs(choice.get("logprobs")),
        finish_reason=text_in(choice.get("finishReason")) or None,
    )


def _piece(position: int, call: Mapping[str, Any]) -> CallPiece:
    name, call_id = text_in(call.get("name")), text_in(call.get("id"))
    return CallPiece(position, call_id, name, arguments_text(call.get("arguments")))


def _extras(choice: Mapping[str, Any], message: Mapping[str, Any], parts: list[Mapping[str, Any]]) -> dict[str, Any]:
    extras = {
        "refusal": text_in(message.get("refusal")),
        "annotations": [generic_annotation(one) for one in objects(message.get("annotations"))],
        "grounding_metadata": choice.get("groundingMetadata"),
        "content_parts": [part for part in parts if part.get("type", "TEXT") != "TEXT"],
    }
    return {name: value for name, value in extras.items() if value}


def _note(answer: AnswerBuilder, said: Mapping[str, Any]) -> None:
    tier = said.get("serviceTier")
    answer.note(said.get("usage"), service_tier=tier.lower() if isinstance(tier, str) else None)


def _limit(body: ChatBody, family: ModelFamily) -> NativeFields:
    limit = token_limit(body)
    return {} if limit is None else {family.limit: limit}


def _tools(body: ChatBody, family: ModelFamily) -> NativeFields:
    tools = [_tool(f"tools.{at}.function", function, family) for at, function in enumerate(function_tools(body))]
    choice = body.get("tool_choice")
    return {**({"tools": tools} if tools else {}), **({"toolChoice": _tool_choice(choice)} if choice else {})}


def _tool(path: str, function: NativeFields, family: ModelFamily) -> NativeFields:
    if "parameters" in function:
        function["parameters"] = family.schema(f"{path}.parameters", function["parameters"])
    return {"type": "FUNCTION", **function}


def _tool_choice(choice: Any) -> NativeFields:
    if isinstance(choice, str):
        if choice not in ("auto", "none", "required"):
            raise refusal("tool_choice", "OCI knows auto, none, required and a function.")
        return {"type": choice.upper()}
    if choice.get("type") != "function":
        raise refusal("tool_choice.type", "OCI knows only the choice of a function.")
    name = require_object("tool_choice.function", choice.get("function")).get("name")
    return {"type": "FUNCTION", "name": require_string("tool_choice.function.name", name)}


def _logprobs(body: ChatBody) -> NativeFields:
    """OCI has the number of alternatives only: 1 where OpenAI's caller wants none beside the token itself."""
    wanted, alternatives = body.get("logprobs"), body.get("top_logprobs")
    if alternatives and not wanted:
        raise refusal("top_logprobs", "this needs logprobs to be true.")
    return {"logProbs": alternatives or 1} if wanted else {}


def _response_format(_: str, value: Any) -> NativeFields:
    kind = require_object("response_format", value).get("type")
    if kind in ("text", "json_object"):
        known_fields("response_format", value, "type")
        return {"responseFormat": {"type": kind.upper()}}
    # A key "strict" is refused; isStrict it is (https://github.com/BerriAI/litellm, llms/oci/chat/transformation.py).
    return {"responseFormat": {"type": "JSON_SCHEMA", "jsonSchema": response_schema(value)}}


def _prediction(name: str, value: Any) -> NativeFields:
    given = known_fields(name, value, "type", "content")
    if given.get("type") != "content":
        raise refusal("prediction.type", "OCI knows only content.")
    return {"prediction": {"type": "CONTENT", "content": native_parts(name, given.get("content"), TEXT_ONLY)}}


def _web_search(name: str, value: Any) -> NativeFields:
    given = known_fields(name, value, "search_context_size", "user_location")
    native: NativeFields = {}
    if "search_context_size" in given:
        native |= upper("searchContextSize")(f"{name}.search_context_size", given["search_context_size"])
    if "user_location" in given:
        where = known_fields(f"{name}.user_location", given["user_location"], "type", "approximate")
        place = f"{name}.user_location.approximate"
        native["userLocation"] = known_fields(place, where.get("approximate"), "city", "region", "country", "timezone")
    return {"webSearchOptions": native}


FAMILIES: Final = (
    ModelFamily("openai.gpt-oss*"),
    ModelFamily("openai.*", limit="maxCompletionTokens"),  # they refuse maxTokens (oracle/ai-optimizer#513)
    ModelFamily("google.*", one_call_per_turn=True, schema=gemini_schema),
    ModelFamily("*"),
)

PARAMETERS: Final = Parameters(
    api_format="GENERIC",
    carried={
        "frequency_penalty": as_is("frequencyPenalty"),
        "logit_bias": as_is("logitBias"),
        "metadata": as_is("metadata"),
        "n": as_is("numGenerations"),
        "parallel_tool_calls": flag("isParallelToolCalls"),
        "prediction": _prediction,
        "presence_penalty": as_is("presencePenalty"),
        "reasoning_effort": upper("reasoningEffort"),
        "response_format": _response_format,
        "seed": as_is("seed"),
        "service_tier": upper("serviceTier"),
        "stop": listed("stop"),
        "temperature": as_is("temperature"),
        "top_p": as_is("topP"),
        "verbosity": upper("verbosity"),
        "web_search_options": _web_search,
    },
    elsewhere=ELSEWHERE,
    harmless=HARMLESS,
    native=frozenset(
        {
            "frequencyPenalty",
            "isEcho",
            "isParallelToolCalls",
            "logProbs",
            "logitBias",
            "maxCompletionTokens",
            "maxTokens",
            "numGenerations",
            "presencePenalty",
            "reasoningEffort",
            "responseFormat",
            "serviceTier",
            "toolChoice",
            "topK",
            "topP",
            "webSearchOptions",
        }
    ),
)
