"""Replay: the requests of a recording answered offline, and a plain word about any other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from email.utils import formatdate
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from mock_oci.backend import MockOci
from mock_oci.doors.credentials import KINDS, give_credentials
from mock_oci.doors.in_process import within
from mock_oci.doors.open_doors import DOORS
from mock_oci.operations import oci_error
from mock_oci.recording.exchange import CUT, Exchange
from mock_oci.recording.file import read_recording
from mock_oci.recording.matching import Binding, Filling, Match, match
from mock_oci.wire import Disconnect, Request, Response

F = TypeVar("F", bound=Callable[..., Any])
_MAX_DIFFERENCES = 3


class NotInRecording(AssertionError):
    """A client asked what a recording does not have, or did not ask what it has."""


@dataclass
class _Recorded:
    exchange: Exchange
    is_used: bool = False


class Player:
    """Answers from a recording, each exchange once. Thread-safe.

    ``misses`` has what was asked and is not in it, each with what is nearest. Such a request is answered 501, whose
    message says the same: no client takes it for OCI's, and none tries again.
    """

    def __init__(
        self,
        exchanges: Iterable[Exchange],
        *,
        in_order: bool = False,
        repeats: bool = False,
        ignoring: Iterable[str] = (),
    ) -> None:
        self._recorded = [_Recorded(exchange) for exchange in exchanges]
        self._in_order = in_order
        self._repeats = repeats
        self._ignoring = frozenset(ignoring)
        self._binding: Binding = {}
        self._lock = threading.Lock()
        self.misses: list[str] = []

    @property
    def left(self) -> list[str]:
        """Return what nobody asked, as method and path."""
        return [_title(one.exchange.request) for one in self._recorded if not one.is_used]

    def answer(self, request: Request) -> Response:
        """Return the recorded answer. Raises Disconnect where the recorded one was cut."""
        with self._lock:
            found, why = self._find(request)
            if found is None:
                self.misses.append(why)
                response = oci_error(501, f"mock_oci: {why}", "NotInRecording")
                return Response(501, {**response.headers, "x-should-retry": "false"}, response.body)
            found.is_used = True
            return _replayed(found.exchange, Filling(self._binding))

    def check(self, *, everything: bool) -> None:
        """Raise NotInRecording if anything was missed; with ``everything``, also if anything is left."""
        if self.misses:
            raise NotInRecording("\n".join(self.misses))
        if everything and self.left:
            raise NotInRecording(f"the recording has what nobody asked: {', '.join(self.left)}")

    def _find(self, request: Request) -> tuple[_Recorded | None, str]:
        unused = [one for one in self._recorded if not one.is_used]
        candidates = unused[:1] if self._in_order else unused
        compared: list[tuple[Match, _Recorded]] = []
        for one in (*candidates, *(self._used() if self._repeats else ())):
            asked = replace(request, body=b"") if one.exchange.too_large else request  # nothing of its body was kept
            result = match(one.exchange.request, asked, self._binding, self._ignoring)
            if not result.differences and one.exchange.too_large:
                return (
                    None,
                    f"{_title(request)} was recorded without its bodies: they had {one.exchange.too_large} bytes",
                )
            if not result.differences:
                self._binding = result.binding
                return one, ""
            compared.append((result, one))
        return None, f"{_title(request)} is not in the recording; {self._nearest(request, compared)}"

    def _used(self) -> Iterator[_Recorded]:
        return (one for one in reversed(self._recorded) if one.is_used)

    def _nearest(self, request: Request, compared: list[tuple[Match, _Recorded]]) -> str:
        for one in self._used():
            if not match(one.exchange.request, request, self._binding, self._ignoring).differences:
                return "it was recorded, and was asked as often as it was recorded"
        if not compared:
            return "nothing is left of it"
        nearest, recorded = min(compared, key=lambda pair: _distance(pair[1].exchange.request, request, pair[0]))
        what = "the next one" if self._in_order else "the nearest"
        return f"{what} is {_title(recorded.exchange.request)}: {'; '.join(nearest.differences[:_MAX_DIFFERENCES])}"


class Replaying(AbstractContextManager[Player]):
    """What ``replaying()`` gives: a context manager, sync or async, and a decorator."""

    def __init__(self, path: str | Path, credentials: str | bool, *, all_used: bool, **how: Any) -> None:
        kind = {True: "api_key", False: "none"}.get(credentials) if isinstance(credentials, bool) else credentials
        if kind not in KINDS:
            raise ValueError(f"credentials must be one of {', '.join(KINDS)}, not {credentials!r}")
        self._path = Path(path)
        self._credentials = kind
        self._all_used = all_used
        self._how = how
        self._uses: list[tuple[Player, ExitStack]] = []

    def __enter__(self) -> Player:
        player = Player(read_recording(self._path), **self._how)
        with ExitStack() as leaving:
            give_credentials(MockOci(), self._credentials, leaving)
            leaving.callback(DOORS.open(player.answer))
            self._uses.append((player, leaving.pop_all()))
        return player

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        player, leaving = self._uses.pop()
        leaving.close()
        if kind is None or (player.misses and isinstance(error, Exception)):
            try:
                player.check(everything=self._all_used and kind is None)
            except NotInRecording as missed:
                raise missed from error

    async def __aenter__(self) -> Player:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, subject: F) -> F:
        """Wrap a function, a coroutine function or a generator, so that what it asks comes from the recording."""
        return within(self, subject)


def replaying(
    path: str | Path,
    *,
    in_order: bool = False,
    repeats: bool = False,
    all_used: bool = False,
    ignoring: Iterable[str] = (),
    credentials: str | bool = True,
) -> Replaying:
    """Answer from a recording, offline: ``with replaying("chat.json") as replay:``, ``@replaying("chat.json")``.

    A request is answered by the first exchange left that has its method, path, query and body, up to the ids that were
    replaced: what a client asks with stands in the answers too. ``in_order``: only by the next one. ``repeats``: one
    that was used may be used again. ``ignoring``: query parameters and fields whose values may differ. ``all_used``:
    what nobody asked is an error at the end. ``credentials`` are those of ``mock_oci()``. Raises NotInRecording at the
    end of a block that asked for something else, whatever its client made of the 501.
    """
    how = {"in_order": in_order, "repeats": repeats, "ignoring": frozenset(ignoring)}
    return Replaying(path, credentials, all_used=all_used, **how)


def _title(request: Request) -> str:
    return f"{request.method} {request.target}"


def _distance(recorded: Request, asked: Request, result: Match) -> tuple[bool, int, int]:
    ours, theirs = recorded.path.split("/"), asked.path.split("/")
    unlike = sum(one != other for one, other in zip(ours, theirs, strict=False)) + abs(len(ours) - len(theirs))
    return recorded.method != asked.method, unlike, len(result.differences)


def _replayed(exchange: Exchange, filling: Filling) -> Response:
    headers = {name: filling.text(value) for name, value in exchange.headers.items()}
    headers |= {"date": formatdate(usegmt=True)}
    if not exchange.streamed:
        return Response(exchange.status, headers, filling.body(b"".join(exchange.pieces)))
    return Response(exchange.status, headers, _streamed(exchange, filling))


def _streamed(exchange: Exchange, filling: Filling) -> Iterator[bytes]:
    for piece in exchange.pieces:
        yield filling.piece(piece)
    if exchange.ends == CUT:
        raise Disconnect("as it was recorded")
