from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from mock_oci import LocalStack, MockOci
from mock_oci.__main__ import main
from mock_oci.fn.func_yaml import FuncYaml, check_module, read_func_yaml
from mock_oci.fn.functions import LocalFunctions
from mock_oci.services.functions import Destination

ECHO = Path(__file__).parents[1] / "functions" / "echo" / "func.py"
FUNC_YAML = """\
name: mine
memory: 1024
timeout: 120
config: {GREETING: hello, OTHER: from the file}
entrypoint: /python/bin/fdk /function/src/app.py main
deploy: {oci: {detached_mode: {timeout: 30m, on_failure: {type: queue, ocid: ocid1.queue.oc1..q}}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A function of another file and callable, as its func.yaml says."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src/app.py").write_text(ECHO.read_text().replace("def handler(", "def main("))
    (tmp_path / "func.yaml").write_text(FUNC_YAML)
    return tmp_path


def test_a_folder_is_deployed_as_its_func_yaml_says(folder: Path) -> None:
    with LocalFunctions(MockOci()) as functions:
        deployment = functions.deploy(folder).deployment
        assert (deployment.name, deployment.memory, deployment.timeout) == ("mine", 1024, 120)
        assert (deployment.detached_timeout, deployment.failure_destination.id) == (1800, "ocid1.queue.oc1..q")
        assert deployment.config["OTHER"] == "from the file"
        answer = json.loads(functions.invoke(deployment.id).body)  # type: ignore[arg-type]  # a whole answer
    environment = answer["environment"]
    assert (environment["FN_MEMORY"], environment["FN_CPUS"], environment["GREETING"]) == ("1024", "400m", "hello")


def test_what_is_said_in_words_goes_before_the_file(folder: Path) -> None:
    with LocalFunctions(MockOci()) as functions:
        config = {"OTHER": "said"}
        said = functions.deploy(folder, name="other", memory=128, timeout=7, detached_timeout=9, config=config)
        deployment = said.deployment
    assert (deployment.name, deployment.memory, deployment.timeout) == ("other", 128, 7)
    assert (deployment.detached_timeout, deployment.failure_destination.id) == (9, "ocid1.queue.oc1..q")
    assert (deployment.config["OTHER"], deployment.config["GREETING"]) == ("said", "hello")


def test_a_stack_runs_its_folder_so_too(folder: Path) -> None:
    with LocalStack(folder, timeout=60) as stack:
        seen = httpx.post(stack.gateway_url, content=b"body", trust_env=False, timeout=30).json()
        deployment = stack.function.deployment
    assert (seen["body"], seen["environment"]["FN_FN_NAME"]) == ("body", "mine")
    assert (deployment.memory, deployment.timeout) == (1024, 60)


def test_the_command_line_reads_it_and_complains_in_one_line(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "func.yaml").write_text("memmory: 128\n")
    for words in (["--function", str(folder)], ["--function", str(folder), "--batch", "1"], ["start", str(folder)]):
        assert main(words) == 2
        assert capfd.readouterr().err.splitlines() == ["mock_oci: func.yaml: unknown key memmory"]


def test_the_file_that_answers_has_to_be_there(folder: Path) -> None:
    check_module(folder)
    (folder / "src/app.py").unlink()
    with pytest.raises(FileNotFoundError, match="no such function"):
        check_module(folder)


def test_a_folder_without_one_has_the_defaults(tmp_path: Path) -> None:
    assert read_func_yaml(tmp_path) == FuncYaml(tmp_path.name, memory=256, timeout=30, config={})


def test_it_says_name_memory_timeout_and_config_as_text(tmp_path: Path) -> None:
    text = "name: mine\nmemory: 1024\ntimeout: 120\nconfig: {N: 1, ON: yes, WHEN: 2026-01-01}\nruntime: docker\n"
    (tmp_path / "func.yaml").write_text(text)
    read = read_func_yaml(tmp_path)
    assert read == FuncYaml("mine", 1024, 120, {"N": "1", "ON": "yes", "WHEN": "2026-01-01"})


@pytest.mark.parametrize(
    ("text", "module", "handler"),
    [
        ("/python/bin/fdk /function/func.py handler", "func.py", "handler"),
        ("fdk func.py", "func.py", "handler"),
        ("/python/bin/fdk /function/src/app.py main", "src/app.py", "main"),
        ("fdk other.py answer", "other.py", "answer"),
    ],
)
def test_an_entrypoint_names_a_file_and_a_callable(text: str, module: str, handler: str, tmp_path: Path) -> None:
    (tmp_path / "func.yaml").write_text(f"entrypoint: {text}\n")
    assert read_func_yaml(tmp_path).entrypoint == (module, handler)


@pytest.mark.parametrize(("text", "seconds"), [("30m", 1800), ("1h", 3600), ("1m30s", 90), ("45", 45)])
def test_what_holds_for_detached_calls_is_read(text: str, seconds: int, tmp_path: Path) -> None:
    ends = "on_success: {type: stream, ocid: ocid1.stream.a}, on_failure: {type: queue, ocid: ocid1.queue.b}"
    (tmp_path / "func.yaml").write_text(f"deploy: {{oci: {{detached_mode: {{timeout: {text}, {ends}}}}}}}\n")
    read = read_func_yaml(tmp_path)
    assert (read.detached_timeout, read.timeout) == (seconds, 30)
    assert read.success_destination == Destination("ocid1.stream.a")
    assert read.failure_destination == Destination("ocid1.queue.b")


def test_all_that_fns_command_line_knows_is_taken(tmp_path: Path) -> None:
    known = "version: 0.0.1\nruntime: python3.12\nschema_version: 20180708\nbuild_image: fnproject/python:3.12-dev\n"
    known += "run_image: fnproject/python:3.12\nidle_timeout: 30\nannotations: {a: b}\nexpects: {config: [{name: A}]}\n"
    known += "triggers: [{name: t, type: http, source: /t}]\nbuild: [make]\ncontent_type: text/plain\n"
    known += "signing_details: {}\n"
    known += "deploy: {oci: {freeform_tags: {a: b}, provisioned_concurrency: {strategy: CONSTANT, count: 40}}}\n"
    (tmp_path / "func.yaml").write_text(known)
    assert read_func_yaml(tmp_path) == FuncYaml(tmp_path.name)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("- a", "func.yaml must be an object"),
        ("{", "func.yaml is not YAML"),
        ("memory: much", "func.yaml: memory must be an integer"),
        ("timeout: -1", "func.yaml: timeout must be an integer"),
        ("config: [a]", "func.yaml: config must be an object of strings"),
        ("config: {a: [b]}", "func.yaml: config must be an object of strings"),
        ("entrypoint: ./func", "not emulated: ./func"),
        ("entrypoint: fdk /elsewhere/func.py handler", "not emulated"),
        ("entrypoint: fdk ../func.py handler", "not emulated"),
        ("entrypoint: python func.py handler", "not emulated"),
        ("entrypoint: fdk func.py a.b", "not emulated"),
        ("entrypoint: [fdk, func.py]", "not emulated"),
        ("cmd: com.example.Hello::handle", "func.yaml: cmd is not emulated"),
        ("runtime: java17", "func.yaml: runtime java17 is not emulated"),
        ("schema_version: 20200101", "func.yaml: schema_version must be 20180708"),
        ("memmory: 256", "func.yaml: unknown key memmory"),
        ("deploy: {oci: {timeout: 3}}", "func.yaml: unknown key deploy.oci.timeout"),
        ("deploy: {oci: {detached_mode: {timeout: soon}}}", "detached_mode.timeout must be a duration such as 30m"),
        ("deploy: {oci: {detached_mode: {on_success: {id: a}}}}", "unknown key deploy.oci.detached_mode.on_success.id"),
        ("deploy: {oci: {provisioned_concurrency: {strategy: CONSTANT, count: 10}}}", "a multiple of 20 for 256 MB"),
        ("deploy: {oci: {provisioned_concurrency: {strategy: SOME}}}", "strategy must be one of CONSTANT, NONE"),
        ("deploy: {oci: detached}", "func.yaml: deploy.oci must be an object"),
    ],
)
def test_what_it_cannot_mean_is_refused(text: str, complaint: str, tmp_path: Path) -> None:
    (tmp_path / "func.yaml").write_text(text)
    with pytest.raises(ValueError, match=complaint):
        read_func_yaml(tmp_path)
