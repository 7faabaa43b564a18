"""The language inside: OpenAI's Chat Completions, as far as the function itself has to understand it.

A request stays the dict that the caller wrote, so a field or a content type that OCI adds tomorrow works today; it
is checked where a route or a transport depends on a field, and only there. The check is pydantic's validator
without pydantic's models: those take 0.1 s and 9 MB of every cold start.
Source: https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace
from typing import Any, Final

from model_service.errors import DeadlineExceeded, InvalidRequest
from model_service.light_dataclasses import dataclass
from model_service.openai_api.encoding import Encoding, write_json
from model_service.openai_api.schema_validator import ValidationError
from model_service.openai_api.validation import CHAT_REQUEST, invalid_chat
from model_service.routing import Route, Served, TransportName, resolve

Completion = dict[str, Any]
"""A ``chat.completion`` object, as it stands on the wire."""

Chunk = dict[str, Any]
"""A ``chat.completion.chunk`` object, as it stands on the wire."""

Message = dict[str, Any]
"""One of a request's ``messages``: ``role``, ``content`` (a string, an array of parts or ``None``), ``tool_calls``…"""


NO_ARGUMENTS: Final = ("", "null")

# Of a request; they never leave in a body.
OWN_FIELDS: Final = (
    "compartment_id",
    "project_id",
    "stream_format",
    "body_from",
    "relay",
    "unsupported",
    "region",
    "on_break",
)


@dataclass(frozen=True)
class ChatRequest:
    """One chat request that has been checked. ``body`` is what the caller wrote, without OWN_FIELDS.

    ``unsupported`` is ``drop`` or ``refuse``: what happens to a parameter that the model cannot take. ``region`` is the
    one that the caller wants to be asked. ``on_break`` is ``error`` or ``continue``: what a stream that breaks may do.
    """

    body: Mapping[str, Any] = field(repr=False)
    compartment_id: str | None = None
    project_id: str | None = None
    relay: Mapping[str, Any] | None = None
    hides_usage: bool = False  # the usage of the stream is for our records: the caller did not ask for it
    unsupported: str | None = None
    region: str | None = None
    on_break: str | None = None

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> ChatRequest:
        """Return the checked request.

        Raise ``InvalidRequest`` that names the first field that is wrong, and never its value.
        """
        try:
            # Strict: a client that sends "100" for a number shall hear it here and not from a model's backend.
            CHAT_REQUEST.validate_python(body, strict=True)
        except ValidationError as error:
            raise invalid_chat(error, body) from None  # its text quotes the input, which may be a prompt
        sent = {name: value for name, value in body.items() if name not in OWN_FIELDS}
        sent["messages"] = [_checked(index, message) for index, message in enumerate(body["messages"])]
        return cls(
            sent,
            body.get("compartment_id"),
            body.get("project_id"),
            body.get("relay"),
            unsupported=body.get("unsupported"),
            region=body.get("region"),
            on_break=body.get("on_break"),
        )

    @property
    def model(self) -> str:
        model: str = self.body["model"]
        return model

    @property
    def messages(self) -> list[Message]:
        messages: list[Message] = self.body["messages"]
        return messages

    @property
    def stream(self) -> bool:
        return bool(self.body.get("stream"))

    def route(self, aliases: Mapping[str, str], override: TransportName | None = None) -> Route:
        """Return the route to the model; ``override`` is ``LOCUS_OCI_TRANSPORT``."""
        return resolve(self.model, aliases=aliases, override=override, tools=bool(self.body.get("tools")))

    @property
    def choices(self) -> int:
        """Return how many answers are asked for; what is not a number, the service itself refuses."""
        n = self.body.get("n")
        return n if isinstance(n, int) and n > 0 else 1

    @property
    def include_usage(self) -> bool:
        """Return whether a stream is to end with a chunk that has the usage."""
        return bool((self.body.get("stream_options") or {}).get("include_usage"))

    def streamed(self) -> ChatRequest:
        """Return the same request, answered by a stream that ends with its usage."""
        options = {**(self.body.get("stream_options") or {}), "include_usage": True}
        return self if self.stream else replace(self, body={**self.body, "stream": True, "stream_options": options})

    def with_usage(self) -> ChatRequest:
        """Return the request of a stream that ends with its usage; ``hides_usage`` where its caller did not ask."""
        if self.include_usage:
            return self
        options = {**(self.body.get("stream_options") or {}), "include_usage": True}
        return replace(self, body={**self.body, "stream_options": options}, hides_usage=True)

    def wire(self) -> dict[str, Any]:
        """Return a copy of the request as the caller wrote it, without the fields that are ours."""
        return dict(self.body)


