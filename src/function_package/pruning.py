"""What of the dependencies the function needs, and why the rest stays behind: 600 MB become 40."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from typing import Final


def is_kept(path: PurePath) -> bool:
    """``path`` is that of a file, relative to the folder that the dependencies are installed in."""
    top = path.parts[0]
    if top == "bin":
        return path.name == "fdk"
    if _distribution(top) in LEFT_OUT or _is_litter(path):
        return False
    return top != "oci" or len(path.parts) == 2 or path.parts[1] in OCI_PARTS


def prune(folder: Path) -> None:
    """Delete what is not kept, and the folders that are empty then."""
    for path in sorted(folder.rglob("*"), reverse=True):  # what is in a folder comes before the folder
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif not is_kept(path.relative_to(folder)):
            path.unlink()


def _distribution(top: str) -> str:
    """``six`` of ``six.py`` and of ``six-1.17.0.dist-info``."""
    return top.removesuffix(".py").partition("-")[0].lower()


def _is_litter(path: PurePath) -> bool:
    return not LITTER_FOLDERS.isdisjoint(path.parts[:-1]) or any(fnmatchcase(path.name, name) for name in LITTER)


# The parts of the SDK in use; everything directly in ``oci/`` is its core. A test compares this with the imports.
OCI_PARTS: Final[Mapping[str, str]] = {
    "_vendor": "requests and what it needs, in the SDK's own copy",
    "auth": "the signer of an instance principal, and the class that every client wants its signer to be",
    "circuit_breaker": "imported by oci.base_client; we switch it off",
    "retry": "imported by oci.base_client; we switch it off",
    "pagination": "imported by oci itself",
    "dns": "imported by oci.pagination",
    "object_storage": "imported by oci.pagination",
    "work_requests": "imported by oci.waiter, and that by oci itself",
}

# Distributions and packages, in lower case, that are pinned because `pip install` wants them, and never imported.
LEFT_OUT: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (
            *("aiohttp", "aiohappyeyeballs", "aiosignal", "attr", "attrs"),
            *("frozenlist", "multidict", "propcache", "yarl"),
        ),
        "the SDK's asynchronous client, which is imported by nobody but those who want it",
    ),
    **dict.fromkeys(("openssl", "pyopenssl"), "the SDK asks for it and only mentions it"),
    **dict.fromkeys(
        ("pydantic", "annotated_types", "typing_inspection"),
        "model_service.openai_api uses pydantic_core alone",
    ),
    "pycparser": "cffi compiles with it; here everything is compiled",
}

LITTER_FOLDERS: Final = frozenset({"__pycache__", "tests"})

LITTER: Final = (
    "RECORD",  # it lists what is not here any more, and 4 MB of it
    *("*.pyi", "*.pyx", "*.pxd", "*.c", "*.h"),  # for compilers and type checkers
)
