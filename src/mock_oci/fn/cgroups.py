"""Control groups, where they can be written: the exact limits of memory and processes, as containers have them."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

_ROOT: Final = Path("/sys/fs/cgroup")
_CONTROLLERS: Final = {"memory": "memory", "processes": "pids"}
_EMPTY_SECONDS: Final = 2.0  # what was killed leaves its group a moment later
_LOOK_SECONDS: Final = 0.01
_number = itertools.count(1)


class ControlGroup:
    """``groups`` has the file by which a process enters, for each of the limits that are to be had."""

    def __init__(self, folders: dict[str, Path]) -> None:
        self._folders = folders
        self.groups = {name: str(folder / "cgroup.procs") for name, folder in folders.items()}

    @property
    def folders(self) -> tuple[Path, ...]:
        """Return what is to be removed."""
        return tuple(dict.fromkeys(self._folders.values()))

    @property
    def has_killed(self) -> bool:
        """Tell whether a process was killed for its memory."""
        folder = self._folders.get("memory")
        if folder is None:
            return False
        for name in ("memory.events", "memory.oom_control"):
            with contextlib.suppress(OSError):
                lines = (folder / name).read_text().splitlines()
                return any(line.startswith("oom_kill ") and line != "oom_kill 0" for line in lines)
        return False

    def close(self) -> None:
        """Kill what is left in the groups, and remove them."""
        give_up = time.monotonic() + _EMPTY_SECONDS
        for folder in self.folders:
            while folder.exists() and time.monotonic() < give_up:
                try:
                    folder.rmdir()
                except OSError:
                    _kill_all(folder)
                    time.sleep(_LOOK_SECONDS)


def _kill_all(folder: Path) -> None:
    """Kill what has left the function's process group, too."""
    with contextlib.suppress(OSError):  # it has ended meanwhile
        for number in (folder / "cgroup.procs").read_text().split():
            os.kill(int(number), signal.SIGKILL)


def control_group(names: Collection[str], memory: int, processes: int) -> ControlGroup:
    """Make a group with those limits of ``names`` that can be had here; ``memory`` in MB."""
    folders: dict[str, Path] = {}
    for name in _CONTROLLERS:
        if name in names:
            with contextlib.suppress(OSError):
                folders[name] = _made(name, folders, memory, processes)
    return ControlGroup(folders)


def _made(name: str, others: dict[str, Path], memory: int, processes: int) -> Path:
    """Return the folder with its limit set. Raises OSError."""
    unified = (_ROOT / "cgroup.controllers").exists()
    folder = next(iter(others.values()), None) if unified else None
    if folder is None:
        parent = _ROOT if unified else _ROOT / _CONTROLLERS[name]
        folder = parent / f"mock-oci-{os.getpid()}-{next(_number)}"
        folder.mkdir()
    try:
        for file, text in _limits(name, memory, processes, unified=unified):
            (folder / file).write_text(text)
        with contextlib.suppress(OSError):  # where there is none
            (folder / "memory.swap.max").write_text("0")
    except OSError:
        if folder not in others.values():
            folder.rmdir()
        raise
    return folder


def _limits(name: str, memory: int, processes: int, *, unified: bool) -> Iterator[tuple[str, str]]:
    if name == "processes":
        yield "pids.max", str(processes)
    elif unified:
        yield "memory.max", str(memory << 20)
        yield "memory.oom.group", "1"
    else:
        yield "memory.limit_in_bytes", str(memory << 20)
