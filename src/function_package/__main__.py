"""``python -m function_package``: the tree of the image, the ZIP, bills of materials, the lock, and releases."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from function_package.archive import LARGEST, write_stack, write_zip
from function_package.dependencies import Fill, from_installed, from_pip, from_pip_for
from function_package.errors import PackageError
from function_package.lock import words_for_pip, write_lock
from function_package.release import checksums, current_version, release_notes, set_version
from function_package.sbom import sbom
from function_package.tree import Tree, size
from function_package.wheels import ARCHITECTURES, PYTHON

ROOT: Final = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what was made; return 1 when it could not be made, with the reason on stderr."""
    options = _parser().parse_args(arguments)
    try:
        print(COMMANDS[options.command](options))
    except (PackageError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="function_package", description="Build what is deployed.")
    commands = parser.add_subparsers(dest="command", required=True)
    dependencies = commands.add_parser("dependencies", help="FOLDER/python, for the Python that this runs on")
    function = commands.add_parser("function", help="FOLDER/function, for the Python that this runs on")
    for command in (dependencies, function):
        command.add_argument("folder", type=Path)
    archive = commands.add_parser("zip", help="the archive of a code-only function")
    archive.add_argument("file", type=Path, help="replaced if it exists")
    bill = commands.add_parser("sbom", help="the bill of materials of the image's dependencies, as CycloneDX")
    bill.add_argument("file", type=Path, help="replaced if it exists")
    stack = commands.add_parser("stack", help="the ZIP that Resource Manager makes a stack of")
    stack.add_argument("file", type=Path, help="replaced if it exists")
    for command in (archive, bill):
        command.add_argument("--architecture", choices=ARCHITECTURES, default="x86", help="default: %(default)s")
    lock = commands.add_parser("lock", help="the hashes of the wheels of each pin, beside the requirements")
    words = commands.add_parser("words", help="what pip is told, to install the requirements here")
    for command in (lock, words):
        command.add_argument("requirements", type=Path, nargs="?", default=Path("requirements.txt"))
    version = commands.add_parser("version", help="the version of the tree, or give it a new one")
    version.add_argument("new", nargs="?", help="such as 0.2.0; what is unreleased in the changelog gets it, too")
    notes = commands.add_parser("notes", help="what the changelog says of the version of the tree")
    notes.add_argument("--repository", default="", metavar="URL", help="where the releases are: adds the deploy button")
    sums = commands.add_parser("checksums", help="the SHA-256 of each file of a folder")
    sums.add_argument("folder", type=Path)
    for command in (dependencies, archive, bill):
        command.add_argument("--installed", action="store_true", help="copy what is installed here, without a network")
    return parser


def _dependencies(options: argparse.Namespace) -> str:
    tree = Tree(options.folder, sys.executable)
    tree.add_dependencies(ROOT, from_installed if options.installed else from_pip)
    return f"{tree.python}: {_megabytes(size(tree.python))}"


def _function(options: argparse.Namespace) -> str:
    tree = Tree(options.folder, sys.executable)
    tree.add_function(ROOT)
    return f"{tree.function}: {_megabytes(size(tree.function))}"


def _zip(options: argparse.Namespace) -> str:
    fill: Fill = from_installed if options.installed else from_pip_for(options.architecture)
    compiler = sys.executable if options.installed else _python_of_the_runtime()
    options.file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        tree = Tree(Path(folder), compiler)
        tree.add_dependencies(ROOT, fill)
        tree.add_function(ROOT)
        write_zip(tree, options.file)
        _sbom_beside(options.file).write_text(sbom(ROOT, tree.python, options.architecture))
    written = options.file.stat().st_size
    if written > LARGEST:
        raise PackageError(f"{options.file} has {_megabytes(written)}, more than a direct upload may have")
    return f"{options.file}: {_megabytes(written)}"


def _stack(options: argparse.Namespace) -> str:
    options.file.parent.mkdir(parents=True, exist_ok=True)
    write_stack(ROOT / "terraform", options.file)
    return str(options.file)


def _sbom_beside(archive: Path) -> Path:
    return archive.with_suffix(".cdx.json")


def _sbom(options: argparse.Namespace) -> str:
    fill: Fill = from_installed if options.installed else from_pip_for(options.architecture)
    options.file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        tree = Tree(Path(folder))
        tree.add_dependencies(ROOT, fill)
        options.file.write_text(sbom(ROOT, tree.python, options.architecture))
    return str(options.file)


def _lock(options: argparse.Namespace) -> str:
    return str(write_lock(options.requirements, datetime.now(tz=UTC).date()))


def _words(options: argparse.Namespace) -> str:
    return " ".join(words_for_pip(options.requirements))


def _version(options: argparse.Namespace) -> str:
    if options.new:
        set_version(ROOT, options.new, datetime.now(tz=UTC).date())
    return current_version(ROOT)


def _notes(options: argparse.Namespace) -> str:
    return release_notes(ROOT, options.repository).rstrip()


def _checksums(options: argparse.Namespace) -> str:
    return checksums(options.folder).rstrip()


def _python_of_the_runtime() -> str | None:
    if sys.version_info[:2] == PYTHON:
        return sys.executable
    name = "python" + ".".join(map(str, PYTHON))
    found = shutil.which(name)
    if found is None:
        print(f"There is no {name}: the archive is not compiled, and its cold starts are slower.", file=sys.stderr)
    return found


def _megabytes(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB"


COMMANDS: Final[Mapping[str, Callable[[argparse.Namespace], str]]] = {
    "checksums": _checksums,
    "dependencies": _dependencies,
    "function": _function,
    "lock": _lock,
    "notes": _notes,
    "sbom": _sbom,
    "version": _version,
    "words": _words,
    "zip": _zip,
    "stack": _stack,
}


if __name__ == "__main__":
    sys.exit(main())
