"""One answer of Responses before it is written: what was asked, what the model says, and both as OpenAI's object."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mock_oci.model.replies import Reply, Usage, words_of
from mock_oci.services.generative_ai.responses.items import Item, NewId
from mock_oci.wire import Body


@dataclass(frozen=True)
class ResponseRun:
    """``input`` is what this request brought, ``history`` what came before it; ``output`` the model's items.

    ``created`` in Unix seconds.
    """

    id: str
    created: float
    model: str
    asked: Body
    reply: Reply
    input: tuple[Item, ...]
    history: tuple[Item, ...]
    output: tuple[Item, ...]

    @property
    def ending(self) -> str:
        """Return the status that it ends with."""
        return ENDINGS.get(self.reply.finish_reason, ("completed", ""))[0]

    @property
    def context(self) -> tuple[Item, ...]:
        """Return what a later turn continues from."""
        return (*self.history, *self.input, *self.output)

    @property
    def in_background(self) -> bool:
        return bool(self.asked.get("background"))

    def unfinished(self, status: str) -> Body:
        """Write the response while it is ``queued`` or ``in_progress``, or when it was ``cancelled``."""
        return {**self._echoed(), "status": status}

    def finished(self, at: float) -> Body:
        """Write the response as it ended, ``at`` Unix seconds."""
        reason = ENDINGS.get(self.reply.finish_reason, ("", ""))[1]
        body = {**self._echoed(), "status": self.ending, "usage": self._usage()}
        if self.ending == "failed":
            error = {"code": "server_error", "message": "The model failed to generate a response."}
            return {**body, "error": error, "usage": None}
        details = {"reason": reason} if reason else None
        return {**body, "completed_at": int(at), "incomplete_details": details, "output": list(self.output)}

    def _echoed(self) -> Body:
        """Repeat the request as OpenAI's response object does, with its defaults (platform.openai.com, responses)."""
        asked = {name: value for name, value in self.asked.items() if value is not None}
        fields = {name: asked.get(name, default) for name, default in _ECHOED.items()}
        conversation = asked.get("conversation")
        return {
            "id": self.id,
            "object": "response",
            "created_at": int(self.created),
            "completed_at": None,
            "error": None,
            "incomplete_details": None,
            "output": [],
            "usage": None,
            **fields,
            "model": self.model,
            "conversation": {"id": conversation} if isinstance(conversation, str) else conversation,
            "reasoning": {"effort": None, "summary": None, **asked.get("reasoning", {})},
            "text": {"format": {"type": "text"}, "verbosity": "medium", **asked.get("text", {})},
        }

    def _usage(self) -> Body:
        usage = self.reply.usage or Usage(0, 0)
        counted = {
            "input_tokens": usage.prompt_tokens,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": usage.completion_tokens,
            "output_tokens_details": {"reasoning_tokens": len(words_of(self.reply.reasoning))},
            "total_tokens": usage.total_tokens,
        }
        # xAI adds the kinds of tokens and its sources (seen by a third party in a recorded response).
        if self.model.startswith("xai."):
            kinds = {"text_tokens": usage.prompt_tokens, "image_tokens": 0, "audio_tokens": 0}
            counted |= {"input_tokens_details": {"cached_tokens": 0, **kinds}, "num_sources_used": 0}
        return counted


def output_items(reply: Reply, asked: Body, model: str, new_id: NewId) -> tuple[Item, ...]:
    """Return the model's reasoning, its message and its function calls, in this order and each where it has any."""
    if reply.finish_reason == "failed":
        return ()
    items: list[Item] = []
    if reply.reasoning or model.startswith(_REASONING_MODELS):
        items.append(_reasoning(reply, asked.get("include") or (), new_id))
    if reply.pieces or reply.refusal or not reply.tool_calls:
        items.append(_message(reply, new_id))
    for call in reply.tool_calls:
        # ``id`` names the item, ``call_id`` what its output must answer to.
        named = {"call_id": call.id, "name": call.name, "arguments": call.arguments}
        items.append({"id": new_id("fc"), "type": "function_call", "status": "completed", **named})
    return tuple(items)


def _reasoning(reply: Reply, include: Iterable[Any], new_id: NewId) -> Item:
    summary = [{"type": "summary_text", "text": reply.reasoning}] if reply.reasoning else []
    item: Item = {"id": new_id("rs"), "type": "reasoning", "summary": summary}
    if "reasoning.encrypted_content" in include:
        item["encrypted_content"] = new_id("gAAAA")
    return item


def _message(reply: Reply, new_id: NewId) -> Item:
    part: Item = {"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []}
    if reply.refusal:
        part = {"type": "refusal", "refusal": reply.refusal}
    status = ENDINGS.get(reply.finish_reason, ("completed", ""))[0]
    return {"id": new_id("msg"), "type": "message", "status": status, "role": "assistant", "content": [part]}


# How a finish reason of Chat Completions ends a response: its status, and the reason when it is incomplete.
ENDINGS = {
    "stop": ("completed", ""),
    "tool_calls": ("completed", ""),
    "length": ("incomplete", "max_output_tokens"),
    "content_filter": ("incomplete", "content_filter"),
    "failed": ("failed", ""),
}
_REASONING_MODELS = ("openai.gpt-5", "openai.o1", "openai.o3", "openai.o4")
_ECHOED: Body = {
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
    "store": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
