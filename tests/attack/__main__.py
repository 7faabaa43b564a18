"""Run the attacks and print what they found; the exit code is how many failed.

``python -m tests.attack [--short | --long] [--seed N] [NAME …]``. ``--short`` is for CI, ``--long`` for a night;
without either it takes minutes. Everything stays on the loopback, and every attack ends by its count.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import time
from collections.abc import Callable
from typing import Final

from tests.attack import deadlines, doors, failing_places, kills, memory, rotations, soak, upstream
from tests.attack.report import Report

# The attack, and how many times each of its rows is tried: short, as it is, long.
ATTACKS: Final[dict[str, tuple[Callable[[int, random.Random], Report], tuple[int, int, int]]]] = {
    "doors": (doors.attack, (60, 1_500, 20_000)),
    "upstream": (upstream.attack, (25, 300, 5_000)),
    "deadlines": (deadlines.attack, (6, 20, 60)),
    "places": (failing_places.attack, (1, 1, 33)),  # long: an hour
    "memory": (memory.attack, (1, 1, 1)),
    "rotations": (rotations.attack, (40, 500, 2_000)),
    "kills": (kills.attack, (1, 2, 10)),
    "soak": (soak.attack, (300, 3_000, 20_000)),
}
NOT_IN_SHORT: Final = ("kills", "places")  # make test has one round of each, or of its cases


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.attack", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(ATTACKS)} (default: all)")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--short", action="store_const", const=0, dest="size")
    size.add_argument("--long", action="store_const", const=2, dest="size")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000, help="to do it again as it was")
    options = parser.parse_args()
    size_number = 1 if options.size is None else options.size
    names = options.names or [name for name in ATTACKS if size_number or name not in NOT_IN_SHORT]
    logging.getLogger().setLevel(logging.CRITICAL)  # a million refusals are a million log lines
    print(f"seed {options.seed}", flush=True)
    failed = 0
    for name in names:
        attack, counts = ATTACKS[name]
        started = time.monotonic()
        report = attack(counts[size_number], random.Random(f"{options.seed}/{name}"))
        print(report.text(name, time.monotonic() - started), flush=True)
        failed += bool(report.faults)
    return failed


if __name__ == "__main__":
    sys.exit(main())
