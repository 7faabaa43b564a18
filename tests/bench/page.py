"""What a run says: on a terminal, and in docs/benchmark.md."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.bench.figures import Figures

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmark.md"
BEGIN, END = "<!-- written by make bench: begin -->", "<!-- written by make bench: end -->"


def lines(figures: Figures, trouble: str | None) -> Iterator[str]:
    """Yield the figures and the verdicts; ``trouble`` says why there are none."""
    rows = list(figures.table())
    width = max(10, *(len(name) + 2 for name in rows[0][1]))
    for what, cells in rows:
        yield f"{what:28}" + "".join(f"{cell:>{width}}" for cell in cells)
    alone = figures.warm["model alone"]
    yield ""
    yield f"the model alone: p50 {alone.percentile(0.5):.2f} ms, p99 {alone.percentile(0.99):.2f} ms"
    memory = figures.memory
    yield (
        f"memory of V1 (MB): {memory.idle:.0f} after its first call, {memory.steady:.0f} steady; with refused calls "
        f"of 6 MB {memory.most:.0f} at the most, {memory.refused:.0f} after them, {memory.recovered:.0f} later"
    )
    for row in figures.growth:
        costs = ", ".join(f"{cpu:.1f} µs of {size}" for size, cpu in zip(row.sizes, row.cpus, strict=True))
        held = ", ".join(f"{memory:.0f}" for memory in row.memories)
        yield f"CPU of one {row.what}: {costs}" + (f"; bytes held at most: {held}" if held else "")
    if figures.quarter is None:
        yield "a quarter of a CPU: this machine has no group for it"
    yield ""
    yield f"{'budget':68}{'figure':>9}{'at most':>9}"
    for budget in figures.budgets():
        verdict = "not judged" if trouble else "met" if budget.is_met else "NOT MET"
        yield f"{budget.what:68}{budget.figure:9.2f}{budget.at_most:9.2f} {budget.unit:3} {verdict}"
    if trouble:
        yield f"Not judged: {trouble}. FORCE=1 judges all the same."


def machine() -> str:
    """Return what was measured on, and when."""
    cores = len(os.sched_getaffinity(0))
    python = f"Python {sys.version_info[0]}.{sys.version_info[1]}.{sys.version_info[2]}"
    versions = ", ".join(f"{name} {version(name)}" for name in ("fdk", "httpx", "oci"))
    return f"{datetime.now(UTC):%Y-%m-%d}, {cores} {platform.machine()} cores, {python}, {versions}"


def write(figures: Figures, note: str | None) -> None:
    """Put the figures into the page, with their date, in place of those that were there."""
    text = PAGE.read_text()
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    said = f"One run of {machine()}" + (f" (judged although {note})" if note else "") + ":"
    block = "\n".join(line.rstrip() for line in lines(figures, None))
    PAGE.write_text(f"{head}{BEGIN}\n\n{said}\n\n```text\n{block}\n```\n\n{END}{tail}")
