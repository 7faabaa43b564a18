"""``get_model``: the service for use from Python."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import model_service
from mock_oci import MockOci
from model_service.errors import CredentialError, InvalidRequest, SettingsError
from model_service.settings import Settings
from model_service.settings.local_oci import local_oci, real_or_local

LLAMA = "oci:meta.llama-3.3-70b-instruct"


def test_a_model_by_name_completes_and_streams(environment: dict[str, str]) -> None:
    with model_service.get_model(LLAMA, settings=Settings.load(environment)) as model:
        whole = model.complete("Why?", max_tokens=50)["choices"][0]["message"]["content"]
        pieces = [chunk["choices"][0]["delta"].get("content") or "" for chunk in model.stream("Why?", max_tokens=50)]
    assert "".join(pieces) == whole


def test_messages_can_be_given_whole(environment: dict[str, str], oci: MockOci) -> None:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}]
    with model_service.get_model(LLAMA, settings=Settings.load(environment)) as model:
        assert model.complete(messages)["choices"]


def test_the_settings_of_the_environment_are_the_default(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with model_service.get_model(LLAMA) as model:
        assert model.complete("Why?")["choices"]


def test_on_a_laptop_with_nothing_a_local_oci_answers_and_says_so() -> None:
    program = """
from model_service import get_model
with get_model("oci:meta.llama-3.3-70b-instruct") as model, get_model("oci:cohere.command-a-03-2025") as other:
    print(model.complete("Why?")["choices"][0]["message"]["content"], other.complete("And?")["model"])
"""
    sources = str(Path(model_service.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "PYTHONPATH": sources},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, "mock_oci" in done.stdout) == (0, True), done.stderr
    assert {line.partition(":")[0] for line in done.stderr.splitlines()} == {"Local OCI (mock_oci)"}


def test_without_mock_oci_a_missing_credential_is_what_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("model_service.settings.local_oci.is_mock_oci_installed", lambda: False)
    settings = Settings.load({"OCI_CONFIG_FILE": str(tmp_path / "none")})
    nothing = replace(settings, has_oci_variables=False)
    assert real_or_local(nothing) is nothing
    with model_service.get_model(LLAMA, settings=nothing) as model, pytest.raises(CredentialError):
        model.complete("Why?")


def test_a_local_oci_that_is_asked_for_and_not_installed_is_an_error_that_names_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("model_service.settings.local_oci.is_mock_oci_installed", lambda: False)
    local_oci.cache_clear()
    with pytest.raises(CredentialError, match=r"pip install 'model-service\[local\]'"):
        real_or_local(Settings.load({}), local=True)


def test_wrong_settings_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCI_REGION", "atlantis")
    with pytest.raises(SettingsError, match="OCI_REGION"):
        model_service.get_model(LLAMA)


def test_an_empty_conversation_is_refused(environment: dict[str, str]) -> None:
    with (
        model_service.get_model(LLAMA, settings=Settings.load(environment)) as model,
        pytest.raises(InvalidRequest, match="messages"),
    ):
        model.complete([])
