from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mock_oci import MockOci, serve
from mock_oci.__main__ import main
from mock_oci.commands.env import DEFAULT_URL, ENDPOINT_GIVEN, NOT_IN_TERRAFORM, PROGRAMS
from mock_oci.coverage.sdk import CLIENTS
from mock_oci.doors.written_config import write_config

URL = "http://127.0.0.1:4321"


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["env", *arguments]) == 0
    return capsys.readouterr().out


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    cloud = MockOci()
    with serve(cloud) as server:
        write_config(cloud, tmp_path, server.url)
        monkeypatch.setenv("OCI_CONFIG_FILE", str(tmp_path / "config"))
        yield server.url


def test_the_lines_for_python_make_every_client_and_they_ask_the_url(
    served: str, capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, Any] = {}
    exec(printed(capsys, "--url", served, "--for", "python"), names)
    clients = {type(value).__name__: value for value in names.values() if type(value).__module__.startswith("oci.")}
    assert clients.keys() >= {client for _, client in CLIENTS}
    assert all(client.base_client.endpoint.startswith(served) for client in clients.values())
    namespace = names["object_storage_client"].get_namespace().data
    assert names["object_storage_client"].list_buckets(namespace, names["config"]["tenancy"]).data == []
    assert names["stream_admin_client"].list_streams(compartment_id=names["config"]["tenancy"]).data == []


def test_a_shell_can_read_the_variables(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, "--url", f"{URL}/").splitlines()
    assert f"export OCI_CLI_ENDPOINT={URL}" in lines
    assert f"export OCI_GENAI_ENDPOINT={URL}" in lines
    (overrides,) = re.findall(r"export CLIENT_HOST_OVERRIDES='(.*)'", "\n".join(lines))
    pairs = dict(pair.split("=", 1) for pair in overrides.split(";"))
    assert set(pairs.values()) == {URL}
    assert {name.partition(".")[2] for name in pairs} == {client for _, client in CLIENTS} - NOT_IN_TERRAFORM
    assert {"oci_core.VirtualNetworkClient", "oci_object_storage.ObjectStorageClient"} <= pairs.keys()


@pytest.mark.parametrize("language", ["shell", *PROGRAMS])
def test_every_language_has_every_client_at_the_url(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "--for", language)
    expected = {client for _, client in CLIENTS} - (NOT_IN_TERRAFORM if language == "shell" else set())
    assert {client for client in expected if client not in text} == set()
    assert text.count(DEFAULT_URL) >= len(expected)


def test_a_client_in_go_is_given_its_endpoint_once(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "--for", "go")
    given = set(re.findall(r"New(\w+)WithConfigurationProvider\(provider, ", text))
    assert given == ENDPOINT_GIVEN == {"StreamClient", "FunctionsInvokeClient"}
    hosts = re.findall(r"^(\w+)\.Host = ", text, re.MULTILINE)
    assert {name.lower() for name in hosts} == {client.lower() for _, client in CLIENTS if client not in given}


@pytest.mark.parametrize("url", ["127.0.0.1:80", "ftp://h", "http://", "http://h/20160918", "http://h:x", "http://h;a"])
def test_a_url_that_is_none_is_one_line(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["env", "--url", url])
    assert ended.value.code == 2
    err = capsys.readouterr().err
    assert "argument --url: must be a URL without a path" in err
    assert err.count("\n") == 1
