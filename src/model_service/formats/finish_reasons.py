"""Why a model stopped, from the native words into OpenAI's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from model_service.errors import UpstreamError
from model_service.redaction import redact


def finish_reason_of(native: str | None, *, called_tools: bool) -> str:
    """A word that no table knows comes through in lower case; a complete answer without any has stopped.

    Cohere says COMPLETE, and Llama sometimes ``stop``, where tools are called: OpenAI's clients look for
    ``tool_calls`` before they read the calls (https://github.com/BerriAI/litellm/pull/30947).
    """
    word = FINISH_REASONS.get((native or "stop").upper(), (native or "stop").lower())
    return "tool_calls" if word == "stop" and called_tools else word


def check_not_failed(native: Any, message: Any) -> None:
    """Raises ``UpstreamError`` where a model stopped because it failed; ``message`` is OCI's ``errorMessage``."""
    if isinstance(native, str) and native.upper() in FAILURES:
        said = redact(message) if isinstance(message, str) else ""
        raise UpstreamError(said or f"The model stopped with {native}.", code=native.lower())


FAILURES: Final = frozenset({"ERROR", "ERROR_LIMIT", "USER_CANCEL"})

# GENERIC sends OpenAI's words in lower case (Gemini max_tokens), Cohere its own in upper case.
# Source: oci.generative_ai_inference.models.CohereChatResponse, .CohereChatResponseV2, .ChatChoice
FINISH_REASONS: Final[Mapping[str, str]] = {
    "STOP": "stop",
    "LENGTH": "length",
    "MAX_TOKENS": "length",
    "TOOL_CALLS": "tool_calls",
    "TOOL_CALL": "tool_calls",
    "CONTENT_FILTER": "content_filter",
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "ERROR_TOXIC": "content_filter",
}
