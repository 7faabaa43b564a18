"""Where a model is served through Responses, and what its family refuses there."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from mock_oci.model.catalogue import REGIONS
from mock_oci.operations import json_response, not_found, oci_error
from mock_oci.services.generative_ai.chat.rules import openai_error
from mock_oci.wire import Body, Response


@dataclass(frozen=True)
class Absence:
    """Models (a pattern for their ids) that Responses does not serve on demand in these regions."""

    models: str
    regions: Collection[str]
    answer: Callable[[], Response]


@dataclass(frozen=True)
class Quirk:
    """A request that ``models`` refuse; MODEL in the message stands for the model's id."""

    models: str
    refuses: Callable[[Body], bool]
    message: str
    error: Callable[[str], Response] = lambda message: oci_error(400, message)


def absent(model: str, region: str) -> Response | None:
    """What an on-demand model that Responses does not serve in ``region`` answers, or None."""
    for absence in ABSENCES:
        if re.match(absence.models, model) and region in absence.regions:
            return absence.answer()
    return None


def refused(model: str, body: Body) -> Response | None:
    """What this model's family does not take, or None. ``body`` has the right shape."""
    for quirk in QUIRKS:
        if re.match(quirk.models, model) and quirk.refuses(body):
            return quirk.error(quirk.message.replace("MODEL", model))
    return None


def _items(body: Body) -> list[Body]:
    return [] if isinstance(body["input"], str) else body["input"]


def _any_system_message(body: Body) -> bool:
    return any(item.get("role") == "system" for item in _items(body))


def _echoes_ids_into_a_stream(body: Body) -> bool:
    return bool(body.get("stream")) and any(item["type"] == "function_call" and item.get("id") for item in _items(body))


def _asks_effort(body: Body) -> bool:
    return bool((body.get("reasoning") or {}).get("effort"))


def _any_image(body: Body) -> bool:
    contents = (item["content"] for item in _items(body) if isinstance(item.get("content"), list))
    return any(part["type"] == "input_image" for content in contents for part in content)


def _any_empty_text(body: Body) -> bool:
    return body["input"] == "" or any(item["type"] == "message" and not item["content"] for item in _items(body))


def _refused_by_openai(message: str) -> Response:
    return openai_error(message, "temperature", "unsupported_parameter")


def _refused_by_xai(message: str) -> Response:
    """xAI's own body, whose ``error`` is a string."""
    return json_response(400, {"code": "invalid-argument", "error": message})


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
        _any_system_message,
        "Unable to submit request because Content with system role is not supported.",
    ),
    Quirk(
        r"google\.",
        _echoes_ids_into_a_stream,
        "Invalid JSON data: data did not match any variant of untagged enum ResponseInput",
    ),
    Quirk(r"google\.", _asks_effort, "thinking_level is not supported"),
    Quirk(r"xai\.grok-4\.20", _asks_effort, "MODEL does not support parameter reasoningEffort"),
    Quirk(
        r"xai\.grok-4\.20-multi-agent",
        lambda body: bool(body.get("tools")),
        "Client-side tools for multi-agent models require beta access",
        _refused_by_xai,
    ),
    Quirk(r"openai\.gpt-oss", _any_empty_text, "Message content cannot be empty"),
    Quirk(r"openai\.gpt-oss", _any_image, "MODEL does not support image input"),  # the emulator's wording
    Quirk(
        r"openai\.(gpt-5|o\d)",
        lambda body: body.get("temperature") not in (None, 1),
        "Unsupported parameter: 'temperature' is not supported with this model.",
        _refused_by_openai,
    ),
)
