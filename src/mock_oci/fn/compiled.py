"""A function's own modules, compiled before its container needs them: it cannot write ``__pycache__`` itself."""

from __future__ import annotations

import ast
import compileall
import sys
from collections.abc import Iterator
from pathlib import Path


def compile_function(folder: Path, module: str) -> None:
    """Compile what is not compiled yet of the function's file, and of what it imports that is no installed package.

    As the build of an image does. What cannot be compiled, or written, is left to the function to fail with.
    """
    if sys.dont_write_bytecode:
        return
    for path in {folder / module, *_own_imports(folder, module)}:
        if path.is_dir():
            compileall.compile_dir(path, quiet=2)
        else:
            compileall.compile_file(path, quiet=2)


def _own_imports(folder: Path, module: str) -> Iterator[Path]:
    places = [folder, folder / "src", *(Path(place) for place in sys.path if place and "site-packages" not in place)]
    places = [place for place in places if place.is_dir() and not place.is_relative_to(sys.base_prefix)]
    for name in _imported(folder / module):
        for place in places:
            if (place / name / "__init__.py").exists():
                yield place / name
            elif (place / f"{name}.py").exists():
                yield place / f"{name}.py"


def _imported(path: Path) -> set[str]:
    """Return the top-level names of what a file imports."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return set()
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    return {name.partition(".")[0] for name in names}
