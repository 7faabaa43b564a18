"""GENERIC, the native format of Llama, Grok, Gemini, OpenAI's and imported models.

Source: https://docs.oracle.com/en-us/iaas/api/#/en/generative-ai-inference/20231130/datatypes/GenericChatRequest
and oci.generative_ai_inference.models.GenericChatRequest, .GenericChatResponse, .ChatChoice
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from model_service.openai_api.chat import ChatRequest, Chunk, Completion
from model_service.routing import Route
from model_service.transports.native.formats.answer_builder import AnswerBuilder, AnswerDelta
from model_service.transports.native.formats.gemini_schemas import gemini_schema
from model_service.transports.native.formats.generic_messages import generic_annotation, generic_messages
from model_service.transports.native.formats.generic_parameters import PARAMETERS
from model_service.transports.native.formats.logprobs import generic_logprobs
from model_service.transports.native.formats.openai_answers import (
    Identity,
    check_not_failed,
    mapping,
    objects,
    parts_in,
    service_tier_of,
    text_in,
)
from model_service.transports.native.formats.parameters import (
    ChatBody,
    NativeFields,
    first_call_only,
    known_fields,
    require_object,
    streaming,
    token_limit,
)
from model_service.transports.native.formats.stream_events import Watch, ignore, native_answer, native_events
from model_service.transports.native.formats.tool_call_deltas import CallPiece
from model_service.transports.native.formats.tool_schemas import (
    arguments_text,
    chosen_tools,
    function_name,
    function_tools,
    leave_out_strict,
    response_schema,
)
from model_service.transports.native.formats.translation import AnswerReading, Translation, refusal


@dataclass(frozen=True)
class ModelFamily:
    """What models of a family take differently; ``model`` is a pattern of model ids."""

    model: str
    limit: str = "maxTokens"  # the field for the most tokens that may be written
    one_call_per_turn: bool = False
    takes_json_schema: bool = True  # and not only what OpenAPI 3.0 has of it


class Generic:
    api_format = "GENERIC"

    def request(
        self, request: ChatRequest, route: Route, *, stream: bool, translation: Translation | None = None
    ) -> NativeFields:
        """Return the JSON under ``chatRequest``; raise ``InvalidRequest`` that names what it cannot carry."""
        translation = translation or Translation()
        body = route.quirks.apply(request.body, translation.dropped.drop)
        family = next(family for family in FAMILIES if fnmatchcase(route.model, family.model))
        asked = body.get("numGenerations") or body.get("n")
        choices = asked if isinstance(asked, int) else 1
        translation.reading = AnswerReading(choices, first_call_only=first_call_only(body))
        limit = token_limit(body)
        return {
            "apiFormat": self.api_format,
            "messages": generic_messages(body["messages"], translation, one_call_per_turn=family.one_call_per_turn),
            **PARAMETERS.translate(body, translation),
            **({} if limit is None else {family.limit: limit}),
            **_tools(body, family, translation),
            **_response_format(body, family, translation),
            **_logprobs(body),
            **PARAMETERS.native_fields(body),
            **streaming(request, stream=stream),
        }

    def completion(self, answer: Mapping[str, Any], identity: Identity) -> Completion:
        """Return the whole answer; raise ``UpstreamError`` for a failure in its place."""
        response = native_answer(answer)
        builder = AnswerBuilder(identity, reads_written_calls=True)
        for number, choice in enumerate(objects(response.get("choices"))):
            check_not_failed(choice.get("finishReason"), response.get("errorMessage"))
            index = choice.get("index")
            builder.take(_delta_of(choice), index if isinstance(index, int) else number, choice.get("usage"))
            builder.note(None, **service_tier_of(choice.get("serviceTier")))
        builder.note(response.get("usage"), **service_tier_of(response.get("serviceTier")))
        return builder.completion()

    def chunks(
        self, events: Iterator[str], identity: Identity, *, include_usage: bool, watch: Watch = ignore
    ) -> Iterator[Chunk]:
        """Yield the chunks of a stream; raise ``StreamBroken`` where it breaks or ends too early."""
        builder = AnswerBuilder(identity, reads_written_calls=True)
        for event in native_events(events, watch):
            check_not_failed(event.get("finishReason"), event.get("errorMessage"))
            index = event.get("index")
            of_one_choice = isinstance(index, int) and not isinstance(index, bool)
            if "usage" in event or "serviceTier" in event:
                usage = None if of_one_choice else event.get("usage")
                builder.note(usage, **service_tier_of(event.get("serviceTier")))
            if "message" in event or any(event.get(name) for name in SAID_BESIDE):
                yield from builder.take(
                    _delta_of(event), index if of_one_choice else None, event.get("usage") if of_one_choice else None
                )
        yield from builder.end(include_usage=include_usage)


def _delta_of(choice: Mapping[str, Any]) -> AnswerDelta:
    """Return what a choice of a complete answer, or an event, says: both have the same fields."""
    message = mapping(choice.get("message"))
    parts = parts_in(message.get("content"))
    extras = {
        "refusal": text_in(message.get("refusal")),
        "annotations": [generic_annotation(one) for one in objects(message.get("annotations"))],
        "grounding_metadata": choice.get("groundingMetadata"),
        "content_parts": [part for part in parts if part.get("type", "TEXT") != "TEXT"],
    }
    return AnswerDelta(
        text="".join(text_in(part.get("text")) for part in parts if part.get("type", "TEXT") == "TEXT"),
        reasoning=text_in(message.get("reasoningContent")),
        calls=tuple(_piece(position, call) for position, call in enumerate(objects(message.get("toolCalls")))),
        extras={name: value for name, value in extras.items() if value},
        logprobs=generic_logprobs(choice.get("logprobs")),
        finish_reason=text_in(choice.get("finishReason")) or None,
    )


def _piece(position: int, call: Mapping[str, Any]) -> CallPiece:
    name, call_id = text_in(call.get("name")), text_in(call.get("id"))
    return CallPiece(position, call_id, name, arguments_text(call.get("arguments")))


def _tools(body: ChatBody, family: ModelFamily, translation: Translation) -> NativeFields:
    """Return ``tools`` and ``toolChoice``; of ``allowed_tools``, only those are offered."""
    functions = function_tools(body, translation)
    leave_out_strict(body, translation)
    if not family.takes_json_schema:
        for number, function in enumerate(functions):
            path = f"tools.{number}.function.parameters"
            function["parameters"] = gemini_schema(path, function["parameters"], translation.budget)
    given = body.get("tool_choice")
    choice: NativeFields = {}
    if isinstance(given, Mapping) and given.get("type") != "allowed_tools":
        choice = {"toolChoice": {"type": "FUNCTION", "name": function_name("tool_choice", given)}}
    elif given:
        kind, functions = chosen_tools(given, functions)
        choice = {"toolChoice": {"type": kind.upper()}}
    return {**({"tools": [{"type": "FUNCTION", **one} for one in functions]} if functions else {}), **choice}


def _logprobs(body: ChatBody) -> NativeFields:
    """Return the number of alternatives, which is all that OCI has: 1 where only the token itself is wanted."""
    wanted, alternatives = body.get("logprobs"), body.get("top_logprobs")
    if alternatives and not wanted:
        raise refusal("top_logprobs", "needs logprobs to be true.")
    return {"logProbs": alternatives or 1} if wanted else {}


def _response_format(body: ChatBody, family: ModelFamily, translation: Translation) -> NativeFields:
    value = body.get("response_format")
    if value is None:
        return {}
    kind = require_object("response_format", value).get("type")
    if kind in ("text", "json_object"):
        known_fields("response_format", value, "type")
        return {"responseFormat": {"type": kind.upper()}}
    # A key "strict" is refused; isStrict it is (https://github.com/BerriAI/litellm, llms/oci/chat/transformation.py).
    schema = response_schema(value)
    if "schema" in schema and not family.takes_json_schema:
        path = "response_format.json_schema.schema"
        schema["schema"] = gemini_schema(path, schema["schema"], translation.budget)
    return {"responseFormat": {"type": "JSON_SCHEMA", "jsonSchema": schema}}


# What an event may say about a choice without a message.
SAID_BESIDE: Final = ("finishReason", "groundingMetadata", "logprobs")

FAMILIES: Final = (
    ModelFamily("openai.gpt-oss*"),
    ModelFamily("openai.*", limit="maxCompletionTokens"),  # they refuse maxTokens (oracle/ai-optimizer#513)
    ModelFamily("google.*", one_call_per_turn=True, takes_json_schema=False),
    ModelFamily("*"),
)
