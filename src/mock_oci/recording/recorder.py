"""Recording: real exchanges of any client of this process, kept until its end, and written with nothing secret."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from mock_oci.doors.in_process import within
from mock_oci.doors.open_doors import DOORS
from mock_oci.live.upstream import Upstream
from mock_oci.recording.exchange import CLIENT_LEFT, CUT, Exchange
from mock_oci.recording.file import write_recording
from mock_oci.recording.sanitiser import Sanitiser
from mock_oci.wire import Disconnect, Request, Response

F = TypeVar("F", bound=Callable[..., Any])
MAX_BODY: Final = 1_000_000
MAX_BYTES: Final = 20_000_000
# Where credentials are had: nothing of it belongs into a recording, and no replay asks for any.
_OF_CREDENTIALS = re.compile(r"169\.254\.169\.254|auth\..*|.*\.identity\.oraclecloud\..*")


class Recorder:
    """Hands requests to the real service, and notes both; see ``recording`` for its bounds, in bytes."""

    def __init__(
        self, upstream: Upstream, *, hide: Iterable[str] = (), max_body: int = MAX_BODY, max_bytes: int = MAX_BYTES
    ) -> None:
        self._upstream = upstream
        self._hide = tuple(hide)
        self._max_body = max_body
        self._left_bytes = max_bytes
        self._lock = threading.Lock()
        self._exchanges: list[Exchange | None] = []
        self.left_out = 0

    def answer(self, request: Request) -> Response:
        """Return what the real service answers. Raises Disconnect when it does not."""
        response = self._upstream.send(request)
        host = request.headers["host"].partition(":")[0].lower()
        if _OF_CREDENTIALS.fullmatch(host):
            return response
        with self._lock:
            self._exchanges.append(None)
            place = len(self._exchanges) - 1
        exchange = Exchange(replace(request, has_left=None), host, response.status, dict(response.headers))
        if isinstance(response.body, bytes):
            self._note(place, replace(exchange, pieces=(response.body,)))
            return response
        return replace(response, body=self._noted(place, replace(exchange, streamed=True), response.body))

    def write(self, path: Path) -> None:
        """Write what was recorded. Raises SecretLeft and OSError."""
        write_recording(path, [one for one in self._exchanges if one], Sanitiser(self._hide), self.left_out)

    def _noted(self, place: int, exchange: Exchange, body: Iterable[bytes]) -> Iterator[bytes]:
        pieces: list[bytes] = []
        size, ends = 0, CLIENT_LEFT
        try:
            for piece in body:
                size += len(piece)
                if size <= self._max_body:
                    pieces.append(piece)
                yield piece
            ends = ""
        except Disconnect:
            ends = CUT
            raise
        finally:
            is_whole = size <= self._max_body
            about = {"pieces": tuple(pieces)} if is_whole else {"too_large": size}
            self._note(place, replace(exchange, ends=ends, **about))

    def _note(self, place: int, exchange: Exchange) -> None:
        """Keep an exchange; one with a large body without its bodies, and none when there is no room."""
        size = exchange.size
        largest = max(len(exchange.request.body), size - len(exchange.request.body))
        if largest > self._max_body or exchange.too_large:
            exchange = replace(
                exchange, request=replace(exchange.request, body=b""), pieces=(), too_large=exchange.too_large or size
            )
        with self._lock:
            if exchange.size > self._left_bytes:
                self.left_out += 1
                return
            self._left_bytes -= exchange.size
            self._exchanges[place] = exchange


class Recording(AbstractContextManager["Recording"]):
    """What ``recording()`` gives: a context manager, sync or async, and a decorator."""

    def __init__(self, path: str | Path, upstream: str | None, **bounds: Any) -> None:
        self.path = Path(path)
        self._upstream = Upstream(upstream)
        self._bounds = bounds
        self._close: Callable[[], None] | None = None
        self._is_discarded = False
        self._recorder = Recorder(self._upstream, **bounds)

    @property
    def left_out(self) -> int:
        """Return how many exchanges there was no room for."""
        return self._recorder.left_out

    def discard(self) -> None:
        """Write nothing of this block: what it asked is not what was wanted."""
        self._is_discarded = True

    def __enter__(self) -> Self:
        if self._close is not None:
            raise RuntimeError("recording() is on already")
        self._recorder, self._is_discarded = Recorder(self._upstream, **self._bounds), False
        self._close = DOORS.open(self._recorder.answer, lets_others=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        close, self._close = self._close, None
        if close is not None:
            close()
        if kind is None and not self._is_discarded:
            self._recorder.write(self.path)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, subject: F) -> F:
        """Wrap a function, a coroutine function or a generator, so that what it asks is recorded."""
        return within(self, subject)


def recording(
    path: str | Path,
    *,
    upstream: str | None = None,
    hide: Iterable[str] = (),
    max_body: int = MAX_BODY,
    max_bytes: int = MAX_BYTES,
) -> Recording:
    """Write what clients ask of OCI, and its answers, into a file: ``with recording("chat.json"):``, ``@recording(…)``.

    The requests of the OCI SDK (sync and async), httpx, httpx2, requests and aiohttp go to the real service as they
    are, signed by whatever signer; other hosts are not touched, and how credentials are had is not recorded. When the
    block ends, secrets and ids are replaced; ``hide``: more strings that must not be in the file. A block that raises
    writes nothing. ``upstream``: a URL that answers in place of OCI's hosts. An exchange with more than ``max_body``
    bytes is kept without its bodies, and what is over ``max_bytes`` in all is left out; the file says so.
    """
    return Recording(path, upstream, hide=tuple(hide), max_body=max_body, max_bytes=max_bytes)
