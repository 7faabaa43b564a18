"""A chat request as a Responses request: what has another name, another shape, or no place there.

Source: https://platform.openai.com/docs/api-reference/responses/create, and for what OCI makes of it
https://docs.oracle.com/en-us/iaas/Content/generative-ai/responses-api.htm
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from itertools import takewhile
from typing import Any, Final

from model_service.errors import InvalidRequest
from model_service.openai_api.chat import Message
from model_service.openai_api.stored_state import STATE
from model_service.transports.responses.continuation import TurnToSend
from model_service.transports.responses.input_items import (
    Drop,
    call_types,
    input_items,
    is_instruction,
    is_plain_text,
    text_of_message,
)

RequestFragment = dict[str, Any]
"""A piece of a Responses request; pieces for one place (``reasoning``, ``text``, ``include``) are merged."""


def responses_request(
    chat: Mapping[str, Any], turn: TurnToSend, *, model: str, stream: bool, drop: Drop = lambda _name: None
) -> dict[str, Any]:
    """Return the body of ``POST /responses``.

    ``chat`` is a checked chat request as it stood on the wire; Responses' own fields in it (``include``,
    ``truncation``, ``reasoning``, …) are passed on and win over what chat's become. ``drop`` is called with the name of
    whatever is left out. Raise ``InvalidRequest``, which names the parameter, for what Responses cannot carry.
    """
    body = {**_parameters(chat), "model": model}
    instructed = _instructions(chat, turn, model)
    texts = [text_of_message(f"messages.{place}", message) for place, message in instructed.items()]
    if told := [text for text in (body.get("instructions"), *texts) if text]:
        body["instructions"] = "\n\n".join(told)
    to_send = ((place, message) for place, message in turn.messages if place not in instructed)
    body["input"] = input_items(to_send, call_types(chat["messages"]), drop)
    if stream:
        body["stream"] = True
    if turn.previous_response_id is not None:
        body["previous_response_id"] = turn.previous_response_id
    if not turn.stored:
        body["store"] = False
    return body


def _instructions(chat: Mapping[str, Any], turn: TurnToSend, model: str) -> dict[int, Message]:
    """Return the messages that go out as ``instructions``, by their place.

    They are of the whole history: OCI does not carry the instructions of a previous response over, so a system message
    that has changed since then counts, and the old one is not part of what OCI holds.
    """
    messages = list(enumerate(chat["messages"]))
    if any(fnmatchcase(model, pattern) for pattern in SYSTEM_AS_INSTRUCTIONS):
        return {place: message for place, message in messages if is_instruction(message)}
    leading = takewhile(lambda pair: is_instruction(pair[1]) and is_plain_text(pair[1]), messages)
    found = dict(leading) if turn.stored else {}
    return found if any(place not in found for place, _ in turn.messages) else {}


def _parameters(chat: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in chat.items() if value is not None and name not in PLACED_ELSEWHERE}
    body: dict[str, Any] = {}
    for name, translate in PARAMETERS.items():
        if name in given:
            body = _merged(body, translate(name, given.pop(name)))
    return _merged(body, given)


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {**one, **{name: _merged_value(one.get(name), value) for name, value in other.items()}}


def _merged_value(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        return {**one, **other}
    if isinstance(one, list) and isinstance(other, list):
        return one + [value for value in other if value not in one]
    return other


def _renamed(*path: str) -> Callable[[str, Any], RequestFragment]:
    """Return a translation that puts the value in another place: ``("reasoning", "effort")``."""

    def translate(_name: str, value: Any) -> RequestFragment:
        for step in reversed(path):
            value = {step: value}
        return dict(value)

    return translate


def _nothing_but(*harmless: Any) -> Callable[[str, Any], RequestFragment]:
    """Return a translation for a parameter that Responses lacks; values that say nothing are left out."""

    def translate(name: str, value: Any) -> RequestFragment:
        if value not in harmless:
            raise InvalidRequest(
                f"{name}: the Responses API, which this model is reached through, has no such parameter.", param=name
            )
        return {}

    return translate


def _logprobs(_name: str, wanted: Any) -> RequestFragment:
    return {"include": ["message.output_text.logprobs"]} if wanted else {}


def _stream_options(name: str, options: Any) -> RequestFragment:
    # A Responses stream always carries its usage, and refuses to be asked for it.
    rest = {option: value for option, value in options.items() if option != "include_usage"}
    return {name: rest} if rest else {}


def _response_format(name: str, wanted: dict[str, Any]) -> RequestFragment:
    if wanted.get("type") != "json_schema":
        return {"text": {"format": wanted}}
    schema = wanted.get("json_schema")
    for beside in wanted.keys() - {"type", "json_schema"}:
        raise InvalidRequest(f"{name}.{beside}: unknown field.", param=f"{name}.{beside}")
    if not isinstance(schema, dict):
        raise InvalidRequest(f"{name}.json_schema: must be an object.", param=f"{name}.json_schema")
    return {"text": {"format": {"type": "json_schema", **schema}}}


def _tools(name: str, tools: list[dict[str, Any]]) -> RequestFragment:
    return {name: [_tool(f"{name}.{place}", tool) for place, tool in enumerate(tools)]}


def _tool(path: str, tool: dict[str, Any]) -> dict[str, Any]:
    """Return a function or a custom tool, flat; another tool (``web_search``, ``mcp``, …) is Responses' own already."""
    beside = {name: value for name, value in tool.items() if name not in ("function", "custom") and value is not None}
    if tool["type"] == "custom":
        custom = tool.get("custom", {})
        if not isinstance(custom, dict):
            raise InvalidRequest(f"{path}.custom: must be an object.", param=f"{path}.custom")
        given = {name: value for name, value in custom.items() if value is not None}
        shape = given.get("format")
        if isinstance(shape, dict) and isinstance(shape.get("grammar"), dict):
            given["format"] = {"type": "grammar", **shape["grammar"]}
        return {**beside, **given}
    function = tool.get("function")
    if function is None:
        return tool
    # Chat's defaults are no parameters and not strict; Responses requires the first, and takes absence of the second
    # for yes: https://platform.openai.com/docs/guides/migrate-to-responses
    defaults = {"parameters": {"type": "object", "properties": {}}, "strict": False}
    given = {field: value for field, value in function.items() if value is not None}
    return {**beside, "type": "function", **defaults, **given}


