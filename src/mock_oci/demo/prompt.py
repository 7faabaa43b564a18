"""The one-prompt demo: asks a served function as any OpenAI client would, and shows what it logged of it."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, TextIO
from urllib.parse import urlsplit

MODEL = "meta.llama-3.3-70b-instruct"
_SECONDS = 60.0
_INDENT = "  "
_MARGIN = 78
_WORD = re.compile(r"(?=.)(\s*)(\S*)", re.DOTALL)  # white space, then a word: either may be empty, not both
_BAR = 36  # columns for the longest step, which keeps the table within 80
_NAMED = ("trigger", "route", "transport", "model")


class DemoError(Exception):
    """Why there was no answer, in words for whoever ran the demo."""


def print_answer(url: str, prompt: str, out: TextIO) -> None:
    """Stream the answer to ``prompt`` from ``url`` (ending in ``/v1``) and write each piece as it comes."""
    out.write(f"\n{_INDENT}> {prompt}\n\n")
    column = 0
    for text in _pieces(url, prompt):
        wrapped, column = _wrapped(text, column)
        out.write(wrapped)
        out.flush()
    out.write("\n\n")


def is_invocation(line: str) -> bool:
    """Tell whether a line of the function's log is its summary of one chat invocation."""
    try:
        event = json.loads(line)
    except ValueError:
        return False
    return isinstance(event, dict) and event.get("event") == "invocation"


def trace_table(event: Mapping[str, Any], bar: str = "#") -> str:
    """Format the summary as lines of text: who answered, what it cost, and where the time went (milliseconds)."""
    rows = [(name, str(event[name])) for name in _NAMED if event.get(name) is not None]
    tokens = _tokens(event.get("usage") or {})
    rows += [("tokens", tokens)] if tokens else []
    width = max((len(name) for name, _ in rows), default=0)
    lines = [f"{_INDENT}{name:<{width}}   {value}" for name, value in rows]
    return "\n".join([*lines, "", *_step_lines(event.get("ms") or {}, bar)]) + "\n"


def _wrapped(text: str, column: int) -> tuple[str, int]:
    """Break ``text`` where a word would pass the margin; return it with the new column."""
    parts = [] if column else [_INDENT]
    column = column or len(_INDENT)
    for space, word in _WORD.findall(text):
        if "\n" in space or (space and column + len(space + word) > _MARGIN):
            parts.append("\n" * max(1, space.count("\n")) + _INDENT + word)
            column = len(_INDENT) + len(word)
        else:
            parts.append(space + word)
            column += len(space + word)
    return "".join(parts), column


def _pieces(url: str, prompt: str) -> Iterator[str]:
    body = {
        "model": MODEL,
        "messages": [{"role": "user", "content": prompt}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    gateway = urlsplit(url)
    path, headers = f"{gateway.path}/chat/completions", {"Content-Type": "application/json"}
    try:
        with contextlib.closing(http.client.HTTPConnection(gateway.netloc, timeout=_SECONDS)) as connection:
            connection.request("POST", path, json.dumps(body), headers)
            response = connection.getresponse()
            _check(response)
            for line in response:
                yield from _texts(line.decode(errors="replace").rstrip("\r\n"))
    except (OSError, http.client.HTTPException) as error:
        raise DemoError(f"the gateway did not answer: {error}") from error


def _check(response: http.client.HTTPResponse) -> None:
    if response.status != 200:
        text = response.read().decode(errors="replace").strip()
        raise DemoError(f"the gateway answered {response.status}: {text}")


def _texts(line: str) -> Iterator[str]:
    """Yield the pieces of text in one line of server-sent events."""
    if not line.startswith("data: {"):
        return
    try:
        event = json.loads(line.removeprefix("data: "))
    except ValueError as error:
        raise DemoError(f"the stream cannot be read: {line}") from error
    if "error" in event:
        raise DemoError(f"the stream ended with an error: {json.dumps(event['error'])}")
    for choice in event.get("choices") or []:
        yield choice.get("delta", {}).get("content") or ""


def _tokens(usage: Mapping[str, Any]) -> str:
    counts = [usage.get(f"{part}_tokens") for part in ("prompt", "completion", "total")]
    return "" if None in counts else "{} in + {} out = {}".format(*counts)


def _step_lines(milliseconds: Mapping[str, float], bar: str) -> Iterator[str]:
    longest = max(milliseconds.values(), default=0) or 1
    width = max(map(len, milliseconds), default=0)
    for step, spent in milliseconds.items():
        length = round(_BAR * spent / longest)
        yield f"{_INDENT}{step:<{width}}   {spent:9.1f} ms   {bar * length}".rstrip()
