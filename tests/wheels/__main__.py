"""Install the wheels of a folder in new environments, as users do, and run what they bring: ``make wheels-test``.

It asks PyPI for what the packages depend on, so it is no part of ``make test``. Words after the folder choose the
environments whose names have one of them, ``--python`` another Python. The exit code is how many things failed.
"""

from __future__ import annotations

import argparse
import functools
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from tests.wheels.contents import contents, source_distributions
from tests.wheels.environment import Environment, report
from tests.wheels.tries import ENVIRONMENTS, TAKEN_AWAY

Wheels = Mapping[str, Path]
NewEnvironment = Callable[[], Environment]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.wheels")
    parser.add_argument("folder", type=Path)
    parser.add_argument("chosen", nargs="*", metavar="WORD")
    parser.add_argument("--python", default=sys.executable)
    options = parser.parse_args()
    found = {name: sorted(options.folder.glob(f"{name}-*.whl"), key=_age) for name in ("model_service", "mock_oci")}
    if not all(found.values()):
        print(f"{options.folder} does not have both wheels: make wheels", file=sys.stderr)
        return 1
    wheels = {name: paths[-1].resolve() for name, paths in found.items()}
    failed = list(contents(wheels)).count(False)
    for what, trying in TRYING.items():
        if not options.chosen or any(word in what for word in options.chosen):
            with tempfile.TemporaryDirectory(prefix="wheels-") as place:
                new = functools.partial(Environment, place, options.python)
                failed += list(trying(wheels, what, new)).count(False)
    print(f"{failed} things failed" if failed else "all of it works")
    return failed


def _age(path: Path) -> float:
    return path.stat().st_mtime


def _installed(wheels: Wheels, what: str, new: NewEnvironment) -> Iterator[bool]:
    """Yield what works where one wheel is installed, with extras: pip finds the other one in the same folder."""
    name, bracket, extras = what.partition("[")
    others, tries = ENVIRONMENTS[what]
    environment = new()
    wheel = f"{wheels[name]}{bracket}{extras}"
    installed = environment.install("--find-links", str(wheels[name].parent), wheel, *others)
    yield installed
    if installed:
        yield from map(environment.works, tries)


def _uninstalled(wheels: Wheels, _what: str, new: NewEnvironment) -> Iterator[bool]:
    """Yield what works of each package when the other was installed beside it, and taken away."""
    for name, tries in TAKEN_AWAY.items():
        environment = new()
        yield environment.install(str(wheels["model_service"]), f"{wheels['mock_oci']}[server]")
        yield report(environment.pip("uninstall", "--yes", name), f"pip uninstall {name}")
        command = environment.bin / name
        yield report(not command.exists(), f"the command {name} is gone")
        yield from map(environment.works, tries)


TRYING: Final = {
    "sdist": lambda wheels, _what, new: source_distributions(new(), wheels),
    **dict.fromkeys(ENVIRONMENTS, _installed),
    "uninstall": _uninstalled,
}

if __name__ == "__main__":
    sys.exit(main())
