"""What is tried in each environment, by what was installed into it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Final

from packaging.requirements import Requirement
from tests.wheels.environment import ROOT, Try, program

PAGE: Final = "docs/mock_oci.md"
LLAMA, COHERE = "meta.llama-3.3-70b-instruct", "cohere.command-a-03-2025"
ECHO: Final = str(ROOT / "tests/mock_oci/functions/echo")
NEEDS_SERVER: Final = "pip install 'mock-oci[server]'"
NEEDS_LOCAL: Final = "pip install 'model-service[local]'"
SOUND: Final = Try(["python", "-m", "pip", "check"], "No broken requirements found")

IS_TYPED: Final = """
import importlib, importlib.metadata as about, importlib.resources as files, sys
name = sys.argv[1]
package = importlib.import_module(name)
assert files.files(package).joinpath("py.typed").is_file()
print(package.__version__ == about.version(name))
"""
INSTALLED: Final = """
import importlib.metadata as about
print(*sorted({found.name.lower() for found in about.distributions()} - {"pip", "setuptools", "typing_extensions"}))
"""
DECORATED: Final = """
import json, urllib.request
from mock_oci import MockOci, mock_oci, serve

@mock_oci
def asked(cloud: MockOci) -> str:
    with serve(cloud) as server, urllib.request.urlopen(server.url + "/_mock/health") as answer:
        return json.load(answer)["status"]

print(asked(MockOci()))
"""
# A command that serves until it is told to end: what of its first line is asked, and how it ends.
SERVED: Final = """
import signal, subprocess, sys, urllib.request
path, *words = sys.argv[1:]
with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
    url = process.stdout.readline().removeprefix("ready: ").strip()
    with urllib.request.urlopen(url + path) as answer:
        print(answer.status)
    process.send_signal(signal.SIGINT)
    sys.exit(process.wait(60))
"""
SEEDED: Final = """
from mock_oci import MockOci, Request
print(MockOci().answer(Request("POST", "/_mock/seed", {}, b"buckets: [{name: invoices}]")).status)
"""


def served(path: str, *words: str) -> Try:
    return program(f"GET {path} of {' '.join(words)}", SERVED, "200", path, *words)


MOCK_OCI: Final = [
    SOUND,
    Try(["mock-oci", "--version"], "mock-oci "),
    program("mock_oci has types and one version", IS_TYPED, "True", "mock_oci"),
    program("@mock_oci", DECORATED, "ok"),
    served("/_mock/health", "mock-oci", "--port", "0", "--write-config", "local-oci"),
    Try(["mock-oci", "env", "--for", "go"], "http://127.0.0.1:9000"),
    Try(["mock-oci", "generate-event", "stream"], '"value"'),
    Try(["mock-oci", "verify", "--list"]),
]
MOCK_OCI_ALONE: Final = [
    program("nothing else is installed", INSTALLED, "cffi cryptography mock-oci pycparser\n"),
    *(Try(["mock-oci", command, ECHO], NEEDS_SERVER, 2, lines=1) for command in ("invoke", "start")),
    Try(["mock-oci", "--function", ECHO, "--port", "0"], NEEDS_SERVER, 2, lines=1),
    Try(["mock-oci", "verify", "--compartment", "ocid1.compartment.oc1..c"], "pip install oci", 2, lines=1),
]
MOCK_OCI_SERVER: Final = [
    Try(["mock-oci", "invoke", ECHO], '"environment"'),
    served("/any/path", "mock-oci", "start", ECHO),
    program("a seed in YAML", SEEDED, "200"),
]
PLUGIN: Final = """
import json, urllib.request

def test_the_fixture_answers(oci):
    from mock_oci import serve
    with serve(oci) as server, urllib.request.urlopen(server.url + "/_mock/health") as answer:
        assert json.load(answer)["status"] == "ok"
"""
PLUGIN_WITH_A_FUNCTION: Final = f"""
def test_a_function_is_deployed(oci_function):
    assert oci_function({ECHO!r}, config={{"GREETING": "hello"}}).deployment.config["GREETING"] == "hello"

def test_a_gateway_is_started(oci_gateway):
    assert urllib.request.urlopen(oci_gateway({ECHO!r}).gateway_url, data=b"x").status == 200
