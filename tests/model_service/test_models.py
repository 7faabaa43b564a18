"""``get_model``: the service for use from Python."""

from __future__ import annotations

import pytest

import model_service
from mock_oci import MockOci
from model_service.errors import InvalidRequest, SettingsError
from model_service.settings import Settings

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
