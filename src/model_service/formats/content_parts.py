"""The content of a message, from OpenAI's parts into native ones or into plain text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from model_service.formats.parameters import known_keys, refusal, text

Part = Mapping[str, Any]
Native = dict[str, Any]
PartTable = Mapping[str, Callable[[str, Part], Native]]
"""The type of a part, and what makes a native part of it: path and part in, native part out."""


def native_parts(path: str, content: Any, table: PartTable) -> list[Native]:
    """A text becomes one part, null none; raises ``InvalidRequest`` for a type that the table does not have."""
    if content is None:
        return []
    if isinstance(content, str):
        return [{"type": "TEXT", "text": content}]
    return [_native(f"{path}.content.{number}", part, table) for number, part in enumerate(content)]


def plain_text(path: str, content: Any) -> str:
    """Of a text or of text parts; raises ``InvalidRequest`` for a part of any other type."""
    return "".join(part["text"] for part in native_parts(path, content, TEXT_ONLY))


def text_part(path: str, part: Part) -> Native:
    return {"type": "TEXT", "text": text(f"{path}.text", part.get("text"))}


def image_url(path: str, part: Part) -> Native:
    """``{url, detail}`` of an OpenAI image part, with OCI's AUTO, LOW and HIGH."""
    given = known_keys(f"{path}.image_url", part.get("image_url"), "url", "detail")
    return {key: value.upper() if key == "detail" else value for key, value in given.items()}


def own(_: str, part: Part) -> Native:
    """A part that the caller wrote in the format's own words."""
    return dict(part)


def _native(path: str, part: Part, table: PartTable) -> Native:
    make = table.get(part["type"])
    if make is None:
        raise refusal(f"{path}.type", "OCI's format for this model cannot carry content of this type.")
    return make(path, part)


TEXT_ONLY: PartTable = {"text": text_part, "TEXT": text_part}
