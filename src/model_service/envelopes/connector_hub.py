"""Connector Hub: a batch from a stream, a queue, logs or metrics, as one JSON array of up to 6 MB.

Shapes: oracle's fn-events for Java (ConnectorHubFunctionTest.java) and its examples; docs
connector-hub/create-service-connector-streaming-source.htm. The array does not say where it comes from: KINDS tells it
by what all its elements have, so that a message of a queue does not pass for a record of a stream because it stands
beside one. A batch of nothing but look-alikes cannot be told; whoever may send to the queue decides on them.
"""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from model_service.batch.record import BatchRequest, Record, digest_of, record_id
from model_service.envelopes.connector_hub_array import NOT_JSON, Element, elements_of
from model_service.envelopes.detect import text_fields
from model_service.envelopes.unattended import UnattendedEnvelope
from model_service.errors import InvalidRequest
from model_service.openai_api.validation import invalid_field


class ConnectorHubEnvelope(UnattendedEnvelope):
    trigger = "connector_hub"
    may_name_its_body = False

    def decode(self) -> BatchRequest:
        elements = deque(elements_of(self._invocation.body))
        kind = kind_of(elements)
        # Each element goes as its record comes: a batch of 6 MB is not to be held twice.
        return BatchRequest(tuple(kind.record_of(elements.popleft()) for _ in range(len(elements))))


@dataclass(frozen=True)
class Kind:
    """Where a batch comes from: elements of ``source`` have the fields of one row of ``fields``."""

    source: str
    fields: Sequence[frozenset[str]]
    read: Callable[[Element], Record]

    def is_of(self, value: Any) -> bool:
        return isinstance(value, Mapping) and any(fields <= value.keys() for fields in self.fields)

    def record_of(self, element: Element) -> Record:
        """A record, which has a fault where the element cannot be read: then its content is the whole element."""
        fault = element.fault
        if fault is None:
            try:
                return self.read(element)
            except InvalidRequest as error:
                fault = error.with_traceback(None)  # it would keep the batch in memory
        return Record(self.source, _id_by_content(self.source, element.content), element.content, {}, fault)


def kind_of(elements: Iterable[Element]) -> Kind:
    """The kind that all elements are of; one that only cannot be read (a number too long, say) has no say in it, one
    that is no JSON has: Connector Hub itself writes none, so it is a message."""
    telling = [one.value for one in elements if one.fault is None or one.fault.code == NOT_JSON]
    fitting = (kind for kind in KINDS if telling and all(map(kind.is_of, telling)))
    return next(fitting, QUEUE)


def _streaming(element: Element) -> Record:
    """``timestamp`` is a number of milliseconds or ISO 8601, as it came. It is a part of the id because the offsets of
    a stream that was made anew start again."""
    entry = element.value
    stream, partition, offset = _required_text(entry, "stream"), _partition(entry), _whole_number(entry, "offset")
    timestamp = _timestamp(entry)
    content = _decoded(entry, "value")
    metadata = {"stream": stream, "partition": partition, "offset": offset, "key": _key(entry), "timestamp": timestamp}
    moment = f"{offset}" if timestamp is None else f"{offset}-{timestamp}"
    return Record("streaming", record_id("streaming", stream, partition, moment), content, metadata)


def _logging(element: Element) -> Record:
    entry = element.value
    identity = record_id("logging", _required_text(entry, "id"))
    return Record("logging", identity, element.content, text_fields(entry, "type", "time"))


def _by_content(source: str) -> Callable[[Element], Record]:
    """Of what brings no identity: of a message nothing but its content comes along, neither an id nor a count of its
    deliveries, so two messages that say the same are one record."""

    def read(element: Element) -> Record:
        return Record(source, _id_by_content(source, element.content), element.content)

    return read


def _id_by_content(source: str, content: bytes) -> str:
    return record_id(source, digest_of(content))


def _required_text(entry: Mapping[str, Any], name: str) -> str:
    value = entry[name]
    if not isinstance(value, str) or not value:
        raise invalid_field(name, "must be a text that is not empty.")
    return value


def _partition(entry: Mapping[str, Any]) -> str:
    value = entry["partition"]
    return str(_whole_number(entry, "partition")) if isinstance(value, int) else _required_text(entry, "partition")


def _whole_number(entry: Mapping[str, Any], name: str) -> int:
    value = entry[name]
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid_field(name, "must be a whole number.")
    return value


def _timestamp(entry: Mapping[str, Any]) -> int | str | None:
    value = entry.get("timestamp")
    if isinstance(value, bool) or not isinstance(value, int | str | None):
        raise invalid_field("timestamp", "must be a number of milliseconds, or a text.")
    return value


def _decoded(entry: Mapping[str, Any], name: str) -> bytes:
    content = None
    with suppress(ValueError, TypeError):
        content = base64.b64decode(entry[name], validate=True)
    if content is None:
        raise invalid_field(name, "must be base64.")
    return content


def _key(entry: Mapping[str, Any]) -> str | None:
    """As a text; a key of bytes that are none stays in base64."""
    if entry.get("key") is None:
        return None
    try:
        return _decoded(entry, "key").decode()
    except UnicodeDecodeError:
        key: str = entry["key"]
        return key


QUEUE: Final = Kind("queue", (), _by_content("queue"))

KINDS: Final = (
    Kind("streaming", (frozenset({"stream", "partition", "offset", "value"}),), _streaming),
    Kind("logging", (frozenset({"data", "id", "oracle"}), frozenset({"data", "id", "specversion"})), _logging),
    Kind("monitoring", (frozenset({"namespace", "name", "datapoints"}),), _by_content("monitoring")),
    QUEUE,
)
