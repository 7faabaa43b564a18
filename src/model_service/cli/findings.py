"""Print the results of checks: a summary, then one line per check, coloured in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TextIO

from model_service.doctor.checks import Check

COLOURS: Final[Mapping[str, str]] = {"ok": "green", "fail": "bold red", "skip": "yellow"}
NARROW: Final = 60  # columns: in a narrower terminal the details go on their own lines
WORDS: Final = {"ok": "ok", "skip": "skipped", "fail": "failed"}


def write_findings(checks: Sequence[Check], out: TextIO, *, colour: bool) -> None:
    """Write the summary and one line per check; a terminal with `rich` installed gets wrapped lines."""
    if out.isatty():
        try:
            return _draw(checks, out, colour=colour)
        except ModuleNotFoundError:  # rich is an extra: model-service[terminal]
            pass
    out.write(f"{summary(checks)}\n")
    out.writelines(f"{check}\n" for check in checks)
    return None


def summary(checks: Sequence[Check]) -> str:
    """Return the number of checks for each result, with the names of the failed ones."""
    names = {verdict: [check.name for check in checks if check.verdict == verdict] for verdict in WORDS}
    counts = [f"{len(found)} {WORDS[verdict]}" for verdict, found in names.items() if found]
    failed = f": {', '.join(names['fail'])}" if names["fail"] else ""
    verdict = "FAIL" if names["fail"] else "OK"
    return f"{verdict:5} {len(checks)} check{'s' * (len(checks) != 1)}, {', '.join(counts)}{failed}"


def _draw(checks: Sequence[Check], out: TextIO, *, colour: bool) -> None:
    from rich.console import Console  # noqa: PLC0415 - an extra, for terminals only
    from rich.padding import Padding  # noqa: PLC0415 - as above
    from rich.table import Table  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    console = Console(file=out, color_system="standard" if colour else None, highlight=False)
    healthy = all(check.verdict != "fail" for check in checks)
    console.print(Text(summary(checks), "bold green" if healthy else "bold red"))
    table = Table.grid(padding=(0, 2, 0, 0))
    for check in checks:
        verdict, found = Text(check.verdict.upper(), COLOURS[check.verdict]), Text(check.detail)
        if check.remedy:
            found.append(f"\n-> {check.remedy}", "cyan")
        if console.width < NARROW:
            console.print(verdict, check.name)
            console.print(Padding(found, (0, 0, 0, 2)))
        else:
            table.add_row(verdict, check.name, found)
    if table.row_count:
        console.print(table)
