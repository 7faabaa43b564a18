"""Connector Hub: a batch from a stream, a queue, logs or metrics, as one JSON array of up to 6 MB.

Shapes: oracle's fn-events for Java (ConnectorHubFunctionTest.java) and its examples; docs
connector-hub/create-service-connector-streaming-source.htm. The array does not say where it comes from: KINDS tells it
by what all its elements have, so that a message of a queue does not pass for a record of a stream because it stands
beside one. A batch of nothing but look-alikes cannot be told; whoever may send to the queue decides on them.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from model_service.batch.record import BatchRequest, LazyRecords, Record, digest_of, record_id
from model_service.envelopes.connector_hub_array import NOT_JSON, Element, elements_of
from model_service.envelopes.detect import RECORD_FIELDS, single_record, text_fields
from model_service.envelopes.unattended import UnattendedEnvelope
from model_service.errors import InvalidRequest
from model_service.openai_api.validation import invalid_field


class ConnectorHubEnvelope(UnattendedEnvelope):
    trigger = "connector_hub"
    may_name_its_body = False
    may_name_the_payer = True

    def decode(self) -> BatchRequest:
        body = self._invocation.body
        if single_record(body) is not None:
            body = b"[%s]" % body.removeprefix(b"\xef\xbb\xbf")
        return BatchRequest(records_of(body))


def records_of(body: bytes) -> LazyRecords:
    """Return the records of a batch, each read from ``body`` when it is asked for: a batch of 6 MB is held once."""
    kind, ids = KINDS[0], list[str]()
    places: list[tuple[int, int, InvalidRequest | None]] = []
    fitting = list(KINDS[:-1])
    is_telling = False
    for element in elements_of(body):
        places.append((element.start, element.end, element.fault))
        # One that only cannot be read (a number too long, say) has no say in it; one that is no JSON has: Connector Hub
        # itself writes none, so it is a message.
        if element.fault is None or element.fault.code == NOT_JSON:
            is_telling = True
            fitting = [one for one in fitting if one.is_of(element.value)]
        if fitting and kind is not fitting[0]:
            kind, ids = fitting[0], []
        if fitting and len(ids) == len(places) - 1:
            ids.append(kind.record_of(element).id)
    kind = fitting[0] if is_telling and fitting else QUEUE

    def make(place: tuple[int, int, InvalidRequest | None]) -> Record:
        return kind.record_of(Element.read(body, *place))

    if kind is QUEUE or len(ids) != len(places):
        ids = [make(place).id for place in places]
    return LazyRecords(kind.source, list(zip(ids, places, strict=True)), make)


@dataclass(frozen=True)
class Kind:
    """Where a batch comes from: elements of ``source`` have the fields of one row of ``fields``."""

    source: str
    fields: Sequence[frozenset[str]]
    read: Callable[[Element], Record]

    def is_of(self, value: Any) -> bool:
        return isinstance(value, Mapping) and any(fields <= value.keys() for fields in self.fields)

    def record_of(self, element: Element) -> Record:
        """Return a record; where the element cannot be read it has a fault, and its content is the whole element."""
        fault = element.fault
        if fault is None:
            try:
                return self.read(element)
            except InvalidRequest as error:
                fault = error.with_traceback(None)  # it would keep the batch in memory
        return Record(self.source, _id_by_content(self.source, element.content), element.content, {}, fault)


def _streaming(element: Element) -> Record:
    """Return what is known of a stream's record.

    ``timestamp`` is a number of milliseconds or ISO 8601, as it came. It is a part of the id because the offsets of a
    stream that was made anew start again.
    """
    entry = element.value
    stream, partition, offset = _required_text(entry, "stream"), _partition(entry), _offset(entry)
    timestamp = _timestamp(entry)
    content = _decoded(entry, "value")
    metadata = {"stream": stream, "partition": partition, "offset": offset, "key": _key(entry), "timestamp": timestamp}
    moment = f"{offset}" if timestamp is None else f"{offset}-{timestamp}"
    return Record("streaming", record_id("streaming", stream, partition, moment), content, metadata)


def _logging(element: Element) -> Record:
    entry = element.value
    # Two logs may have an entry of one id each.
    log = text_fields(entry.get("oracle"), "logid").get("logid", "")
    identity = record_id("logging", *([log] if log else []), _required_text(entry, "id"))
    return Record("logging", identity, element.content, text_fields(entry, "type", "time"))


def _by_content(source: str) -> Callable[[Element], Record]:
    """Return an id for what brings none, made of its content.

    Nothing else comes along of a message, neither an id nor a count of its deliveries, so two messages that say the
    same are one record.
    """

    def read(element: Element) -> Record:
        return Record(source, _id_by_content(source, element.content), element.content)

    return read


def _id_by_content(source: str, content: bytes) -> str:
    return record_id(source, digest_of(content))


def _required_text(entry: Mapping[str, Any], name: str) -> str:
    value = entry[name]
    if not isinstance(value, str) or not value:
        raise invalid_field(name, "must be a non-empty string.")
    return value


def _partition(entry: Mapping[str, Any]) -> str:
    value = entry["partition"]
    return str(_whole_number(entry, "partition")) if isinstance(value, int) else _required_text(entry, "partition")


def _whole_number(entry: Mapping[str, Any], name: str) -> int:
    value = entry[name]
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid_field(name, "must be an integer.")
    return value


def _offset(entry: Mapping[str, Any]) -> int:
    """Return the offset, which the FDK for Java reads from a string too (fn-events, StreamingData)."""
    value = entry["offset"]
    return int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else _whole_number(entry, "offset")


def _timestamp(entry: Mapping[str, Any]) -> int | str | None:
    value = entry.get("timestamp")
    if isinstance(value, bool) or not isinstance(value, int | str | None):
        raise invalid_field("timestamp", "must be an integer of milliseconds, or a string.")
    return value


def _decoded(entry: Mapping[str, Any], name: str) -> bytes:
    content = None
    with suppress(ValueError, TypeError):
        content = base64.b64decode(entry[name], validate=True)
    if content is None:
        raise invalid_field(name, "must be base64.")
    return content


def _key(entry: Mapping[str, Any]) -> str | None:
    """Return the key as a string: decoded where it is base64 of one, else as it came, be it bytes or plain text."""
    key = entry.get("key")
    if key is not None and not isinstance(key, str):
        raise invalid_field("key", "must be a string.")
    with suppress(ValueError):
        return base64.b64decode(key or "", validate=True).decode() if key is not None else None
    return key


_DIGITS: Final = re.compile("[0-9]{1,19}")

QUEUE: Final = Kind("queue", (), _by_content("queue"))

KINDS: Final = (
    Kind("streaming", (RECORD_FIELDS[0],), _streaming),
    Kind("logging", (RECORD_FIELDS[1], frozenset({"data", "id", "specversion"})), _logging),
    Kind("monitoring", (RECORD_FIELDS[2],), _by_content("monitoring")),
    QUEUE,
)
