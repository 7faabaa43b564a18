"""Every snippet of the README and of docs/, run as it stands, but for the port, the interpreter and the folder."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from tests.warm_python import warm_python

from mock_oci import MockOci, serve
from mock_oci.doors.written_config import write_config

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SERVED = "http://127.0.0.1:8080/v1"  # where the pages say that `make serve` listens
SNIPPET = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def snippets(language: str) -> list[pytest.param]:
    """Each once, where two pages have it."""
    found: dict[str, str] = {}
    for page in PAGES:
        for kind, text in SNIPPET.findall(page.read_text()):
            if kind == language:
                found.setdefault(text, page.name)
    return [pytest.param(text, id=f"{page}-{text.splitlines()[0][:50]}") for text, page in found.items()]


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Variables for `make`: this interpreter, and a stamp that says that everything is installed."""
    stamps = tmp_path_factory.mktemp("venv")
    for name in (".runtime", ".tests"):
        (stamps / name).touch()
    return {"VENV": str(stamps), "BIN": str(Path(sys.executable).parent)}


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with warm_python(tmp_path_factory.mktemp("python")) as python:
        yield python


@pytest.fixture(scope="module")
def served(variables: dict[str, str]) -> Iterator[str]:
    """Run `make serve` as the README has it, once for all snippets; yield the URL that it prints."""
    words = ["make", "serve", *(f"{name}={value}" for name, value in variables.items()), "PORT=0"]
    process = subprocess.Popen(
        words, cwd=ROOT, env=a_shells_environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("ready: ").strip()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
        process.stdout.close()


def a_shells_environment() -> dict[str, str]:
    """Ours, less what the `make` that runs these tests tells a `make` below it."""
    inherited = os.environ  # noqa: TID251 - a person's shell, as it is
    # Nor what another test of this process has set: a newcomer's shell names no OCI.
    return {name: value for name, value in inherited.items() if not name.startswith(("MAKE", "MFLAGS", "OCI_"))}


@cache
def make_run(where: str) -> str:
    return shell(f"make run {where}")


def shell(script: str, **environment: str) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env={**a_shells_environment(), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("text", snippets("bash"))
def test_a_shell_snippet_works(
    text: str, variables: dict[str, str], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    is_ended_by_a_signal = "-m mock_oci --" in text
    python = sys.executable if is_ended_by_a_signal else str(request.getfixturevalue("python"))
    text = text.replace(".venv/bin/python", python).replace("/tmp/local-oci", str(tmp_path))
    text = text.replace("build/", f"{tmp_path}/")
    if text.startswith("make serve"):
        assert request.getfixturevalue("served").startswith("http://127.0.0.1:")
    elif text.startswith("make run-batch"):
        printed = shell(f"{text.strip()} BATCH=100 VENV={variables['VENV']} BIN={variables['BIN']}")
        assert re.search(r"records +100\n +results +99\n +dead letters +1\n +batches +1, 0 of them sent again", printed)
    elif text == "make run\n":
        assert "mock_oci" in make_run(f"VENV={variables['VENV']} BIN={variables['BIN']}")
    elif text.startswith("make "):
        assert "mock_oci" in shell(f"{text.strip()} VENV={variables['VENV']} BIN={variables['BIN']}")
    elif is_ended_by_a_signal:
        process = subprocess.Popen(text.split(), cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready: http://127.0.0.1:")
        assert (tmp_path / "env").exists()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        process.stdout.close()
    elif SERVED in text:
        assert '"choices"' in shell(text.replace(SERVED, request.getfixturevalue("served")))
    else:
        assert shell(text, PYTHONPATH=str(ROOT / "src"))


@pytest.mark.parametrize("text", snippets("python"))
def test_a_python_snippet_works(text: str, python: Path, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    oci = MockOci()
    with serve(oci) as server:
        write_config(oci, tmp_path, server.url)
        program = tmp_path / "snippet.py"
        program.write_text(text.replace(SERVED, request.getfixturevalue("served")) if SERVED in text else text)
        output = shell(
            f"source {tmp_path}/env; {python} -W error {program}",
            OCI_PROFILE="DEFAULT",
            PYTHONPATH=str(ROOT / "src"),
        )
    assert output.strip()


def test_what_make_run_is_said_to_print_is_what_it_prints(variables: dict[str, str]) -> None:
    printed = make_run(f"VENV={variables['VENV']} BIN={variables['BIN']}")
    (shown,) = (text for kind, text in SNIPPET.findall((ROOT / "README.md").read_text()) if kind == "text")
    assert shown.rstrip().removesuffix("...").rstrip() in printed


def test_what_the_pages_say_of_a_batch_is_what_it_prints() -> None:
    (shown,) = re.findall(
        r"^```text\n( +records .*?)```$", (ROOT / "docs/batches.md").read_text(), re.MULTILINE | re.DOTALL
    )
    labels = re.findall(r"^ +(\S.*?)  ", shown, re.MULTILINE)
    assert labels == ["records", "results", "dead letters", "batches"]


@pytest.mark.parametrize("text", snippets("yaml"))
def test_a_file_of_the_pages_is_a_right_one(text: str) -> None:
    from model_service.batch.tasks.file import read_tasks
    from model_service.service_file.reading import read_service_file

    if text.startswith("services:"):  # tests/packaging/test_mock_oci_image.py reads each of its words
        assert (ROOT / "docs/examples/compose.yaml").read_text() == text
    elif text.startswith("models:"):
        file = read_service_file(text, "the page")
        assert file.teams or file.pools
        assert text in {example.read_text() for example in (ROOT / "docs/examples").glob("*.yaml")}
    else:
        assert read_tasks(text, "the page").tasks


def test_every_make_target_of_the_pages_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {name for page in PAGES for name in re.findall(r"(?m)(?:`|^)make ([a-z][a-z-]*)", page.read_text())}
    assert named <= targets
