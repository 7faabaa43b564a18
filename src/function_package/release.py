"""A release: one version in every file that has it, its notes from the changelog, and the digests of what was built."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final

from function_package.errors import PackageError

VERSION: Final = re.compile(r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?")
CHANGELOG: Final = "CHANGELOG.md"
UNRELEASED: Final = "## Unreleased\n"
STACK_ARCHIVE: Final = "model-service-stack.zip"
BUTTON: Final = "https://oci-resourcemanager-plugin.plugins.oci.oraclecloud.com/latest/deploy-to-oracle-cloud.svg"
GITHUB: Final = re.compile(
    r"(?:https://github\.com/|git@github\.com:|ssh://git@github\.com/)(?P<name>[\w-]+/[\w.-]+?)(?:\.git)?/?"
)
# Where the version is, by file: what stands before it, and what behind.
PLACES: Final[Mapping[str, tuple[str, str]]] = {
    "pyproject.toml": ('\nversion = "', '"'),
    "func.yaml": ("\nversion: ", "\n"),
    "src/model_service/__init__.py": ('\n__version__ = "', '"'),
    "src/mock_oci/__init__.py": ('\n__version__ = "', '"'),
}


def current_version(root: Path) -> str:
    """Return the version of the tree; raise ``PackageError`` where its files do not agree."""
    found = {file: _split(root, file)[1] for file in PLACES}
    if len(set(found.values())) != 1:
        raise PackageError("the versions differ: " + ", ".join(f"{file} {version}" for file, version in found.items()))
    return found["pyproject.toml"]


def set_version(root: Path, version: str, day: date) -> None:
    """Write ``version`` into every file, and give what is unreleased in the changelog this version and day.

    Raise ``PackageError`` for what is not a version, and where nothing is unreleased.
    """
    if not VERSION.fullmatch(version):
        raise PackageError(f"{version} is not a version such as 0.2.0 or 0.2.0rc1")
    changelog = root / CHANGELOG
    text = changelog.read_text(encoding="utf-8")
    if not section(text, UNRELEASED):
        raise PackageError(f"{CHANGELOG} has nothing under Unreleased")
    for file in PLACES:
        before, _, behind = _split(root, file)
        (root / file).write_text(before + version + behind, encoding="utf-8")
    changelog.write_text(text.replace(UNRELEASED, f"{UNRELEASED}\n## {version} - {day}\n", 1), encoding="utf-8")


def release_notes(root: Path, repository: str = "") -> str:
    """Return what the changelog says of the tree's version, with a button where GitHub has the releases.

    ``repository`` is the address of the repository, as ``git remote get-url`` prints it. Raise ``PackageError`` where
    the changelog says nothing of the version, or has entries that no version has yet.
    """
    version = current_version(root)
    text = (root / CHANGELOG).read_text(encoding="utf-8")
    if section(text, UNRELEASED):
        raise PackageError(f"{CHANGELOG} has entries under Unreleased: make version VERSION=… gives them one")
    heading = re.search(rf"^## {re.escape(version)}(?: - .*)?\n", text, re.MULTILINE)
    if heading is None:
        raise PackageError(f"{CHANGELOG} has no section for {version}")
    button = deploy_button(repository)
    above = f"{button}\n\n" if button else ""
    return f"# model-service and mock-oci {version}\n\n{above}{section(text, heading.group())}\n"


def deploy_button(repository: str) -> str:
    """Return Oracle's button, in Markdown, that makes a stack of the latest release; empty where it is not on GitHub.

    Source: https://docs.oracle.com/en-us/iaas/Content/ResourceManager/Tasks/deploybutton.htm
    """
    found = GITHUB.fullmatch(repository.strip())
    if found is None:
        return ""
    archive = f"https://github.com/{found['name']}/releases/latest/download/{STACK_ARCHIVE}"
    return f"[![Deploy to Oracle Cloud]({BUTTON})](https://cloud.oracle.com/resourcemanager/stacks/create?zipUrl={archive})"


def section(text: str, heading: str) -> str:
    """Return what stands below a heading, up to the next of its kind; empty where there is nothing."""
    _, _, rest = text.partition(heading)
    return rest.partition("\n## ")[0].strip() if not rest.startswith("\n## ") else ""


def checksums(folder: Path) -> str:
    """Return the SHA-256 of each file of a folder, as ``sha256sum --check`` reads them."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != "SHA256SUMS")
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)


def _split(root: Path, file: str) -> tuple[str, str, str]:
    """Return what stands before the version of a file, the version, and what stands behind it."""
    text = (root / file).read_text(encoding="utf-8")
    before, behind = PLACES[file]
    start = text.find(before) + len(before)
    end = text.find(behind, start)
    if start < len(before) or end < 0:
        raise PackageError(f"{file} has no version")
    return text[:start], text[start:end], text[end:]
