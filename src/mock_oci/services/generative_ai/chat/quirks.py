"""What a family of models does not take, or silently ignores, on the Chat Completions surface."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from mock_oci.model.local_model import text_of
from mock_oci.operations import json_response, oci_error
from mock_oci.services.generative_ai.chat.rules import openai_error
from mock_oci.wire import Body, Response


def refused(model: str, body: Body) -> Response | None:
    """What this model's family does not take, or None."""
    for quirk in QUIRKS:
        if re.match(quirk.models, model) and quirk.refuses(body):
            return quirk.error(quirk.message.replace("MODEL", model), quirk.param)
    return None


def ignored(model: str, body: Body) -> Body:
    """``body`` without what this model's family silently ignores."""
    names = {name for models, fields in IGNORED.items() if re.match(models, model) for name in fields}
    return {name: value for name, value in body.items() if name not in names}


def _images(body: Body) -> int:
    parts = [
        part for message in body["messages"] if isinstance(message.get("content"), list) for part in message["content"]
    ]
    return sum(part["type"] == "image_url" for part in parts)


def _given(*names: str) -> Callable[[Body], bool]:
    return lambda body: any(body.get(name) is not None for name in names)


def _any_empty_text(body: Body) -> bool:
    return any(not text_of(message) and not message.get("tool_calls") for message in body["messages"])


def _unsupported(message: str, param: str) -> Response:
    return openai_error(message, param, "unsupported_parameter")


def _unsupported_value(message: str, param: str) -> Response:
    return openai_error(message, param, "unsupported_value")


def _elsewhere(message: str, param: str) -> Response:
    return openai_error(message, param, status=404)


def _oci(message: str, param: str) -> Response:
    del param
    return oci_error(400, message)


def _xai(message: str, param: str) -> Response:
    """xAI's own body, whose ``error`` is a string."""
    del param
    return json_response(400, {"code": "invalid-argument", "error": message})


@dataclass(frozen=True)
class Quirk:
    """``models`` is a pattern for model ids; MODEL in the message stands for the id."""

    models: str
    refuses: Callable[[Body], bool]
    message: str
    error: Callable[[str, str], Response] = _oci
    param: str = ""


# Seen on the real surface by third parties, except where a comment says whose wording it is.
_GPT5 = r"openai\.(gpt-5|o\d)"
QUIRKS = (
    Quirk(
        r"openai\.gpt-5\.5-pro",
        lambda body: True,  # noqa: ARG005 - a row of a table whose other rows look at the request
        "This model is only supported in v1/responses and not in v1/chat/completions.",  # OpenAI's wording
        _elsewhere,
        "model",
    ),
    Quirk(
        _GPT5,
        _given("max_tokens"),
        "Unsupported parameter: 'max_tokens' is not supported with this model."
        " Use 'max_completion_tokens' instead.",  # OpenAI's wording; oracle/ai-optimizer#513 has the native one
        _unsupported,
        "max_tokens",
    ),
    Quirk(
        _GPT5,
        lambda body: body.get("temperature") not in (None, 1),
        "Unsupported value: 'temperature' does not support this value with this model."
        " Only the default (1) value is supported.",
        _unsupported_value,
        "temperature",
    ),
    Quirk(
        _GPT5,
        _given("stop"),
        "Unsupported parameter: 'stop' is not supported with this model.",
        _unsupported,
        "stop",
    ),
    Quirk(
        r"xai\.",
        _given("presence_penalty", "frequency_penalty"),  # even when 0
        "MODEL does not support parameter presencePenalty or frequencyPenalty",  # the emulator's wording
    ),
    Quirk(r"xai\.grok-4\.20", _given("reasoning_effort"), "MODEL does not support parameter reasoningEffort"),
    Quirk(
        r"xai\.grok-4\.20-multi-agent",
        lambda body: bool(body.get("tools")),
        "Client-side tools for multi-agent models require beta access",
        _xai,
    ),
    Quirk(r"openai\.gpt-oss", _any_empty_text, "Message content cannot be empty"),
    Quirk(
        r"openai\.gpt-oss",
        lambda body: _images(body) > 0,
        "MODEL does not support image input",  # the emulator's wording
    ),
    Quirk(r"meta\.llama-3\.2", lambda body: _images(body) > 1, "At most 1 image(s) may be provided in one request"),
)

# Gemini answers on this surface as if no tools had been offered (seen by third parties, 2026).
IGNORED = {r"google\.": ("tools", "tool_choice", "parallel_tool_calls")}
