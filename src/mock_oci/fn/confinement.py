"""What a container of OCI Functions must do without, by name: which of it is asked for, and which is in force.

The figures are Oracle's (docs: Functions/Tasks/functionsaccessinglocalfilesystem.htm and
functionsrunningasunprivileged.htm) and, of processes, files and the pause, the open-source server's (fnproject/fn,
api/agent/config.go): OCI's own are not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

NAMES: Final = ("root", "tmp", "user", "processes", "files", "memory", "freeze")
PROCESSES: Final = 50  # threads count
FILES: Final = 350
CONCURRENCY_MB: Final = 16_384
"""What busy containers of all functions may take: OCI's own default is 60 GB and more, which no laptop has."""
FREEZE_SECONDS: Final = 0.05  # after the answer


class TmpSize(NamedTuple):
    """What ``/tmp`` holds."""

    megabytes: int
    inodes: int


TMP_SIZES: Final = {
    128: TmpSize(32, 1024),
    256: TmpSize(64, 2048),
    512: TmpSize(128, 4096),
    1024: TmpSize(256, 8192),
    2048: TmpSize(512, 16384),
    3072: TmpSize(768, 24576),
}


def confinement_of(words: str | Iterable[str]) -> frozenset[str]:
    """Return the names that ``all``, ``none``, ``root,memory`` or ``no-memory`` mean: all but those after ``no-``.

    Raises ValueError for a name that there is not, and for names with and without ``no-``.
    """
    given = [word.strip() for word in words.split(",")] if isinstance(words, str) else list(words)
    if given in (["all"], ["none"]):
        return frozenset(NAMES if given == ["all"] else ())
    names = {word.removeprefix("no-") for word in given}
    if not names <= set(NAMES):
        raise ValueError(f"confine must be all, none, or names of {', '.join(NAMES)}, or each with no- before it")
    left_out = {word for word in given if word.startswith("no-")}
    if left_out and left_out != set(given):
        raise ValueError("confine takes names, or names with no- before each, and not both")
    return frozenset(NAMES) - names if left_out else frozenset(names)


@dataclass(frozen=True)
class Confined:
    """What is in force, each with its figure, and why the rest is not."""

    on: Mapping[str, str]
    off: Mapping[str, str]

    def __str__(self) -> str:
        """Return the one line that a start says."""
        named = ", ".join(f"{name} ({figure})" if figure else name for name, figure in self.on.items())
        without = "; ".join(f"{name}: {reason}" for name, reason in self.off.items())
        return f"confined as in OCI Functions: {named or 'nothing'}" + (f"; not {without}" if without else "")


def figures(memory: int) -> dict[str, str]:
    """Return what is said of each name for a function with so many MB."""
    return {
        "tmp": f"{TMP_SIZES[memory].megabytes} MB",
        "user": "1000",
        "processes": str(PROCESSES),
        "files": str(FILES),
        "memory": f"{memory} MB",
        "freeze": f"after {FREEZE_SECONDS * 1000:.0f} ms",
    }
