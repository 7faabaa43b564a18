"""The response object: the fields that repeat the request, and its end.

Source: https://platform.openai.com/docs/api-reference/responses/object
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

from model_service.errors import ModelServiceError
from model_service.openai_api.chat import Chunk
from model_service.openai_api.stored_state import RESPONSE_PREFIX, conversation_in


class ResponseObject:
    """Builds one response. ``model`` is used until the answer itself names its model."""

    def __init__(self, asked: Mapping[str, Any], model: str, *, store: bool) -> None:
        self.unique = uuid4().hex
        self.fields: dict[str, Any] = {
            "id": RESPONSE_PREFIX + self.unique,
            "object": "response",
            "created_at": int(time.time()),
            "completed_at": None,
            "status": "in_progress",
            "error": None,
            "incomplete_details": None,
            **_echoed(asked),
            "model": model,
            "store": store,
            "output": [],
            "usage": None,
        }
        self._beside: dict[str, Any] = {}

    @property
    def id(self) -> str:
        return RESPONSE_PREFIX + self.unique

    def item_id(self, prefix: str, place: int) -> str:
        """Return the id of an item; it contains the unique part of the response's id."""
        return f"{prefix}_chat_{self.unique}_{place}"

    def begin(self, chunk: Chunk) -> None:
        """Take the model and the creation time from the first chunk."""
        for name, field, kind in (("model", "model", str), ("created", "created_at", int)):
            if isinstance(chunk.get(name), kind) and chunk[name]:
                self.fields[field] = chunk[name]

    def note(self, usage: dict[str, Any] | None, about: Any) -> None:
        """Take the usage and the ``model_service`` fields of a chunk; later values replace earlier ones."""
        self.fields["usage"] = usage or self.fields["usage"]
        if isinstance(about, dict):
            self.fields["model_service"] = {**self.fields.get("model_service", {}), **about}

    def beside(self, said: Mapping[str, Any]) -> None:
        """Collect the fields of the answer that no item has."""
        for name, value in said.items():
            kept = self._beside.get(name)
            self._beside[name] = [*kept, *value] if isinstance(kept, list) and isinstance(value, list) else value

    def under_way(self) -> dict[str, Any]:
        """Return the unfinished response."""
        return dict(self.fields)

    def status_for(self, finish_reason: str | None) -> str:
        """Return the status of a response and its last items for a finish reason."""
        return "incomplete" if finish_reason in INCOMPLETE else "completed"

    def ending(self, finish_reason: str | None, output: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the last event, which has the whole response."""
        status, reason = self.status_for(finish_reason), INCOMPLETE.get(finish_reason or "")
        details = {"reason": reason} if reason else None
        response = self._ended(status, output) | {"incomplete_details": details}
        return {"type": f"response.{status}", "response": response}

    def failed(self, error: ModelServiceError, output: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the response for an answer that failed."""
        code = "rate_limit_exceeded" if error.status == 429 else "server_error"  # OpenAI's type has no other that fits
        return self._ended("failed", output) | {"error": {"code": code, "message": error.message}}

    def _ended(self, status: str, output: list[dict[str, Any]]) -> dict[str, Any]:
        about = self.fields.get("model_service", {}) | ({"message": self._beside} if self._beside else {})
        more = {"model_service": about} if about else {}
        at = int(time.time()) if status == "completed" else None
        return {**self.fields, **more, "status": status, "completed_at": at, "output": output}


def _echoed(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request's fields that a response repeats, with OpenAI's defaults."""
    given = {name: value for name, value in asked.items() if value is not None}
    reasoning, text = given.get("reasoning") or {}, given.get("text") or {}
    return {
        **{name: given.get(name, default) for name, default in REPEATED.items()},
        "tools": list(map(_described, given.get("tools") or [])),
        "reasoning": {"effort": None, "summary": None, **reasoning},
        "text": {"verbosity": "medium", **text, "format": text.get("format") or {"type": "text"}},
        **({"conversation": {"id": conversation}} if (conversation := conversation_in(asked)) else {}),
    }


def _described(tool: dict[str, Any]) -> dict[str, Any]:
    defaults = {"parameters": {"type": "object", "properties": {}}, "strict": False, "description": None}
    return {**defaults, **tool} if tool.get("type") == "function" else tool


# How a chat's finish reason leaves a response incomplete: everything else is its end.
INCOMPLETE: Final[Mapping[str, str]] = {"length": "max_output_tokens", "content_filter": "content_filter"}

REPEATED: Final[Mapping[str, Any]] = {
    "background": False,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "safety_identifier": None,
    "service_tier": "default",
    "temperature": 1.0,
    "tool_choice": "auto",
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
