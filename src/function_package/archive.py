"""The ZIP of a code-only function: the same tree gives the same bytes, so that a digest says whether anything changed.

Source: https://docs.oracle.com/en-us/iaas/Content/Functions/Tasks/functions-codeonly-python.htm
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from function_package.tree import Tree

LARGEST: Final = 25_000_000  # bytes of a direct upload; through Object Storage ten times as much
EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the first moment that a ZIP knows
STACK: Final = ("*.tf", "schema.yaml", "README.md", "modules/**/*")
REGULAR: Final = 0o100644 << 16


def write_zip(tree: Tree, file: Path) -> None:
    """Write ``function/`` and ``python/`` without ``bin/``: the managed runtime starts the FDK in its own way."""
    _write(file, tree.folder, (path for path in tree.folder.rglob("*") if path.parent != tree.python / "bin"))


def write_stack(terraform: Path, file: Path) -> None:
    """Write what Resource Manager makes a stack of: the root module with its form, and the modules that it calls.

    Source: https://docs.oracle.com/en-us/iaas/Content/ResourceManager/Concepts/terraformconfigresourcemanager.htm
    """
    found = [path for pattern in STACK for path in terraform.glob(pattern)]
    _write(file, terraform, (path for path in found if ".terraform" not in path.parts))


def _write(file: Path, folder: Path, paths: Iterable[Path]) -> None:
    with ZipFile(file, "w") as archive:
        for path in sorted(paths):
            if path.is_file():
                entry = ZipInfo(str(path.relative_to(folder)), EPOCH)
                entry.external_attr = REGULAR
                archive.writestr(entry, path.read_bytes(), ZIP_DEFLATED)
