"""``model-service follow``: print a relayed answer while it arrives, or again from any message on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TextIO

from model_service.cli.options import seconds, settings_of
from model_service.errors import ModelServiceError, StreamBroken, UpstreamError, UpstreamUnreachable
from model_service.fn.invocation import Deadline
from model_service.relay.destinations import Destination, Reader, RelayMessage
from model_service.service import Service
from model_service.upstream.retries import PASSING_STATUSES

if TYPE_CHECKING:
    import argparse

ABOUT: Final = (
    "Print an answer that a call publishes to a queue or a stream (relay), while it arrives. Uses the credential "
    "of OCI_PROFILE or OCI_AUTH_TYPE. Messages are not deleted, so an answer can be read again."
)
CLOSING_SECONDS: Final = 5.0
TROUBLE_SECONDS: Final = 1.0  # wait before the next request after an error


@dataclass
class Ordered:
    """Sort the messages of one relay by their number and drop duplicates.

    ``start`` is the first number that is wanted; without an ``id`` the relay that is seen first is the one. With a
    ``token`` only what bears it counts, whoever else has written there.
    """

    start: int = 0
    id: str | None = None
    token: str | None = None
    ended: bool = False
    _waiting: dict[int, RelayMessage] = field(default_factory=dict)

    def add(self, messages: Iterable[RelayMessage]) -> Iterator[RelayMessage]:
        """Yield the messages that are complete up to here; nothing after the last message of the relay."""
        for message in messages:
            if self.token is not None and message.get("token") != self.token:
                continue
            self.id = self.id or message["id"]
            if message["id"] == self.id and message["number"] >= self.start:
                self._waiting[message["number"]] = message
        while not self.ended:
            following = self._next()
            if following is None:
                return
            self.start = following["number"] + 1
            self.ended = bool(following.get("last"))
            yield following

    def _next(self) -> RelayMessage | None:
        if self.start in self._waiting:
            return self._waiting.pop(self.start)
        # The relay says that it is incomplete: messages are lost, so do not wait for them.
        return next((one for one in self._waiting.values() if one.get("last") and not one.get("complete")), None)


def follow(
    reader: Reader,
    deadline: Deadline,
    start: int = 0,
    relay_id: str | None = None,
    *,
    token: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[RelayMessage]:
    """Yield the messages of a relay in order, from number ``start`` to the last, while they arrive.

    Passing trouble of OCI ends nothing. Raise ``DeadlineExceeded`` where the last message does not come in time.
    """
    ordered = Ordered(start, relay_id, token)
    try:
        while not ordered.ended:
            yield from ordered.add(_polled(reader, deadline, sleep))
    finally:
        with suppress(ModelServiceError):  # an undeleted message becomes visible again by itself
            reader.close(Deadline.after(CLOSING_SECONDS))


def _polled(reader: Reader, deadline: Deadline, sleep: Callable[[float], None]) -> list[RelayMessage]:
    try:
        return reader.poll(deadline)
    except (UpstreamError, UpstreamUnreachable) as error:
        if isinstance(error, UpstreamError) and error.status not in PASSING_STATUSES:
            raise
    sleep(min(TROUBLE_SECONDS, deadline.require()))
    return []


def texts(messages: Iterable[RelayMessage], start: int = 0) -> Iterator[str]:
    """Yield the text of the first choice in pieces; raise ``StreamBroken`` if the answer failed.

    What a relay has lost is made good from the result that its last message has, for those who read from the beginning.
    """
    text = ""
    for message in messages:
        for piece in _pieces(message):
            text += piece
            yield piece
        if message.get("last"):
            whole = _text_of(message.get("result"))
            if start == 0 and not message["complete"] and whole.startswith(text):
                yield whole[len(text) :]
            _check(message)


def run(options: argparse.Namespace, out: TextIO) -> None:
    """Write the text of a relayed answer while it arrives; raise ``ModelServiceError``."""
    kind, label = ("queue", "channel") if options.queue else ("stream", "key")
    relay = {kind: getattr(options, kind), label: getattr(options, label)}
    destination = Destination.parse(relay, allowed=[relay[kind]])  # OCI checks who may read the destination
    with closing(Service(settings_of(options))) as service:
        reader = destination.open(service.region_services).reader()
        deadline = Deadline.after(options.timeout)
        messages = follow(reader, deadline, options.start, options.id, token=options.token)
        with closing(messages):  # type: ignore[type-var]  # it is a generator
            for piece in _lines(messages) if options.json else texts(messages, options.start):
                out.write(piece)
                out.flush()
    out.write("" if options.json else "\n")


def _lines(messages: Iterable[RelayMessage]) -> Iterator[str]:
    for message in messages:
        yield f"{json.dumps(message)}\n"
        if message.get("last"):
            _check(message)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--queue", metavar="OCID", help="OCID of the queue; needs --channel")
    where.add_argument("--stream", metavar="OCID", help="OCID of the stream; needs --key")
    parser.add_argument("--channel", help="the channel in the request's relay")
    parser.add_argument("--key", help="the key in the request's relay")
    parser.add_argument(
        "--from",
        dest="start",
        type=int,
        default=0,
        metavar="N",
        help="start with the message of this number (default: %(default)s)",
    )
    parser.add_argument(
        "--id", help="id of the call, if several calls used the same channel or key (default: the first call)"
    )
    parser.add_argument("--token", help="the token in the request's relay; messages without this token are ignored")
    parser.add_argument(
        "--timeout",
        type=seconds,
        default=300.0,
        metavar="SECONDS",
        help="time limit for the whole answer (default: %(default)g)",
    )
    parser.add_argument("--json", action="store_true", help="print each message as it was published, one per line")


def _pieces(message: RelayMessage) -> Iterator[str]:
    for chunk in message["chunks"]:
        for choice in chunk["choices"]:
            if choice.get("index", 0) == 0:
                yield (choice.get("delta") or {}).get("content") or ""


def _text_of(result: dict[str, Any] | None) -> str:
    choices = (result or {}).get("choices") or []
    text = choices[0]["message"].get("content") if choices else None
    return text if isinstance(text, str) else ""


def _check(message: RelayMessage) -> None:
    error = message.get("error")
    if error:
        raise StreamBroken(str(error.get("message")), code=error.get("code"))
    if not message["complete"] and message.get("result") is None:
        raise StreamBroken("The relay lost a part of the answer.", code="relay_incomplete")


EXAMPLES: Final = """\
  {prog} follow --stream <stream OCID> --key answer-7
  {prog} follow --queue <queue OCID> --channel answer-7 --timeout 60"""
