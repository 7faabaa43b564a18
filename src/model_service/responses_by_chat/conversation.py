"""Translate the input items of a Responses request to chat messages. ITEMS at the end.

The text and the tool calls of one turn are several items, but one chat message.
Source: https://platform.openai.com/docs/api-reference/responses/create#responses-create-input
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from model_service.openai_api.chat import Message
from model_service.openai_api.stored_state import is_item_reference
from model_service.openai_api.validation import invalid_field
from model_service.responses_by_chat.content import answer_text, chat_content
from model_service.responses_by_chat.tools import custom_arguments

HistoryItem = Mapping[str, Any]


class ChatHistory:
    """Collect chat messages item by item. ``left_out`` names the items that a chat does not have."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.left_out: dict[str, None] = {}
        self._calls: set[str] = set()

    def instruct(self, instructions: Any) -> None:
        """Add the ``instructions`` of the request."""
        if instructions is None or instructions == "":
            return
        if isinstance(instructions, str):
            self.messages.append({"role": "system", "content": instructions})
        elif isinstance(instructions, list):
            self.extend("instructions", instructions)
        else:
            raise invalid_field("instructions", "must be a string or an array of input items.")

    def extend(self, path: str, items: Iterable[Any]) -> None:
        """Add items; raise ``InvalidRequest`` with the path of an invalid one."""
        for place, item in enumerate(items):
            self._add(f"{path}.{place}", item)

    def _add(self, path: str, item: Any) -> None:
        if not isinstance(item, dict):
            raise invalid_field(path, "must be an object.")
        kind = item.get("type") or ("message" if item.get("role") is not None else None)
        kind = "item_reference" if is_item_reference(item) else kind
        take = ITEMS.get(kind) if isinstance(kind, str) else None
        if take is None:
            raise invalid_field(
                f"{path}.type", f"this model does not support such items; must be one of {', '.join(ITEMS)}."
            )
        take(self, path, item)

    def message(self, path: str, item: HistoryItem) -> None:
        """Add a message."""
        role = ROLES.get(str(item.get("role")))
        if role is None:
            raise invalid_field(f"{path}.role", f"must be one of {', '.join(ROLES)}.")
        if role != "assistant":
            self.messages.append({"role": role, "content": chat_content(path, item.get("content"))})
            return
        text = answer_text(path, item.get("content"))
        last = self.messages[-1] if self.messages else {}
        if last.get("tool_calls"):  # the turn goes on until its calls are answered
            last["content"] = (last["content"] or "") + text
        else:
            self.messages.append({"role": "assistant", "content": text})

    def call(self, path: str, item: HistoryItem) -> None:
        """Add a function call."""
        arguments = item.get("arguments")
        if not isinstance(arguments, str):
            raise invalid_field(f"{path}.arguments", "must be a string.")
        self._call(path, item, arguments)

    def custom_call(self, path: str, item: HistoryItem) -> None:
        """Add the call of a custom tool, which is a function in the chat."""
        text = item.get("input")
        if not isinstance(text, str):
            raise invalid_field(f"{path}.input", "must be a string.")
        self._call(path, item, custom_arguments(text))

    def result(self, path: str, item: HistoryItem) -> None:
        """Add the output of a tool."""
        call_id = _string(path, item, "call_id")
        if call_id not in self._calls:
            raise invalid_field(f"{path}.call_id", "no earlier item of the input is a call with this call_id.")
        content = chat_content(path, item.get("output"), "output")
        self.messages.append({"role": "tool", "tool_call_id": call_id, "content": content})

    def leave(self, _path: str, item: HistoryItem) -> None:
        """Omit an item that Chat Completions does not have."""
        self.left_out[f"input.{item['type']}"] = None

    def reference(self, path: str, item: HistoryItem) -> None:
        """Omit a reference to a reasoning item; raise ``InvalidRequest`` for any other unresolved reference."""
        if not str(item.get("id")).startswith("rs_"):
            raise invalid_field(
                f"{path}.id", "there is no such item; send the item itself (clients do this with store: false)."
            )
        self.left_out["input.reasoning"] = None

    def _call(self, path: str, item: HistoryItem, arguments: str) -> None:
        function = {"name": _string(path, item, "name"), "arguments": arguments}
        call_id = _string(path, item, "call_id")
        last = self.messages[-1] if self.messages and self.messages[-1]["role"] == "assistant" else None
        if last is None:
            last = {"role": "assistant", "content": None}
            self.messages.append(last)
        last.setdefault("tool_calls", []).append({"id": call_id, "type": "function", "function": function})
        self._calls.add(call_id)


def _string(path: str, item: HistoryItem, name: str) -> str:
    value = item.get(name)
    if not isinstance(value, str) or not value:
        raise invalid_field(f"{path}.{name}", "must be a non-empty string.")
    return value


# Chat has the role developer for OpenAI's own models alone.
ROLES: Final = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}

ITEMS: Final[Mapping[str, Callable[[ChatHistory, str, HistoryItem], None]]] = {
    "message": ChatHistory.message,
    "function_call": ChatHistory.call,
    "function_call_output": ChatHistory.result,
    "custom_tool_call": ChatHistory.custom_call,
    "custom_tool_call_output": ChatHistory.result,
    "reasoning": ChatHistory.leave,
    "item_reference": ChatHistory.reference,
    # Whose findings stand in the message that follows.
    "web_search_call": ChatHistory.leave,
    "mcp_list_tools": ChatHistory.leave,
}
