"""What a family of models does not take, or silently ignores, on the Chat Completions surface."""

from __future__ import annotations

import re

from mock_oci.model.local_model import text_of
from mock_oci.services.generative_ai.quirks import GPT5, Quirk, given, in_openai_words, in_xai_words, warm
from mock_oci.wire import Body


def without_ignored(model: str, body: Body) -> Body:
    """Return ``body`` without what this model's family silently ignores."""
    names = {name for models, fields in IGNORED.items() if re.match(models, model) for name in fields}
    return {name: value for name, value in body.items() if name not in names}


def _images(body: Body) -> int:
    contents = (message["content"] for message in body["messages"] if isinstance(message.get("content"), list))
    return sum(part["type"] == "image_url" for content in contents for part in content)


# Seen on the real surface by third parties, except where a comment says whose wording it is.
QUIRKS = (
    Quirk(
        r"openai\.gpt-5\.5-pro",
        lambda body: True,  # noqa: ARG005 - a row of a table whose other rows look at the request
        "This model is only supported in v1/responses and not in v1/chat/completions.",  # OpenAI's wording
        in_openai_words("model", status=404),
    ),
    Quirk(
        GPT5,
        given("max_tokens"),
        "Unsupported parameter: 'max_tokens' is not supported with this model."
        " Use 'max_completion_tokens' instead.",  # OpenAI's wording; oracle/ai-optimizer#513 has the native one
        in_openai_words("max_tokens", "unsupported_parameter"),
    ),
    Quirk(
        GPT5,
        warm,
        "Unsupported value: 'temperature' does not support this value with this model."
        " Only the default (1) value is supported.",
        in_openai_words("temperature", "unsupported_value"),
    ),
    Quirk(
        GPT5,
        given("stop"),
        "Unsupported parameter: 'stop' is not supported with this model.",
        in_openai_words("stop", "unsupported_parameter"),
    ),
    Quirk(
        r"xai\.",
        given("presence_penalty", "frequency_penalty"),  # even when 0
        "MODEL does not support parameter presencePenalty or frequencyPenalty",  # the emulator's wording
    ),
    Quirk(r"xai\.grok-4\.20", given("reasoning_effort"), "MODEL does not support parameter reasoningEffort"),
    Quirk(
        r"xai\.grok-4\.20-multi-agent",
        lambda body: body.get("tools"),
        "Client-side tools for multi-agent models require beta access",
        in_xai_words,
    ),
    Quirk(
        r"openai\.gpt-oss",
        lambda body: any(not text_of(message) and not message.get("tool_calls") for message in body["messages"]),
        "Message content cannot be empty",
    ),
    Quirk(
        r"openai\.gpt-oss",
        _images,
        "MODEL does not support image input",  # the emulator's wording
    ),
    Quirk(r"meta\.llama-3\.2", lambda body: _images(body) > 1, "At most 1 image(s) may be provided in one request"),
)

# Gemini answers on this surface as if no tools had been offered (seen by third parties, 2026).
IGNORED = {r"google\.": ("tools", "tool_choice", "parallel_tool_calls")}
