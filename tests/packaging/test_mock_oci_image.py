"""The image of mock-oci and its block for a compose file, read word by word: every name in them is one that there is.

``make image-test`` builds and runs it.
"""

from __future__ import annotations

import ast
import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from mock_oci import MockOci, Request
from mock_oci.__main__ import _parser
from mock_oci.doors.written_config import write_config

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
COMPOSE = ROOT / "docs/examples/compose.yaml"
STEPS = re.sub(r"\\\n", "", re.sub(r"^#.*\n", "", (SRC / "Dockerfile").read_text(), flags=re.MULTILINE)).splitlines()
PROJECT = tomllib.loads((SRC / "pyproject.toml").read_text())["project"]


def steps(instruction: str) -> list[str]:
    return [line.partition(" ")[2].strip() for line in STEPS if line.startswith(f"{instruction} ")]


def words_of(instruction: str) -> list[str]:
    """The JSON form of an instruction that stands once, or of what comes after its options."""
    (text,) = steps(instruction)
    words: list[str] = json.loads(text[text.index("[") :])
    return words


@pytest.fixture
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


def test_what_is_copied_is_there_and_reaches_the_builder() -> None:
    sources = [word for line in steps("COPY") for word in line.split()[:-1]]
    assert all((SRC / source).exists() for source in sources)
    ignored, *let_in = [line for line in (SRC / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert ignored == "*"
    assert {line.removeprefix("!") for line in let_in if line[0] == "!"} == set(sources)
    assert {PROJECT["readme"], *PROJECT["license-files"], "pyproject.toml"} <= set(sources)


def test_the_extras_that_it_installs_are_extras() -> None:
    (run,) = steps("RUN")
    (extras,) = re.findall(r"'/build\[([\w,]+)\]'", run)
    assert set(extras.split(",")) <= PROJECT["optional-dependencies"].keys()


def test_nobody_is_root_in_it_and_nothing_is_run_after_that() -> None:
    assert steps("USER") == ["1000:1000"]
    after = STEPS[STEPS.index("USER 1000:1000") :]
    assert not [line for line in after if line.startswith(("RUN ", "COPY ", "ADD "))]
    assert "--owner=1000 --group=1000 /mock-oci" in steps("RUN")[0]


def test_there_is_no_secret_in_it() -> None:
    assert [line.partition("=")[0] for line in (*steps("ENV"), *steps("ARG"))] == ["PATH", "BASE"]
    assert not steps("ADD")


def test_it_starts_a_command_with_options_that_there_are() -> None:
    assert words_of("ENTRYPOINT") == list(PROJECT["scripts"])
    options = _parser().parse_args(words_of("CMD"))
    assert (options.host, str(options.port)) == ("0.0.0.0", *steps("EXPOSE"))


def test_its_health_check_asks_what_is_answered() -> None:
    url = health_url(words_of("HEALTHCHECK"))
    assert str(url.port) == steps("EXPOSE")[0]
    assert MockOci().answer(Request("GET", url.path, {"host": url.netloc}, b"")).status == 200


def health_url(words: list[str]) -> Any:
    """What a program of a health check, ``python3 -c …``, opens."""
    program = ast.parse(words[-1])
    assert words[-3:-1] == ["python3", "-c"]
    (url,) = (node.value for node in ast.walk(program) if isinstance(node, ast.Constant))
    return urlsplit(str(url))


def test_the_block_of_the_page_is_the_example() -> None:
    page = (ROOT / "docs/mock_oci.md").read_text()
    assert f"```yaml\n{COMPOSE.read_text()}```" in page
    assert f"docker build --tag {yaml.safe_load(COMPOSE.read_text())['services']['mock-oci']['image']} src" in page


def test_the_service_does_what_the_image_does(services: dict[str, Any]) -> None:
    service = services["mock-oci"]
    assert shlex.split(service["command"]) == words_of("CMD")
    assert service["healthcheck"]["test"] == ["CMD", *words_of("HEALTHCHECK")]
    address, published, port = service["ports"][0].split(":")
    assert (address, [published], [port]) == ("127.0.0.1", steps("EXPOSE"), steps("EXPOSE"))


def test_the_application_finds_it(services: dict[str, Any], tmp_path: Path) -> None:
    service, app = services["mock-oci"], services["app"]
    options = _parser().parse_args(shlex.split(service["command"]))
    served = urlsplit(options.url)
    assert served.hostname in services
    assert served.port == options.port
    assert app["depends_on"] == {served.hostname: {"condition": "service_healthy"}}
    write_config(MockOci(), tmp_path, options.url)
    for name, value in app["environment"].items():
        if value.startswith("http"):
            assert value == options.url, name
        else:
            assert (tmp_path / Path(value).relative_to(options.write_config)).is_file(), name


def test_both_share_the_folder_of_the_keys_and_whom_they_belong_to(services: dict[str, Any]) -> None:
    shares = {name: service["volumes"][0].split(":") for name, service in services.items()}
    (volume,) = yaml.safe_load(COMPOSE.read_text())["volumes"]
    folder = words_of("CMD")[-1]
    assert shares == {"mock-oci": [volume, folder], "app": [volume, folder, "ro"]}
    assert steps("USER") == [f"{services['app']['user']}:{services['app']['user']}"]
