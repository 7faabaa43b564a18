"""``GET /_mock/``: what happened and what is kept, as a page to read; no script, and all of it escaped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from typing import Any

from mock_oci.call_records import CallRecord
from mock_oci.operations import Call
from mock_oci.services.connector_hub import ConnectorHub
from mock_oci.services.functions import Functions
from mock_oci.services.object_storage import ObjectStorage
from mock_oci.services.oci_surface import number_in, timestamp
from mock_oci.services.queues import Queues
from mock_oci.services.streaming import Streaming
from mock_oci.wire import Response

MAX_ROWS = 200  # of each table; the newest, or the first by name
_MAX_TEXT = 300  # characters of a cell
_SHORT = 40  # characters that stay in one line
_HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
}
Row = Sequence[Any]


def show(call: Call) -> Response:
    """Answer the page; ``?every=5`` has the browser load it anew that often, in seconds."""
    every = number_in(call.request.query, "every", 0, 1, 3600)
    again = f'<meta http-equiv="refresh" content="{every}">' if every else ""
    return Response(200, _HEADERS, "".join(_pieces(call, again)).encode())


def _pieces(call: Call, again: str) -> Iterator[str]:
    cloud = call.cloud
    policies = f"{len(cloud.iam.statements)} statements" if cloud.iam.is_enforced else "none: everyone who signs may"
    yield f'<!doctype html><html lang="en"><head><meta charset="utf-8">{again}<title>mock_oci</title>'
    yield f"<style>{_STYLE}</style></head><body><h1>mock_oci</h1><p>{escape(cloud.region)} · policies: {policies} · "
    yield f"clock {escape(timestamp(cloud.clock()))} · {len(cloud.script)} scripted answers</p><nav>"
    yield " ".join(f'<a href="#{_anchor(title)}">{title}</a>' for title, _, _ in _TABLES)
    yield "</nav>"
    for title, columns, rows in _TABLES:
        yield from _table(title, columns, rows(call))
    yield "</body></html>"


def _table(title: str, columns: str, rows: Iterable[Row]) -> Iterator[str]:
    yield f'<h2 id="{_anchor(title)}">{title}</h2>'
    shown = list(rows)
    if not shown:
        yield "<p>none</p>"
        return
    yield f"<table><thead><tr>{''.join(f'<th>{name}</th>' for name in columns.split(', '))}</tr></thead><tbody>"
    for row in shown[:MAX_ROWS]:
        yield f"<tr>{''.join(map(_cell, row))}</tr>"
    yield "</tbody></table>"
    if len(shown) > MAX_ROWS:
        yield f"<p>and {len(shown) - MAX_ROWS} more</p>"


def _cell(value: Any) -> str:
    text = value.decode(errors="replace") if isinstance(value, bytes) else "" if value is None else str(value)
    cell = '<td class="short">' if len(text) <= _SHORT else "<td>"
    return f"{cell}{escape(text[:_MAX_TEXT])}{'…' if len(text) > _MAX_TEXT else ''}</td>"


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def _called(record: CallRecord) -> Row:
    request, signer = record.request, record.principal
    who = (signer.resource_type or signer.kind) if signer is not None else ""
    when, shown = timestamp(record.time), [request.method, request.path]
    return (when, *shown, record.status, who, record.refusal)


def _buckets(call: Call) -> Iterator[Row]:
    storage = call.cloud.state_of(ObjectStorage)
    for bucket in storage.buckets():
        objects = storage.objects(bucket.name)
        yield bucket.name, "", "", len(objects)
        yield from ((bucket.name, item.name, timestamp(item.modified), len(item.body)) for item in objects[:MAX_ROWS])


def _streams(call: Call) -> Iterator[Row]:
    for stream in call.cloud.state_of(Streaming).all():
        entries = stream.entries()
        yield stream.name, len(stream.logs), len(entries), ""
        for entry in entries[-1 : -MAX_ROWS - 1 : -1]:
            yield stream.name, "", timestamp(entry.appended), entry.value


def _queues(call: Call) -> Iterator[Row]:
    queues = call.cloud.state_of(Queues)
    for queue in queues.all():
        for dead in (False, True):
            for message in queues.messages(queue.id).all(None, dead=dead):
                kind = "dead letter" if dead else "message"
                yield queue.name, message.channel, kind, message.deliveries, message.content


def _connectors(call: Call) -> Iterator[Row]:
    for connector in call.cloud.state_of(ConnectorHub).all():
        name, state = connector.details["displayName"], f"{connector.state} {connector.state_details}"
        for run in reversed(connector.runs or (None,)):
            yield (name, state, run.records, run.attempt, run.status, run.code) if run else (name, state, 0, "", "", "")


_TABLES: tuple[tuple[str, str, Callable[[Call], Iterable[Row]]], ...] = (
    ("Calls", "time, method, path, status, who, why refused", lambda call: map(_called, reversed(call.cloud.calls))),
    (
        "Policies",
        "answer, why",
        lambda call: ((item.answer.value, item.reason) for item in reversed(call.cloud.permissions.decisions)),
    ),
    (
        "Function logs",
        "function, line",
        lambda call: (
            (details.name, line)
            for details, lines in call.cloud.state_of(Functions).logs()
            for line in reversed(lines[-MAX_ROWS:])
        ),
    ),
    ("Buckets", "bucket, object, modified, objects or bytes", _buckets),
    ("Streams", "stream, partitions, entries or time, value", _streams),
    ("Queues", "queue, channel, kind, deliveries, content", _queues),
    ("Connectors", "connector, state, records, attempt, status, code", _connectors),
)
_STYLE = (
    "body{font:14px/1.4 system-ui,sans-serif;margin:1.5rem;color:#222;background:#fff}"
    "table{border-collapse:collapse;width:100%}"
    "td,th{border:1px solid #ccc;padding:.2rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
    "th,.short{white-space:nowrap}th{background:#f2f2f2}nav a{margin-right:1rem}h2{margin-top:2rem}"
)
