"""How bytes and JSON are bent: by random, from a seed, so that it can be done again."""

from __future__ import annotations

import json
from random import Random
from typing import Any

PIECES = (
    *(
        b"",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b'"',
        b"\\",
        b"null",
        b"true",
        b"NaN",
        b"-Infinity",
        b"1e999",
        b"-1",
        b"0",
    ),
    *(
        b"\x00",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\r",
        b"\n",
        b"\n\n",
        b"data: ",
        b"data:",
        b"event: x\n",
        b": c\n",
        b"[DONE]",
    ),
    *(
        b"data: [DONE]\n\n",
        b'"\\ud800"',
        "\u2028".encode(),
        "\U0001f600".encode(),
        b"9" * 5_000,
        b"[" * 3_000,
        b'{"a":' * 300,
    ),
    *(b'"error":{"message":"m","code":7}', b'{"error":"x"}', b'"choices":null', b'"usage":"x"', b'"finish_reason":""'),
    *(b'"body_from":{"bucket":"b","object":"o"}', b'"relay":{}', b'"stream":true', b'"n":2', b'"specversion":"1.0"'),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**70, 1.5, float("nan"), float("inf"), "", "null", "x" * 3_000, "\ud83d", "\r\nx: y"),
    *([], {}, [[]], [None], {"": None}, {"a": {"b": [1, "2", None]}}, [{}], "data: [DONE]\n\n", {"type": "text"}),
)
NAMES = (
    "choices",
    "delta",
    "content",
    "error",
    "usage",
    "model",
    "messages",
    "role",
    "id",
    "type",
    "index",
    "\ud800",
    "",
)


def mutate(content: bytes, random: Random) -> bytes:
    """Return ``content`` with one to four things wrong with it; now and then as it was."""
    for _ in range(random.choice((0, 1, 1, 1, 2, 2, 3, 4))):
        content = random.choice((bend_bytes, bend_json, bend_json, bend_events))(content, random)
    return content


def bend_bytes(content: bytes, random: Random) -> bytes:
    start, end = sorted(random.choices(range(len(content) + 1), k=2))
    end = min(end, start + random.choice((1, 8, 200, 100_000)))
    kind = random.randrange(5)
    if kind == 0:
        return content[:start]
    if kind == 1:
        return content[:start] + content[end:]
    if kind == 2:
        return content[:end] + content[start:]
    if kind == 3 and content:
        flipped = bytearray(content)
        flipped[start % len(content)] ^= 1 << random.randrange(8)
        return bytes(flipped)
    return content[:start] + random.choice(PIECES) + content[end if random.random() < 0.3 else start :]


def bend_json(content: bytes, random: Random) -> bytes:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return bend_events(content, random)
    return json.dumps(bent(value, random)).encode()


def bend_events(content: bytes, random: Random) -> bytes:
    """Bend the JSON of one line of a stream, or drop, double or exchange lines."""
    lines = content.split(b"\n")
    at = random.randrange(len(lines))
    if lines[at].startswith(b"data: {") and random.random() < 0.7:
        try:
            lines[at] = b"data: " + json.dumps(bent(json.loads(lines[at][6:]), random)).encode()
        except (ValueError, RecursionError):
            lines[at] = b"data: {"
    elif random.random() < 0.5:
        del lines[at]
    else:
        lines.insert(random.randrange(len(lines) + 1), lines[at])
    return b"\n".join(lines)


def bent(value: Any, random: Random, depth: int = 0) -> Any:
    """Return a JSON value with one of its inner values exchanged, taken away, renamed or put a level deeper."""
    if depth > 50 or not isinstance(value, dict | list) or not value or random.random() < 0.15:
        return random.choice(VALUES)
    if isinstance(value, list):
        items = list(value)
        at = random.randrange(len(items))
        items[at] = bent(items[at], random, depth + 1)
        return items * 2 if random.random() < 0.1 else items
    fields = dict(value)
    name = random.choice(list(fields))
    kind = random.random()
    if kind < 0.15:
        del fields[name]
    elif kind < 0.25:
        fields[random.choice(NAMES)] = fields[name]
    elif kind < 0.3:
        fields[name] = [fields[name]]
    else:
        fields[name] = bent(fields[name], random, depth + 1)
    return fields