"""


def tested(text: str, says: str) -> list[Try]:
    """Write tests into a folder outside of the repository, and run them there with the plugin that was installed."""
    write = "import pathlib, sys; pathlib.Path('test_plugin.py').write_text(sys.argv[1])"
    run = Try(["pytest", "-q", "--strict-markers", "test_plugin.py"], says)
    return [program("tests are written outside of the repository", write, "", text), run]


def snippets(page: str) -> list[Try]:
    """Return the programs of a page that stand alone: which start no function of the folder they are run in."""
    found = re.findall(r"^```python\n(.*?)^```$", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    alone = [text for text in found if "LocalStack(" not in text]
    return [program(f"{page}, program {number}", text) for number, text in enumerate(alone, start=1)]


def page_extras(page: str) -> str:
    """Return the extras that a page begins with, in their brackets."""
    found = re.search(r"^pip install 'mock-oci(\[[\w,]+\])'$", (ROOT / page).read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


def model_service(*, local: bool) -> list[Try]:
    every = [
        SOUND,
        Try(["model-service", "--version"], "model-service "),
        program("model_service has types and one version", IS_TYPED, "True", "model_service"),
        Try(["model-service", "tasks", str(ROOT / "docs/tasks/prompts.yaml")], "prompts"),
    ]
    if not local:
        return [*every, Try(["model-service", "chat", "Hello", "--local"], NEEDS_LOCAL, 3)]
    return [
        *every,
        *MOCK_OCI[1:],
        Try(["model-service", "chat", "Hello", "--local", "--model", LLAMA], "Hello"),
        Try(["model-service", "chat", "Hello", "--local", "--stream"], "Hello"),
        Try(["model-service", "doctor", "--local"], "OK "),
        Try(["model-service", "models", "--local"], LLAMA),
        Try(["mock-oci", "--function", str(ROOT), "--prompt", "Hello"], "You asked"),
    ]


COHERE_NEEDS_AN_EXTRA: Final = Try(
    ["model-service", "chat", "Hello", "--local", "--model", COHERE], "'model-service[oci]'", 2
)
MODEL_SERVICE_ALL: Final = [
    Try(["model-service", "chat", "Hello", "--local", "--model", COHERE], "Hello"),
    program("all extras can be imported", "import rich, redis, oci, fdk, mock_oci"),
]


def lowest(file: str) -> list[str]:
    """Return ``name==version`` for the lower end of each range of a pyproject.toml."""
    project = tomllib.loads((ROOT / file).read_text())["project"]
    texts = [text for texts in (project["dependencies"], *project["optional-dependencies"].values()) for text in texts]
    found = [Requirement(text) for text in texts if not text.startswith(("model-service[", "mock-oci["))]
    ends = [(one.name, spec.version) for one in found for spec in one.specifier if spec.operator == ">="]
    return [f"{name}=={version}" for name, version in sorted(set(ends))]


# By the wheel and its extras: what else is installed, and what is then tried.
ENVIRONMENTS: Final[Mapping[str, tuple[Sequence[str], Sequence[Try]]]] = {
    "mock_oci": ([], [*MOCK_OCI, *MOCK_OCI_ALONE]),
    "mock_oci[server]": ([], [*MOCK_OCI, *MOCK_OCI_SERVER]),
    "mock_oci[cli]": ([], [*MOCK_OCI, *MOCK_OCI_ALONE[1:], program("rich can be imported", "import rich")]),
    "mock_oci[pytest]": ([], [*MOCK_OCI, *MOCK_OCI_ALONE[1:], *tested(PLUGIN, "1 passed")]),
    "mock_oci[all]": (
        [],
        [*MOCK_OCI, *MOCK_OCI_SERVER, *tested(PLUGIN + PLUGIN_WITH_A_FUNCTION, "3 passed")],
    ),
    f"mock_oci{page_extras(PAGE)}": (["oci", "openai"], [*snippets("src/README.md"), *snippets(PAGE)]),
    # With an SDK that has requests and urllib3 as copies of its own.
    "mock_oci[server,cli,pytest]": (
        [*lowest("src/pyproject.toml"), "oci==2.150"],
        [
            *MOCK_OCI,
            *MOCK_OCI_SERVER,
            *tested(PLUGIN + PLUGIN_WITH_A_FUNCTION, "3 passed"),
            *snippets("src/README.md"),
        ],
    ),
    "model_service": ([], model_service(local=False)),
    "model_service[local]": ([], [*model_service(local=True), COHERE_NEEDS_AN_EXTRA]),
    "model_service[all]": ([], [*model_service(local=True), *MODEL_SERVICE_ALL]),
    "model_service[local,function]": (lowest("pyproject.toml"), [*model_service(local=True), *MODEL_SERVICE_ALL]),
}
# In an environment with both wheels: what is taken away, and what then works or says what is missing.
TAKEN_AWAY: Final[Mapping[str, Sequence[Try]]] = {
    "mock-oci": model_service(local=False),
    "model-service": [*MOCK_OCI, *MOCK_OCI_SERVER],
}
