"""What a family of models refuses of a GENERIC chat request, each in the words that were seen for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mock_oci.operations import Refused
from mock_oci.services.generative_ai.native.refusal import bad_request, broken, from_openai
from mock_oci.wire import Body


def check_family(model: str, request: Body) -> None:
    for quirk in QUIRKS:
        if re.match(quirk.models, model):
            found = quirk.finds(request)
            if found:
                raise quirk.refusal(model, found)


def _given(*names: str) -> Callable[[Body], str]:
    """The first of these parameters that the request has."""
    return lambda request: next((name for name in names if request.get(name) is not None), "")


def _warm(request: Body) -> str:
    return str(request["temperature"]) if request.get("temperature") not in (None, 1) else ""


def _images(request: Body) -> int:
    return sum(part["type"] == "IMAGE" for message in request["messages"] for part in message.get("content") or ())


def _any_image(request: Body) -> str:
    return "IMAGE" if _images(request) else ""


def _many_images(request: Body) -> str:
    return "IMAGE" if _images(request) > 1 else ""


def _said(message: Body) -> str:
    return "".join(part.get("text", "") for part in message.get("content") or ())


def _silent(message: Body) -> bool:
    return not _said(message) and not any(part["type"] != "TEXT" for part in message.get("content") or ())


def _empty_message(request: Body) -> str:
    spoken = (message for message in request["messages"] if not message.get("toolCalls"))
    return next((message["role"] for message in spoken if _silent(message)), "")


def _wordless_calls(request: Body) -> str:
    calling = (message for message in request["messages"] if message.get("toolCalls"))
    return next((message["role"] for message in calling if _silent(message)), "")


def _calls_together(request: Body) -> str:
    return "toolCalls" if any(len(message.get("toolCalls") or ()) > 1 for message in request["messages"]) else ""


def _without_parameters(request: Body) -> str:
    tools = request.get("tools") or ()
    return next((f"tools[{number}]" for number, tool in enumerate(tools) if tool.get("parameters") is None), "")


def _unknown_keyword(request: Body) -> str:
    """The first JSON schema keyword in tools or response format that Gemini does not know."""
    schemas = [tool.get("parameters") for tool in request.get("tools") or ()]
    schemas.append(((request.get("responseFormat") or {}).get("jsonSchema") or {}).get("schema"))
    return next((word for schema in schemas for word in _keywords(schema) if word in _NOT_IN_GEMINI), "")


def _keywords(schema: Any) -> Iterator[str]:
    """The keywords of a schema and of the schemas in it: not the names of its properties."""
    if isinstance(schema, list):
        for item in schema:
            yield from _keywords(item)
    if not isinstance(schema, Mapping):
        return
    for word, value in schema.items():
        yield word
        yield from _keywords(list(value.values()) if word in _NAMED and isinstance(value, Mapping) else value)


_NAMED = ("properties", "$defs", "definitions")
_NOT_IN_GEMINI = ("$ref", "$defs", "$schema", "additionalProperties", "exclusiveMinimum", "exclusiveMaximum")


@dataclass(frozen=True)
class Quirk:
    """``models`` is a pattern for model ids; ``finds`` names what is refused, or nothing."""

    models: str
    finds: Callable[[Body], str]
    refusal: Callable[[str, str], Refused]


def _says(message: str) -> Callable[[str, str], Refused]:
    """A refusal in these words; MODEL and FOUND stand for the model's id and for what was found."""
    return lambda model, found: bad_request(message.replace("MODEL", model).replace("FOUND", found))


def _openai(message: str, param: str, code: str) -> Callable[[str, str], Refused]:
    return lambda _, found: from_openai(message.replace("FOUND", found), param, code)


_GPT5 = r"openai\.(gpt-5|o\d)"
QUIRKS = (
    Quirk(  # oracle/ai-optimizer#513
        _GPT5,
        _given("maxTokens"),
        _says(
            "Invalid 'maxTokens': Unsupported parameter: 'maxTokens' is not supported with this model."
            " Use 'maxCompletionTokens' instead."
        ),
    ),
    Quirk(  # langchain-oracle, tests/unit_tests/chat_models/test_gpt5_param_compat.py
        _GPT5,
        _warm,
        _openai(
            "Unsupported value: 'temperature' does not support FOUND with this model."
            " Only the default (1) value is supported.",
            "temperature",
            "unsupported_value",
        ),
    ),
    Quirk(
        _GPT5,
        _given("stop"),
        _openai("Unsupported parameter: 'stop' is not supported with this model.", "stop", "unsupported_parameter"),
    ),
    # locus, models/native/openai.py: refused even when 0; the wording is the emulator's.
    Quirk(r"xai\.", _given("presencePenalty", "frequencyPenalty"), _says("MODEL does not support parameter FOUND")),
    Quirk(r"xai\.grok-4\.20", _given("reasoningEffort"), _says("MODEL does not support parameter reasoningEffort")),
    Quirk(  # langchain4j/langchain4j-community#389
        r"xai\.",
        _without_parameters,
        _says("Failed to deserialize the JSON body into the target type: FOUND: missing field `parameters`"),
    ),
    Quirk(r"google\.", _given("reasoningEffort"), _says("thinking_level is not supported")),
    Quirk(
        r"google\.",
        _unknown_keyword,
        _says('Invalid JSON payload received. Unknown name "FOUND": Cannot find field.'),
    ),
    Quirk(  # oracle/langchain-oracle#111
        r"google\.",
        _calls_together,
        _says(
            "Please ensure that the number of function response parts is equal to the number of function call"
            " parts of the function call turn."
        ),
    ),
    # oracle/langchain-oracle#79: the service fails with a NullPointerException.
    Quirk(r"google\.", _wordless_calls, lambda _, __: broken()),
    Quirk(r"openai\.gpt-oss", _empty_message, _says("Message content cannot be empty")),
    Quirk(r"openai\.gpt-oss", _any_image, _says("MODEL does not support image input")),  # the emulator's wording
    Quirk(r"meta\.llama-3\.2", _many_images, _says("At most 1 image(s) may be provided in one request")),
)
