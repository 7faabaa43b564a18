"""A plain text table: each column is as wide as its widest cell, numbers are right-aligned."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TextIO


def write_table(rows: Sequence[Sequence[object]], out: TextIO, *, right: Collection[int] = ()) -> None:
    """Write rows of cells, the heading first; ``right`` has the indexes of right-aligned columns."""
    texts = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        cells = (
            text.rjust(width) if index in right else text.ljust(width)
            for index, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        out.write("  ".join(cells).rstrip() + "\n")
