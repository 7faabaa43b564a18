"""A release: one version everywhere, notes from the changelog, digests of what was built."""

from __future__ import annotations

import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

from function_package.errors import PackageError
from function_package.release import PLACES, checksums, current_version, release_notes, set_version

ROOT = Path(__file__).resolve().parents[2]
CHANGELOG = "# Changelog\n\n## Unreleased\n\n### Added\n\n- A thing.\n\n## 0.1.0 - 2026-11-23\n\nThe first.\n"


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """The files that have the version, and a changelog with one entry that has none."""
    for file in PLACES:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    return tmp_path


def test_every_file_of_this_tree_has_the_same_version() -> None:
    assert current_version(ROOT)


def test_a_new_version_stands_in_every_file_and_over_what_was_unreleased(sources: Path) -> None:
    set_version(sources, "0.2.0", date(2026, 12, 1))
    assert current_version(sources) == "0.2.0"
    assert "## Unreleased\n\n## 0.2.0 - 2026-12-01\n\n### Added\n" in (sources / "CHANGELOG.md").read_text()
    assert release_notes(sources) == "# model-service and mock-oci 0.2.0\n\n### Added\n\n- A thing.\n"


def test_nothing_is_released_while_something_has_no_version(sources: Path) -> None:
    with pytest.raises(PackageError, match="under Unreleased: make version"):
        release_notes(sources)


def test_a_version_without_entries_is_refused(sources: Path) -> None:
    set_version(sources, "0.2.0", date(2026, 12, 1))
    with pytest.raises(PackageError, match="nothing under Unreleased"):
        set_version(sources, "0.3.0", date(2026, 12, 2))
    assert current_version(sources) == "0.2.0"


@pytest.mark.parametrize("version", ["", "1", "v0.2.0", "0.2", "latest"])
def test_what_is_no_version_changes_nothing(sources: Path, version: str) -> None:
    with pytest.raises(PackageError, match="not a version"):
        set_version(sources, version, date(2026, 12, 1))
    assert (sources / "CHANGELOG.md").read_text() == CHANGELOG


def test_files_that_do_not_agree_are_named(sources: Path) -> None:
    file = sources / "func.yaml"
    file.write_text(file.read_text().replace("\nversion: ", "\nversion: 9"))
    with pytest.raises(PackageError, match=r"the versions differ: .*func\.yaml 9"):
        current_version(sources)


def test_digests_are_as_sha256sum_reads_them(tmp_path: Path) -> None:
    for name in ("b.zip", "a.whl"):
        (tmp_path / name).write_text(name)
    (tmp_path / "SHA256SUMS").write_text(checksums(tmp_path))
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=tmp_path, check=True)
    assert [line.split()[1] for line in checksums(tmp_path).splitlines()] == ["a.whl", "b.zip"]
