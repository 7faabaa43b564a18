"""The language inside: OpenAI's Chat Completions, as far as the function itself has to understand it.

Requests are checked where a transport or a route depends on a field, and only there: the V1 transport sends on
what the caller wrote, so a field or a content type that OCI adds tomorrow works today.
Source: https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from model_service.errors import InvalidRequest

Completion = dict[str, Any]
"""A ``chat.completion`` object, as it stands on the wire."""

Chunk = dict[str, Any]
"""A ``chat.completion.chunk`` object, as it stands on the wire."""

COMPARTMENT_OCID = re.compile(r"ocid1\.(compartment|tenancy)\.[a-z0-9]+\.[a-z0-9-]*\.[A-Za-z0-9._-]+")


class _Open(BaseModel):
    # Strict: a client that sends "100" for a number shall hear it here and not from a model's backend.
    model_config = ConfigDict(extra="allow", strict=True, frozen=True)


class ImageURL(_Open):
    url: str
    detail: str | None = None


class ContentPart(_Open):
    type: str
    text: str | None = None
    image_url: ImageURL | None = None


class FunctionCall(_Open):
    name: str
    arguments: str


class ToolCall(_Open):
    id: str
    type: str = "function"
    function: FunctionCall | None = None


class Message(_Open):
    role: Annotated[str, Field(min_length=1)]
    content: str | list[ContentPart] | None = None
    name: str | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None


class FunctionDefinition(_Open):
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None


class Tool(_Open):
    type: str
    function: FunctionDefinition | None = None


class StreamOptions(_Open):
    include_usage: bool | None = None


class ChatRequest(_Open):
    """One chat request; what it does not name is kept and passed on."""

    model: Annotated[str, Field(min_length=1, max_length=512)]
    messages: Annotated[list[Message], Field(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    tools: list[Tool] | None = None
    tool_choice: str | dict[str, Any] | None = None
    response_format: dict[str, Any] | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    seed: int | None = None
    n: int | None = None
    stop: str | list[str] | None = None
    compartment_id: Annotated[str, Field(pattern=rf"^{COMPARTMENT_OCID.pattern}$")] | None = None
    _body: dict[str, Any] = PrivateAttr(default_factory=dict)

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> ChatRequest:
        """Raises ``InvalidRequest`` that names the first field that is wrong, and never its value."""
        try:
            request = cls.model_validate(body)
        except ValidationError as error:
            raise _invalid(error, body) from None  # its text quotes the input, which may be a prompt
        request._body = {name: value for name, value in body.items() if name != "compartment_id"}
        return request

    def wire(self) -> dict[str, Any]:
        """A copy of the request as the caller wrote it, without the one field that is ours."""
        return dict(self._body)


@dataclass(frozen=True)
class Complete:
    """An answer that is there as a whole."""

    completion: Completion
    opc_request_id: str | None = None


@dataclass(frozen=True)
class Stream:
    """An answer that comes in chunks; iterating raises a ``ModelServiceError`` if it breaks."""

    chunks: Iterator[Chunk]
    opc_request_id: str | None = None


Answer = Complete | Stream


def chunk_of(completion: Completion) -> Chunk:
    """A complete answer as the one chunk of a stream, for a backend that answers a stream request at once."""
    choices = [
        {**{key: value for key, value in choice.items() if key != "message"}, "delta": _delta(choice)}
        for choice in completion.get("choices", [])
    ]
    return {**completion, "object": "chat.completion.chunk", "choices": choices}


def _delta(choice: Mapping[str, Any]) -> dict[str, Any]:
    delta = dict(choice.get("message") or {})
    if delta.get("tool_calls"):
        delta["tool_calls"] = [{"index": at, **call} for at, call in enumerate(delta["tool_calls"])]
    return delta


def _invalid(error: ValidationError, body: Mapping[str, Any]) -> InvalidRequest:
    # In a union every alternative complains; the complaint that got deepest is about what the caller meant.
    complaint = max(error.errors(include_input=False, include_url=False), key=lambda one: len(one["loc"]))
    param = _path(complaint["loc"], body)
    return InvalidRequest(f"{param}: {complaint['msg']}", param=param)


def _path(location: Sequence[int | str], body: Any) -> str:
    """pydantic's location without the names of union members: what the caller could follow in the JSON."""
    steps: list[str] = []
    for step in location[:-1]:
        if _has(body, step):
            body = body[step]
            steps.append(str(step))
    if _has(body, location[-1]) or isinstance(body, dict):
        steps.append(str(location[-1]))
    return ".".join(steps)


def _has(body: Any, step: int | str) -> bool:
    if isinstance(body, list):
        return isinstance(step, int) and step < len(body)
    return isinstance(body, dict) and step in body
