"""The parameters of GENERIC, one by one.

Source: oci.generative_ai_inference.models.GenericChatRequest
"""

from __future__ import annotations

from typing import Any, Final

from model_service.transports.native.formats.messages import TEXT_ONLY, native_parts
from model_service.transports.native.formats.parameters import (
    DROPPABLE,
    ELSEWHERE,
    SAYS_NOTHING,
    NativeFields,
    Parameters,
    as_is,
    flag,
    known_fields,
    listed,
    upper,
)
from model_service.transports.native.formats.translation import refusal


def _prediction(name: str, value: Any) -> NativeFields:
    given = known_fields(name, value, "type", "content")
    if given.get("type") != "content":
        raise refusal("prediction.type", "must be content.")
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
        "seed": as_is("seed"),
        "service_tier": upper("serviceTier"),
        "stop": listed("stop"),
        "temperature": as_is("temperature"),
        "top_k": as_is("topK"),
        "top_p": as_is("topP"),
        "verbosity": upper("verbosity"),
        "web_search_options": _web_search,
    },
    elsewhere=ELSEWHERE - {"parallel_tool_calls"},
    says_nothing=SAYS_NOTHING,
    droppable=DROPPABLE,
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
