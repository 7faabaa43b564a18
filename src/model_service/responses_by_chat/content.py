"""Translate the content parts of an input item to those of a chat message. PARTS at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from model_service.openai_api.validation import invalid_field

ItemPart = Mapping[str, Any]
ChatContent = str | list[dict[str, Any]]


def chat_content(path: str, content: Any, field: str = "content") -> ChatContent:
    """Return the content of a chat message; a single text is a string, which every model accepts.

    Raise ``InvalidRequest``, with the path of the part, for what Chat Completions does not have.
    """
    path = f"{path}.{field}"
    if isinstance(content, str):
        return content
    parts = [PARTS[kind](at, part) for at, kind, part in _typed(path, content, PARTS)]
    return str(parts[0]["text"]) if len(parts) == 1 and parts[0]["type"] == "text" else parts


def answer_text(path: str, content: Any) -> str:
    """Return the text of an assistant's message, including refusals."""
    if isinstance(content, str):
        return content
    typed = _typed(f"{path}.content", content, SAID)
    return "".join(_string(at, part, SAID[kind]) for at, kind, part in typed)


def _typed(path: str, content: Any, known: Mapping[str, Any]) -> list[tuple[str, str, ItemPart]]:
    """Return the path, the type and the part for each part of an array; raise ``InvalidRequest`` for anything else."""
    if not isinstance(content, list):
        raise invalid_field(path, "must be a string or an array.")
    typed = []
    for place, part in enumerate(content):
        kind = part.get("type") if isinstance(part, dict) else None
        if not isinstance(kind, str) or kind not in known:
            raise invalid_field(f"{path}.{place}.type", f"must be one of {', '.join(known)}.")
        typed.append((f"{path}.{place}", kind, part))
    return typed


def _text(path: str, part: ItemPart) -> dict[str, Any]:
    return {"type": "text", "text": _string(path, part, SAID[part["type"]])}


def _image(path: str, part: ItemPart) -> dict[str, Any]:
    url = part.get("image_url")
    if not isinstance(url, str) or not url:
        raise invalid_field(f"{path}.image_url", f"must be a URL or a data URL; {NO_FILES}")
    detail = {"detail": part["detail"]} if part.get("detail") not in (None, "auto") else {}
    return {"type": "image_url", "image_url": {"url": url, **detail}}


def _file(path: str, part: ItemPart) -> dict[str, Any]:
    if not isinstance(part.get("file_data"), str) or not part["file_data"]:
        raise invalid_field(f"{path}.file_data", f"must be a data URL; {NO_FILES}")
    name = {"filename": part["filename"]} if part.get("filename") else {}
    return {"type": "file", "file": {**name, "file_data": part["file_data"]}}


def _audio(path: str, part: ItemPart) -> dict[str, Any]:
    if not isinstance(part.get("input_audio"), dict):
        raise invalid_field(f"{path}.input_audio", "must be an object.")
    return {"type": "input_audio", "input_audio": part["input_audio"]}


def _string(path: str, part: ItemPart, name: str) -> str:
    value = part.get(name)
    if not isinstance(value, str):
        raise invalid_field(f"{path}.{name}", "must be a string.")
    return value


NO_FILES: Final = "this model cannot read files of the Files API."

PARTS: Final[Mapping[str, Callable[[str, ItemPart], dict[str, Any]]]] = {
    "input_text": _text,
    "output_text": _text,
    "text": _text,
    "refusal": _text,
    "input_image": _image,
    "input_file": _file,
    "input_audio": _audio,
}

SAID: Final[Mapping[str, str]] = {
    "output_text": "text",
    "input_text": "text",
    "text": "text",
    "refusal": "refusal",
}
