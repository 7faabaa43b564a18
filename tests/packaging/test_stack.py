"""The ZIP that Resource Manager makes a stack of, and the button that leads to it."""

from __future__ import annotations

import re
from pathlib import Path
from zipfile import ZipFile

import pytest

from function_package.archive import write_stack
from function_package.release import STACK_ARCHIVE, deploy_button

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    file = tmp_path_factory.mktemp("stack") / "stack.zip"
    write_stack(ROOT / "terraform", file)
    with ZipFile(file) as archive:
        return set(archive.namelist())


def test_it_has_the_form_and_every_file_of_the_root_module_at_its_top(names: set[str]) -> None:
    assert {"schema.yaml", *(path.name for path in (ROOT / "terraform").glob("*.tf"))} <= names


def test_it_has_the_modules_that_are_called_and_nothing_that_is_of_no_use(names: set[str]) -> None:
    called = set()
    for path in (ROOT / "terraform").glob("*.tf"):
        called |= set(re.findall(r'source\s*=\s*"\./([^"]+)"', path.read_text()))
    assert all(any(name.startswith(f"{module}/") for name in names) for module in called)
    assert not [name for name in names if name.startswith(("tests/", "examples/", ".")) or ".tfstate" in name]


def test_the_same_sources_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.zip", "two.zip"):
        write_stack(ROOT / "terraform", tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


@pytest.mark.parametrize(
    "repository",
    [
        "https://github.com/team-x/model-service",
        "https://github.com/team-x/model-service.git\n",
        "git@github.com:team-x/model-service.git",
        "ssh://git@github.com/team-x/model-service.git",
    ],
)
def test_the_button_leads_to_what_a_release_has(repository: str) -> None:
    button = deploy_button(repository)
    (url,) = re.findall(r"\(https://cloud\.oracle\.com/resourcemanager/stacks/create\?zipUrl=(\S+)\)", button)
    assert url == f"https://github.com/team-x/model-service/releases/latest/download/{STACK_ARCHIVE}"
    assert f"stack $$folder/{STACK_ARCHIVE}" in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize("repository", ["", "/srv/model-service", "https://example.com/x/y", "https://github.com/x"])
def test_there_is_no_button_that_would_lead_nowhere(repository: str) -> None:
    assert deploy_button(repository) == ""


def test_no_page_has_an_address_that_somebody_still_has_to_fill_in() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    assert not [page.name for page in pages if "github.com/OWNER" in page.read_text()]
