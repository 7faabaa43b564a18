"""The ZIP of a code-only function: the same tree gives the same bytes, so that a digest says whether anything changed.

Source: https://docs.oracle.com/en-us/iaas/Content/Functions/Tasks/functions-codeonly-python.htm
"""

from __future__ import annotations

from pathlib import Path
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from function_package.tree import Tree

LARGEST: Final = 25_000_000  # bytes of a direct upload; through Object Storage ten times as much
EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the first moment that a ZIP knows
REGULAR: Final = 0o100644 << 16


def write_zip(tree: Tree, file: Path) -> None:
    """Write ``function/`` and ``python/`` without ``bin/``: the managed runtime starts the FDK in its own way."""
    with ZipFile(file, "w") as archive:
        for path in sorted(tree.folder.rglob("*")):
            if path.is_file() and path.parent != tree.python / "bin":
                entry = ZipInfo(str(path.relative_to(tree.folder)), EPOCH)
                entry.external_attr = REGULAR
                archive.writestr(entry, path.read_bytes(), ZIP_DEFLATED)
