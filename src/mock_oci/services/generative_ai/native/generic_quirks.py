"""What a family of models refuses of a GENERIC chat request, each in the words that were seen for it."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mock_oci.operations import Refused
from mock_oci.services.generative_ai.native.refusal import broken, from_openai
from mock_oci.services.generative_ai.quirks import GPT5, Quirk, given, warm
from mock_oci.wire import Body


def _images(request: Body) -> int:
    return sum(part["type"] == "IMAGE" for message in request["messages"] for part in message.get("content") or ())


def _silent(message: Body) -> bool:
    """Tell whether a message has neither text nor anything else."""
    return not any(part["type"] != "TEXT" or part.get("text") for part in message.get("content") or ())


def _unknown_keyword(request: Body) -> str:
    """Find the first JSON schema keyword in tools or response format that Gemini does not know."""
    schemas = [tool.get("parameters") for tool in request.get("tools") or ()]
    schemas.append(((request.get("responseFormat") or {}).get("jsonSchema") or {}).get("schema"))
    return next((word for schema in schemas for word in _keywords(schema) if word in _NOT_IN_GEMINI), "")


def _keywords(schema: Any) -> Iterator[str]:
    """Yield the keywords of a schema and of the schemas in it: not the names of its properties."""
    if isinstance(schema, list):
        for item in schema:
            yield from _keywords(item)
    if not isinstance(schema, Mapping):
        return
    for word, value in schema.items():
        yield word
        yield from _keywords(list(value.values()) if word in _NAMED and isinstance(value, Mapping) else value)


def _type_array(request: Body) -> bool:
    """Tell whether a schema of tools or of the response format has a list of types."""
    return any(isinstance(schema.get("type"), list) for schema in _schemas(request))


def _schemas(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every object in the schemas of a request."""
    if isinstance(value, Mapping):
        yield value
    for item in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _schemas(item)


def _tiny_image(request: Body) -> str:
    """Return the size of a PNG that is too small to be looked at; empty when there is none."""
    for message in request["messages"]:
        for part in message.get("content") or ():
            url = str((part.get("imageUrl") or {}).get("url", "")) if part["type"] == "IMAGE" else ""
            if url.startswith(_PNG) and (size := _size_of(url.removeprefix(_PNG))) == (1, 1):
                return f"{size[0]}x{size[1]}"
    return ""


def _size_of(encoded: str) -> tuple[int, ...]:
    """Return a PNG's width and height, from its first chunk; nothing for what is none."""
    try:
        head = base64.b64decode(encoded[:32], validate=True)
    except ValueError:
        return ()
    return struct.unpack(">II", head[16:24]) if head[:4] == b"\x89PNG" else ()


_PNG = "data:image/png;base64,"
_NAMED = ("properties", "$defs", "definitions")
_NOT_IN_GEMINI = ("$ref", "$defs", "$schema", "additionalProperties", "exclusiveMinimum", "exclusiveMaximum")


def _in_openai_words(param: str, code: str) -> Callable[[str], Refused]:
    return lambda message: from_openai(message, param, code)


QUIRKS = (
    Quirk(  # oracle/ai-optimizer#513
        GPT5,
        given("maxTokens"),
        "Invalid 'maxTokens': Unsupported parameter: 'maxTokens' is not supported with this model."
        " Use 'maxCompletionTokens' instead.",
    ),
    Quirk(  # langchain-oracle, tests/unit_tests/chat_models/test_gpt5_param_compat.py
        GPT5,
        warm,
        "Unsupported value: 'temperature' does not support FOUND with this model."
        " Only the default (1) value is supported.",
        _in_openai_words("temperature", "unsupported_value"),
    ),
    Quirk(
        GPT5,
        given("stop"),
        "Unsupported parameter: 'stop' is not supported with this model.",
        _in_openai_words("stop", "unsupported_parameter"),
    ),
    # locus, models/native/openai.py: refused even when 0; the wording is the emulator's.
    Quirk(r"xai\.", given("presencePenalty", "frequencyPenalty"), "MODEL does not support parameter FOUND"),
    Quirk(r"xai\.grok-4\.20", given("reasoningEffort"), "MODEL does not support parameter reasoningEffort"),
    Quirk(  # langchain4j/langchain4j-community#389
        r"xai\.",
        lambda body: next(
            (f"tools[{index}]" for index, tool in enumerate(body.get("tools") or ()) if tool.get("parameters") is None),
            None,
        ),
        "Failed to deserialize the JSON body into the target type: FOUND: missing field `parameters`",
    ),
    Quirk(r"google\.", given("reasoningEffort"), "thinking_level is not supported"),
    Quirk(
        r"google\.",
        _unknown_keyword,
        'Invalid JSON payload received. Unknown name "FOUND": Cannot find field.',
    ),
    Quirk(  # langchain-oracle, chat_models/providers/generic.py; the wording is the emulator's
        r"google\.",
        lambda body: _type_array({"of": [body.get("tools"), body.get("responseFormat")]}),
        'Invalid JSON payload received. Unknown name "type": Proto field is not repeating, cannot start list.',
    ),
    Quirk(r"xai\.", _tiny_image, "Image dimensions FOUND are too small"),
    Quirk(  # langchain-oracle, chat_models/providers/generic.py: "send '.'"
        r"meta\.",
        lambda body: any(message.get("toolCalls") and not message.get("content") for message in body["messages"]),
        "",
        lambda _: broken(),
    ),
    Quirk(  # oracle/langchain-oracle#111
        r"google\.",
        lambda body: any(len(message.get("toolCalls") or ()) > 1 for message in body["messages"]),
        "Please ensure that the number of function response parts is equal to the number of function call"
        " parts of the function call turn.",
    ),
    # oracle/langchain-oracle#79: the service fails with a NullPointerException.
    Quirk(
        r"google\.",
        lambda body: any(message.get("toolCalls") and _silent(message) for message in body["messages"]),
        "",
        lambda _: broken(),
    ),
    Quirk(
        r"openai\.gpt-oss",
        lambda body: any(not message.get("toolCalls") and _silent(message) for message in body["messages"]),
        "Message content cannot be empty",
    ),
    Quirk(r"openai\.gpt-oss", _images, "MODEL does not support image input"),  # the emulator's wording
    Quirk(r"meta\.llama-3\.2", lambda body: _images(body) > 1, "At most 1 image(s) may be provided in one request"),
)