@dataclass(frozen=True)
class Complete:
    """An answer that is there as a whole: a ``chat.completion``, or the object of another operation.

    ``dropped`` names the parameters of the request that the model cannot take and that were left out, because no
    caller would miss them. ``headers`` are for the reply. ``served`` is there where an alias has several targets.
    ``content`` is the body itself, where it is no JSON of ours.
    """

    completion: Completion
    opc_request_id: str | None = None
    status: int = 200
    dropped: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    served: Served | None = None
    content: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Stream:
    """An answer that comes in chunks; iterating raises a ``ModelServiceError`` if it breaks.

    Chunks that are not those of Chat Completions bring the ``encoding`` that goes with them. ``at_once`` says that
    OCI did not stream, although it was asked to: there is one chunk. ``rest_elsewhere`` takes what is left of a stream
    that is too long for the platform, and gives a last chunk that says where the whole is. ``dropped``, ``headers`` and
    ``served`` are as in ``Complete``. ``hides_usage``: its usage is for our records alone.
    """

    chunks: Iterator[Any]
    opc_request_id: str | None = None
    encoding: Encoding | None = None
    at_once: bool = False
    rest_elsewhere: Callable[[Iterator[Chunk]], Chunk] | None = None
    dropped: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    hides_usage: bool = False
    served: Served | None = None


Answer = Complete | Stream


def ended_in_time(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """Yield the same chunks; where the deadline cuts them off, a last one says so and closes what is still open."""
    last: Chunk = {}
    open_choices = {0}
    try:
        for last in chunks:
            finished = finish_reasons(last)
            open_choices = (open_choices | set(finished)) - {index for index, reason in finished.items() if reason}
            yield last
    except DeadlineExceeded:
        if not open_choices:
            return  # only its last formalities are missing
        closing = [{"index": index, "delta": {}, "finish_reason": "length"} for index in sorted(open_choices)]
        yield {**last, "choices": closing, "usage": None, "model_service": {"ended_by": "deadline"}}


def without_usage(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """Yield the chunks without their usage, and none that has nothing else to say."""
    return (shown for chunk in chunks if (shown := chunk_without_usage(chunk)) is not None)


def chunk_without_usage(chunk: Chunk) -> Chunk | None:
    """Return the chunk without its usage; ``None`` where it has nothing else to say."""
    if "usage" not in chunk:
        return chunk
    if chunk["usage"] and not chunk.get("choices") and "model_service" not in chunk:
        return None
    hiding_usage = getattr(chunk, "without_usage", None)  # of a TextChunk
    return hiding_usage() if hiding_usage else {name: value for name, value in chunk.items() if name != "usage"}


def finish_reasons(chunk: Chunk) -> dict[int, Any]:
    """Return each choice's reason by its index, ``None`` where it goes on.

    What is not of OpenAI's shape says nothing.
    """
    choices = chunk.get("choices")
    reasons: dict[int, Any] = {}
    for position, choice in enumerate(choices if isinstance(choices, list) else ()):
        if isinstance(choice, dict):
            index = choice.get("index", position)
            reasons[index if isinstance(index, int) else position] = choice.get("finish_reason") or None
    return reasons


def chunk_of(completion: Completion) -> Chunk:
    """Return a complete answer as the one chunk of a stream, for a backend that answers a stream request at once."""
    choices = [
        {**{key: value for key, value in choice.items() if key != "message"}, "delta": _delta(choice)}
        for choice in completion.get("choices", [])
    ]
    return {**completion, "object": "chat.completion.chunk", "choices": choices}


def _delta(choice: Mapping[str, Any]) -> dict[str, Any]:
    delta = dict(choice.get("message") or {})
    if delta.get("tool_calls"):
        delta["tool_calls"] = [{"index": index, **call} for index, call in enumerate(delta["tool_calls"])]
    return delta


def _checked(index: int, message: Message) -> Message:
    """Return a message whose calls have arguments as OpenAI wants them, whoever wrote the history.

    Raise ``InvalidRequest`` for what the schema cannot tell.
    """
    content = message.get("content")
    for position, part in enumerate(content if isinstance(content, list) else ()):
        if part["type"] == "image_url" and isinstance(part.get("image_url"), str):
            path = f"messages.{index}.content.{position}.image_url"
            raise InvalidRequest(f"{path}: must be an object with a url.", param=path)
    calls = message.get("tool_calls")
    if not calls or all(isinstance(_arguments(call), str) and _arguments(call) not in NO_ARGUMENTS for call in calls):
        return message
    return {**message, "tool_calls": [_with_arguments(call) for call in calls]}


def _arguments(call: Mapping[str, Any]) -> Any:
    arguments = call["function"].get("arguments") if call.get("function") else "{}"
    return "" if isinstance(arguments, str) and not arguments.strip() else arguments


def _with_arguments(call: dict[str, Any]) -> dict[str, Any]:
    arguments = _arguments(call)
    if isinstance(arguments, dict):
        arguments = write_json(arguments).decode()
    elif arguments is None or arguments in NO_ARGUMENTS:
        arguments = "{}"
    return {**call, "function": {**call["function"], "arguments": arguments}} if call.get("function") else call
