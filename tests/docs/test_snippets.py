"""No block of a page is only looked at: tests/test_readme.py runs shells and Python, the others are checked here."""

from __future__ import annotations

import ast
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import hcl2
import pytest
from tests.docs import stand_ins
from tests.docs.pages import ROOT, pages

from model_service.doctor.checks import CHECKS

FENCE = re.compile(r"^( *)```(\S*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
RUN_BY_THE_TEST_OF_THE_README = {"bash", "python", "yaml"}
STATEMENT = re.compile(
    r"allow (?:any-user|dynamic-group <\w+>|service \w+) to "
    r"(?:(?:inspect|read|use|manage) [a-z-]+|\{\w+(?:, \w+)*\}) in (?:compartment(?: id)? <[^>]+>|tenancy)"
    r"(?:\s+where (?:ALL )?[\s\S]+)?",
    re.IGNORECASE,
)
WITH_FIGURES = {"benchmark.md", "resilience.md"}
PROGRAMS = ("terraform", "docker", "fn", "curl", "make", "pip")


def blocks(*languages: str) -> list[pytest.param]:
    return [
        pytest.param(page, text, id=f"{page.name}-{(text.split() or ['empty'])[0]}-{number}")
        for page in pages()
        for number, (_, language, text) in enumerate(FENCE.findall(page.read_text()))
        if language in languages
    ]


def test_every_block_is_of_a_kind_that_is_run_or_checked() -> None:
    languages = {language for page in pages() for _, language, _ in FENCE.findall(page.read_text())}
    assert languages <= RUN_BY_THE_TEST_OF_THE_README | {"json", "hcl", "sh", "text", "py"}


def test_blocks_that_are_run_stand_where_the_test_of_the_readme_looks() -> None:
    elsewhere = [page for page in pages() if ROOT / "docs" not in page.parents and page != ROOT / "README.md"]
    assert {language for page in elsewhere for _, language, _ in FENCE.findall(page.read_text())} <= {"text", "hcl"}


@pytest.mark.parametrize(("page", "text"), blocks("json"))
def test_a_json_block_is_json(page: Path, text: str) -> None:
    assert isinstance(json.loads(text), dict), page


@pytest.mark.parametrize(("page", "text"), blocks("hcl"))
def test_a_terraform_block_names_variables_that_there_are(page: Path, text: str) -> None:
    (module,) = hcl2.loads(text)["module"]
    (arguments,) = module.values()
    declared = "\n".join(path.read_text() for path in (ROOT / "terraform").glob("variables*.tf"))
    known = set(re.findall(r'^variable "(\w+)"', declared, re.MULTILINE))
    assert {name for name in arguments if not name.startswith("__")} - {"source"} <= known, page


@pytest.mark.parametrize(("page", "text"), blocks("py"))
def test_a_block_of_python_that_is_not_run_can_be_read(page: Path, text: str) -> None:
    """Signatures; and the reader of docs/relay.md, which tests/model_service/cli/test_follow.py runs."""
    is_signature = page.name == "python-api.md"
    ast.parse(f"def {text.strip()}: ...".replace("…", "...") if is_signature else text)


@pytest.fixture
def tenancy(tmp_path: Path) -> Path:
    """A copy of what the commands of a page need, with stand-ins for the programs that would reach a tenancy."""
    shutil.copytree(ROOT / "terraform", tmp_path / "work/terraform", ignore=shutil.ignore_patterns(".terraform*"))
    shutil.copy(ROOT / "Makefile", tmp_path / "work/Makefile")
    stand_in = shlex.join([sys.executable, str(ROOT / "tests/docs/stand_ins.py")])
    for program in (*PROGRAMS, "python"):
        folder = tmp_path / ("work/.venv/bin" if program == "python" else "bin")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / program).write_text(f'#!/bin/sh\nexec {stand_in} {program} "$@"\n')
        (folder / program).chmod(0o755)
    return tmp_path


def tried(tenancy: Path, text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", text],
        cwd=tenancy / "work",
        env={"PATH": f"{tenancy}/bin:/usr/bin:/bin", "TOKEN": "a-token"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(("page", "text"), blocks("sh"))
def test_commands_that_need_a_tenancy_are_such_that_their_programs_take(page: Path, text: str, tenancy: Path) -> None:
    needs_terraform = "terraform" in text and not re.search(r"\bcd .*terraform", text)
    done = tried(tenancy, f"cd terraform; {text}" if needs_terraform else text)
    assert done.returncode == 0, f"{page.name}: {done.stderr}"


@pytest.mark.parametrize(
    "text",
    [
        "cd terraform; terraform apply -var imagine=this",
        "cd terraform; terraform output -raw imagined",
        "make imagined",
        "fn imagine app",
        ".venv/bin/python -m model_service doctor --imagined",
        "curl -s localhost",
        "docker imagine",
        "docker run --rm mock-oci imagine",
        "docker build --tag mock-oci nowhere",
        "pip install imagined",
        "pip install 'mock-oci[imagined]'",
    ],
)
def test_a_command_that_no_program_takes_is_found(text: str, tenancy: Path) -> None:
    assert tried(tenancy, text).returncode != 0


def is_policy(text: str) -> bool:
    statements = re.split(r"\n(?=allow )", text.strip(), flags=re.IGNORECASE)
    return all(STATEMENT.fullmatch(statement) for statement in statements)


def is_doctors_report(text: str) -> bool:
    names = re.findall(r"^(?:OK|FAIL|SKIP) +(\w+)", text, re.MULTILINE)
    known = [step.name for step in CHECKS]
    return len(names) == len(text.splitlines()) and names == [name for name in known if name in names]


def is_make_help(text: str) -> bool:
    targets = re.findall(r"^make ([a-z-]+) ", text, re.MULTILINE)
    known = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return len(targets) == len(text.splitlines()) and set(targets) <= set(known)


def is_synopsis(text: str) -> bool:
    """Of our command line: each option in brackets is one that it has."""
    for line in text.splitlines():
        words = shlex.split(
            re.sub(r"[\[\]]", "", line.partition("#")[0]).replace("N]", "1").replace("--from N", "--from 1")
        )
        if "model_service" not in words:
            return False
        words = words[words.index("model_service") + 1 :]
        try:
            stand_ins.python(["-m", "model_service", *words])
        except SystemExit:
            return False
    return True


def is_transcript(text: str) -> bool:
    """Compared with what is printed, by tests/test_readme.py."""
    return text.startswith(("  > Why do functions sleep?", "  records "))


def is_measured(text: str) -> bool:
    """Figures, which the page gives the day of; no test can have them again."""
    page = next(page for page in pages() if text in page.read_text())
    return re.search(r"\d{4}-\d{2}-\d{2}", page.read_text().partition(text)[0]) is not None


@pytest.mark.parametrize(("page", "text"), blocks("text"))
def test_a_block_of_text_is_of_a_kind_that_is_checked(page: Path, text: str) -> None:
    kinds = [is_policy, is_doctors_report, is_make_help, is_transcript]
    if page.name in WITH_FIGURES:
        kinds.append(is_measured)
    assert any(kind(text) for kind in kinds) or is_synopsis(text), page.name


def test_a_policy_that_iam_would_not_read_is_found() -> None:
    assert not is_policy("allow any-user to consider generative-ai-chat in compartment id <who pays>")
    assert not is_doctors_report("OK    imagination  works\n")
