"""One container's process as it is started confined: what the script is told, what it reports, what is left to end."""

from __future__ import annotations

import marshal
import os
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

from mock_oci.fn import confined_start
from mock_oci.fn.cgroups import control_group
from mock_oci.fn.confinement import FILES, NAMES, PROCESSES, TMP_SIZES, Confined, figures

_TMP: Final = Path("/tmp")  # noqa: S108 - what a function's own takes the place of
_BY_SCRIPT: Final = frozenset({"root", "tmp", "user", "processes", "files"})
_proven: set[frozenset[str]] = set()  # what has been in force once, and need not be tried first


class ConfinedProcess:
    """What is run in place of the function's own command; ``place`` is the folder of its socket, ``memory`` in MB.

    The process inherits ``descriptors``, and then ``close_start`` is called here.
    """

    def __init__(self, names: Collection[str], memory: int, place: Path) -> None:
        self._names = frozenset(names)
        self._memory = memory
        self._place = place
        self._group = control_group(names, memory, PROCESSES)
        self._needs_start = bool(self._names & _BY_SCRIPT or self._group.groups)
        self._reader, self._writer = os.pipe() if self._needs_start else (-1, -1)

    @property
    def descriptors(self) -> tuple[int, ...]:
        return (self._writer,) if self._needs_start else ()

    @property
    def folders(self) -> tuple[Path, ...]:
        """Return what is to be removed when the process has ended."""
        return self._group.folders

    @property
    def has_killed(self) -> bool:
        """Tell whether the machine has ended a process for its memory."""
        return self._group.has_killed

    @property
    def measures_memory(self) -> bool:
        """Tell whether nobody looks at the memory unless this program does."""
        return "memory" in self._names and "memory" not in self._group.groups

    def command(self, words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> list[str]:
        """Return what starts ``words`` in ``folder``, confined."""
        if not self._needs_start:
            return list(words)
        needed = [str(folder), *environment.values(), sys.prefix, sys.base_prefix, *sys.path]
        specification = {
            "command": list(words),
            "files": FILES,
            "folder": str(folder),
            "groups": self._group.groups,
            "names": sorted(self._names),
            "place": str(self._place),
            "processes": PROCESSES,
            "proven": self._names in _proven,
            "report": self._writer,
            "temporary": sorted({str(_TMP), os.path.realpath(tempfile.gettempdir())}),
            "tmp": tuple(TMP_SIZES[self._memory]),
            "visible": _below_tmp(needed),
        }
        return [sys.executable, "-I", "-S", confined_start.__file__, marshal.dumps(specification).hex()]

    def close_start(self) -> None:
        """Leave the report to the process alone."""
        if self._writer != -1:
            os.close(self._writer)
            self._writer = -1

    def report(self, *, is_measured: bool) -> Confined:
        """Return what is in force, once the process is the function's; its memory may be looked at from outside."""
        off = self._reported()
        if not off.keys() & {"root", "tmp", "user"}:
            _proven.add(self._names)
        if self.measures_memory or "memory" in off:
            off.pop("memory", None)
            off.update({} if is_measured else {"memory": "neither control groups nor /proc can be used"})
        said = figures(self._memory)
        on: dict[str, str] = {name: said.get(name, "") for name in NAMES if name in self._names and name not in off}
        return Confined(on, off)

    def close(self) -> None:
        """Remove what the process has left, when it has ended."""
        self.close_start()
        if self._reader != -1:
            os.close(self._reader)
            self._reader = -1
        self._group.close()

    def _reported(self) -> dict[str, str]:
        if self._reader == -1:
            return {}
        text = b""
        while piece := os.read(self._reader, 4096):
            text += piece
        reported: dict[str, str] = marshal.loads(text) if text else {}  # noqa: S302 - our own script wrote it
        return reported


def _below_tmp(paths: Sequence[str]) -> list[str]:
    """Return which folders of ``/tmp`` those paths need, none of them in another; of a file it is the one it is in.

    A file that is replaced would else stay the old one.
    """
    found: set[Path] = set()
    for text in paths:
        path = Path(text)
        if path.is_relative_to(_TMP) and path != _TMP:
            is_alone = os.path.isdir(path) or path.parent == _TMP  # noqa: PTH112 - a text of any length is no error
            found.add(path if is_alone else path.parent)
    return [str(path) for path in found if os.path.exists(path) and not set(path.parents) & found]  # noqa: PTH110 - as above
