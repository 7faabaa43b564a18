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
from model_service.transports.native.formats.cohere import COHERE_DROPPABLE, COHERE_SAYS_NOTHING, response_format
from model_service.transports.native.formats.cohere_answers import CohereAnswers
from model_service.transports.native.formats.cohere_v2_messages import cohere_v2_messages
from model_service.transports.native.formats.logprobs import cohere_logprobs
from model_service.transports.native.formats.messages import ContentPart
from model_service.transports.native.formats.openai_answers import mapping, objects, parts_in, text_in
from model_service.transports.native.formats.parameters import (
    ELSEWHERE,
    ChatBody,
    NativeFields,
    Parameters,
    as_is,
    first_call_only,
    listed,
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
)
from model_service.transports.native.formats.translation import AnswerReading, Translation, refusal


class CohereV2(CohereAnswers):
    api_format = "COHEREV2"
    said_in = frozenset({"finishReason", "logProbabilities", "message"})

    def request(
        self, request: ChatRequest, route: Route, *, stream: bool, translation: Translation | None = None
    ) -> NativeFields:
        """Return the JSON under ``chatRequest``; raise ``InvalidRequest`` that names what it cannot carry."""
        translation = translation or Translation()
        body = route.quirks.apply(request.body, translation.dropped.drop)
        translation.reading = AnswerReading(first_call_only=first_call_only(body))
        limit = token_limit(body)
        if body.get("top_logprobs"):
            translation.dropped.drop("top_logprobs")  # the format has the log probabilities of the answer only
        effort = body.get("reasoning_effort")
        if effort is not None and require_string("reasoning_effort", effort) not in THINKING:
            translation.dropped.drop("reasoning_effort")
        return {
            "apiFormat": self.api_format,
            "messages": cohere_v2_messages(body["messages"], translation),
            **PARAMETERS.translate(body, translation),
            **({} if limit is None else {"maxTokens": limit}),
            **response_format(body),
            **_tools(body, translation),
            **({"isLogProbsEnabled": True} if body.get("logprobs") else {}),
            **({"thinking": {"type": THINKING[effort]}} if effort in THINKING else {}),
            **PARAMETERS.native_fields(body),
            **streaming(request, stream=stream),
        }

    def delta_of(self, event: Mapping[str, Any]) -> AnswerDelta:
        """Return what an event, or a whole answer, says.

        ``citations`` stand on the message, or on the last delta of a stream, as they came: {start, end, text,
        sources, …}, in characters of the part ``contentIndex``.
        """
        message = mapping(event.get("message"))
        parts = parts_in(message.get("content"))
        other = [part for part in parts if part.get("type") not in ("TEXT", "THINKING")]
        extras = {"citations": objects(message.get("citations")), "content_parts": other}
        return AnswerDelta(
            # What the model says about the tools that it calls is OpenAI's content beside tool_calls.
            text=text_in(message.get("toolPlan")) + _joined(parts, "TEXT", "text"),
            # Nobody has recorded whether this format's last event restates the text, as COHERE's does.
            restates="perhaps" if event.get("finishReason") else "no",
            reasoning=_joined(parts, "THINKING", "thinking"),
            calls=tuple(_piece(position, call) for position, call in enumerate(objects(message.get("toolCalls")))),
            extras={name: value for name, value in extras.items() if value},
            logprobs=cohere_logprobs(event.get("logProbabilities")),
            finish_reason=text_in(event.get("finishReason")) or None,
        )


def _joined(parts: list[ContentPart], kind: str, key: str) -> str:
    return "".join(text_in(part.get(key)) for part in parts if part.get("type") == kind)


def _piece(position: int, call: Mapping[str, Any]) -> CallPiece:
    function = mapping(call.get("function"))
    name, call_id = text_in(function.get("name")), text_in(call.get("id"))
    return CallPiece(position, call_id, name, arguments_text(function.get("arguments")))


def _tools(body: ChatBody, translation: Translation) -> NativeFields:
    """Return the tools and OCI's ``toolsChoice``: a function is chosen by offering no other."""
    choice, functions = chosen_tools(body.get("tool_choice") or "auto", function_tools(body, translation))
    if choice == "function" and not functions:
        raise refusal("tool_choice", "must name a function of tools.")
    is_strict = all(tool["function"].get("strict") for tool in body.get("tools") or [])
    if not is_strict:
        leave_out_strict(body, translation)  # the format has it for all tools together
    return {
        **({"tools": [{"type": "FUNCTION", "function": function} for function in functions]} if functions else {}),
        **({"isStrictToolsEnabled": True} if functions and is_strict else {}),
        **({"toolsChoice": TOOLS_CHOICES[choice]} if choice != "auto" else {}),
    }


TOOLS_CHOICES: Final = {"none": "NONE", "required": "REQUIRED", "function": "REQUIRED"}

# As in Cohere's own compatibility API (https://docs.cohere.com/docs/compatibility-api): it knows two efforts.
THINKING: Final = {"none": "DISABLED", "high": "ENABLED"}

PARAMETERS: Final = Parameters(
    api_format="COHEREV2",
    carried={
        "frequency_penalty": as_is("frequencyPenalty"),
        "presence_penalty": as_is("presencePenalty"),
        "seed": as_is("seed"),
        "stop": listed("stopSequences"),
        "temperature": as_is("temperature"),
        "top_k": as_is("topK"),
        "top_p": as_is("topP"),
    },
    elsewhere=ELSEWHERE | {"reasoning_effort"},
    says_nothing=COHERE_SAYS_NOTHING,
    droppable=COHERE_DROPPABLE,
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
