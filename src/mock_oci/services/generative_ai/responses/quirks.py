"""Where a model is served through Responses, and what its family refuses there."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from mock_oci.model.known_models import REGIONS
from mock_oci.operations import Refused, not_found, oci_error
from mock_oci.services.generative_ai.quirks import GPT5, Quirk, in_openai_words, in_xai_words, warm
from mock_oci.wire import Body, Response


@dataclass(frozen=True)
class Absence:
    """Models (a pattern for their ids) that Responses does not serve on demand in these regions."""

    models: str
    regions: Collection[str]
    answer: Callable[[], Response]


def check_served(model: str, region: str) -> None:
    """Raise Refused for an on-demand model that Responses does not serve in ``region``."""
    for absence in ABSENCES:
        if re.match(absence.models, model) and region in absence.regions:
            raise Refused(absence.answer())


def _items(body: Body) -> list[Body]:
    return [] if isinstance(body["input"], str) else body["input"]


def _asks_effort(body: Body) -> object:
    return (body.get("reasoning") or {}).get("effort")


def _any_image(body: Body) -> bool:
    contents = (item["content"] for item in _items(body) if isinstance(item.get("content"), list))
    return any(part["type"] == "input_image" for content in contents for part in content)


def _any_empty_text(body: Body) -> bool:
    return body["input"] == "" or any(item["type"] == "message" and not item["content"] for item in _items(body))


# Seen by third parties in 2026: Llama in Osaka (June) but not in Chicago (August), Gemini the other way round.
ABSENCES = (
    Absence(r"meta\.", set(REGIONS) - {"ap-osaka-1"}, not_found),
    Absence(
        r"google\.",
        {"ap-osaka-1"},
        lambda: oci_error(400, "Incorrect apiIdentifier GenerativeAiService.responses"),
    ),
)

# Seen by third parties too, except for OpenAI's own wording of what it does not support.
QUIRKS = (
    Quirk(
        r"google\.",
        lambda body: any(item.get("role") == "system" for item in _items(body)),
        "Unable to submit request because Content with system role is not supported.",
    ),
    Quirk(
        r"google\.",
        lambda body: (
            body.get("stream") and any(item["type"] == "function_call" and item.get("id") for item in _items(body))
        ),
        "Invalid JSON data: data did not match any variant of untagged enum ResponseInput",
    ),
    Quirk(r"google\.", _asks_effort, "thinking_level is not supported"),
    Quirk(r"xai\.grok-4\.20", _asks_effort, "MODEL does not support parameter reasoningEffort"),
    Quirk(
        r"xai\.grok-4\.20-multi-agent",
        lambda body: body.get("tools"),
        "Client-side tools for multi-agent models require beta access",
        in_xai_words,
    ),
    Quirk(r"openai\.gpt-oss", _any_empty_text, "Message content cannot be empty"),
    Quirk(r"openai\.gpt-oss", _any_image, "MODEL does not support image input"),  # the emulator's wording
    Quirk(
        GPT5,
        warm,
        "Unsupported parameter: 'temperature' is not supported with this model.",
        in_openai_words("temperature", "unsupported_parameter"),
    ),
)
