"""Two distributions of one repository: who owns which files, and what model-service says of mock-oci."""

from __future__ import annotations

import fnmatch
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
SRC = ROOT / "src"
FILES = {"model-service": ROOT / "pyproject.toml", "mock-oci": SRC / "pyproject.toml"}
PROJECTS = {name: tomllib.loads(path.read_text()) for name, path in FILES.items()}
MOCK_OCI = PROJECTS["mock-oci"]["project"]


def setuptools(name: str) -> Any:
    return PROJECTS[name]["tool"]["setuptools"]


def packages() -> list[str]:
    """Every package below src/, by its dotted name."""
    found = (path.parent.relative_to(SRC) for path in SRC.glob("*/**/__init__.py"))
    return sorted(".".join(path.parts) for path in found if path.parts[0] != "build")


def owners(package: str) -> list[str]:
    includes = {name: setuptools(name)["packages"]["find"]["include"] for name in FILES}
    return [name for name in FILES if any(fnmatch.fnmatchcase(package, pattern) for pattern in includes[name])]


def test_every_package_is_in_one_distribution() -> None:
    assert {package: owners(package) for package in packages() if len(owners(package)) != 1} == {}
    assert {owners(name)[0] for name in ("mock_oci", "model_service")} == set(FILES)


def test_every_file_that_is_not_python_is_shipped() -> None:
    for name in FILES:
        for package, patterns in setuptools(name)["package-data"].items():
            folder = SRC / package
            files = {path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
            assert files <= {path for pattern in patterns for path in folder.glob(pattern)}
            assert folder / "py.typed" in files


def test_each_brings_its_licence_and_its_own_readme() -> None:
    assert (SRC / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert (SRC / MOCK_OCI["readme"]).read_text().startswith("# mock-oci\n")
    scripts = [PROJECTS[name]["project"]["scripts"] for name in FILES]
    assert [list(found) for found in scripts] == [["model-service"], ["mock-oci"]]
    assert "pytest11" not in PROJECTS["model-service"]["project"].get("entry-points", {})


def test_model_service_names_a_local_oci_of_this_version_as_an_extra() -> None:
    (local,) = PROJECTS["model-service"]["project"]["optional-dependencies"]["local"]
    requirement = Requirement(local)
    assert (requirement.name, requirement.extras) == ("mock-oci", {"server"})
    assert requirement.specifier.contains(PROJECTS["model-service"]["project"]["version"])
