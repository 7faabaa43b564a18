"""Translate the tools of a Responses request to chat tools; a custom tool becomes a function with one string.

Hosted tools, which OpenAI or OCI run, do not exist in a chat: those in LEFT_OUT are omitted, others are refused.
Source: https://platform.openai.com/docs/api-reference/responses/create#responses-create-tools
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from model_service.errors import InvalidRequest
from model_service.openai_api.encoding import write_json
from model_service.openai_api.validation import invalid_field, optional_bool
from model_service.responses_by_chat.parameters import Leave

ChatFields = dict[str, Any]


@dataclass(frozen=True)
class OfferedTools:
    """``chat`` has the chat fields for the tools; ``custom`` the names of the custom tools."""

    chat: ChatFields = field(default_factory=dict)
    custom: frozenset[str] = frozenset()


def offered_tools(body: Mapping[str, Any], leave: Leave) -> OfferedTools:
    """Return the tools; raise ``InvalidRequest`` with the path of a tool that a chat does not support."""
    given = body.get("tools") or []
    if not isinstance(given, list):
        raise invalid_field("tools", "must be an array.")
    tools: list[ChatFields] = []
    custom: set[str] = set()
    for place, tool in enumerate(given):
        made = _tool(f"tools.{place}", tool, leave)
        if made is not None:
            tools.append(made)
            custom |= {tool["name"]} if tool["type"] == "custom" else set()
    choice, tools = _choice(body.get("tool_choice"), tools)
    if not tools:
        return OfferedTools()
    chat: ChatFields = {"tools": tools}
    if choice is not None:
        chat["tool_choice"] = choice
    if (parallel := optional_bool(body, "parallel_tool_calls")) is not None:
        chat["parallel_tool_calls"] = parallel
    return OfferedTools(chat, frozenset(custom))


def _tool(path: str, tool: Any, leave: Leave) -> ChatFields | None:
    """Return the chat tool; ``None`` if the tool is omitted."""
    kind = tool.get("type") if isinstance(tool, dict) else None
    if not isinstance(kind, str):
        raise invalid_field(path, "must be an object with a type.")
    if kind in TOOLS:
        if not isinstance(tool.get("name"), str) or not tool["name"]:
            raise invalid_field(f"{path}.name", "must be a non-empty string.")
        return {"type": "function", "function": TOOLS[kind](path, tool)}
    if kind.startswith(LEFT_OUT):
        leave(f"tools.{kind}")
        return None
    raise invalid_field(
        f"{path}.type", f"this model does not support tools of this type; must be one of {', '.join(TOOLS)}."
    )


def _function(path: str, tool: Mapping[str, Any]) -> ChatFields:
    parameters = tool.get("parameters")
    if parameters is not None and not isinstance(parameters, dict):
        raise invalid_field(f"{path}.parameters", "must be an object.")
    given = {name: tool[name] for name in ("description", "strict") if tool.get(name) is not None}
    return {"name": tool["name"], **given, "parameters": parameters or {"type": "object", "properties": {}}}


def _custom(path: str, tool: Mapping[str, Any]) -> ChatFields:
    wanted = tool.get("format") or {"type": "text"}
    if not isinstance(wanted, dict) or wanted.get("type") != "text":
        raise invalid_field(f"{path}.format", "must be text: this model does not support grammars.")
    described = {"description": tool["description"]} if tool.get("description") else {}
    parameters = {"type": "object", "properties": {INPUT: {"type": "string"}}, "required": [INPUT]}
    return {"name": tool["name"], **described, "parameters": parameters}


def custom_arguments(text: str) -> str:
    """Return the function arguments for the input of a custom tool."""
    return write_json({INPUT: text}).decode()


def custom_input(arguments: str) -> str:
    """Return the input of a custom tool from the function arguments; unparsable arguments are returned unchanged."""
    try:
        read = json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments
    text = read.get(INPUT) if isinstance(read, dict) else None
    return text if isinstance(text, str) else arguments


def _choice(choice: Any, tools: list[ChatFields]) -> tuple[Any, list[ChatFields]]:
    """Return ``tool_choice`` for the chat, and the tools that remain."""
    if choice is None or isinstance(choice, str):
        return _mode(choice, tools), tools
    kind = str(choice.get("type")) if isinstance(choice, dict) else None
    if kind in TOOLS:
        return _named(choice.get("name"), tools), tools
    if kind != "allowed_tools" or not isinstance(choice.get("tools"), list):
        raise invalid_field("tool_choice", "must be auto, none, required, or one of the functions that tools has.")
    names = [tool.get("name") for tool in choice["tools"] if isinstance(tool, dict)]
    allowed = [tool for tool in tools if tool["function"]["name"] in names]
    return _mode(choice.get("mode") or "auto", allowed), allowed


def _mode(mode: Any, tools: list[ChatFields]) -> Any:
    if mode not in (None, "auto", "none", "required"):
        raise invalid_field("tool_choice", "must be one of auto, none, required, or an object.")
    if mode == "required" and not tools:
        raise _nothing_to_call()
    return mode


def _named(name: Any, tools: list[ChatFields]) -> ChatFields:
    if name not in [tool["function"]["name"] for tool in tools]:
        raise _nothing_to_call()
    return {"type": "function", "function": {"name": name}}


def _nothing_to_call() -> InvalidRequest:
    return invalid_field("tool_choice", "tools has no such tool that this model can call.")


INPUT: Final = "input"

TOOLS: Final[Mapping[str, Callable[[str, Mapping[str, Any]], ChatFields]]] = {
    "function": _function,
    "custom": _custom,
}

# A search makes an answer better, and the model answers without one too. Whatever else is hosted (file_search,
# code_interpreter, mcp, image_generation, …) is what the answer would be made of: that is refused.
LEFT_OUT: Final = ("web_search",)
