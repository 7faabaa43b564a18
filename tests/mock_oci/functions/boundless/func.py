"""Takes what it can get, as the JSON in its body says: ``{"take": <one of ORDERS>, ...}``; answers with what it got."""

import errno
import io
import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

from fdk.context import InvokeContext

TICKS = [time.monotonic()]


def places(paths: list[str]) -> dict[str, str]:
    """Say of each path whether a file can be made there."""
    return {path: _made(Path(path)) for path in paths}


def _made(path: Path) -> str:
    try:
        path.write_text("x")
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    path.unlink()
    return "written"


def space(most_mb: int) -> int:
    """Return how many MB ``/tmp`` holds."""
    path, taken = Path("/tmp/space"), 0
    with path.open("wb", buffering=0) as file:
        try:
            while taken < most_mb and file.write(b"x" * 2**20) == 2**20:
                taken += 1
        except OSError as error:
            assert error.errno == errno.ENOSPC
    path.unlink()
    return taken


def names(most: int) -> int:
    """Return how many files ``/tmp`` holds."""
    folder, made = Path("/tmp/names"), 0
    folder.mkdir()
    try:
        for made in range(most):
            (folder / str(made)).touch()
    except OSError as error:
        assert error.errno == errno.ENOSPC
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    return made


def children(most: int) -> int:
    """Return how many processes can be started at once."""
    started = []
    try:
        for _ in range(most):
            child = os.fork()
            if child == 0:
                time.sleep(60)
                os._exit(0)
            started.append(child)
    except OSError as error:
        assert error.errno == errno.EAGAIN
    for child in started:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return len(started)


def contents(paths: list[str]) -> list[str | None]:
    return [Path(path).read_text() if Path(path).exists() else None for path in paths]


def files(most: int) -> int:
    """Return how many files can be open at once."""
    opened = []
    try:
        opened += [os.open("/dev/null", os.O_RDONLY) for _ in range(1)]
        while len(opened) < most:
            opened.append(os.open("/dev/null", os.O_RDONLY))
    except OSError as error:
        assert error.errno == errno.EMFILE
    for number in opened:
        os.close(number)
    return len(opened)


def memory(megabytes: int) -> int:
    """Take memory a MB at a time, and hold it for a while."""
    taken = [bytearray(os.urandom(2**20)) for _ in range(megabytes)]
    time.sleep(1)
    return len(taken)


def identity() -> dict[str, Any]:
    lines = Path("/proc/self/status").read_text().splitlines()
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    own = {name: status.get(name) for name in ("CapEff", "CapPrm", "CapBnd", "NoNewPrivs")}
    return {"user": os.getuid(), "group": os.getgid(), "listener": os.environ["FN_LISTENER"], **own}


def ticks() -> bool:
    """Go on in the background, after the answer."""
    threading.Thread(target=_tick, daemon=True).start()
    return True


def _tick() -> None:
    while True:
        time.sleep(0.005)
        TICKS.append(time.monotonic())


def pause() -> float:
    """Return the longest time between two ticks, in seconds."""
    return max(later - earlier for earlier, later in zip(TICKS[1:], [*TICKS[2:], time.monotonic()], strict=True))


def handler(ctx: InvokeContext, data: io.BytesIO | None = None) -> str:
    order = json.loads(data.getvalue() if data else b"{}")
    return json.dumps(ORDERS[order.pop("take")](**order))


ORDERS: dict[str, Any] = {
    order.__name__: order for order in (children, contents, files, identity, memory, names, pause, places, space, ticks)
}
