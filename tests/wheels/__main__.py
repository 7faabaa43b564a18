"""Install the wheels of a folder in new environments, as users do, and run what they bring: ``make wheels-test``.

It asks PyPI for what the packages depend on, so it is no part of ``make test``. Words after the folder choose the
environments whose names have one of them. The exit code is how many things failed.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.wheels.contents import contents, source_distributions
from tests.wheels.environment import Environment, report
from tests.wheels.tries import ENVIRONMENTS, TAKEN_AWAY


def main(folder: Path, chosen: Sequence[str]) -> int:
    found = {name: sorted(folder.glob(f"{name}-*.whl"), key=_age) for name in ("model_service", "mock_oci")}
    if not all(found.values()):
        print(f"{folder} does not have both wheels: make wheels", file=sys.stderr)
        return 1
    wheels = {name: paths[-1].resolve() for name, paths in found.items()}
    failed = list(contents(wheels)).count(False)
    for what, trying in {
        "sdist": _sdists,
        **dict.fromkeys(ENVIRONMENTS, _installed),
        "uninstall": _uninstalled,
    }.items():
        if not chosen or any(word in what for word in chosen):
            failed += list(trying(wheels, what)).count(False)
    print(f"{failed} things failed" if failed else "all of it works")
    return failed


def _age(path: Path) -> float:
    return path.stat().st_mtime


@contextmanager
def _environment() -> Iterator[Environment]:
    with tempfile.TemporaryDirectory(prefix="wheels-") as place:
        yield Environment(Path(place))


def _sdists(wheels: Mapping[str, Path], _what: str) -> Iterator[bool]:
    with _environment() as environment:
        yield from source_distributions(environment, wheels)


def _installed(wheels: Mapping[str, Path], what: str) -> Iterator[bool]:
    """Yield what works where one wheel is installed, with extras: pip finds the other one in the same folder."""
    name, bracket, extras = what.partition("[")
    others, tries = ENVIRONMENTS[what]
    with _environment() as environment:
        words = ["--find-links", str(wheels[name].parent), f"{wheels[name]}{bracket}{extras}", *others]
        installed = environment.install(*words)
        yield installed
        if installed:
            yield from map(environment.works, tries)


def _uninstalled(wheels: Mapping[str, Path], _what: str) -> Iterator[bool]:
    """Yield what works of each package when the other was installed beside it, and taken away."""
    for name, tries in TAKEN_AWAY.items():
        with _environment() as environment:
            yield environment.install(str(wheels["model_service"]), f"{wheels['mock_oci']}[server]")
            yield report(environment.pip("uninstall", "--yes", name), f"pip uninstall {name}")
            command = environment.bin / name
            yield report(not command.exists(), f"the command {name} is gone")
            yield from map(environment.works, tries)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
