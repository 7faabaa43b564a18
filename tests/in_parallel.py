"""Runs the tests in a few processes, each file in one of them: ``python -m tests.in_parallel [words of pytest]``.

With pytest-xdist every process imports all the files, and sends three reports of each of 10 000 tests to one more:
together a third of what the tests themselves take. Here the one process that runs a file imports it, and says one line
of it, and what the tests of a file share is made once. For a few files ``pytest -n 2`` does as well.

The processes share a pipe of numbers. Whoever is free reads the next one, and runs the file with this number.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]
NUMBER_BYTES: Final = 4
MAX_FILES: Final = 4096  # so many numbers fit into a pipe that nobody reads yet
NO_TESTS: Final = 5  # what pytest ends with: the others were quicker
FAILED: Final = 1  # what pytest ends with where tests failed; with anything else, it did not get to the end
# What takes longest comes first, so that at the end nobody waits for one of them.
FIRST: Final = (
    "terraform/test_made.py",
    "terraform/test_lifecycle.py",
    "test_readme.py",
    "model_service/cli/test_command_line.py",
    "terraform/test_terraform.py",
    "packaging/test_archive.py",
    "model_service/batch/test_every_fault.py",
    "model_service/fn/test_deadline.py",
)


class Turns:
    """The plugin of one process: it runs the files whose numbers it reads, and reports each with a line of JSON."""

    def __init__(self, numbers: int, lines: int) -> None:
        self._numbers = numbers
        self._lines = lines
        self._files: list[pytest.File] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> bool:
        session.perform_collect(genitems=False)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Find the files, and import none: at first ``items`` are the directories, later the tests of one file."""
        if not self._files:
            self._files = sorted((file for node in items for file in _files_below(node)), key=_rank)
            items.clear()

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for item, following in itertools.pairwise(itertools.chain(self._items(session), [None])):
            assert item is not None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.shouldfail:
                raise session.Failed(session.shouldfail)
            if session.shouldstop:
                raise session.Interrupted(session.shouldstop)
        return True

    def _items(self, session: pytest.Session) -> Iterator[pytest.Item]:
        """Yield the tests of each file whose turn it is; one is asked for before the test ahead of it is run."""
        while number := os.read(self._numbers, NUMBER_BYTES):
            index = int.from_bytes(number, "big")
            if index >= len(self._files):
                return
            items = list(session.genitems(self._files[index]))
            session.config.hook.pytest_collection_modifyitems(session=session, config=session.config, items=items)
            session.testscollected += len(items)
            self._say(file=self._files[index].nodeid, all=len(self._files))
            yield from items

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        counts = {outcome: len(reports) for outcome, reports in terminalreporter.stats.items() if outcome}
        self._say(counts=counts)

    def _say(self, **fields: object) -> None:
        os.write(self._lines, f"{json.dumps(fields)}\n".encode())


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--turns", nargs=2, type=int, help="file descriptors of tests.in_parallel")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Turns(*config.getoption("--turns")))


def _files_below(node: pytest.Item | pytest.Collector) -> Iterator[pytest.File]:
    if isinstance(node, pytest.Directory):
        for below in node.ihook.pytest_make_collect_report(collector=node).result:  # which registers its fixtures
            yield from _files_below(below)
    elif isinstance(node, pytest.File):
        yield node


def _rank(file: pytest.File) -> tuple[int, str]:
    name = file.nodeid.removeprefix("tests/")
    return (FIRST.index(name) if name in FIRST else len(FIRST), name)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.in_parallel")
    parser.add_argument("--processes", type=int, default=3)
    options, words = parser.parse_known_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        logs = [Path(folder, f"{number}.txt") for number in range(options.processes)]
        processes, lines = _started(logs, words)
        with lines:
            counts = _followed(lines)
        codes = [process.wait() for process in processes]
        failures = [_failures(log, code) for log, code in zip(logs, codes, strict=True) if code not in (0, NO_TESTS)]
    outcomes = ", ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items()))
    print(*failures, f"{outcomes} in {time.monotonic() - began:.0f} s", sep="\n")
    return 1 if failures or not counts["passed"] else 0


def _started(logs: list[Path], words: list[str]) -> tuple[list[subprocess.Popen[bytes]], IO[str]]:
    """Return the processes, and the lines that they report with, which end when the last one has ended."""
    numbers, filled = os.pipe()
    reports, said = os.pipe()
    os.write(filled, b"".join(number.to_bytes(NUMBER_BYTES, "big") for number in range(MAX_FILES)))
    command = [sys.executable, "-m", "pytest", "-p", "tests.in_parallel", "-p", "no:cacheprovider"]
    command += ["--turns", str(numbers), str(said), *words]
    processes = []
    for log in logs:
        with log.open("w") as out:
            processes.append(
                subprocess.Popen(
                    command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out, pass_fds=(numbers, said)
                )
            )
    for end in (numbers, filled, said):
        os.close(end)
    return processes, os.fdopen(reports)


def _followed(lines: IO[str]) -> Counter[str]:
    """Show how far the files are, and add up what came of their tests."""
    counts, begun, shown = Counter[str](), 0, 0
    for line in lines:
        fields = json.loads(line)
        counts.update(fields.get("counts", {}))
        begun += "file" in fields
        if "file" in fields and begun * 10 // fields["all"] > shown:
            shown = begun * 10 // fields["all"]
            print(f"{shown * 10} % of {fields['all']} files", flush=True)
    return counts


def _failures(log: Path, code: int) -> str:
    """Return what pytest says of failures; all that it says where it did not get to the end."""
    text = log.read_text()
    begins = [at for at in (text.find(" ERRORS ="), text.find(" FAILURES =")) if at >= 0]
    if code != FAILED or not begins:
        return f"{text}\nended with {code}"
    return text[text.rfind("\n", 0, min(begins)) + 1 :]


if __name__ == "__main__":
    sys.exit(main())
