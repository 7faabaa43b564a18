"""How a container starts: what is not imported, when the collector runs, and an entry point that loads in advance."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final, NoReturn

import fdk
from fdk import customer_code

# httpcore imports them wherever they are installed; nothing here runs on them, and trio alone takes 40 modules.
NOT_NEEDED: Final = ("anyio", "trio")
LOOK_SECONDS: Final = 0.02  # between two looks for the socket


def begin() -> None:
    """Keep what is not needed from being imported, and the collector from running meanwhile: nothing is garbage yet."""
    gc.disable()
    for name in NOT_NEEDED:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # "not there", as the import system has it


def settle() -> None:
    """Set up the log and the FDK's server, and let the collector run again: what is loaded by now stays for good."""
    # Imported here: the socket need not wait for them.
    from model_service.fn.fdk_server import calm_timers, keep_classes  # noqa: PLC0415 - see above
    from model_service.logs import log  # noqa: PLC0415 - see above

    log.configure()
    calm_timers()
    keep_classes()
    gc.freeze()
    gc.enable()


def serve(path: str) -> NoReturn:
    """Serve the function in the file ``path`` as ``fdk <path> handler`` does, but load it before the first call.

    The FDK imports a function when somebody calls it, so a container that was started in advance makes its first caller
    wait all the same. It is loaded once the socket is there, for which the platform waits 5 s at most. Where that
    fails, each call tries again, and answers for it.
    """
    listener = os.environ.get("FN_LISTENER", "")  # noqa: TID251 - the FDK's own setting, before there are any of ours
    function = LoadedOnce(path)
    threading.Thread(target=function.load, args=(Path(listener.removeprefix("unix:")),), daemon=True).start()
    fdk.handle(function)
    sys.exit()


class LoadedOnce(customer_code.Function):  # type: ignore[misc]  # the FDK has no types
    """The FDK's own, for two threads: a call that comes while the function is being loaded waits for that."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._lock = threading.Lock()

    def handler(self) -> Any:
        """Return the handler, loading the function unless it is loaded."""
        with self._lock:
            return super().handler()

    def load(self, socket: Path) -> None:
        """Load the function as soon as ``socket`` is there; what goes wrong is for the first call to say."""
        while not socket.exists():
            time.sleep(LOOK_SECONDS)
        try:
            self.handler()
        except Exception as error:  # noqa: BLE001 - whatever a module may raise
            from model_service.logs import log  # noqa: PLC0415 - for errors only

            log.write_bug(error)
