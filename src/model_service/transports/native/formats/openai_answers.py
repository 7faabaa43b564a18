"""The frames of OpenAI's answers, around what a native answer says: completions, chunks and usage."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

from model_service.errors import UpstreamError
from model_service.logs.redaction import redact
from model_service.openai_api.chat import Chunk, Completion

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


def completion_of(identity: Identity, choices: list[dict[str, Any]], usage: TokenUsage | None) -> Completion:
    """A ``chat.completion``; without ``usage`` where the service sent none."""
    completion = {**_frame(identity, "chat.completion"), "choices": choices}
    return completion | ({} if usage is None else {"usage": usage})


def chunk_with(identity: Identity, choice: dict[str, Any]) -> Chunk:
    return {**_frame(identity, "chat.completion.chunk"), "choices": [choice]}


def usage_chunk(identity: Identity, usage: TokenUsage) -> Chunk:
    """The last chunk of a stream with ``stream_options.include_usage``."""
    return {**_frame(identity, "chat.completion.chunk"), "choices": [], "usage": usage}


def usage_of(native: Any) -> TokenUsage | None:
    """OpenAI's names for native token counts; a count that is null is 0, one that we do not know is kept."""
    if not isinstance(native, Mapping) or not native:
        return None
    counts = _snake(native)
    prompt, completion = counts.pop("prompt_tokens", 0), counts.pop("completion_tokens", 0)
    total = counts.pop("total_tokens", 0) or prompt + completion
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total, **counts}


def snake_case(name: str) -> str:
    return _HUMP.sub(r"_\1", name).lower()


def objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects in what should be a list of them: a model's answer is no place to fail over a stray null."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def parts_in(content: Any) -> list[Mapping[str, Any]]:
    """The parts of a message's content, also where it came as a plain text."""
    return [{"type": "TEXT", "text": content}] if isinstance(content, str) else objects(content)


def mapping(value: Any) -> Mapping[str, Any]:
    """An object, or an empty one in place of null (``"message": null`` does arrive)."""
    return value if isinstance(value, Mapping) else {}


def text_in(value: Any) -> str:
    """A text, or an empty one in place of null."""
    return value if isinstance(value, str) else ""


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


Logprobs = list[dict[str, Any]]
"""What OpenAI has under ``logprobs.content``: one object for each token."""

NEVER: Final = -9999.0  # what OpenAI says for a token that is all but impossible; JSON has no -inf


def generic_logprobs(native: Any) -> Logprobs:
    """Of ``{tokens, tokenLogprobs, topLogprobs: [{token: "-0.1"}]}``."""
    said = mapping(native)
    columns = (_listed(said.get(name)) for name in ("tokens", "tokenLogprobs", "topLogprobs"))
    return [
        {**_token(token, number), "top_logprobs": [_token(*one) for one in mapping(top).items()]}
        for token, number, top in zip_longest(*columns)
    ]


def cohere_logprobs(native: Any) -> Logprobs:
    """Of ``[{text, logProbabilities, tokenIds}]``: a text of several tokens has the sum of theirs."""
    return [{**_token(text_in(one.get("text")), _sum(one)), "top_logprobs": []} for one in objects(native)]


def _sum(one: Mapping[str, Any]) -> float:
    return sum(_number(number) for number in _listed(one.get("logProbabilities")))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _token(token: Any, logprob: Any) -> dict[str, Any]:
    text = text_in(token)
    return {"token": text, "logprob": _number(logprob), "bytes": list(text.encode("utf-8", "replace"))}


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return NEVER
    return number if math.isfinite(number) else NEVER
