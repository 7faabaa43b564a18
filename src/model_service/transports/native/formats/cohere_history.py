"""The messages of a chat in OCI's COHERE format: a preamble, a history, and the one message to answer.

Source: oci.generative_ai_inference.models.CohereMessage and its subclasses, .CohereToolResult
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Final

from model_service.openai_api.chat import Message
from model_service.transports.native.formats.messages import (
    ChatTurn,
    ToolCall,
    ToolResult,
    check_fields,
    plain_text,
    turns_of,
)
from model_service.transports.native.formats.parameters import NativeFields, refusal
from model_service.transports.native.formats.tool_schemas import arguments_object

# A message of the model without text has to say something.
PLACEHOLDER: Final = " "

SYSTEM_ROLES: Final = ("system", "developer")


def conversation(messages: Sequence[Message], *, has_own_preamble: bool) -> NativeFields:
    """``message``, ``chatHistory``, ``toolResults`` and ``preambleOverride``.

    System messages at the beginning are the preamble, unless the caller wrote a ``preambleOverride``; all others
    keep their place in the history. Raises ``InvalidRequest`` that names what cannot be carried.
    """
    turns = turns_of(messages)
    for turn in turns:
        _check(turn)
    leading = [] if has_own_preamble else list(takewhile(lambda turn: turn.role in SYSTEM_ROLES, turns))
    *before, last = turns[len(leading) :] or [turns[-1]]
    native = _last(last)
    history = [entry for turn in before for entry in _entries(turn)] + native.pop("chatHistory", [])
    if native["message"] and history and history[-1]["role"] == "TOOL":
        # "cannot specify message if the last entry in chat history contains tool results"
        history.append({"role": "CHATBOT", "message": PLACEHOLDER})
    preamble = "\n\n".join(_text(turn) for turn in leading)
    return {
        **native,
        **({"chatHistory": history} if history else {}),
        **({"preambleOverride": preamble} if preamble else {}),
    }


def _last(turn: ChatTurn) -> NativeFields:
    """What is to be answered. With tool results the message is empty, or the service refuses it; the calls that they
    answer stand at the end of the history."""
    if turn.results:
        call_entry = next(_entries(turn))
        return {"message": "", "chatHistory": [call_entry], "toolResults": _results(turn)}
    if turn.role != "user":
        raise refusal("messages", "OCI's COHERE format needs a message of the user or a tool's result at the end.")
    return {"message": _text(turn)}


def _entries(turn: ChatTurn) -> Iterator[NativeFields]:
    text = _text(turn)
    if turn.role == "assistant":
        calls = [_call(call) for call in turn.calls]
        yield {"role": "CHATBOT", "message": text or PLACEHOLDER, **({"toolCalls": calls} if calls else {})}
    else:
        yield {"role": "SYSTEM" if turn.role in SYSTEM_ROLES else "USER", "message": text}
    if turn.results:
        yield {"role": "TOOL", "toolResults": _results(turn)}


def _results(turn: ChatTurn) -> list[NativeFields]:
    return [_result(result) for result in turn.results]


def _result(result: ToolResult) -> NativeFields:
    # Outputs are objects; the key is that of Cohere's own examples.
    output = plain_text(result.path, result.message.get("content"))
    return {"call": _call(result.call), "outputs": [{"output": output}]}


def _call(call: ToolCall) -> NativeFields:
    return {"name": call.name, "parameters": arguments_object(call.path, call.arguments)}


def _text(turn: ChatTurn) -> str:
    return plain_text(turn.path, turn.message.get("content"))


def _check(turn: ChatTurn) -> None:
    check_fields(turn.path, turn.message, FIELDS)
    for result in turn.results:
        check_fields(result.path, result.message, FIELDS)


FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "system": frozenset(),
    "developer": frozenset(),
    "user": frozenset(),
    "assistant": frozenset({"tool_calls"}),
    "tool": frozenset({"tool_call_id", "name"}),  # the name is that of the call
}
