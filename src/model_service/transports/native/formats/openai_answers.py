"""The frames of OpenAI's answers, around what a native answer says: completions, chunks, usage, reasons to finish."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from model_service.errors import UpstreamError
from model_service.logs.redaction import redact
from model_service.openai_api.chat import Chunk, Completion
from model_service.transports.native.formats.translation import AnswerReading

TokenUsage = dict[str, Any]

_HUMP: Final = re.compile(r"(?<=[a-z0-9])([A-Z])")


@dataclass(frozen=True)
class Identity:
    """What OpenAI's objects say and the native ones do not know; made by the caller, so that formats stay pure.

    ``id`` is ``chatcmpl-…``, ``created`` is in unix seconds, ``model`` is the name that the caller used.
    ``tools`` are the names of the tools that were offered: a call that a model writes as text counts only if its
    tool is among them. None where that is not known: then every name counts.
    """

    id: str
    created: int
    model: str
    tools: frozenset[str] | None = None
    reading: AnswerReading = field(default_factory=AnswerReading)


def completion_of(identity: Identity, choices: list[dict[str, Any]], usage: TokenUsage | None) -> Completion:
    """Return a ``chat.completion``; without ``usage`` where the service sent none."""
    completion = {**_frame(identity, "chat.completion"), "choices": choices}
    return completion | ({} if usage is None else {"usage": usage})


def chunk_with(identity: Identity, choice: dict[str, Any]) -> Chunk:
    return {**_frame(identity, "chat.completion.chunk"), "choices": [choice]}


def usage_chunk(identity: Identity, usage: TokenUsage) -> Chunk:
    """Return the last chunk of a stream with ``stream_options.include_usage``."""
    return {**_frame(identity, "chat.completion.chunk"), "choices": [], "usage": usage}


def usage_of(native: Any) -> TokenUsage | None:
    """Return OpenAI's names for native token counts; null is 0, and a count that we do not know is kept.

    Raise ``UpstreamError`` for a count that is no number.
    """
    if not mapping(native):
        return None
    counts = _snake(native)
    prompt, completion = counts.pop("prompt_tokens", 0), counts.pop("completion_tokens", 0)
    total = counts.pop("total_tokens", 0)
    details = [counts.get(name) or {} for name in ("prompt_tokens_details", "completion_tokens_details")]
    for count in (prompt, completion, total, *(count for part in details for count in mapping(part).values())):
        if not isinstance(count, int) or isinstance(count, bool):
            raise UpstreamError("OCI answered with a token count that is not an integer.")
    total = total or prompt + completion
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total, **counts}


def added_usage(parts: list[Mapping[str, Any]]) -> TokenUsage | None:
    """Return the usage of several choices: what each of them wrote, on one prompt."""
    read = [usage for usage in map(usage_of, parts) if usage is not None]
    if not read:
        return None
    whole = dict(read[-1])
    whole["prompt_tokens"] = max(usage["prompt_tokens"] for usage in read)
    whole["completion_tokens"] = sum(usage["completion_tokens"] for usage in read)
    if len(read) > 1:
        whole["total_tokens"] = whole["prompt_tokens"] + whole["completion_tokens"]
    return whole


def snake_case(name: str) -> str:
    return _HUMP.sub(r"_\1", name).lower()


def objects(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects of an array; null has none, and nulls among them say nothing."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise UpstreamError("OCI answered with something else in the place of an array.")
    return [mapping(one) for one in value if one is not None]


def parts_in(content: Any) -> list[Mapping[str, Any]]:
    """Return the parts of a message's content, also where it came as a string."""
    return [{"type": "TEXT", "text": content}] if isinstance(content, str) else objects(content)


def mapping(value: Any) -> Mapping[str, Any]:
    """Return an object, or an empty one in place of null (``"message": null`` does arrive)."""
    if value is not None and not isinstance(value, Mapping):
        raise UpstreamError("OCI answered with something else in the place of an object.")
    return value or {}


def text_in(value: Any) -> str:
    """Return a string, or an empty one in place of null.

    It raises ``UpstreamError`` for anything else, as its neighbours do: an answer without its text is a false one.
    """
    if value is not None and not isinstance(value, str):
        raise UpstreamError("OCI answered with something else in the place of a string.")
    return value or ""


def _frame(identity: Identity, kind: str) -> dict[str, Any]:
    return {"id": identity.id, "object": kind, "created": identity.created, "model": identity.model}


def _snake(native: Mapping[str, Any]) -> dict[str, Any]:
    counts: dict[str, Any] = {}
    for name, value in native.items():
        if isinstance(value, Mapping):
            counts[snake_case(name)] = _snake(value)
        elif value is not None or not name.endswith("Details"):
            counts[snake_case(name)] = value or 0
    return counts


def finish_reason_of(native: str | None, *, called_tools: bool) -> str:
    """Return OpenAI's word; ``stop`` for one that no table knows, and for a complete answer without any.

    Cohere says COMPLETE, and Llama sometimes ``stop``, where tools are called: OpenAI's clients look for
    ``tool_calls`` before they read the calls (https://github.com/BerriAI/litellm/pull/30947).
    """
    word = FINISH_REASONS.get((native or "stop").upper(), "stop")
    return "tool_calls" if word == "stop" and called_tools else word


def service_tier_of(native: Any) -> dict[str, str]:
    """Return ``service_tier`` in OpenAI's words; one that OpenAI does not have keeps a name of its own."""
    if not isinstance(native, str):
        return {}
    tier = native.lower()
    return {"service_tier" if tier in SERVICE_TIERS else "native_service_tier": tier}


def check_not_failed(native: Any, message: Any) -> None:
    """Raise ``UpstreamError`` where a model stopped because it failed; ``message`` is OCI's ``errorMessage``."""
    if isinstance(native, str) and native.upper() in FAILURES:
        said = redact(message) if isinstance(message, str) else ""
        raise UpstreamError(said or f"The model stopped with {native}.", code=native.lower())


FAILURES: Final = frozenset({"ERROR", "ERROR_LIMIT", "USER_CANCEL"})

SERVICE_TIERS: Final = frozenset({"auto", "default", "flex", "priority", "scale"})

# GENERIC sends OpenAI's words in lower case (Gemini max_tokens, and its own for what a filter stopped), Cohere its own
# in upper case. Sources: oci.generative_ai_inference.models.CohereChatResponse, .CohereChatResponseV2, .ChatChoice,
# https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/GenerateContentResponse#FinishReason
FINISH_REASONS: Final[Mapping[str, str]] = {
    "STOP": "stop",
    "LENGTH": "length",
    "MAX_TOKENS": "length",
    "MODEL_LENGTH": "length",
    "TOOL_CALLS": "tool_calls",
    "TOOL_CALL": "tool_calls",
    "FUNCTION_CALL": "tool_calls",
    "TOOL_USE": "tool_calls",
    "CONTENT_FILTER": "content_filter",
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "END_TURN": "stop",
    "EOS": "stop",
    "ERROR_TOXIC": "content_filter",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "LANGUAGE": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "REFUSAL": "content_filter",
    "GUARDRAIL_INTERVENED": "content_filter",
}
