"""The tests beside this one, run again: on a service in another process that takes its own credentials only."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.mock_oci.recording.conftest import SOURCES, Real, real, real_service

from mock_oci.recording import read_recording

__all__ = ["real", "real_service"]
TESTS = Path(__file__).with_name("test_both_ways.py")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project of somebody's, with the tests in it."""
    shutil.copy(TESTS, tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers -p no:cacheprovider -p no:asyncio\n")
    return tmp_path


def run(folder: Path, *options: str, **environment: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "mock_oci.doors.pytest_plugin", *options, TESTS.name]
    done = subprocess.run(
        command,
        cwd=folder,
        env={"PYTHONPATH": SOURCES, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_same_tests_pass_on_the_real_service_and_on_what_was_recorded_of_it(real: Real, folder: Path) -> None:
    where = ["--oci-config-file", str(real.folder / "config"), "--oci-endpoint", real.url]
    where += ["--oci-compartment", real.compartment, "--oci-record"]
    unsent = "not need_not_name"  # it looks at the door of its own process
    code, said = run(folder, "-k", unsent, "--oci-live", *where)
    assert (code, "4 passed" in said) == (0, True), said
    asked = {(call["method"], call["status"]) for call in real.calls()}
    assert {("POST", 200), ("DELETE", 204), ("GET", 404)} <= asked
    assert {call["principal"]["id"] for call in real.calls() if call["principal"]} == {real.config["user"]}
    file = folder / "recordings/store.json"
    others = {"test_a_bucket_that_there_is_not-none.json", "test_a_bucket_that_there_is_not-no-ne.json"}
    assert {path.name for path in file.parent.iterdir()} == {file.name, *others}
    assert len(read_recording(file)) == 7
    assert real.config["tenancy"] not in file.read_text()
    kept, test = file.read_text(), folder / TESTS.name
    test.write_text(test.read_text().replace("(409, ", "(499, "))
    code, said = run(folder, "-k", "as_it_was_put", "--oci-live", *where)
    assert (code, file.read_text() == kept) == (1, True), said  # what failed is not recorded
    test.write_text(test.read_text().replace("(499, ", "(409, "))
    before = len(real.calls())
    code, said = run(folder, "-k", "as_it_was_put")
    assert (code, "1 passed" in said) == (0, True), said
    file.write_text(file.read_text().replace("letters-", "numbers-"))  # so it did come from the recording
    code, said = run(folder, "-k", "as_it_was_put")
    assert (code, "NotInRecording" in said) == (1, True), said
    assert len(real.calls()) == before


def test_without_credentials_the_real_service_is_not_asked_and_says_so(folder: Path) -> None:
    code, said = run(folder, "--oci-live", "-k", "chat")
    assert code != 0
    assert "--oci-live: there are no credentials (profile)" in said
    code, said = run(folder, "-k", "chat", MOCK_OCI_LIVE="if-possible")
    assert (code, "1 passed" in said) == (0, True), said
    code, said = run(folder, "-k", "chat", MOCK_OCI_LIVE="perhaps")
    assert "MOCK_OCI_LIVE must be one of 0, 1, if-possible" in said
