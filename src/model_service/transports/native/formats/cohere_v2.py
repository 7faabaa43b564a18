"""COHEREV2, the native format of Cohere's models that see images or reason.

Source: https://docs.oracle.com/en-us/iaas/api/#/en/generative-ai-inference/20231130/datatypes/CohereChatRequestV2
and oci.generative_ai_inference.models.CohereChatRequestV2, .CohereChatResponseV2. The service has been seen to refuse
the format for text models (https://github.com/NVIDIA/NeMo-Relay/pull/554): COHERE is for those.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from model_service.openai_api.chat import ChatRequest
from model_service.routing import Route
from model_service.transports.native.formats.answer_builder import AnswerDelta
from model_service.transports.native.formats.cohere import COHERE_HARMLESS, response_format
from model_service.transports.native.formats.cohere_answers import CohereAnswers
from model_service.transports.native.formats.cohere_v2_messages import cohere_v2_messages
from model_service.transports.native.formats.messages import ContentPart
from model_service.transports.native.formats.openai_answers import (
    cohere_logprobs,
    mapping,
    objects,
    parts_in,
    text_in,
)
from model_service.transports.native.formats.parameters import (
    ELSEWHERE,
    ChatBody,
    NativeFields,
    Parameters,
    as_is,
    listed,
    refusal,
    require_object,
    require_string,
    streaming,
    token_limit,
)
from model_service.transports.native.formats.tool_call_deltas import CallPiece
from model_service.transports.native.formats.tool_schemas import arguments_text, function_tools


class CohereV2(CohereAnswers):
    api_format = "COHEREV2"

    def request(self, request: ChatRequest, route: Route, *, stream: bool) -> NativeFields:
        body = route.quirks.apply(request.wire())
        limit = token_limit(body)
        return {
            "apiFormat": self.api_format,
            "messages": cohere_v2_messages(body["messages"]),
            **PARAMETERS.translate(body),
            **({} if limit is None else {"maxTokens": limit}),
            **_tools(body),
            **_logprobs(body),
            **PARAMETERS.native_fields(body),
            **streaming(request, stream=stream),
        }

    def delta_of(self, event: Mapping[str, Any]) -> AnswerDelta:
        """Return what an event, or a whole answer, says."""
        message = mapping(event.get("message"))
        parts = parts_in(message.get("content"))
        return AnswerDelta(
            # What the model says about the tools that it calls is OpenAI's content beside tool_calls.
            text=text_in(message.get("toolPlan")) + _joined(parts, "TEXT", "text"),
            # Nobody has recorded whether this format's last event restates the text, as COHERE's does.
            restates="perhaps" if event.get("finishReason") else "no",
            reasoning=_joined(parts, "THINKING", "thinking"),
            calls=tuple(_piece(at, call) for at, call in enumerate(objects(message.get("toolCalls")))),
            extras=_extras(message, parts),
            logprobs=cohere_logprobs(event.get("logProbabilities")),
            finish_reason=text_in(event.get("finishReason")) or None,
        )


def _joined(parts: list[ContentPart], kind: str, key: str) -> str:
    return "".join(text_in(part.get(key)) for part in parts if part.get("type") == kind)


def _piece(position: int, call: Mapping[str, Any]) -> CallPiece:
    function = mapping(call.get("function"))
    name, call_id = text_in(function.get("name")), text_in(call.get("id"))
    return CallPiece(position, call_id, name, arguments_text(function.get("arguments")))


def _extras(message: Mapping[str, Any], parts: list[ContentPart]) -> dict[str, Any]:
    """``citations`` stand on the message, or on the last delta of a stream, as they came: {start, end, text,
    sources, …}, in characters of the part ``contentIndex``."""
    other = [part for part in parts if part.get("type") not in ("TEXT", "THINKING")]
    extras = {"citations": objects(message.get("citations")), "content_parts": other}
    return {name: value for name, value in extras.items() if value}


def _tools(body: ChatBody) -> NativeFields:
    functions = list(function_tools(body))
    forced, functions = _choice(body.get("tool_choice") or "auto", functions)
    tools = [{"type": "FUNCTION", "function": {"parameters": NO_PARAMETERS, **function}} for function in functions]
    is_strict = bool(tools) and all(tool["function"].get("strict") for tool in body["tools"])
    return {
        **({"tools": tools} if tools else {}),
        **({"isStrictToolsEnabled": True} if is_strict else {}),
        **({"toolsChoice": forced} if forced else {}),
    }


def _choice(choice: Any, functions: list[NativeFields]) -> tuple[str | None, list[NativeFields]]:
    """OCI's ``toolsChoice`` and the tools to offer: a function is chosen by offering no other."""
    if isinstance(choice, str):
        if choice not in CHOICES:
            raise refusal("tool_choice", "OCI's COHEREV2 format knows auto, none, required and a function.")
        return CHOICES[choice], functions
    name = require_object("tool_choice.function", choice.get("function")).get("name")
    chosen = [function for function in functions if function["name"] == name]
    if choice.get("type") != "function" or not chosen:
        raise refusal("tool_choice", "this is no function of tools.")
    return "REQUIRED", chosen


def _logprobs(body: ChatBody) -> NativeFields:
    if body.get("top_logprobs"):
        raise refusal("top_logprobs", "OCI's COHEREV2 format knows the log probabilities of the answer only.")
    return {"isLogProbsEnabled": True} if body.get("logprobs") else {}


def _thinking(name: str, value: Any) -> NativeFields:
    if require_string(name, value) not in THINKING:
        raise refusal("reasoning_effort", "OCI's COHEREV2 format knows none and high; thinking takes a tokenBudget.")
    return {"thinking": {"type": THINKING[value]}}


NO_PARAMETERS: Final = {"type": "object", "properties": {}}  # the format requires a schema

CHOICES: Final = {"auto": None, "none": "NONE", "required": "REQUIRED"}

# As in Cohere's own compatibility API (https://docs.cohere.com/docs/compatibility-api): it knows two efforts.
THINKING: Final = {"none": "DISABLED", "high": "ENABLED"}

PARAMETERS: Final = Parameters(
    api_format="COHEREV2",
    carried={
        "frequency_penalty": as_is("frequencyPenalty"),
        "presence_penalty": as_is("presencePenalty"),
        "reasoning_effort": _thinking,
        "response_format": response_format,
        "seed": as_is("seed"),
        "stop": listed("stopSequences"),
        "temperature": as_is("temperature"),
        "top_p": as_is("topP"),
    },
    elsewhere=ELSEWHERE,
    harmless=COHERE_HARMLESS,
    native=frozenset(
        {
            "citationOptions",
            "documents",
            "frequencyPenalty",
            "isLogProbsEnabled",
            "isRawPrompting",
            "isSearchQueriesOnly",
            "isStrictToolsEnabled",
            "maxTokens",
            "presencePenalty",
            "priority",
            "responseFormat",
            "safetyMode",
            "stopSequences",
            "thinking",
            "toolsChoice",
            "topK",
            "topP",
        }
    ),
)
