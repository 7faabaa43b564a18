"""docs/reference/tasks-file.md: each field of a tasks file, by walking the schema that checks it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from tests.docs.reference.markdown import MADE, described, table

from model_service.batch.tasks import schema

INTRODUCTION: Final = f"""# Tasks file

{MADE}

One file, YAML or JSON, that `MODEL_SERVICE_TASKS` names: [how it works, with an example](../batches.md#the-tasks-file). An unknown
field is an error that names its line. `model-service tasks FILE` checks one, and `--record RECORD` shows what it makes of a record.
"""
TEXTS: Final = {
    "tasks": "an array; the first task that matches a record takes it",
    "sinks": "an object: name → where results go",
    "dead_letters": "the sink of records that fail; required unless every task ignores",
    "ledger": "an object with the `bucket` that remembers results of sinks that cannot be asked",
    "unfinished": "what happens to records that there was no time for: `retry` (they come again; the default) or `dead_letter`",
    "ledger.bucket": "`bucket` or `namespace/bucket`",
    "tasks[].name": "of your choice, unique in the file",
    "tasks[].match": "an object; all that it has must fit. Without it the task takes every record",
    "tasks[].read": "an object: loads the object of an event as `content`",
    "tasks[].request": "the body of a chat, embeddings or rerank request; its strings are templates. Without it the record is the request",
    "tasks[].sink": "a name of `sinks`, or `none`",
    "tasks[].timeout": "seconds for one record; 120 by default",
    "tasks[].ignore": "`true`: takes the record and does nothing",
    "tasks[].match.source": "where the record comes from",
    "tasks[].match.stream": "the stream's name",
    "tasks[].match.topic": "the topic's name",
    "tasks[].match.type": "the type of an event or a log entry; `*` for anything",
    "tasks[].match.bucket": "the bucket of an event's object",
    "tasks[].match.prefix": "how the object's name begins",
    "tasks[].match.where": "a JMESPath expression that must be true of the record",
    "tasks[].read.as": "`text`, or `image` (a data URL)",
    "tasks[].read.limit": "the most bytes that are read: "
    + ", ".join(f"{usual:,} of {kind} by default, {most:,} at most" for kind, (usual, most) in schema.LIMITS.items()),
    "sinks.*.bucket": "a bucket: one object for each result",
    "sinks.*.stream": "a stream: one message for each result",
    "sinks.*.queue": "a queue: one message for each result",
    "sinks.*.topic": "a topic: one message for each result",
    "sinks.*.function": "a function: one detached call for each result",
    "sinks.*.name": "of a bucket: the object's name, a template; `{{ id }}.json` by default",
    "sinks.*.key": "of a stream: the message's key, a template",
    "sinks.*.channel": "of a queue: the message's channel, a template",
    "sinks.*.title": "of a topic: the message's title, a template",
}
KINDS: Final = {
    "str": "string",
    "float": "number",
    "bool": "boolean",
    "dict": "object",
    "list": "array",
    "int": "integer",
}
PARTS: Final = (
    ("The file", ""),
    ("A task", "tasks[]."),
    ("`match`", "tasks[].match."),
    ("`read`", "tasks[].read."),
    ("A sink", "sinks.*."),
)


def page() -> str:
    """Return the whole page; raise ``ValueError`` where a field has no text here, or a text no field."""
    known = dict(fields())
    described(known, TEXTS, "TEXTS in tasks_file.py")
    parts = [INTRODUCTION]
    for title, prefix in PARTS:
        names = [name for name in known if name.startswith(prefix) and "." not in name.removeprefix(prefix)]
        rows = [(f"`{name.removeprefix(prefix)}`", TEXTS[name], known[name]) for name in names]
        parts.append(f"## {title}\n\n{table('field', 'is', 'type', rows=rows)}\n")
    return "\n".join(parts)


def fields() -> Iterator[tuple[str, str]]:
    """Yield the path and the type of each field of the schema."""
    yield from _fields_of(schema.SHAPE, "")
    yield from _fields_of(schema._TASK, "tasks[].")
    for kind, (place, templates) in schema.SINKS.items():
        yield f"sinks.*.{kind}", _type(place)
        yield from ((f"sinks.*.{name}", "string") for name in templates)


def _fields_of(shape: Any, prefix: str) -> Iterator[tuple[str, str]]:
    inner = _inner(shape)
    for name, field in inner["fields"].items():
        required = ", required" if field.get("required", True) else ""
        yield f"{prefix}{name}", _type(field["schema"]) + required
        if _inner(field["schema"])["type"] == "typed-dict":
            yield from _fields_of(field["schema"], f"{prefix}{name}.")


def _inner(shape: Any) -> Any:
    while shape["type"].startswith("function") and "schema" in shape:
        shape = shape["schema"]
    return shape


def _type(shape: Any) -> str:
    inner = _inner(shape)
    if inner["type"] == "literal":
        return "one of " + ", ".join(f"`{value}`" for value in inner["expected"])
    if inner["type"] == "typed-dict":
        return "object"
    bounds = [f"at most {inner[name]}" for name in ("le",) if name in inner]
    bounds += [f"at most {inner['max_length']} characters"] if inner["type"] == "str" and "max_length" in inner else []
    return ", ".join([KINDS[inner["type"]], *bounds])
