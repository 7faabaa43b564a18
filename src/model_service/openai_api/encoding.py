"""JSON, read and written, and streams as their readers want them: ENCODINGS at the end."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from math import isfinite
from typing import Any, Final, NoReturn

from model_service.errors import InvalidRequest, ModelServiceError
from model_service.light_dataclasses import dataclass

DONE: Final = "[DONE]"
LARGE_TEXT: Final = 262_144  # characters of one string
MAX_LOOKED_AT: Final = 64  # values: to look for long texts must cost nothing where there are none
MAX_NESTING: Final = 128  # levels of JSON: what reads it and writes it again has a stack, which ends somewhere
HIGH_HALF_LAST: Final = re.compile('[\ud800-\udbff](?=")')  # of a string, in JSON
LOW_HALF_FIRST: Final = re.compile('(?<=[^\\\\]")[\udc00-\udfff]')


def read_json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a caller; raise ``InvalidRequest`` that says what is wrong, not what was sent."""
    if not body.strip():
        raise InvalidRequest("The body is empty; a JSON object was expected.", code="empty_body")
    try:
        value = STRICT.decode(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InvalidRequest("The body is not UTF-8.", code="invalid_json") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InvalidRequest(f"The body is not JSON: {error.msg} at {where}.", code="invalid_json") from None
    except ValueError:  # Python reads no integer of more than 4300 digits
        raise InvalidRequest("The body has a number that is too long.", code="invalid_json") from None
    if not isinstance(value, dict):
        raise InvalidRequest("The body is JSON, but not an object.", code="invalid_json")
    return value


def read_json(text: str | bytes) -> Any:
    """Return the JSON value that OCI sent; raise ``ValueError`` for what is none.

    NaN and Infinity, which some backends write for log probabilities, are null
    (https://github.com/sgl-project/sglang/issues/4097).
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace").removeprefix("\ufeff")
    try:
        value = _LENIENT.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if _may_be_deep(text) and is_nested_too_deeply(value):
        raise ValueError("nested too deeply")
    return value


def _may_be_deep(text: str) -> bool:
    """Return whether there are as many brackets as too many levels take; to find so many is quicker than to count."""
    found = 0
    for bracket in "[{":
        place = text.find(bracket)
        while place >= 0:
            found += 1
            if found > MAX_NESTING:
                return True
            place = text.find(bracket, place + 1)
    return False


def is_nested_too_deeply(value: Any) -> bool:
    """Return whether a JSON value has more than MAX_NESTING levels; in linear time, and without recursion."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_NESTING):
        inner = (child for node in level for child in (node.values() if isinstance(node, dict) else node))
        level = [child for child in inner if isinstance(child, dict | list)]
        if not level:
            return False
    return True


def write_json(value: Any) -> bytes:
    """Return compact JSON in UTF-8.

    Half of a surrogate pair, which models do emit, becomes U+FFFD, and a number that JSON lacks becomes null.
    """
    if _has_large_text(value):
        from model_service.openai_api.large_json import write_in_slices  # noqa: PLC0415 - seldom there is one

        return write_in_slices(value, _write, LARGE_TEXT)
    return _write(value)


def _write(value: Any) -> bytes:
    text = _json_text(value)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _without_halves(text)


def _has_large_text(value: Any) -> bool:
    """Return whether a long text is among the first values of ``value``, in arrays that are not long themselves."""
    waiting = [value]
    for _ in range(MAX_LOOKED_AT):
        if not waiting:
            return False
        item = waiting.pop()
        if isinstance(item, str):
            if len(item) >= LARGE_TEXT:
                return True
        elif isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list) and len(item) <= MAX_LOOKED_AT:
            waiting.extend(item)
    return False


