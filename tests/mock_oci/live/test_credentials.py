"""Requests that are signed with each kind of credentials, as mock_oci checks them, and what of them is recorded."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import oci as sdk
import pytest
from tests.mock_oci.recording.conftest import SOURCES

from mock_oci import LoopbackServer, MockOci, mock_oci, serve
from mock_oci.doors.written_config import write_config
from mock_oci.live.credentials import Credentials, find_credentials
from mock_oci.recording import recording

STORAGE = "objectstorage.us-chicago-1.oraclecloud.com"


@pytest.fixture
def server(live: MockOci, tmp_path: Path) -> Iterator[LoopbackServer]:
    write_config(live, tmp_path / "oci", "https://unused.example.com")
    with serve(live) as started:
        yield started


@pytest.fixture(params=["DEFAULT", "SESSION", "resource_principal", "instance_principal"])
def credentials(
    request: pytest.FixtureRequest,
    live: MockOci,
    server: LoopbackServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Credentials:
    folder = tmp_path / "oci"
    if request.param == "instance_principal":
        with mock_oci(live, credentials="none"):  # its metadata and its token are asked for
            return find_credentials("instance_principal")
    if request.param == "resource_principal":
        monkeypatch.setenv("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2")
        monkeypatch.setenv("OCI_RESOURCE_PRINCIPAL_RPST", str(folder / "resource_principal/rpst"))
        monkeypatch.setenv("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", str(folder / "resource_principal/private.pem"))
        monkeypatch.setenv("OCI_RESOURCE_PRINCIPAL_REGION", "us-chicago-1")
        return find_credentials("resource_principal")
    return find_credentials(config_file=str(folder / "config"), profile=request.param)


def test_what_they_sign_is_well_signed(live: MockOci, credentials: Credentials) -> None:
    assert credentials.region == live.region
    home = live.tenancy.compartment_id
    target = f"/n/axmockoci123/b?compartmentId={home}&limit=5&fields=tags"
    asked = credentials.signed("GET", STORAGE, target, {})
    assert asked.target == target
    assert live.answer(asked).status == 200
    body = b'{"name": "b", "compartmentId": "%s"}' % home.encode()
    namespace = "axmockoci123"
    made = credentials.signed("POST", STORAGE, f"/n/{namespace}/b/", {"content-type": "application/json"}, body)
    assert live.answer(made).status == 200
    put = credentials.signed("PUT", STORAGE, f"/n/{namespace}/b/b/o/a%2Fb%20c", {"content-type": "text/plain"}, b"x")
    assert live.answer(put).status == 200
    assert live.refusals == live.refusals.__class__()


def test_nothing_of_them_is_recorded(
    live: MockOci, server: LoopbackServer, credentials: Credentials, tmp_path: Path
) -> None:
    file = tmp_path / "recording.json"
    with recording(file, upstream=server.url):
        client = credentials.client(sdk.object_storage.ObjectStorageClient)
        assert client.get_namespace().status == 200
    text = file.read_text()
    authorization = live.requests[-1].headers["authorization"]
    key_id = authorization.partition('keyId="')[2].partition('"')[0]
    signature = authorization.partition('signature="')[2].partition('"')[0]
    assert len(key_id) > 100
    assert [
        part
        for part in (signature, *key_id.removeprefix("ST$").split("/"), *key_id.split("."))
        if len(part) > 8 and part in text
    ] == []


def test_without_any_it_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OCI_RESOURCE_PRINCIPAL_VERSION", raising=False)
    for auth in ("profile", "resource_principal"):
        with pytest.raises(ValueError, match=rf"^there are no credentials \({auth}\): .+$") as none:
            find_credentials(auth, config_file="/nowhere/config")
        assert "\n" not in str(none.value)


def test_nothing_of_it_is_loaded_unless_it_is_used() -> None:
    program = """
import sys
from mock_oci import mock_oci
with mock_oci(): pass
import mock_oci.__main__, mock_oci.doors.pytest_plugin
print([name for name in sys.modules if name.startswith(("mock_oci.recording", "mock_oci.live", "mock_oci.verify"))])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": SOURCES}, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
