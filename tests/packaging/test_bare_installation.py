"""`pip install mock-oci` without any extra: what it does, and the line that names the extra for the rest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"

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
    assert "a document in YAML needs an extra: pip install 'mock-oci[server]'; JSON does not" in yaml
    assert json.startswith("200 ")
