"""What moves things by itself while a block runs: Connector Hub, Events, and what Notifications tries again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

_log = logging.getLogger(__name__)
_PAUSE_SECONDS = 0.02


@contextmanager
def pumping(*pumps: Callable[[], object]) -> Iterator[None]:
    """Call each over and over, each in a thread of its own, until the block ends; what is under way is waited for.

    A pump gives something true when it moved something, and is called again at once.
    """
    ended = threading.Event()
    with ExitStack() as running:
        for pump in pumps:
            thread = threading.Thread(target=_run, args=(pump, ended), name="mock_oci pump", daemon=True)
            thread.start()
            running.callback(thread.join)
        running.callback(ended.set)
        yield


def _run(pump: Callable[[], object], ended: threading.Event) -> None:
    while not ended.is_set():
        if not _moved(pump):
            ended.wait(_PAUSE_SECONDS)


def _moved(pump: Callable[[], object]) -> object:
    try:
        return pump()
    except Exception:  # noqa: BLE001 - one fault must not stop what moves everything else
        _log.exception("a pump failed; it goes on")
        return None
