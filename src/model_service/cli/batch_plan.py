"""``model-service batch plan``: estimate the time and the cost of a number of records."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Final, TextIO

from model_service.cli.options import seconds
from model_service.cli.table import write_table

if TYPE_CHECKING:
    import argparse

ABOUT: Final = (
    "Estimate how long a number of records takes: records x seconds per record / (connectors x concurrency) x 1.25. A "
    "connector sends one batch at a time. Each connector needs its own stream; more partitions do not add batches."
)
ALLOWANCE: Final = 1.25  # total time divided by the time of the calls alone; measured in docs/batches.md
CONCURRENCIES: Final = (8, 32)
CONNECTORS: Final = (1, 4, 16)
HOUR: Final = 3600.0
GB_SECOND: Final = 0.00001417  # US dollars: OCI's price list of November 2026, without the monthly free tier
INVOCATION: Final = 0.20 / 1_000_000
BATCH: Final = 100  # records per invocation, to calculate the number of invocations


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--records", type=_count, required=True, metavar="N", help="number of records")
    parser.add_argument(
        "--seconds", type=seconds, required=True, metavar="S", help="seconds that the model needs for one record"
    )
    parser.add_argument(
        "--connectors", type=_count, metavar="N", help="number of connectors (default: one row each for 1, 4 and 16)"
    )
    parser.add_argument(
        "--concurrency",
        type=_count,
        metavar="N",
        help="records processed at the same time in a container (default: 8 and 32)",
    )
    parser.add_argument(
        "--memory", type=_count, default=512, metavar="MB", help="memory of the function (default: %(default)s)"
    )
    parser.add_argument(
        "--tokens",
        type=_pair,
        default=(500, 200),
        metavar="IN,OUT",
        help="input and output tokens of one record (default: 500,200)",
    )
    parser.add_argument(
        "--price",
        type=_pair,
        metavar="IN,OUT",
        help="price of the model in US dollars per million tokens, for example 0.72,0.72",
    )
    parser.add_argument("--json", action="store_true", help="write an array of objects")


def run(options: argparse.Namespace, out: TextIO) -> None:
    """Write a row for each combination of connectors and concurrency, and the cost of the model."""
    plans = [
        _plan(options, connectors, concurrency)
        for connectors in ((options.connectors,) if options.connectors else CONNECTORS)
        for concurrency in ((options.concurrency,) if options.concurrency else CONCURRENCIES)
    ]
    models = _models_cost(options)
    if options.json:
        out.write(f"{json.dumps([{**plan, 'models_usd': models} for plan in plans], indent=2)}\n")
        return
    rows: list[tuple[object, ...]] = [
        ("connectors", "at once", "time", "records per second", "GB-seconds", "functions")
    ]
    rows += [
        (
            plan["connectors"],
            plan["concurrency"],
            duration(plan["seconds"]),
            f"{plan['records_per_second']:.1f}",
            round(plan["gb_seconds"]),
            f"${plan['functions_usd']:,.2f}",
        )
        for plan in plans
    ]
    write_table(rows, out, right=range(6))
    sent, received = options.tokens
    tokens = f"{options.records:,} x ({sent:g} tokens in, {received:g} out)"
    if models is None:
        out.write(f"Models: {tokens}; --price IN,OUT, in US dollars for a million tokens, adds up what they cost.\n")
    else:
        out.write(f"Models: ${models:,.2f} for {tokens}.\n")


def _plan(options: argparse.Namespace, connectors: int, concurrency: int) -> dict[str, float]:
    total = options.records * options.seconds * ALLOWANCE / (connectors * concurrency)
    gb_seconds = total * connectors * options.memory / 1024
    invocations = math.ceil(options.records / BATCH)
    return {
        "connectors": connectors,
        "concurrency": concurrency,
        "seconds": total,
        "records_per_second": options.records / total,
        "gb_seconds": gb_seconds,
        "functions_usd": gb_seconds * GB_SECOND + invocations * INVOCATION,
    }


def _models_cost(options: argparse.Namespace) -> float | None:
    """Return the cost of the tokens in US dollars; ``None`` if no price was given."""
    if options.price is None:
        return None
    each = sum(tokens * price for tokens, price in zip(options.tokens, options.price, strict=True))
    return float(options.records * each / 1_000_000)


def duration(total: float) -> str:
    """Return a duration in seconds, minutes, hours or days, as text."""
    if total < HOUR:
        return f"{total / 60:.1f} min" if total >= 60 else f"{total:.0f} s"
    return f"{total / HOUR:.1f} h" if total < 48 * HOUR else f"{total / HOUR / 24:.1f} d"


def _count(text: str) -> int:
    number = int(text.replace("_", "").replace(",", ""))
    if number < 1:
        raise ValueError
    return number


def _pair(text: str) -> tuple[float, float]:
    first, _, second = text.partition(",")
    pair = float(first), float(second)
    if not all(math.isfinite(number) and number >= 0 for number in pair):
        raise ValueError
    return pair
