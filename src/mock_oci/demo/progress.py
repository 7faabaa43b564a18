"""How far a batch has come: a bar with rate, time left, tokens and dead letters, in a terminal of any width."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from mock_oci.demo.outcomes import is_unicode

if TYPE_CHECKING:
    from rich.text import Text

_COLUMNS = 40
_NARROW = 100  # columns: below them the facts have lines of their own
_MIN_SECONDS = 0.1


@dataclass(frozen=True)
class Seen:
    """What there is by now, of ``count`` records; ``tokens`` of all results."""

    done: int
    count: int
    seconds: float
    tokens: int
    dead_letters: int

    @property
    def facts(self) -> list[str]:
        """Return what stands beside the bar, for a person."""
        rate = self.done / max(self.seconds, _MIN_SECONDS)
        left = max(0, self.count - self.done)
        ends = f"{_duration(left / rate)} left" if rate and left else _duration(self.seconds)
        letters = f"{self.dead_letters:,} dead letter{'' if self.dead_letters == 1 else 's'}"
        return [f"{rate:,.0f} records/s", ends, f"{self.tokens:,} tokens", letters]


@contextmanager
def drawing(out: TextIO, *, colour: bool) -> Iterator[Callable[[Seen], None]]:
    """Yield what draws; outside of a terminal only the last state is written, when the block ends without an error."""
    last: list[Seen] = []
    if not out.isatty():
        yield lambda seen: last.__setitem__(slice(None), [seen])
        out.writelines(f"{bar(seen.done, seen.count, out.encoding)}\n" for seen in last)
        return
    try:
        from rich.console import Console  # noqa: PLC0415 - an extra, for terminals only
        from rich.live import Live  # noqa: PLC0415 - as above
    except ModuleNotFoundError:

        def overwrite(seen: Seen) -> None:
            out.write(f"\r{bar(seen.done, seen.count, out.encoding)}")
            out.flush()

        yield overwrite
        out.write("\n")
        return
    console = Console(file=out, color_system="standard" if colour else None, highlight=False)
    with Live(console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False) as live:
        yield lambda seen: live.update(_coloured(lines(seen, console.width, out.encoding)), refresh=True)


def bar(done: int, count: int, encoding: str | None = "utf-8", columns: int = _COLUMNS) -> str:
    """Draw one line: how much of ``count`` is ``done``."""
    full, empty = ("\N{FULL BLOCK}", "\N{LIGHT SHADE}") if is_unicode(encoding) else ("#", ".")
    length = columns * min(done, count) // count
    return f"  {full * length}{empty * (columns - length)}  {done} of {count}"


def lines(seen: Seen, width: int, encoding: str | None = "utf-8") -> list[str]:
    """Return the bar with the facts beside it, or below it in a terminal that is narrower than both."""
    room = width - 1  # some terminals wrap a full line
    taken = len(bar(seen.done, seen.count, encoding, 0))
    rows = [bar(seen.done, seen.count, encoding, max(1, min(_COLUMNS, room - taken)))]
    if width < _NARROW:
        rows.append("")
    for fact in seen.facts:
        if rows[-1] and len(rows[-1]) + 2 + len(fact) > room:
            rows.append("")
        rows[-1] += f"  {fact}"
    return rows


def _coloured(rows: list[str]) -> Text:
    from rich.text import Text  # noqa: PLC0415 - where there is a rich

    text = Text("\n".join(rows), no_wrap=True, overflow="crop")
    text.highlight_regex("[\N{FULL BLOCK}#]+", "green")
    text.highlight_regex(r"[1-9][\d,]* dead letters?", "bold red")
    return text


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
