"""Translate the parameters of a Responses request to those of a chat. PARAMETERS at the end.

Source: https://platform.openai.com/docs/api-reference/responses/create and …/chat/create
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from model_service.openai_api.validation import invalid_field

Leave = Callable[[str], None]
"""Records the name of an omitted parameter, or raises ``UnsupportedParameter`` if such are to be refused."""

ToChat = Callable[[str, Any, Leave], dict[str, Any]]
"""Returns the chat fields for the name and the value of a parameter; raises ``InvalidRequest``."""


def chat_parameters(body: Mapping[str, Any], leave: Leave) -> dict[str, Any]:
    """Return the fields of a chat; null is ignored, and unknown parameters are omitted and recorded."""
    chat: dict[str, Any] = {}
    for name, value in body.items():
        if value is None:
            continue
        translate = PARAMETERS.get(name)
        if translate is None:
            leave(name)
        else:
            chat |= translate(name, value, leave)
    return chat


def _as_it_is(name: str, value: Any, _leave: Leave) -> dict[str, Any]:
    return {name: value}


def _elsewhere(_name: str, _value: Any, _leave: Leave) -> dict[str, Any]:
    return {}


def _refused(problem: str, *harmless: Any) -> ToChat:
    """Return a row for an unsupported parameter; ``harmless`` values have no effect and are accepted."""

    def refuse(name: str, value: Any, _leave: Leave) -> dict[str, Any]:
        if value in harmless:
            return {}
        raise invalid_field(name, problem)

    return refuse


def _text(name: str, value: Any, leave: Leave) -> dict[str, Any]:
    chat: dict[str, Any] = {}
    for part, given in _object(name, value).items():
        if part == "format":
            chat |= _response_format(f"{name}.{part}", given)
        elif part == "verbosity":
            chat["verbosity"] = given
        else:
            leave(f"{name}.{part}")
    return chat


def _response_format(path: str, value: Any) -> dict[str, Any]:
    wanted = _object(path, value)
    kind = wanted.get("type")
    if kind == "text":
        return {}
    if kind == "json_object":
        return {"response_format": {"type": kind}}
    if kind != "json_schema":
        raise invalid_field(f"{path}.type", "must be one of text, json_object, json_schema.")
    schema = {field: given for field, given in wanted.items() if field != "type"}
    for field, of_kind, called in (("name", str, "a string"), ("schema", dict, "an object")):
        if not isinstance(schema.get(field), of_kind):
            raise invalid_field(f"{path}.{field}", f"must be {called}.")
    return {"response_format": {"type": kind, "json_schema": schema}}


def _reasoning(name: str, value: Any, leave: Leave) -> dict[str, Any]:
    chat: dict[str, Any] = {}
    for part, given in _object(name, value).items():
        if part == "effort":
            chat["reasoning_effort"] = given
        elif part not in SUMMARIES:  # which say how the reasoning is shown
            leave(f"{name}.{part}")
    return chat


def _include(name: str, value: Any, _leave: Leave) -> dict[str, Any]:
    """Return ``logprobs`` if they are asked for; other values concern hosted tools or encrypted reasoning."""
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise invalid_field(name, "must be an array of strings.")
    return {"logprobs": True} if LOGPROBS in value else {}


def _metadata(name: str, value: Any, _leave: Leave) -> dict[str, Any]:
    """Return no fields, because the answer repeats the metadata; check it, because clients expect strings."""
    if not all(isinstance(text, str) for text in _object(name, value).values()):
        raise invalid_field(name, "must be an object of strings.")
    return {}


def _truncation(name: str, value: Any, leave: Leave) -> dict[str, Any]:
    if value == "auto":
        leave(name)
    elif value != "disabled":
        raise invalid_field(name, "must be one of auto, disabled.")
    return {}


def _object(path: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise invalid_field(path, "must be an object.")
    return {name: part for name, part in value.items() if part is not None}


def shows_summary(body: Mapping[str, Any]) -> bool:
    """Return whether the request asks for a summary of the reasoning."""
    reasoning = body.get("reasoning")
    return isinstance(reasoning, dict) and any(reasoning.get(name) for name in SUMMARIES)


LOGPROBS: Final = "message.output_text.logprobs"
SUMMARIES: Final = ("summary", "generate_summary")

_OF_A_CHAT: Final = _refused("unknown field of a response; send it to /v1/chat/completions.")

PARAMETERS: Final[Mapping[str, ToChat]] = {
    # What the request is put together from.
    "model": _elsewhere,
    "input": _elsewhere,
    "instructions": _elsewhere,
    "tools": _elsewhere,
    "tool_choice": _elsewhere,
    "parallel_tool_calls": _elsewhere,
    "stream": _elsewhere,
    "store": _elsewhere,
    "previous_response_id": _elsewhere,
    "conversation": _elsewhere,
    # What the answer repeats, or what bounds tools that this model does not have.
    "metadata": _metadata,
    "max_tool_calls": _elsewhere,
    "stream_options": _elsewhere,
    # What is put otherwise.
    "max_output_tokens": lambda _name, value, _leave: {"max_tokens": value},
    "text": _text,
    "reasoning": _reasoning,
    "include": _include,
    "top_logprobs": lambda name, value, _leave: {"logprobs": True, name: value} if value else {},
    "truncation": _truncation,
    # What a chat has under the same name, and the model or its family decides on.
    "temperature": _as_it_is,
    "top_p": _as_it_is,
    "user": _as_it_is,
    "safety_identifier": _as_it_is,
    "prompt_cache_key": _as_it_is,
    "prompt_cache_retention": _as_it_is,
    "service_tier": lambda name, value, _leave: {} if value in ("auto", "default") else {name: value},
    "seed": _as_it_is,
    "stop": _as_it_is,
    "frequency_penalty": _as_it_is,
    "presence_penalty": _as_it_is,
    "logit_bias": _as_it_is,
    # What cannot be done.
    "background": _refused("this model has no background mode; omit this field.", False),
    "prompt": _refused("this model has no stored prompts; send instructions and input."),
    # What is of the other API.
    "messages": _OF_A_CHAT,
    "n": _OF_A_CHAT,
    "max_tokens": _refused("unknown field of a response; send max_output_tokens."),
    "max_completion_tokens": _refused("unknown field of a response; send max_output_tokens."),
    "response_format": _refused("unknown field of a response; send text.format."),
    "reasoning_effort": _refused("unknown field of a response; send reasoning.effort."),
    "functions": _OF_A_CHAT,
    "function_call": _OF_A_CHAT,
}

# The names of a chat's fields, in what it says of them, and those that the caller wrote.
NAMES: Final[Mapping[str, str]] = {
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "response_format": "text.format",
    "reasoning_effort": "reasoning.effort",
    "verbosity": "text.verbosity",
    "logprobs": "include",
    "messages": "input",
}
