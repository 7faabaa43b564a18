"""What arrives by itself, from a stream, a queue, a rule or a schedule: one record of it, and a batch of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload
from urllib.parse import quote

from model_service.errors import InvalidRequest
from model_service.fn.caller import MAX_NAME_LENGTH, Caller, Origin
from model_service.openai_api.encoding import STRICT

if TYPE_CHECKING:
    from model_service.openai_api.operations import AnyRequest
    from model_service.routing import Route

T = TypeVar("T")

SOURCES: Final = (
    "streaming",
    "queue",
    "logging",
    "monitoring",
    "events",
    "notifications",
    "detached",
    "schedule",
)
MAX_PART_CHARS: Final = 200  # characters of a part of an id; with all its parts it has to fit into an object's name


# Of its metadata, what says where it came from, in the order in which it is looked for.
SOURCE_NAMES: Final = ("stream", "queue", "topic", "bucket", "log", "namespace")


@dataclass(frozen=True)
class Record:
    """One of what arrived.

    ``id`` is the same each time that the same record comes, and of no other record; it can stand in the name of an
    object: ``streaming/prompts/0/41-1761223385480``.

    ``content`` are its bytes as whoever sent it wrote them. ``metadata`` is what the trigger says of it (``stream``,
    ``partition``, ``offset``, ``key``, ``timestamp``; ``topic``, ``message_id``; ``type``, ``bucket``, ``object``…), in
    JSON's types. ``fault`` is why it cannot be read, if it cannot.
    """

    source: str
    id: str
    content: bytes = field(repr=False)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    fault: InvalidRequest | None = None

    @cached_property
    def view(self) -> dict[str, Any]:
        """Return what a task sees of it, in JSON's types.

        Its ``metadata``, ``source``, ``id``, ``text`` (the content), and ``value``, the same as JSON where it is JSON.
        Both are ``None`` where it is not UTF-8.
        """
        try:
            text = self.content.decode()
        except UnicodeDecodeError:
            return {**self.outline, "text": None, "value": None}
        return {**self.outline, "text": text, "value": _value(text)}

    def require_text(self) -> None:
        """Raise ``InvalidRequest`` for content that is not UTF-8: a task may let it go, and no model can be asked."""
        if self.view["text"] is None:
            raise InvalidRequest("The record is not UTF-8.", code="invalid_record")

    @property
    def origin(self) -> Origin:
        """Return on whose account it is worked on: its source's, as ``streaming:prompts``."""
        place = next((self.metadata[name] for name in SOURCE_NAMES if isinstance(self.metadata.get(name), str)), None)
        name = self.source if place is None else f"{self.source}:{place}"
        return Origin(Caller(id=name[:MAX_NAME_LENGTH]), self.source, paces_itself=True)

    @property
    def outline(self) -> dict[str, Any]:
        """What is known without reading it."""
        return {**self.metadata, "source": self.source, "id": self.id}


def record_id(*parts: object) -> str:
    """Return the parts, each fit for a path; one that is too long, or means something in a path, as its digest."""
    return "/".join(_part(str(part)) for part in parts)


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _part(text: str) -> str:
    quoted = quote(text.encode(errors="surrogatepass"), safe="@:+=,")
    if len(quoted) > MAX_PART_CHARS or not re.search(r"[^.]", quoted):
        return digest_of(text.encode(errors="surrogatepass"))
    return quoted


def _value(text: str) -> Any:
    try:
        return STRICT.decode(text.removeprefix("\ufeff"))  # which a reader may ignore: RFC 8259, 8.1
    except (ValueError, RecursionError, InvalidRequest):
        return text


class LazyRecords(Sequence[Record]):
    """Records that are made when they are asked for, each time anew: their contents are not held all at once.

    ``keys`` has the id of each, and what ``make`` makes it from.
    """

    def __init__(self, source: str, keys: Sequence[tuple[str, T]], make: Callable[[T], Record]) -> None:
        self.source = source
        self._keys = keys
        self._make = make

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Record, ...]: ...
    def __getitem__(self, index: int | slice) -> Record | tuple[Record, ...]:
        if isinstance(index, slice):
            return tuple(self._make(key) for _, key in self._keys[index])
        return self._make(self._keys[index][1])

    def outlines(self) -> Iterator[tuple[str, str]]:
        """Yield the id and the source of each, without making it."""
        return ((record, self.source) for record, _ in self._keys)


def outlines(records: Sequence[Record]) -> Iterator[tuple[str, str]]:
    """Yield the id and the source of each record."""
    if isinstance(records, LazyRecords):
        return records.outlines()
    return ((record.id, record.source) for record in records)


@dataclass(frozen=True)
class BatchRequest:
    """Records to be worked on, with nobody waiting for the answers.

    ``otherwise`` decodes a detached call that no task asks for: it is answered as any direct one. With ``redriven`` the
    records have dead letters, and are tried again; ``on_end`` hears of the status of each by its id.
    """

    records: Sequence[Record] = field(repr=False)
    otherwise: Callable[[], AnyRequest] | None = None
    redriven: bool = False
    on_end: Callable[[str, str], None] | None = field(default=None, repr=False)

    def route(self, aliases: Mapping[str, str]) -> Route | None:  # noqa: ARG002 - each record has its own
        """Return ``None``: each record has a route of its own."""
        return None


@dataclass(frozen=True)
class ConfirmationRequest:
    """A subscription of Notifications that wants to be confirmed: whoever visits ``url`` does it."""

    url: str = field(repr=False)  # it has the subscription's token

    def route(self, aliases: Mapping[str, str]) -> Route | None:  # noqa: ARG002 - no model is asked
        """Return ``None``: no model is asked."""
        return None
