"""``model-service batch plan``: how long a number of records takes, and what the function and the models cost."""

from __future__ import annotations

import json
import math
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
GB_SECOND: Final = 0.00001417  # US dollars: OCI's price list of November 2026, without what is free each month
INVOCATION: Final = 0.20 / 1_000_000
BATCH: Final = 100  # records that a connector brings at once, for the number of invocations


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--records", type=_count, required=True, metavar="N", help="how many records there are")
    parser.add_argument(
        "--seconds", type=seconds, required=True, metavar="S", help="what a model takes for one of them"
    )
    parser.add_argument("--connectors", type=_count, metavar="N", help="how many (default: a row for each of 1, 4, 16)")
    parser.add_argument("--concurrency", type=_count, metavar="N", help="records at once in a container (8 and 32)")
    parser.add_argument("--memory", type=_count, default=512, metavar="MB", help="of the function (%(default)s)")
    parser.add_argument("--tokens", type=_pair, default=(500, 200), metavar="IN,OUT", help="of one record (500,200)")
    parser.add_argument(
        "--price", type=_pair, metavar="IN,OUT", help="of the model, in US dollars for a million tokens, as 0.72,0.72"
    )
    parser.add_argument("--json", action="store_true", help="an array of objects")


def run(options: argparse.Namespace, out: TextIO) -> None:
    """Write a row for each number of connectors and records at once, and what the models cost beside it."""
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
    """Return what the models' tokens cost in US dollars; ``None`` where no price was given."""
    if options.price is None:
        return None
    each = sum(tokens * price for tokens, price in zip(options.tokens, options.price, strict=True))
    return float(options.records * each / 1_000_000)


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


def _pair(text: str) -> tuple[float, float]:
    first, _, second = text.partition(",")
    pair = float(first), float(second)
    if not all(math.isfinite(number) and number >= 0 for number in pair):
        raise ValueError
    return pair
