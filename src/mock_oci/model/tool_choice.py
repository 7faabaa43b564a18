"""Whether the local model calls a tool, which one, and with what arguments."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from mock_oci.model.example_values import example_of
from mock_oci.model.replies import ToolCall

Tool = Mapping[str, Any]
_WORD = re.compile(r"[a-z]+|\d+")
_QUOTED = re.compile(r'"([^"]+)"')
_NAME = re.compile(r"(?<![.!?] )(?<!^)\b[A-Z][\w'-]*(?: [A-Z][\w'-]*)*")
# Words that say that something is done, not what: they tell no tool from another.
_EMPTY_WORDS = """
    a an and call current do fetch find for from get give in is list look lookup make of on or
    please query read return run search set show tell that the this to tool up use what with you your
"""
_EMPTY = frozenset(_EMPTY_WORDS.split())


def calls_for(body: Mapping[str, Any], prompt: str) -> tuple[ToolCall, ...]:
    """Return the calls that ``tools`` and ``tool_choice`` of an OpenAI request lead to; none when no tool is meant."""
    chosen = _chosen(body, prompt)
    together = body.get("parallel_tool_calls") is not False
    if not together:
        chosen = chosen[:1]
    arguments = [(tool, filled) for tool in chosen for filled in _arguments(tool, prompt, together)]
    return tuple(
        ToolCall(
            f"call_{hashlib.sha256(f'{prompt}/{number}'.encode()).hexdigest()[:24]}", tool["name"], json.dumps(filled)
        )
        for number, (tool, filled) in enumerate(arguments)
    )


def subjects_of(prompt: str) -> tuple[str, ...]:
    """Find what a prompt is about: what it quotes, else the names in it, else its last word."""
    subjects = _QUOTED.findall(prompt) or _NAME.findall(prompt)
    return tuple(subjects) or tuple(re.findall(r"[\w'-]+", prompt)[-1:])


def _chosen(body: Mapping[str, Any], prompt: str) -> list[Tool]:
    tools = [tool["function"] for tool in body.get("tools") or () if tool.get("type") == "function"]
    choice = body.get("tool_choice") or "auto"
    if choice == "none" or not tools:
        return []
    if isinstance(choice, Mapping):
        name = choice.get("function", {}).get("name")
        return [tool for tool in tools if tool["name"] == name]
    meant = [tool for tool in tools if _is_meant(tool, prompt)]
    return meant or (tools[:1] if choice == "required" else [])


def _is_meant(tool: Tool, prompt: str) -> bool:
    """Look for the tool's name in the prompt, every telling word of it, or two telling words of its description."""
    if tool["name"].lower() in prompt.lower():
        return True
    words = _telling(prompt)
    name = _telling(tool["name"])
    return bool(name and name <= words) or len(_telling(tool.get("description") or "") & words) > 1


def _telling(text: str) -> set[str]:
    """Return lower-case words without the empty ones, camelCase and snake_case taken apart, plurals cut."""
    apart = re.sub(r"([a-z])([A-Z])", r"\1 \2", text).lower()
    return {word.removesuffix("s") for word in _WORD.findall(apart)} - _EMPTY


def _arguments(tool: Tool, prompt: str, together: bool) -> list[Any]:
    """Return one set of arguments; one for each subject when the tool takes a single string and may be called twice."""
    schema = tool.get("parameters") or {}
    subjects = subjects_of(prompt)
    if together and _takes_one_string(schema):
        return [example_of(schema, [subject], prompt) for subject in subjects or ("example",)]
    return [example_of({"type": "object", **schema}, subjects, prompt)]


def _takes_one_string(schema: Mapping[str, Any]) -> bool:
    properties: Sequence[Any] = list(schema.get("properties", {}).values())
    free = [one for one in properties if one.get("type") == "string" and not one.keys() & {"enum", "const"}]
    return len(free) == 1
