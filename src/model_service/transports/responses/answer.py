"""A response as a chat completion: its items become one message, its status a finish reason or an error.

Source: https://platform.openai.com/docs/api-reference/responses/object
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, Final

from model_service.errors import PreviousResponseNotFound, UpstreamError, UpstreamRefused, UpstreamThrottled
from model_service.logs.redaction import redact
from model_service.openai_api.chat import Completion
from model_service.transports.responses.continuation import state_after
from model_service.transports.responses.output_items import ItemContent, dicts_in, logprobs_of, text_of
from model_service.upstream.error_body import error_in, error_in_success


def completion_of(response: Any, *, stored: bool) -> Completion:
    """Return the ``chat.completion`` of a response that is complete, or incomplete; its id is the response's own.

    ``reasoning_content`` of the message is the summary of the reasoning, where one was asked for, and
    ``provider_state`` is what the next request has to hand in to continue; ``output_items`` says what else a message
    may have. Raise ``UpstreamError`` for a response that failed, or is not an answer.
    """
    if not isinstance(response, dict) or response.keys().isdisjoint(("output", "status", "error")):
        raise error_in_success(response, "OCI answered with something other than a response.", opc_request_id=None)
    require_answer(response)
    said = ItemContent.of(dicts_in(response, "output"))
    choice = {
        "index": 0,
        "message": said.message(),
        "logprobs": logprobs_of(said.logprobs),
        "finish_reason": finish_reason(response, called=bool(said.calls)),
    }
    usage = usage_of(response)
    return {
        **head_of(response),
        "object": "chat.completion",
        "choices": [choice],
        **({"usage": usage} if usage else {}),
        **tail_of(response, stored=stored),
    }


def head_of(response: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a completion and every chunk of a stream begin with."""
    tier, created = text_of(response, "service_tier").lower(), response.get("created_at")
    return {
        "id": text_of(response, "id"),
        "created": int(created) if isinstance(created, int | float) and isfinite(created) else 0,
        "model": text_of(response, "model"),
        **({"service_tier": tier} if tier in SERVICE_TIERS else {}),
    }


def tail_of(response: Mapping[str, Any], *, stored: bool) -> dict[str, Any]:
    """Return what a completion and the last chunk of a stream end with."""
    kept = {name: response[name] for name in ("metadata", "moderation") if response.get(name)}
    if "metadata" in kept:
        from model_service.transports.responses.ownership import without_owner  # noqa: PLC0415 - few answers have any

        kept = {name: value for name, value in without_owner(kept).items() if value}
    return {**kept, **state_after(text_of(response, "id"), stored=stored)}


def require_answer(response: Mapping[str, Any]) -> None:
    """Raise an ``UpstreamError`` unless the response has come to its end, and not failed."""
    status = response.get("status")
    if status == "failed" or (status not in ENDED and response.get("error")):
        raise failure(response.get("error"))
    if status not in (*ENDED, None):
        raise UpstreamError(f"OCI answered with a response whose status is {redact(str(status))}.")


def failure(error: Any) -> UpstreamError:
    """Return the error that a failed response or an ``error`` event describes, with its own message and code."""
    described = error_in({"error": error}) if error else None
    if described is None or not (described.message or described.code):
        return UpstreamError("The response failed, and OCI does not say why.")
    default = UpstreamThrottled if described.status == 429 else UpstreamError
    kind, status = FAILURES.get(described.code or "", (default, described.status or 502))
    message = redact(described.message) or f"The response failed with {described.code}."
    return kind(message, status=status, code=described.code, param=described.param)


def finish_reason(response: Mapping[str, Any], *, called: bool) -> str:
    """Return OpenAI's reason for chat; ``called`` says that the model called tools."""
    if response.get("status") != "incomplete":
        return "tool_calls" if called else "stop"
    details = response.get("incomplete_details")
    reason = text_of(details, "reason").lower() if isinstance(details, dict) else ""
    return "content_filter" if reason in FILTERED else "length"


def usage_of(response: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the usage by its names for chat, with the counts that chat requires.

    What a provider counts besides stays (xAI: ``num_sources_used``).
    """
    usage = response.get("usage")
    if not isinstance(usage, dict):
        return None
    counts = {USAGE.get(name, name): count for name, count in usage.items() if count is not None}
    for name in ("prompt_tokens_details", "completion_tokens_details"):
        if name in counts:
            details = counts[name] if isinstance(counts[name], dict) else {}
            counts[name] = {key: count for key, count in details.items() if _is_count(count)}
    required = {name: counts[name] if _is_count(counts.get(name)) else 0 for name in REQUIRED_COUNTS}
    if not required["total_tokens"]:
        required["total_tokens"] = required["prompt_tokens"] + required["completion_tokens"]
    return {**counts, **required}


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


ENDED: Final = ("completed", "incomplete")

# openai 3.54: types/chat/chat_completion.py
SERVICE_TIERS: Final = ("auto", "default", "flex", "scale", "priority", "fast")

FILTERED: Final = ("content_filter", "safety", "recitation", "prohibited_content", "blocklist", "spii", "language")
"""Why an answer was cut off by somebody's rules; the later ones are Gemini's."""

REQUIRED_COUNTS: Final = ("prompt_tokens", "completion_tokens", "total_tokens")

USAGE: Final[Mapping[str, str]] = {
    "input_tokens": "prompt_tokens",
    "input_tokens_details": "prompt_tokens_details",
    "output_tokens": "completion_tokens",
    "output_tokens_details": "completion_tokens_details",
}

# The codes of a failed response whose cause is not OCI (openai 3.54: types/responses/response_error.py).
OWN_FAULTS: Final = (
    "invalid_prompt",
    "data_residency_mismatch",
    "bio_policy",
    "misalignment_policy_violation",
    "invalid_image",
    "invalid_image_format",
    "invalid_base64_image",
    "invalid_image_url",
    "image_too_large",
    "image_too_small",
    "image_parse_error",
    "image_content_policy_violation",
    "invalid_image_mode",
    "image_file_too_large",
    "unsupported_image_media_type",
    "empty_image_file",
    "failed_to_download_image",
    "image_file_not_found",
)

FAILURES: Final[Mapping[str, tuple[type[UpstreamError], int]]] = {
    "rate_limit_exceeded": (UpstreamThrottled, 429),
    "previous_response_not_found": (PreviousResponseNotFound, 400),
    **dict.fromkeys(OWN_FAULTS, (UpstreamRefused, 400)),
}
