"""``model-service follow``: the text of a relayed answer as it comes, and again from any message on."""

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

ABOUT: Final = "With the credential of OCI_PROFILE or OCI_AUTH_TYPE. Reading deletes nothing: it can be done again."
CLOSING_SECONDS: Final = 5.0
TROUBLE_SECONDS: Final = 1.0  # before OCI is asked again


@dataclass
class Ordered:
    """Put the messages of one relay into their order: each once, none before those that come before it.

    ``start`` is the first number that is wanted; without an ``id`` the relay that is seen first is the one. With a
    ``token`` only what bears it counts, whoever else has written there.
    """

    start: int = 0
    id: str | None = None
    token: str | None = None
    ended: bool = False
    _waiting: dict[int, RelayMessage] = field(default_factory=dict)

    def add(self, messages: Iterable[RelayMessage]) -> Iterator[RelayMessage]:
        """Yield what can be read now; after the last message nothing more."""
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
        # A relay that is not complete has lost messages; nobody need wait for those.
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
    """Yield the messages of a relay from number ``start`` to its last, in order, as they come.

    Passing trouble of OCI ends nothing. Raise ``DeadlineExceeded`` where the last message does not come in time.
    """
    ordered = Ordered(start, relay_id, token)
    try:
        while not ordered.ended:
            yield from ordered.add(_polled(reader, deadline, sleep))
    finally:
        with suppress(ModelServiceError):  # what is hidden comes back by itself
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
    """Yield what the first choice says, piece by piece; raise ``StreamBroken`` where the answer itself failed.

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
    """Write the text of a relayed answer as it comes; raise ``ModelServiceError``."""
    kind, label = ("queue", "channel") if options.queue else ("stream", "key")
    relay = {kind: getattr(options, kind), label: getattr(options, label)}
    destination = Destination.parse(relay, allowed=[relay[kind]])  # whoever may read it has been asked by OCI
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
    where.add_argument("--queue", metavar="OCID", help="the queue, with --channel")
    where.add_argument("--stream", metavar="OCID", help="the stream, with --key")
    parser.add_argument("--channel", help="the channel that the request named")
    parser.add_argument("--key", help="the key that the request named")
    parser.add_argument("--from", dest="start", type=int, default=0, metavar="N", help="the number to begin with")
    parser.add_argument("--id", help="the call to follow, where a channel or key has had several (default: the first)")
    parser.add_argument("--token", help="the token that the request named: messages without it are passed over")
    parser.add_argument("--timeout", type=seconds, default=300.0, metavar="SECONDS", help="for the whole answer")
    parser.add_argument("--json", action="store_true", help="each message as it was published, one a line")


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
