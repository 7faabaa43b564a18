"""Print how checkouts read, side by side: ``make figures``, ``python -m tests.figures [CHECKOUT …]``."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.figures.sources import Package

HERE = Path(__file__).resolve().parents[2]
Rows = dict[str, str]


def main(arguments: Sequence[str]) -> None:
    checkouts = [Path(argument).resolve() for argument in arguments] or [HERE]
    columns = [figures(checkout) for checkout in checkouts]
    names = list(dict.fromkeys(name for rows in columns for name in rows))
    table = [
        ("", [checkout.name for checkout in checkouts]),
        *((name, [rows.get(name, "-") for rows in columns]) for name in names),
    ]
    widths = [
        max(len(name) for name in ["", *names]),
        *(max(len(row[1][n]) for row in table) for n in range(len(columns))),
    ]
    for name, values in table:
        print(
            f"{name:<{widths[0]}}",
            *(f"{value:>{width}}" for value, width in zip(values, widths[1:], strict=True)),
            sep="  ",
        )


def figures(checkout: Path) -> Rows:
    """Return each figure of ``checkout`` by its name."""
    packages = {name: Package.read(checkout, name) for name in ("model_service", "mock_oci")}
    rows: Rows = {}
    for name, package in packages.items():
        rows.update(_of_sources(name, package, checkout))
    rows.update(_of_flow(checkout))
    for name, package in packages.items():
        rows.update(_lines(name, package))
    return rows


def _of_sources(name: str, package: Package, checkout: Path) -> Rows:
    functions, helpers = package.functions, package.single_use_helpers()
    lengths = [(node.end_lineno or 0) - node.lineno + 1 for node in functions]
    circles = [package.modules_in_circles(), package.modules_in_circles(types=True)]
    circles.append(package.modules_in_circles(types=True, lazy=True))
    return {
        f"{name}: lines": str(package.lines),
        f"{name}: files in the root": str(len(list((checkout / "src" / name).glob("*.py")))),
        f"{name}: modules in circles (top level, + types, + lazy)": ", ".join(map(str, circles)),
        f"{name}: functions, of 1,000 lines": f"{len(functions)}, {1000 * len(functions) / package.lines:.0f}",
        f"{name}: lines of a function (median, nine in ten)": f"{statistics.median(lengths):.0f}, "
        f"{sorted(lengths)[int(len(lengths) * 0.9)]}",
        f"{name}: private, used once, at most 4 lines": f"{len(helpers)} = {len(helpers) / len(functions):.1%}",
        f"{name}: docstrings that begin with a verb": f"{package.verb_first_share():.0%}",
        f"{name}: names of classes and aliases given twice": str(len(package.names_given_twice())),
    }


def _of_flow(checkout: Path) -> Rows:
    flow = flow_of(checkout)
    rows = {"V1 chat: modules loaded": str(len(flow.pop("modules")))}
    for kind, one in flow.items():
        rows[f"{kind}: files, functions, jumps"] = f"{one['files']}, {one['functions']}, {one['jumps']}"
    return rows


def flow_of(checkout: Path) -> dict[str, Any]:
    """Return what flow.py prints of ``checkout``."""
    flow = Path(__file__).with_name("flow.py")
    done = subprocess.run([sys.executable, flow, checkout], capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _lines(name: str, package: Package) -> Rows:
    lines: dict[str, int] = {}
    for module in package.modules.values():
        parts = module.name.split(".")
        is_root = len(parts) == 1 or (len(parts) == 2 and module.path.name != "__init__.py")
        part = "its root" if is_root else f"{parts[1]}/"
        lines[part] = lines.get(part, 0) + module.lines
    return {f"{name}, {part}: lines": str(count) for part, count in sorted(lines.items())}


if __name__ == "__main__":
    main(sys.argv[1:])
