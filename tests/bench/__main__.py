"""``make bench``: what a call, a cold start, a chunk and a record cost, beside a floor, other functions and peers.

Exit status: 0 where every budget is met, 1 where one is not, 2 where the machine was too busy to judge.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path

from tests.bench import page, peers
from tests.bench.containers import model
from tests.bench.figures import Settings, take
from tests.bench.machine import MAX_STEAL, Progress, Times, trouble, wait_until_quiet


def main() -> int:
    """Measure, print, and write docs/benchmark.md where it was judged."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--short", action="store_true", help="little of everything, to see that it works; not judged")
    parser.add_argument("--force", action="store_true", help="judge on a busy machine too (FORCE=1)")
    parser.add_argument("--peers", type=Path, metavar="PYTHON", help="a Python that has the peers (PEERS=1)")
    parser.add_argument("--before", type=Path, metavar="CHECKOUT", help="another commit to measure beside (BEFORE=…)")
    options = parser.parse_args()
    show = Progress()
    busy = trouble() if options.short or options.force else wait_until_quiet(show)
    began = Times.now()
    with ExitStack() as stack:
        upstream = stack.enter_context(model())
        started = peers.started(stack, options.peers, upstream) if options.peers else {}
        figures = take(Settings(options.short, options.before), upstream, started, show)
    stolen = Times.now().since(began)[1]
    if stolen > MAX_STEAL:
        busy = f"{stolen:.0%} of the machine's time was stolen by others meanwhile"
    show.end()
    verdict = (
        "it was a short run" if options.short else None if options.force else busy and f"the machine was busy: {busy}"
    )
    print("\n".join(page.lines(figures, verdict)))
    if verdict:
        return 2
    page.write(figures, busy)
    return 0 if all(budget.is_met for budget in figures.budgets()) else 1


if __name__ == "__main__":
    sys.exit(main())
