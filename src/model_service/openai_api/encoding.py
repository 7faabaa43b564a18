"""JSON and server-sent events, read and written: each reader has its writer beside it, ENCODINGS at the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from math import isinf
from typing import Any, Final, NoReturn

from model_service.errors import InvalidRequest, ModelServiceError

DONE: Final = "[DONE]"


def read_json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that a caller sent.

    Raise ``InvalidRequest`` that says what is wrong, not what was sent.
    """
    if not body.strip():
        raise InvalidRequest("The body is empty; a JSON object was expected.", code="empty_body")
    try:
        value = json.loads(body, parse_constant=_refuse_constant, parse_float=_finite)
    except UnicodeDecodeError as error:
        raise InvalidRequest("The body is not UTF-8.", code="invalid_json") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InvalidRequest(f"The body is not JSON: {error.msg} at {where}.", code="invalid_json") from None
    except ValueError:  # Python reads no integer of more than 4300 digits
        raise InvalidRequest("The body has a number that is too long.", code="invalid_json") from None
    except RecursionError:
        raise InvalidRequest("The body is nested too deeply.", code="invalid_json") from None
    if not isinstance(value, dict):
        raise InvalidRequest("The body is JSON, but not an object.", code="invalid_json")
    return value


def write_json(value: Any) -> bytes:
    """Return compact JSON in UTF-8."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half a surrogate pair, which models do emit; escaped it is valid JSON
        return json.dumps(value, separators=(",", ":")).encode()


def read_lines(pieces: Iterable[bytes]) -> Iterator[str]:
    r"""Yield the lines of a byte stream, however it was cut up.

    ``\n`` and ``\r\n`` end one, a last one needs neither.
    """
    rest = bytearray()
    for piece in pieces:
        rest += piece
        if b"\n" not in piece:
            continue  # a line may be megabytes long: it is looked through once, not with every piece
        *lines, tail = rest.split(b"\n")
        rest = bytearray(tail)
        for line in lines:
            yield line.removesuffix(b"\r").decode("utf-8", "replace")
    if rest:
        yield rest.removesuffix(b"\r").decode("utf-8", "replace")


def read_events(pieces: Iterable[bytes]) -> Iterator[str]:
    """Yield the ``data`` of each server-sent event, ``[DONE]`` included."""
    return (text for _, text in read_named_events(pieces))


def read_named_events(pieces: Iterable[bytes]) -> Iterator[tuple[str | None, str]]:
    """Yield the name of each server-sent event, if it has one, and its ``data``.

    Comments and other fields are passed over; lines of one event are joined by a line feed; a last event counts
    without its blank line. Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
    """
    name: str | None = None
    gathered: list[str] = []
    for line in chain(read_lines(pieces), [""]):
        if line.startswith("data:"):
            gathered.append(line[5:].removeprefix(" "))
        elif line.startswith("event:"):
            name = line[6:].removeprefix(" ")
        elif not line:
            if gathered:
                yield name, "\n".join(gathered)
            name, gathered = None, []


def write_event(value: Any) -> bytes:
    """Return the server-sent event of a JSON value."""
    return b"data: " + write_json(value) + b"\n\n"


def write_events(chunks: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Yield chunks as OpenAI's clients expect them, ``[DONE]`` last.

    A stream that breaks ends with its error instead.
    """
    try:
        for chunk in chunks:
            yield write_event(chunk)
    except ModelServiceError as error:
        yield write_event(error.body())
        return
    yield f"data: {DONE}\n\n".encode()


def write_lines(chunks: Iterable[Any]) -> Iterator[bytes]:
    """Yield newline-delimited JSON (https://github.com/ndjson/ndjson-spec).

    A chunk a line, and the error of a stream that breaks as the last one.
    """
    try:
        for chunk in chunks:
            if value := value_of(chunk):  # `[DONE]` of another API holds nothing
                yield write_json(value) + b"\n"
    except ModelServiceError as error:
        yield write_json(error.body()) + b"\n"


def value_of(chunk: Any) -> dict[str, Any]:
    """Return the JSON object of a chunk: the chunk itself, or what an event of another API holds."""
    value: dict[str, Any] = chunk if isinstance(chunk, dict) else chunk.value
    return value


@dataclass(frozen=True)
class Encoding:
    """How the chunks of a stream become bytes."""

    content_type: str
    write: Callable[[Iterable[Any]], Iterator[bytes]]


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidRequest(f"The body is not JSON: {name} is not a JSON number.", code="invalid_json")


def _finite(text: str) -> float:
    number = float(text)
    if isinf(number):  # 1e999, which would leave as Infinity and be no JSON any more
        raise InvalidRequest("The body has a number that is too large.", code="invalid_json")
    return number


STRICT: Final = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)
"""JSON as RFC 8259 has it; raises ``InvalidRequest`` for numbers that are none there, ``ValueError`` for the rest."""

ENCODINGS: Final = {
    "sse": Encoding("text/event-stream", write_events),
    "ndjson": Encoding("application/x-ndjson", write_lines),
}
