"""The messages of a chat in OCI's COHERE format: a preamble, a history, and the one message to answer.

Source: oci.generative_ai_inference.models.CohereMessage and its subclasses, .CohereToolResult
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from model_service.openai_api.chat import Message
from model_service.transports.native.formats.messages import SPOKEN, TEXT_ONLY, ChatTurn, plain_text, turns_of
from model_service.transports.native.formats.parameters import ChatBody, NativeFields, require_string
from model_service.transports.native.formats.tool_schemas import arguments_object
from model_service.transports.native.formats.translation import Translation, refusal

# A message of the model without text has to say something.
PLACEHOLDER: Final = " "

SYSTEM_ROLES: Final = ("system", "developer")


@dataclass(frozen=True)
class CohereConversation:
    """How a chat is written for one request.

    ``has_own_preamble`` says that the caller wrote a ``preambleOverride``. ``tools_as_text`` writes earlier calls and
    results as text: the service takes them as such only beside tools, which no request for JSON may have.
    ``instructions`` are added to the preamble, ``tool_name`` gives a tool's name in this format.
    """

    has_own_preamble: bool = False
    tools_as_text: bool = False
    instructions: str = ""
    tool_name: Callable[[str], str] = str

    def write(self, messages: Sequence[Message], translation: Translation) -> NativeFields:
        """Return ``message``, ``chatHistory``, ``toolResults`` and ``preambleOverride``.

        System messages at the beginning are the preamble, unless the caller wrote one; all others keep their place in
        the history. Raise ``InvalidRequest`` that names what cannot be carried.
        """
        turns = turns_of(messages, FIELDS, translation)
        leading = [] if self.has_own_preamble else list(takewhile(lambda turn: turn.role in SYSTEM_ROLES, turns))
        *before, last = turns[len(leading) :] or [turns[-1]]
        native, last_entries = self._last(last)
        history = [entry for turn in before for entry in self._entries(turn)] + last_entries
        if native["message"] and history and history[-1]["role"] == "TOOL":
            # "cannot specify message if the last entry in chat history contains tool results"
            history.append({"role": "CHATBOT", "message": PLACEHOLDER})
        preamble = "\n\n".join([*(_text(turn) for turn in leading), *filter(None, [self.instructions])])
        return {
            **native,
            **({"chatHistory": history} if history else {}),
            **({"preambleOverride": preamble} if preamble else {}),
        }

    def _last(self, turn: ChatTurn) -> tuple[NativeFields, list[NativeFields]]:
        """Return what is to be answered, and what belongs at the end of the history.

        With tool results the message is empty, or the service refuses it; the calls that they answer come before.
        """
        if turn.results and self.tools_as_text:
            *entries, results = self._entries(turn)
            return {"message": results["message"]}, entries
        if turn.results:
            calls, results = self._entries(turn)
            return {"message": "", "toolResults": results["toolResults"]}, [calls]
        if turn.role != "user":
            raise refusal("messages", "OCI's COHERE format needs a message of the user or a tool's result at the end.")
        return {"message": _text(turn)}, []

    def _entries(self, turn: ChatTurn) -> Iterator[NativeFields]:
        text = _text(turn)
        calls = [
            {"name": self.tool_name(call.name), "parameters": arguments_object(call.path, call.arguments)}
            for call in turn.calls
        ]
        if turn.role != "assistant":
            yield {"role": "SYSTEM" if turn.role in SYSTEM_ROLES else "USER", "message": text}
        elif calls and self.tools_as_text:
            yield {"role": "CHATBOT", "message": f"{text}\nTool calls: {json.dumps(calls, ensure_ascii=False)}".strip()}
        else:
            yield {"role": "CHATBOT", "message": text or PLACEHOLDER, **({"toolCalls": calls} if calls else {})}
        if turn.results:
            yield self._results(turn)

    def _results(self, turn: ChatTurn) -> NativeFields:
        outputs = [
            (result.call, plain_text(result.path, result.message.get("content"), TEXT_ONLY)) for result in turn.results
        ]
        if self.tools_as_text:
            written = "\n".join(f"{self.tool_name(call.name)}: {output}" for call, output in outputs)
            return {"role": "USER", "message": f"Tool results:\n{written}"}
        natives = []
        for call, output in outputs:
            parameters = arguments_object(call.path, call.arguments)
            native_call = {"name": self.tool_name(call.name), "parameters": parameters}
            # Outputs are objects; the key is that of Cohere's own examples.
            natives.append({"call": native_call, "outputs": [{"output": output}]})
        return {"role": "TOOL", "toolResults": natives}


def _text(turn: ChatTurn) -> str:
    """Return what was said, a model's refusal included."""
    if turn.role != "assistant":
        return plain_text(turn.path, turn.message.get("content"), TEXT_ONLY)
    refused = require_string(f"{turn.path}.refusal", turn.message.get("refusal") or "")
    return plain_text(turn.path, turn.message.get("content"), SPOKEN) + refused


class ToolNames:
    """Every name in a request, of a tool or of a call in its history, has one native name of its own.

    Names as MCP servers have them (``get-weather``, ``files.read``) are written with underscores.
    """

    def __init__(self, body: ChatBody) -> None:
        names = dict.fromkeys(_names(body))
        self._native = {name: name for name in names if _is_identifier(name)}
        self.callers: dict[str, str] = {}  # for native names that differ
        taken = set(self._native)
        number = 1  # never counts back, so that no choice of names makes this slow
        for name in names:
            if name in self._native:
                continue
            base = re.sub(r"[^A-Za-z0-9_]", "_", name)
            base = base if _is_identifier(base) else f"_{base}"
            native = base
            while native in taken:
                number += 1
                native = f"{base}_{number}"
            taken.add(native)
            self._native[name], self.callers[native] = native, name

    def native(self, name: str) -> str:
        """Return the native name of a tool of this request."""
        return self._native[name]


def _is_identifier(name: str) -> bool:
    return name.isascii() and name.isidentifier()


def _names(body: ChatBody) -> Iterator[str]:
    for tool in body.get("tools") or []:
        if tool.get("function"):
            yield tool["function"]["name"]
    for message in body["messages"]:
        for call in message.get("tool_calls") or []:
            if call.get("function"):
                yield call["function"]["name"]


FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "system": frozenset(),
    "developer": frozenset(),
    "user": frozenset(),
    "assistant": frozenset({"refusal", "tool_calls"}),
    "tool": frozenset({"tool_call_id", "name"}),  # the name is that of the call
}
