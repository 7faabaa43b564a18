"""The Dockerfile, followed without Docker: its build stage makes the tree that the other tests start."""

from __future__ import annotations

import fnmatch
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from function_package.tree import Tree
from function_package.wheels import pinned

ROOT = Path(__file__).resolve().parents[2]
STEPS = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if line and not line.startswith("#")]
# For quickness; what becomes of all of them, other tests see.
SOME = [f"{name}=={version}" for name, version in pinned(ROOT / "requirements.txt") if name in {"fdk", "httptools"}]
SECOND_STAGE = next(number for number, line in enumerate(STEPS) if re.match(r"FROM (?!.* AS )", line))


def ignored(path: str) -> bool:
    """By .dockerignore, of which the last line that fits counts."""
    verdict = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!").removeprefix("**/")
        if line and line[0] != "#" and any(fnmatch.fnmatchcase(part, pattern) for part in (path, *parents(path))):
            verdict = not line.startswith("!")
    return verdict


def parents(path: str) -> list[str]:
    return [str(parent) for parent in Path(path).parents] + list(Path(path).parts)


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder ``/tree`` of the build stage."""
    build, tree = tmp_path_factory.mktemp("build"), tmp_path_factory.mktemp("image")
    for step in STEPS[:SECOND_STAGE]:
        words = step.split()
        if words[0] == "COPY":
            for source in copied(words[1:-1]):
                copy(source, build / words[-1])
        elif words[0] == "RUN":
            run(step.removeprefix("RUN "), build, tree)
    return tree


def copied(sources: list[str]) -> list[str]:
    """A pattern may match nothing, where something else is copied with it."""
    found = [str(path.relative_to(ROOT)) for source in sources for path in ROOT.glob(source)]
    assert found, sources
    return found


def copy(source: str, target: Path) -> None:
    assert not ignored(source), f"{source} is copied by the Dockerfile and hidden by .dockerignore"
    if (ROOT / source).is_dir():
        shutil.copytree(ROOT / source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(ROOT / source, target)


def run(command: str, build: Path, tree: Path) -> None:
    command = command.replace("python3", sys.executable).replace("/tree", str(tree))
    if " dependencies " in command:
        (build / "requirements.txt").write_text("\n".join(SOME))
        command += " --installed"  # instead of pip
    subprocess.run(["sh", "-ec", command], cwd=build, check=True, capture_output=True)


def test_its_build_stage_makes_the_same_tree(followed: Path, tree: Tree) -> None:
    assert listing(followed / "function") == listing(tree.function)
    assert {("fdk/__init__.py", size_of(tree.python / "fdk/__init__.py"))} < listing(followed / "python")
    assert listing(followed / "python") <= listing(tree.python)


def listing(folder: Path) -> set[tuple[str, int]]:
    files = [path for path in folder.rglob("*") if path.is_file() and path != folder / "bin/fdk"]  # it names a Python
    return {(str(path.relative_to(folder)), size_of(path)) for path in files}


def size_of(path: Path) -> int:
    return path.stat().st_size


def test_its_second_stage_takes_all_of_it_to_where_the_entry_point_looks() -> None:
    last = STEPS[SECOND_STAGE:]
    assert "COPY --from=build /tree/python /python" in last
    assert "COPY --from=build /tree/function /function" in last
    assert "ENV PYTHONPATH=/function:/python" in last
    assert 'ENTRYPOINT ["python3", "/function/func.py"]' in last


def test_both_stages_stand_on_the_same_python() -> None:
    build, final = (line.split()[1] for line in STEPS if line.startswith("FROM "))
    assert build.removesuffix("${BUILD_DIGEST}") == final.removesuffix("${RUN_DIGEST}") + "-dev"


def test_both_stages_can_be_held_to_a_digest() -> None:
    for line, name in zip((step for step in STEPS if step.startswith("FROM ")), ("BUILD", "RUN"), strict=True):
        assert line.split()[1].endswith(f"${{{name}_DIGEST}}")
        assert f"--build-arg {name}_DIGEST=$({name}_DIGEST)" in (ROOT / "Makefile").read_text()


def test_nobody_is_root_in_it_and_nothing_is_run_after_that() -> None:
    last = STEPS[SECOND_STAGE:]
    assert [line for line in last if line.startswith("USER ")] == ["USER fn"]
    assert not [line for line in last if line.startswith("RUN ")]


@pytest.mark.parametrize(
    "name",
    [
        *("tests", "docs", ".git", ".venv", "README.md", "src/mock_oci", ".hypothesis"),
        *("src/pyproject.toml", "src/README.md", "src/Dockerfile", "src/model_service.egg-info"),
    ],
)
def test_nothing_else_reaches_the_builder(name: str) -> None:
    assert ignored(name)


def test_fn_builds_it_too() -> None:
    assert "runtime: docker\n" in (ROOT / "func.yaml").read_text()
