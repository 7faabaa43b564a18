"""``POST /v1/completions``: a prompt in, text out; asked as a chat, and answered as OpenAI's older clients read it.

Source: https://platform.openai.com/docs/api-reference/completions
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from model_service.fn.caller import NOWHERE, Origin
from model_service.light_dataclasses import dataclass
from model_service.openai_api.chat import Answer, ChatRequest, Complete, ended_in_time
from model_service.openai_api.encoding import Encoding, write_events
from model_service.openai_api.validation import invalid_field, require_string
from model_service.routing import Route, resolve

if TYPE_CHECKING:
    from model_service.fn.invocation import Deadline

# What a chat model has no way to do; null, false and the values that ask for nothing are let through.
REFUSED: Final[Mapping[str, tuple[Any, ...]]] = {
    "echo": (None, False),
    "suffix": (None, ""),
    "best_of": (None, 1),
    "logprobs": (None,),
}
OF_A_CHAT: Final = ("messages", "tools", "tool_choice", "functions", "function_call", "relay")


class ChatService(Protocol):
    """What completions use of the service."""

    def resolve(self, request: Any) -> Route | None: ...

    def call(self, route: Route | None, request: Any, deadline: Deadline, origin: Origin) -> Answer: ...


@dataclass(frozen=True)
class CompletionRequest:
    """A prompt, as the chat that asks for its completion."""

    chat: ChatRequest

    @property
    def compartment_id(self) -> str | None:
        return self.chat.compartment_id

    @property
    def project_id(self) -> str | None:
        return self.chat.project_id

    def route(self, aliases: Mapping[str, str]) -> Route:
        """Return the route to the model."""
        return resolve(self.chat.model, aliases=aliases)


def completion_request(body: Mapping[str, Any]) -> CompletionRequest:
    """Return the checked request; raise ``InvalidRequest``, which names the field."""
    for name in OF_A_CHAT:
        if body.get(name) is not None:
            raise invalid_field(name, "unknown field of a completion; send it to /v1/chat/completions.")
    for name, harmless in REFUSED.items():
        if not any(body.get(name) is value or body.get(name) == value for value in harmless):
            raise invalid_field(name, "a chat model cannot do this; leave it out.")
    sent = {name: value for name, value in body.items() if name not in REFUSED and name != "prompt"}
    sent["messages"] = [{"role": "user", "content": _prompt(body)}]
    return CompletionRequest(ChatRequest.parse(sent))


def _prompt(body: Mapping[str, Any]) -> str:
    prompt = body.get("prompt")
    if isinstance(prompt, list):
        if len(prompt) != 1 or not isinstance(prompt[0], str):
            raise invalid_field("prompt", "must be a string, or an array of one; tokens cannot be read here.")
        prompt = prompt[0]
    return require_string({"prompt": prompt}, "prompt")


@dataclass(frozen=True)
class Completions:
    """Answer completions, as ``dispatch.ANSWERERS`` asks for it."""

    service: ChatService
    answer_other: object = None

    def answer(self, request: CompletionRequest, deadline: Deadline, origin: Origin = NOWHERE) -> Answer:
        """Return the answer of the chat as a ``text_completion``, whole or as a stream; raise what a chat raises."""
        origin = replace(origin, operation="completions")
        answer = self.service.call(self.service.resolve(request.chat), request.chat, deadline, origin)
        if isinstance(answer, Complete):
            return replace(answer, completion=_written(answer.completion, "message"))
        chunks = _chunks(ended_in_time(answer.chunks))
        return replace(answer, chunks=chunks, encoding=TEXT_EVENTS)


def _chunks(chunks: Iterator[Any]) -> Iterator[dict[str, Any]]:
    """Yield chunks of text; those that say nothing to a reader of text are left out."""
    for chunk in chunks:
        written = _written(chunk, "delta")
        written["choices"] = [
            choice for choice in written["choices"] if choice["text"] or choice["finish_reason"] is not None
        ]
        if written["choices"] or written.get("usage") or "model_service" in written:
            yield written


def _written(completion: Mapping[str, Any], part: str) -> dict[str, Any]:
    """Return a chat's completion, or a chunk of one, in the shape of a completion; ``part`` is where its text is."""
    choices = [choice for choice in completion.get("choices") or () if isinstance(choice, dict)]
    identifier = str(completion.get("id") or "").removeprefix("chatcmpl-").removeprefix("cmpl-")
    return {
        **completion,
        "id": f"cmpl-{identifier}",
        "object": "text_completion",
        "choices": [
            {
                "text": (choice.get(part) or {}).get("content") or "",
                "index": choice.get("index", position),
                "logprobs": None,
                "finish_reason": choice.get("finish_reason"),
            }
            for position, choice in enumerate(choices)
        ],
    }


TEXT_EVENTS: Final = Encoding("text/event-stream", write_events)
