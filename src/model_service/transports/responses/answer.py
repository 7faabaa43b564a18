"""A response as a chat completion: its items become one message, its status a finish reason or an error.

Source: https://platform.openai.com/docs/api-reference/responses/object
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from model_service.errors import PreviousResponseNotFound, UpstreamError, UpstreamRefused, UpstreamThrottled
from model_service.logs.redaction import redact
from model_service.openai_api.chat import Completion
from model_service.openai_api.encoding import write_json
from model_service.transports.responses.continuation import state_after
from model_service.upstream.error_body import read_error_body

OutputItem = Mapping[str, Any]

BETWEEN_THOUGHTS: Final = "\n\n"  # the parts of a summary are paragraphs, each with a heading


def completion_of(response: Any, *, stored: bool) -> Completion:
    """Return the ``chat.completion`` of a response that is complete, or incomplete; its id is the response's own.

    ``reasoning_content`` of the message is the summary of the reasoning, where one was asked for, and
    ``provider_state`` is what the next request has to hand in to continue.
    Raise ``UpstreamError`` for a response that failed, or is not an answer.
    """
    if not isinstance(response, dict) or response.keys().isdisjoint(("output", "status", "error")):
        raise UpstreamError("OCI answered with something other than a response.")
    require_answer(response)
    items = [item for item in _list(response, "output") if isinstance(item, dict)]
    message = _message(items)
    choice = {
        "index": 0,
        "message": message,
        "logprobs": logprobs_of(_parts(items, "logprobs")),
        "finish_reason": finish_reason(response, called="tool_calls" in message),
    }
    usage = usage_of(response)
    return {
        **head_of(response),
        "object": "chat.completion",
        "choices": [choice],
        **({"usage": usage} if usage else {}),
        **state_after(response.get("id") or "", stored=stored),
    }


def head_of(response: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a completion and every chunk of a stream begin with."""
    tier, created = response.get("service_tier"), response.get("created_at")
    return {
        "id": response.get("id") or "",
        "created": int(created) if isinstance(created, int | float) else 0,
        "model": response.get("model") or "",
        **({"service_tier": tier} if tier else {}),
    }


def require_answer(response: Mapping[str, Any]) -> None:
    """Raise an ``UpstreamError`` unless the response has come to its end, and not failed."""
    status = response.get("status")
    if status == "failed" or (status is None and response.get("error")):
        raise failure(response.get("error"))
    if status not in ("completed", "incomplete", None):
        raise UpstreamError(f"OCI answered with a response whose status is {redact(str(status))}.")


def failure(error: Any) -> UpstreamError:
    """Return the error that a failed response or an ``error`` event describes, with its own message and code."""
    if not error:
        return UpstreamError("The response failed, and OCI does not say why.")
    complaint = read_error_body(write_json(error))
    kind, status = FAILURES.get(complaint.code or "", (UpstreamError, 502))
    return kind(redact(complaint.message), status=status, code=complaint.code, param=complaint.param)


def finish_reason(response: Mapping[str, Any], *, called: bool) -> str:
    """Return OpenAI's reason for chat; ``called`` says that the model called tools."""
    if response.get("status") == "incomplete":
        details = response.get("incomplete_details")
        reason = details.get("reason") if isinstance(details, dict) else None
        return "content_filter" if reason == "content_filter" else "length"
    return "tool_calls" if called else "stop"


def usage_of(response: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the usage by its names for chat; what a provider counts besides stays (xAI: ``num_sources_used``)."""
    usage = response.get("usage")
    if not isinstance(usage, dict):
        return None
    counts = {USAGE.get(name, name): count for name, count in usage.items() if count is not None}
    parts = (counts.get("prompt_tokens"), counts.get("completion_tokens"))
    return {"total_tokens": sum(count for count in parts if isinstance(count, int)), **counts}


@dataclass(frozen=True)
class ItemContent:
    """What an output item of the kinds ``message`` and ``reasoning`` says."""

    content: str = ""
    refusal: str = ""
    reasoning: tuple[str, ...] = ()
    annotations: tuple[dict[str, Any], ...] = ()

    @classmethod
    def of(cls, item: OutputItem) -> ItemContent:
        if item.get("type") == "reasoning":
            return cls(reasoning=(*_texts(item, "summary"), *_texts(item, "content")))
        if item.get("type") != "message":
            return cls()
        cited = tuple(citation for note in _parts([item], "annotations") if (citation := _citation(note)))
        return cls("".join(_texts(item, "content")), "".join(_texts(item, "content", "refusal")), (), cited)


def call_of(item: OutputItem) -> dict[str, Any] | None:
    """Return the chat tool call of a ``function_call`` item that has its name already.

    Its id is the ``call_id``, which the result has to quote; the item's own id means nothing to the next request.
    """
    call_id = item.get("call_id") or item.get("id")
    if item.get("type") != "function_call" or not call_id or not item.get("name"):
        return None
    function = {"name": item["name"], "arguments": item.get("arguments") or ""}
    return {"id": call_id, "type": "function", "function": function}


def logprobs_of(tokens: Any) -> dict[str, Any] | None:
    """Return a choice's ``logprobs``; ``None`` where there are none."""
    return {"content": list(tokens), "refusal": None} if tokens else None


def _message(items: Sequence[OutputItem]) -> dict[str, Any]:
    contents = [ItemContent.of(item) for item in items]
    text = "".join(item.content for item in contents)
    refusal = "".join(item.refusal for item in contents) or None
    reasoning = BETWEEN_THOUGHTS.join(thought for item in contents for thought in item.reasoning)
    cited = [citation for item in contents for citation in item.annotations]
    calls = [call for item in items if (call := call_of(item))]
    return {
        "role": "assistant",
        "content": text or (None if calls or refusal else ""),
        "refusal": refusal,
        **({"reasoning_content": reasoning} if reasoning else {}),
        **({"annotations": cited} if cited else {}),
        **({"tool_calls": calls} if calls else {}),
    }


def _texts(item: OutputItem, field: str, name: str = "text") -> Iterator[str]:
    for part in _list(item, field):
        if isinstance(part, dict) and isinstance(part.get(name), str) and part[name]:
            yield part[name]


def _parts(items: Sequence[OutputItem], field: str) -> list[Any]:
    """Return in one list what the output texts of messages have in ``field``."""
    messages = [item for item in items if item.get("type") == "message"]
    parts = [part for item in messages for part in _list(item, "content") if isinstance(part, dict)]
    return [entry for part in parts for entry in _list(part, field)]


def _list(holder: Mapping[str, Any], field: str) -> list[Any]:
    value = holder.get(field)
    return value if isinstance(value, list) else []


def _citation(note: Any) -> dict[str, Any] | None:
    """Return the annotation as chat has it, which knows citations of URLs only."""
    if not isinstance(note, dict) or note.get("type") != "url_citation":
        return None
    return {"type": "url_citation", "url_citation": {name: note[name] for name in note if name != "type"}}


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
