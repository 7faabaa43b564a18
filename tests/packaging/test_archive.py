"""The ZIP of a code-only function: it fits, its folders are those that Functions wants, and it is reproducible."""

from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path
from zipfile import ZipFile

import pytest

from function_package import __main__ as command_line
from function_package.archive import LARGEST, write_zip
from function_package.lock import read_lock
from function_package.tree import Tree


@pytest.fixture(scope="module")
def archive(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("zip") / "function.zip"
    write_zip(tree, file)
    return file


def test_it_fits_into_a_direct_upload(archive: Path) -> None:
    assert archive.stat().st_size <= LARGEST


def test_its_root_has_the_folders_of_a_code_only_function_and_no_other(archive: Path) -> None:
    with ZipFile(archive) as zipped:
        names = zipped.namelist()
    assert {name.partition("/")[0] for name in names} == {"function", "python"}
    assert {"function/func.py", "function/src/model_service/app.py", "python/fdk/__init__.py"} <= set(names)


def test_the_handler_is_where_the_documentation_of_it_says(archive: Path) -> None:
    with ZipFile(archive) as zipped:
        assert b"\ndef handler(ctx" in zipped.read("function/func.py")  # func.handler


def test_it_has_no_script_that_names_a_python_of_the_machine_that_built_it(archive: Path) -> None:
    with ZipFile(archive) as zipped:
        assert not [name for name in zipped.namelist() if name.startswith("python/bin/")]


def test_any_user_may_read_what_is_unpacked_from_it(archive: Path) -> None:
    with ZipFile(archive) as zipped:
        assert {entry.external_attr >> 16 for entry in zipped.infolist()} == {0o100644}


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that is quickly packed."""
    (tmp_path / "src/model_service").mkdir(parents=True)
    (tmp_path / "func.py").write_text("def handler(ctx): ...\n")
    (tmp_path / "src/model_service/app.py").write_text("APP = 1\n")
    (tmp_path / "func.yaml").write_text("version: 1.2.3\n")
    (tmp_path / "requirements.txt").write_text(f"six=={importlib.metadata.version('six')}\n")
    six = read_lock(command_line.ROOT / "requirements.txt")["six"]
    (tmp_path / "requirements.lock").write_text(six.lines())
    monkeypatch.setattr(command_line, "ROOT", tmp_path)
    return tmp_path


def test_the_same_sources_give_the_same_bytes(small: Path) -> None:
    files = [small / "one.zip", small / "two.zip"]
    for file in files:
        assert command_line.main(["zip", "--installed", str(file)]) == 0
        (small / "func.py").touch()
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_bill_of_materials_lies_beside_it(small: Path) -> None:
    assert command_line.main(["zip", "--installed", str(small / "function.zip")]) == 0
    bill = json.loads((small / "function.cdx.json").read_text())
    assert [part["name"] for part in bill["components"]] == ["six"]
    assert bill["metadata"]["component"]["version"] == "1.2.3"


def test_an_archive_that_does_not_fit_is_an_error_that_says_so(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command_line, "LARGEST", 1000)
    assert command_line.main(["zip", "--installed", str(small / "function.zip")]) == 1
    assert "more than a direct upload may have" in capsys.readouterr().err