def _tool_choice(name: str, choice: Any) -> RequestFragment:
    if not isinstance(choice, dict):
        return {name: choice}
    allowed = choice.get("allowed_tools")
    if isinstance(allowed, dict) and isinstance(allowed.get("tools"), list):
        tools = [_flat(tool) for tool in allowed["tools"]]
        return {name: {"type": "allowed_tools", **allowed, "tools": tools}}
    return {name: _flat(choice)}


def _flat(choice: Any) -> Any:
    for kind in ("function", "custom"):
        chosen = choice.get(kind) if isinstance(choice, dict) else None
        if isinstance(chosen, dict):
            return {"type": kind, "name": chosen.get("name")}
    return choice


def _web_search(name: str, options: Any) -> RequestFragment:
    """Return the tool that chat has as an option of the request."""
    if not isinstance(options, dict):
        raise InvalidRequest(f"{name}: must be an object.", param=name)
    tool = {"type": "web_search", **{key: value for key, value in options.items() if value is not None}}
    location = tool.get("user_location")
    if isinstance(location, dict) and isinstance(location.get("approximate"), dict):
        tool["user_location"] = {"type": "approximate", **location["approximate"]}
    return {"tools": [tool]}


def _background(name: str, wanted: Any) -> RequestFragment:
    if wanted:
        raise InvalidRequest(
            f"{name}: a chat completion cannot be fetched later; send a Responses request instead.", param=name
        )
    return {}


# What `responses_request` puts in by itself.
PLACED_ELSEWHERE: Final = ("model", "messages", "stream", "previous_response_id", STATE)

# Gemini: "Content with system role is not supported" (recorded live by jetuse).
SYSTEM_AS_INSTRUCTIONS: Final = ("google.*",)

# Where two stand for one thing, the later one counts.
PARAMETERS: Final[Mapping[str, Callable[[str, Any], RequestFragment]]] = {
    "max_tokens": _renamed("max_output_tokens"),
    "max_completion_tokens": _renamed("max_output_tokens"),
    "reasoning_effort": _renamed("reasoning", "effort"),
    "verbosity": _renamed("text", "verbosity"),
    "response_format": _response_format,
    "tools": _tools,
    "tool_choice": _tool_choice,
    "logprobs": _logprobs,
    "stream_options": _stream_options,
    "background": _background,
    "n": _nothing_but(1),
    "stop": _nothing_but([], ""),
    "seed": _nothing_but(),
    "frequency_penalty": _nothing_but(0),
    "presence_penalty": _nothing_but(0),
    "logit_bias": _nothing_but({}),
    "modalities": _nothing_but(["text"]),
    "audio": _nothing_but(),
    "prediction": _nothing_but(),
    "functions": _nothing_but([]),
    "function_call": _nothing_but(),
    "web_search_options": _web_search,
}