def write_events(chunks: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Yield chunks as OpenAI's clients expect them, and ``[DONE]`` or the error of a stream that breaks."""
    try:
        for text in write_each(chunks):
            yield b"data: " + text + b"\n\n"
    except ModelServiceError as error:
        yield b"data: " + write_json(error.body()) + b"\n\n"
        return
    yield f"data: {DONE}\n\n".encode()


def write_lines(chunks: Iterable[Any]) -> Iterator[bytes]:
    """Yield a chunk a line (https://github.com/ndjson/ndjson-spec), and the error of a stream that breaks."""
    try:
        # `[DONE]` of another API holds nothing.
        for text in write_each(value for chunk in chunks if (value := value_of(chunk))):
            yield text + b"\n"
    except ModelServiceError as error:
        yield write_json(error.body()) + b"\n"


def write_each(values: Iterable[Any]) -> Iterator[bytes]:
    """Yield the JSON of each value of a stream, as ``write_json`` does.

    But the halves of a pair that one delta ends and the next begins with go out escaped: who joins them has it whole.
    """
    held = ""  # ends a string with the first half of a pair
    try:
        for value in values:
            known: bytes | None = getattr(value, "written", None)  # of a TextChunk, which has no halves
            if known is not None and not held:
                yield known
                continue
            text = _json_text(value)
            if held:
                pair = LOW_HALF_FIRST.search(text)
                yield _without_halves(HIGH_HALF_LAST.sub(_escaped, held) if pair else held)
                held, text = "", LOW_HALF_FIRST.sub(_escaped, text)
            try:
                line = text.encode()
            except UnicodeEncodeError:
                held = text if HIGH_HALF_LAST.search(text) else ""
                line = _without_halves(text)
            if not held:
                yield line
    except ModelServiceError:
        yield from [_without_halves(held)] if held else ()
        raise
    yield from [_without_halves(held)] if held else ()


def value_of(chunk: Any) -> dict[str, Any]:
    """Return the JSON object of a chunk: the chunk itself, or what an event of another API holds."""
    value: dict[str, Any] = chunk if isinstance(chunk, dict) else chunk.value
    return value


@dataclass(frozen=True)
class Encoding:
    """How the chunks of a stream become bytes."""

    content_type: str
    write: Callable[[Iterable[Any]], Iterator[bytes]]


def _json_text(value: Any) -> str:
    try:
        return _ENCODER.encode(value)
    except ValueError:
        return _ENCODER.encode(_without_infinities(value))


def _without_halves(text: str) -> bytes:
    """Return the text with its surrogate pairs joined, and U+FFFD for what is half of one."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _escaped(half: re.Match[str]) -> str:
    return f"\\u{ord(half[0]):04x}"


def _without_infinities(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_infinities(field) for name, field in value.items()}
    if isinstance(value, list | tuple):
        return [_without_infinities(item) for item in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidRequest(f"The body is not JSON: {name} is not a JSON number.", code="invalid_json")


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):  # 1e999, which would leave as Infinity and not be JSON any more
        raise InvalidRequest("The body has a number that is too large.", code="invalid_json")
    return number


class _StrictDecoder(json.JSONDecoder):
    def raw_decode(self, s: str, idx: int = 0) -> tuple[Any, int]:
        try:
            value, end = super().raw_decode(s, idx)
        except RecursionError:
            value, end = None, -1
        if end < 0 or (_may_be_deep(s) and is_nested_too_deeply(value)):
            raise InvalidRequest("The body is nested too deeply.", code="invalid_json")
        return value, end


STRICT: Final = _StrictDecoder(parse_constant=_refuse_constant, parse_float=_finite)
"""JSON as RFC 8259 has it; raises ``InvalidRequest`` for numbers that are none there and for too many levels,
``ValueError`` for the rest."""

_LENIENT: Final = json.JSONDecoder(parse_constant=lambda _name: None)
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=list)

ENCODINGS: Final = {
    "sse": Encoding("text/event-stream", write_events),
    "ndjson": Encoding("application/x-ndjson", write_lines),
}
