from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import httpx
import oci
import pytest

import mock_oci
from mock_oci.__main__ import main

FOLDERS = Path(__file__).parents[1] / "functions"


def started(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "mock_oci", "start", *arguments],
        env={"PYTHONPATH": str(Path(mock_oci.__file__).parents[1]), "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_any_path_is_the_functions_as_its_func_yaml_says(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "func.py").write_text((FOLDERS / "echo/func.py").read_text())
    (folder / "func.yaml").write_text("name: mine\nmemory: 1024\ntimeout: 17\nconfig: {GREETING: hello}\n")
    process = started(str(folder), "--write-config", str(tmp_path / "oci"))
    with process:
        try:
            assert process.stdout
            urls = dict(process.stdout.readline().strip().split(": ", 1) for _ in range(3))
            assert list(urls) == ["ready", "invoke", "oci"]
            seen = httpx.post(f"{urls['ready']}/any/path?a=1", content=b"body", trust_env=False).json()
            assert (seen["body"], seen["method"], seen["url"]) == ("body", "POST", "/any/path?a=1")
            environment = seen["environment"]
            assert (environment["GREETING"], environment["FN_MEMORY"], environment["FN_FN_NAME"]) == (
                "hello",
                "1024",
                "mine",
            )
            config = oci.config.from_file(str(tmp_path / "oci/config"))
            endpoint, _, rest = urls["invoke"].partition("/20181201/functions/")
            client = oci.functions.FunctionsInvokeClient(config, service_endpoint=endpoint)
            called = client.invoke_function(rest.partition("/")[0], invoke_function_body="direct").data
            assert called.json()["body"] == "direct"
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 0
        finally:
            process.kill()


def test_the_gateway_listens_where_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "func.py").write_text("def handler(ctx, data=None):\n    return 'hello'\n")
    with started(str(tmp_path), "--host", "127.0.0.2") as process:
        try:
            assert process.stdout
            url = process.stdout.readline().removeprefix("ready: ").strip()
            assert url.startswith("http://127.0.0.2:")
            assert httpx.get(url, trust_env=False, timeout=30).status_code == 200
        finally:
            process.kill()


def test_a_change_is_deployed_and_a_broken_one_is_said(tmp_path: Path) -> None:
    function = tmp_path / "func.py"
    function.write_text("def handler(ctx, data=None):\n    return 'first'\n")
    process = started(str(tmp_path), "--watch")
    with process:
        try:
            assert process.stdout
            assert process.stderr
            url, invoke, _ = (process.stdout.readline().strip().partition(": ")[2] for _ in range(3))
            assert invoke
            assert httpx.get(f"{url}/", trust_env=False).text == "first"
            (tmp_path / "func.yaml").write_text("memory: 300\n")
            assert any("memory must be one of" in line for line in iter(process.stderr.readline, ""))
            assert httpx.get(f"{url}/", trust_env=False).text == "first"
            function.write_text("def handler(ctx, data=None):\n    return 'the second one'\n")
            (tmp_path / "func.yaml").unlink()
            assert any("deployed anew" in line for line in iter(process.stderr.readline, ""))
            assert httpx.get(f"{url}/", trust_env=False).text == "the second one"
        finally:
            process.kill()


def test_what_cannot_be_served_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["start", str(tmp_path)]) == 2
    assert capfd.readouterr().err == f"mock_oci: {tmp_path}/func.py: there is no such function\n"
    (tmp_path / "func.py").touch()
    (tmp_path / "func.yaml").write_text("memory: 300\n")
    assert main(["start", str(tmp_path)]) == 2
    assert capfd.readouterr().err == "mock_oci: memory must be one of 128, 256, 512, 1024, 2048, 3072, not 300\n"
