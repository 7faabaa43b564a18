"""``model-service batch plan``: how long a number of records takes, and what of the function that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TextIO

from model_service.cli.options import seconds
from model_service.cli.table import write_table

if TYPE_CHECKING:
    import argparse

ABOUT: Final = (
    "How long records take: records x seconds of the model / (connectors x records at once) x 1.25. A connector calls "
    "one batch after the other; each connector needs a stream of its own, and partitions do not add batches."
)
ALLOWANCE: Final = 1.25  # of what the calls alone take, as docs/batches.md measures it
CONCURRENCIES: Final = (8, 32)
CONNECTORS: Final = (1, 4, 16)
HOUR: Final = 3600.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--records", type=_count, required=True, metavar="N", help="how many records there are")
    parser.add_argument(
        "--seconds", type=seconds, required=True, metavar="S", help="what a model takes for one of them"
    )
    parser.add_argument("--connectors", type=_count, metavar="N", help="how many (default: a row for each of 1, 4, 16)")
    parser.add_argument("--concurrency", type=_count, metavar="N", help="records at once in a container (8 and 32)")
    parser.add_argument("--memory", type=_count, default=512, metavar="MB", help="of the function (%(default)s)")


def run(options: argparse.Namespace, out: TextIO) -> None:
    """Write a row for each number of connectors and records at once."""
    rows: list[tuple[object, ...]] = [("connectors", "at once", "time", "records per second", "GB-seconds")]
    for connectors in (options.connectors,) if options.connectors else CONNECTORS:
        for concurrency in (options.concurrency,) if options.concurrency else CONCURRENCIES:
            total = options.records * options.seconds * ALLOWANCE / (connectors * concurrency)
            memory = round(total * connectors * options.memory / 1024)
            rows.append((connectors, concurrency, duration(total), f"{options.records / total:.1f}", memory))
    write_table(rows, out, right=range(5))
    out.write("Cost: GB-seconds x the price of OCI Functions, and the model's tokens beside them.\n")


def duration(total: float) -> str:
    """Return seconds in the unit that a person would use."""
    if total < HOUR:
        return f"{total / 60:.1f} min" if total >= 60 else f"{total:.0f} s"
    return f"{total / HOUR:.1f} h" if total < 48 * HOUR else f"{total / HOUR / 24:.1f} d"


def _count(text: str) -> int:
    number = int(text.replace("_", "").replace(",", ""))
    if number < 1:
        raise ValueError
    return number
