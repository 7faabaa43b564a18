"""Two distributions of one repository: who owns which files, and what mock-oci imports beyond its one dependency."""

from __future__ import annotations

import ast
import fnmatch
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from mock_oci.extras import EXTRA_OF

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
FILES = {"model-service": ROOT / "pyproject.toml", "mock-oci": SRC / "pyproject.toml"}
PROJECTS = {name: tomllib.loads(path.read_text()) for name, path in FILES.items()}
MOCK_OCI = PROJECTS["mock-oci"]["project"]

# By what is imported, the distribution that brings it, where the names differ.
BROUGHT_BY = {"yaml": "PyYAML"}
# Imported only while a client of them is answered in process, or only by who makes the table of the SDK's operations.
CLIENTS = {"anyio": "httpx", "oci": "the OCI SDK"}


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


def third_party() -> Iterator[tuple[str, Path, ast.AST]]:
    """Every import of mock_oci that neither it nor Python answers, wherever it stands."""
    for path in sorted((SRC / "mock_oci").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif is_call(node, "from_extra", "import_module"):
                names = ["".join(part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant))]
            for name in (name.partition(".")[0] for name in names):
                if name and name not in sys.stdlib_module_names and name != "mock_oci":
                    yield name, path, node


def is_call(node: ast.AST, *names: str) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    return called in names and not (node.args and isinstance(node.args[0], ast.Name | ast.Attribute | ast.Subscript))


def required_names(texts: list[str]) -> set[str]:
    return {Requirement(text).name for text in texts}


def test_what_is_imported_is_a_dependency_an_extra_or_a_client_that_is_there() -> None:
    extras = {name: required_names(texts) for name, texts in MOCK_OCI["optional-dependencies"].items()}
    for module, path, node in third_party():
        distribution = BROUGHT_BY.get(module, module)
        if module in EXTRA_OF:
            assert is_call(node, "from_extra"), f"{path}: {module} is of an extra: from_extra says which"
            assert distribution in extras[EXTRA_OF[module]], path
        elif module == "pytest":
            assert path.name in ("pytest_plugin.py", "live_tests.py"), "what pytest loads, and nobody else"
        elif module not in CLIENTS and not is_optional(node, path):
            assert distribution in required_names(MOCK_OCI["dependencies"]), f"{path}: {module} is no dependency"


def is_optional(node: ast.AST, path: Path) -> bool:
    """What draws in a terminal is done without, or is reached only where it was found."""
    return "rich" in ast.unparse(node) and path.parent.name == "demo"


def test_no_extra_and_no_dependency_is_there_for_nothing() -> None:
    used = {BROUGHT_BY.get(module, module) for module, _, _ in third_party()}
    for name, texts in MOCK_OCI["optional-dependencies"].items():
        assert required_names(texts) <= used or name == "all"
    assert required_names(MOCK_OCI["dependencies"]) <= used


# What a bare installation does, and what it says of the rest.
BARE = """
import sys, sysconfig
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name in {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
sys.executable = "/nonexistent/python"  # beside which no fdk is
sysconfig.get_path = lambda name: "/nonexistent"
"""
MISSING = ["oci", "fdk", "yaml", "rich", "httpx", "httpx2", "requests", "urllib3", "anyio", "aiohttp", "pytest"]


def run_bare(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", BARE.format(missing=MISSING) + program, *arguments]
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "PYTHONPATH": str(SRC)}
    return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_the_decorator_and_the_server_need_no_extra() -> None:
    program = (
        "import json, urllib.request as web\n"
        "from mock_oci import mock_oci, MockOci, serve\n"
        "with mock_oci() as cloud, serve(cloud) as server:\n"
        "    print(json.load(web.urlopen(server.url + '/_mock/health'))['status'])\n"
    )
    done = run_bare(program)
    assert (done.stdout, done.stderr) == ("ok\n", "")


ECHO = str(ROOT / "tests/mock_oci/functions/echo")


@pytest.mark.parametrize("arguments", [["invoke", ECHO], ["start", ECHO], ["--function", ECHO, "--prompt", "Hello"]])
def test_a_function_without_the_extra_is_one_line_that_names_it(arguments: list[str], tmp_path: Path) -> None:
    done = run_bare("from mock_oci.__main__ import main; sys.exit(main(sys.argv[1:]))", *arguments)
    assert done.returncode in (1, 2)
    assert done.stdout == ""
    assert done.stderr.startswith("mock_oci: ")
    assert done.stderr.endswith("pip install 'mock-oci[server]'\n")
    assert done.stderr.count("\n") == 1


def test_a_func_yaml_without_the_extra_is_one_line_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "func.py").write_text("def handler(ctx, data=None): return 'hello'\n")
    (tmp_path / "func.yaml").write_text("name: hello\n")
    for command in ("invoke", "start"):
        done = run_bare("from mock_oci.__main__ import main; sys.exit(main(sys.argv[1:]))", command, str(tmp_path))
        said = "mock_oci: reading func.yaml needs an extra: pip install 'mock-oci[server]'\n"
        assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


def test_a_handler_in_process_without_the_extra_is_an_import_error_that_names_it() -> None:
    program = (
        "from mock_oci import MockOci\n"
        "try: MockOci().invoke(lambda ctx, data=None: 'hello')\n"
        "except ImportError as error: print(error)"
    )
    done = run_bare(program)
    assert done.stdout == "calling a handler in process needs an extra: pip install 'mock-oci[server]'\n"


def test_a_seed_in_yaml_without_the_extra_is_a_400_that_names_it() -> None:
    program = (
        "from mock_oci import MockOci, Request\n"
        'for seed in (b\'buckets: [{name: invoices}]\', b\'{"buckets": [{"name": "invoices"}]}\'):\n'
        "    answer = MockOci().answer(Request('POST', '/_mock/seed', {}, seed))\n"
        "    print(answer.status, answer.body.decode())\n"
    )
    yaml, json = run_bare(program).stdout.splitlines()
    assert yaml.startswith("400 ")
    assert "a seed in YAML needs an extra: pip install 'mock-oci[server]'; JSON does not" in yaml
    assert json.startswith("200 ")
