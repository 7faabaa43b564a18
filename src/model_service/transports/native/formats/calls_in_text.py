"""Calls that come in the text of an answer: those that a model writes by itself, and those that were forced."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from model_service.errors import UpstreamError
from model_service.transports.native.formats.cohere_forced_tools import ARGUMENTS, CHOICE
from model_service.transports.native.formats.openai_answers import Identity
from model_service.transports.native.formats.tool_call_deltas import CallPiece, ToolCallDelta, ToolCalls
from model_service.transports.native.formats.tool_call_text import ToolCallText, WrittenCall


class CallsInText:
    """Takes the text of one choice and gives back what is content and what are deltas of calls."""

    def __init__(self, identity: Identity, calls: ToolCalls) -> None:
        self._reading = identity.reading
        self._calls = calls
        self._is_forced = self._reading.forced_call is not None or bool(self._reading.forced_choice)
        self._written = ToolCallText(identity.tools)
        self._received: list[str] = []

    def take(self, text: str) -> tuple[str, list[ToolCallDelta]]:
        """Return what is decided: which of several tools is called, only the whole says."""
        if not self._is_forced:
            if self._written.lets_pass(text):
                return text, []
            return self._pulled_apart(self._written.take(text))
        self._received.append(text)
        if not text or self._reading.forced_call is None:
            return "", []
        name = "" if self._calls else self._reading.forced_call
        return "", list(self._calls.take(CallPiece(name=name, arguments=text)))

    def close(self, *, is_cut_off: bool) -> tuple[str, list[ToolCallDelta]]:
        """Return what was held back; raise ``UpstreamError`` where a forced call was answered by something else.

        One that is cut off is handed on as far as it goes, as OpenAI does.
        """
        if not self._is_forced:
            return self._pulled_apart(self._written.close())
        text = "".join(self._received)
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, Mapping):
            if self._reading.forced_call is not None:
                return "", []
            name = value.get(CHOICE)
            if isinstance(name, str) and name in self._reading.forced_choice:
                arguments = json.dumps(value.get(f"{name}{ARGUMENTS}") or {}, ensure_ascii=False)
                return "", list(self._calls.add(name, arguments))
        if not is_cut_off:
            raise UpstreamError("The model did not call the tool that it was forced to call.")
        return ("" if self._calls else text), []

    def _pulled_apart(self, parts: Iterator[str | WrittenCall]) -> tuple[str, list[ToolCallDelta]]:
        texts, calls = list[str](), list[ToolCallDelta]()
        for part in parts:
            if isinstance(part, str):
                texts.append(part)
            else:
                calls += self._calls.add(part.name, part.arguments)
        return "".join(texts), calls
