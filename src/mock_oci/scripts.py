"""Scripted behaviour: what the next requests get instead of the local model's answer, first in, first out."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, TypedDict, Unpack

from mock_oci.model.replies import Reply, ToolCall, Usage, words_of
from mock_oci.oddities import check_names, made_odd
from mock_oci.wire import Disconnect, Response

_LOOK_SECONDS = 0.05


class How(TypedDict, total=False):
    """What every step takes. Times are seconds.

    ``delay`` before the response, ``chunk_delay`` between its pieces; ``stall_after`` that many pieces nothing
    comes for ``stall`` seconds (60); ``cut_after`` that many, or after that stall, the connection is cut (0:
    right after the headers), ``disconnect`` before any response; ``times`` the step is used (1), only for
    requests with this ``model`` or ``path``, asked in this ``region``, or with a body ``containing`` this text, as sent
    or as JSON means it.
    ``odd`` names one of ``mock_oci.oddities.ODDITIES``, or several.
    """

    delay: float
    chunk_delay: float
    stall_after: int
    stall: float
    cut_after: int
    disconnect: bool
    times: int
    model: str
    path: str
    region: str
    containing: str
    odd: str | Sequence[str]


@dataclass(frozen=True)
class Step:
    """One behaviour: a ``reply`` that the surface words, a ``response`` verbatim, or neither (only pace)."""

    reply: Reply | None = None
    response: Response | None = None
    delay: float = 0.0
    chunk_delay: float | None = None
    stall_after: int | None = None
    stall: float = 60.0
    cut_after: int | None = None
    disconnect: bool = False
    times: int = 1
    model: str = ""
    path: str = ""
    region: str = ""
    containing: str = ""
    odd: str | Sequence[str] = ()

    def __post_init__(self) -> None:
        check_names(self.oddities)

    @property
    def oddities(self) -> tuple[str, ...]:
        """Return the names of what is odd about the answer."""
        return (self.odd,) if isinstance(self.odd, str) else tuple(self.odd)

    def begin(self, sleep: Callable[[float], None], has_left: Callable[[], bool] | None = None) -> None:
        """Wait before the response, or raise Disconnect, as the step says.

        ``has_left`` tells whether the client is gone, for which no answer is made then.
        """
        if self.delay and has_left is None:
            sleep(self.delay)
        elif self.delay and has_left is not None:
            for _ in _silence(self.delay, sleep):
                if has_left():
                    raise Disconnect("the client left before the answer")
        if self.disconnect:
            raise Disconnect("as scripted")

    def made_odd(self, response: Response, path: str) -> Response:
        """Return the answer of the operation at ``path`` with what is odd about it. Raises Meaningless, Disconnect."""
        return made_odd(response, path, self.oddities)

    def pace(self, response: Response, sleep: Callable[[float], None], chunk_delay: float = 0.0) -> Response:
        """Delay and cut the pieces of ``response``; ``chunk_delay`` is used where the step has none.

        While it stalls it gives empty pieces, so that a client that leaves is noticed.
        """
        between = chunk_delay if self.chunk_delay is None else self.chunk_delay
        whole = isinstance(response.body, bytes)
        at_once = self.cut_after is None and self.stall_after is None and "stays-open" not in self.oddities
        if at_once and (whole or not between):
            return response
        return replace(response, body=self._paced(response, between, sleep))

    def _paced(self, response: Response, between: float, sleep: Callable[[float], None]) -> Iterator[bytes]:
        with closing(response):
            pieces = [response.body] if isinstance(response.body, bytes) else response.body
            for number, piece in enumerate(pieces):
                if number == self.stall_after:
                    yield from _silence(self.stall, sleep)
                if number == self.cut_after:
                    break
                if number and between:
                    sleep(between)
                yield piece
            if "stays-open" in self.oddities:
                yield from _silence(self.stall, sleep)
            if self.cut_after is not None:
                raise Disconnect("as scripted")


_NOTHING = Step()


class Script:
    """The steps still to come. Thread-safe; each request that authenticates takes at most one."""

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Count the requests it will still answer."""
        with self._lock:
            return sum(step.times for step in self._steps)

    def chat(
        self,
        text: str | Sequence[str] = "",
        *,
        tool_calls: Sequence[Mapping[str, Any]] = (),
        finish_reason: str = "",
        usage: Mapping[str, int] | None = None,
        refusal: str = "",
        reasoning: str = "",
        **how: Unpack[How],
    ) -> None:
        """Have the model say this; a list of strings is streamed in exactly these pieces.

        ``tool_calls``: ``{"name", "arguments": object or JSON text, "id"?}`` each. ``usage``:
        ``prompt_tokens`` and ``completion_tokens``. ``finish_reason``: OpenAI's, or ``failed``, which only
        Responses knows. ``refusal`` is said instead of a text, ``reasoning`` before it where a surface shows it.
        """
        calls = tuple(_tool_call(call, number) for number, call in enumerate(tool_calls))
        self.add(
            Step(
                reply=Reply(
                    pieces=words_of(text) if isinstance(text, str) else tuple(text),
                    tool_calls=calls,
                    finish_reason=finish_reason or ("tool_calls" if calls else "stop"),
                    usage=Usage(usage["prompt_tokens"], usage["completion_tokens"]) if usage else None,
                    refusal=refusal,
                    reasoning=reasoning,
                ),
                **how,
            )
        )

    def error(
        self,
        status: int,
        code: str = "",
        message: str = "",
        *,
        body: bytes | str | Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        **how: Unpack[How],
    ) -> None:
        """Answer OCI's ``{"code","message"}`` with this status, or ``body`` verbatim (a mapping as JSON)."""
        if body is None:
            body = {"code": code or str(status), "message": message or f"scripted {status}"}
        content = {"content-type": content_type, **(headers or {})}
        self.add(Step(response=Response(status, content, _bytes(body)), **how))

    def raw(
        self,
        body: bytes | Sequence[bytes],
        *,
        content_type: str = "text/event-stream",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **how: Unpack[How],
    ) -> None:
        """Answer these bytes; a list is sent chunked, one piece each."""
        content = {"content-type": content_type, **(headers or {})}
        whole = bytes(body) if isinstance(body, bytes | bytearray) else tuple(body)
        self.add(Step(response=Response(status, content, whole), **how))

    def delay(self, before: float = 0.0, between: float | None = None, **how: Unpack[How]) -> None:
        """Give the model's own answer, ``before`` seconds late and with ``between`` seconds between its pieces."""
        self.add(replace(Step(**how), delay=before, chunk_delay=between))

    def odd(self, *names: str, **how: Unpack[How]) -> None:
        """Give the model's own answer, with these of ``mock_oci.oddities.ODDITIES``."""
        self.add(replace(Step(**how), odd=names))

    def disconnect(self, **how: Unpack[How]) -> None:
        """Cut the connection before any response."""
        self.add(replace(Step(**how), disconnect=True))

    def add(self, step: Step) -> None:
        with self._lock:
            self._steps.append(step)

    def clear(self) -> None:
        with self._lock:
            self._steps.clear()

    def take(self, path: str, model: str, body: bytes = b"", *, region: str = "", only_named: bool = False) -> Step:
        """Take the first step that this request matches, used up by one; a plain ``Step()`` when there is none.

        ``only_named``: only steps that name this path (for doors a script does not mean, such as identity).
        """
        with self._lock:
            for index, step in enumerate(self._steps):
                named = step.path in ("", path) and step.model in ("", model) and (step.path or not only_named)
                if named and step.region in ("", region) and _says(body, step.containing):
                    self._steps[index : index + 1] = [replace(step, times=step.times - 1)] if step.times > 1 else []
                    return step
        return _NOTHING


def _says(body: bytes, text: str) -> bool:
    """Tell whether ``text`` stands in the body; in JSON a letter or a quote may be written as an escape."""
    if text.encode() in body:
        return True
    try:
        return b"\\" in body and any(text in said for said in _texts(json.loads(body)))
    except (ValueError, RecursionError):
        return False


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _silence(seconds: float, sleep: Callable[[float], None]) -> Iterator[bytes]:
    looks = math.ceil(seconds / _LOOK_SECONDS)
    for _ in range(looks):
        sleep(seconds / looks)
        yield b""


def _tool_call(call: Mapping[str, Any], number: int) -> ToolCall:
    arguments = call.get("arguments", {})
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return ToolCall(call.get("id") or f"call_{number}", call["name"], text)


def _bytes(body: bytes | str | Mapping[str, Any]) -> bytes:
    if isinstance(body, bytes):
        return body
    return (body if isinstance(body, str) else json.dumps(body)).encode()
