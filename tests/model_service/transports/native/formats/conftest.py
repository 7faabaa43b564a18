"""What the tests of the formats share: requests that are parsed, recorded payloads, and streams read back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from model_service.errors import UnsupportedParameter
from model_service.openai_api.chat import ChatRequest
from model_service.openai_api.event_stream import read_events
from model_service.routing import resolve
from model_service.transports.call import DroppedParameters
from model_service.transports.native.formats import FORMATS, Identity, Translation

HERE = Path(__file__).parent

Chunks = list[dict[str, Any]]


@pytest.fixture
def identity() -> Identity:
    return Identity(id="chatcmpl-1", created=1_790_000_000, model="prod")


@pytest.fixture
def recorded() -> Callable[[str], Any]:
    """An answer of the service as a third party recorded it."""
    return lambda name: json.loads((HERE / "answers" / f"{name}.json").read_text())


@pytest.fixture
def native() -> Callable[..., dict[str, Any]]:
    """The native request of a format for fields of a chat request."""

    return translated


@pytest.fixture
def dropped() -> Callable[..., list[str]]:
    """What was left out of the native request, which is refused by name where the operator wants that."""

    def names(api_format: str, **fields: Any) -> list[str]:
        translation = Translation()
        translated(api_format, translation=translation, **fields)
        found = list(translation.dropped.names)
        if found and not any(name.startswith("messages.") for name in found):
            with pytest.raises(UnsupportedParameter) as caught:
                translated(api_format, translation=Translation(DroppedParameters(refuses=True)), **fields)
            assert caught.value.param in found
        return found

    return names


def translated(
    api_format: str,
    model: str = "a.model",
    translation: Translation | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """The native request of a format for fields of a chat request."""
    body = {"model": model, "messages": [{"role": "user", "content": "Hi"}], **fields}
    request = ChatRequest.parse(body)
    route = resolve(model, aliases={})
    return FORMATS[api_format].request(request, route, stream=request.stream, translation=translation)


@pytest.fixture
def read(identity: Identity) -> Callable[..., Chunks]:
    """The chunks of a stream, which is bytes in pieces or the data of its events."""

    def chunks(api_format: str, stream: Any, *, include_usage: bool = True, tools: Any = None) -> Chunks:
        one = Identity(identity.id, identity.created, identity.model, tools)
        events: Iterator[str] = read_events(stream) if isinstance(stream[0], bytes) else iter(_data(stream))
        return list(FORMATS[api_format].chunks(events, one, include_usage=include_usage))

    return chunks


@pytest.fixture
def added_up() -> Callable[[Chunks], dict[int, dict[str, Any]]]:
    """The messages that an OpenAI client makes of chunks, by choice, with ``finish_reason``."""

    def add_up(chunks: Chunks) -> dict[int, dict[str, Any]]:
        choices: dict[int, dict[str, Any]] = {}
        for choice in (choice for chunk in chunks for choice in chunk["choices"]):
            message = choices.setdefault(choice["index"], {"content": ""})
            _add(message, choice["delta"])
            message["finish_reason"] = choice["finish_reason"]
        return choices

    return add_up


def _data(events: Sequence[Any]) -> list[str]:
    return [event if isinstance(event, str) else json.dumps(event) for event in events]


def _add(message: dict[str, Any], delta: Mapping[str, Any]) -> None:
    for call in delta.get("tool_calls", []):
        calls = message.setdefault("tool_calls", {})
        if "id" in call:
            assert call["index"] == len(calls), "a call is opened once, and in order"
            calls[call["index"]] = {"id": call["id"], **call["function"]}
        else:
            calls[call["index"]]["arguments"] += call["function"]["arguments"]
    for name in ("content", "reasoning_content"):
        if delta.get(name):
            message[name] = message.get(name, "") + delta[name]
    for name, value in delta.items():
        if name not in ("content", "reasoning_content", "tool_calls"):
            assert name not in message, f"{name} comes in one delta only"
            message[name] = value
