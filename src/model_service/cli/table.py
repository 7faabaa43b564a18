"""A table of plain text: columns as wide as their widest cell, numbers to the right."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TextIO


def write_table(rows: Sequence[Sequence[object]], out: TextIO, *, right: Collection[int] = ()) -> None:
    """Write rows of cells, the heading first; ``right`` are the indexes of columns that stand to the right."""
    texts = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        cells = (
            text.rjust(width) if index in right else text.ljust(width)
            for index, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        out.write("  ".join(cells).rstrip() + "\n")
