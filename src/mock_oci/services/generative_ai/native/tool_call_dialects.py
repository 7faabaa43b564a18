"""The ways in which families of models stream tool calls in the GENERIC format."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mock_oci.model.replies import ToolCall
from mock_oci.wire import Body

_PIECE = 12  # characters of arguments per event: several events per call, as a real stream has


def deltas(vendor: str, calls: tuple[ToolCall, ...]) -> Iterator[list[Body]]:
    """Yield what each event has as ``toolCalls``."""
    return DIALECTS.get(vendor, _opened_then_without_id)(calls)


def written_call(vendor: str, call: ToolCall) -> Body:
    """Write the call of a complete answer."""
    whole = {"type": "FUNCTION", "id": _id(vendor, call), "name": call.name, "arguments": call.arguments}
    return whole if vendor not in _WITHOUT_IDS else {key: value for key, value in whole.items() if key != "id"}


def _opened_then_without_id(calls: tuple[ToolCall, ...]) -> Iterator[list[Body]]:
    """Open a call with its id, as OpenAI and gpt-oss do; fragments without one belong to the last one.

    Whatever call an event belongs to, it stands at position 0.
    """
    for call in calls:
        yield [{"type": "FUNCTION", "id": call.id, "name": call.name, "arguments": ""}]
        for piece in _pieces(call):
            yield [{"type": "FUNCTION", "arguments": piece}]


def _with_empty_name(calls: tuple[ToolCall, ...]) -> Iterator[list[Body]]:
    """Repeat the id in every fragment, as Llama does; all but a call's first have an empty name."""
    for call in calls:
        name = call.name
        for piece in _pieces(call) or [""]:
            yield [{"type": "FUNCTION", "id": _id("meta", call), "name": name, "arguments": piece}]
            name = ""


def _pieces(call: ToolCall) -> list[str]:
    return [call.arguments[start : start + _PIECE] for start in range(0, len(call.arguments), _PIECE)]


def _id(vendor: str, call: ToolCall) -> str:
    """Return the call's id: Llama's servers have a prefix of their own. A scripted id in another style stays."""
    prefix = _PREFIXES.get(vendor)
    return prefix + call.id.removeprefix("call_") if prefix and call.id.startswith("call_") else call.id


_PREFIXES = {"meta": "chatcmpl-tool-"}
_WITHOUT_IDS = frozenset({"google"})

# Sources: oracle/langchain-oracle#108, #163 and #254, and its tests/unit_tests/chat_models; BerriAI/litellm#18654
# and #40040. A family that is not here streams as OpenAI's does.
DIALECTS: dict[str, Callable[[tuple[ToolCall, ...]], Iterator[list[Body]]]] = {
    "openai": _opened_then_without_id,
    # Grok: each call is whole, in an event of its own and at position 0.
    "xai": lambda calls: ([written_call("xai", call)] for call in calls),
    "meta": _with_empty_name,
    # Gemini: no ids at all, so calls can only be told apart when they stand together in one event.
    "google": lambda calls: iter([[written_call("google", call) for call in calls]] if calls else []),
}
