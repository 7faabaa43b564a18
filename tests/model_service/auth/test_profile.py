"""A profile of ~/.oci/config, with a clear error for all that can be wrong with one."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from model_service.auth.profile import Profile
from model_service.errors import CredentialError

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(text: str) -> Path:
        file = tmp_path / "config"
        file.write_text(text, encoding="utf-8")
        return file

    return to_file


def test_a_profile_has_its_entries(write: Write) -> None:
    profile = Profile.read(write("[DEFAULT]\nuser=me\n[PROD]\ntenancy = t \nregion: r\n"), "PROD")
    assert (profile.name, profile.get("tenancy"), profile.get("region")) == ("PROD", "t", "r")


def test_a_profile_inherits_from_default_as_in_the_sdk(write: Write) -> None:
    assert Profile.read(write("[DEFAULT]\nregion=r\n[PROD]\nuser=me\n"), "PROD").get("region") == "r"


def test_a_percent_sign_is_only_a_percent_sign(write: Write) -> None:
    assert Profile.read(write("[DEFAULT]\npass_phrase=a%b%(c)s\n"), "DEFAULT").get("pass_phrase") == "a%b%(c)s"


def test_a_key_may_stand_in_the_file_itself(write: Write) -> None:
    file = write("[DEFAULT]\nkey_content=-----BEGIN\n  AAAA\n  -----END\nuser=me\n")
    assert Profile.read(file, "DEFAULT").get("key_content") == "-----BEGIN\nAAAA\n-----END"


def test_an_empty_entry_counts_as_missing(write: Write) -> None:
    assert Profile.read(write("[DEFAULT]\nuser=me\nregion=\n"), "DEFAULT").get("region") is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[DEFAULT]\nuser=me\n", "PROD"),
        ("[PROD]\nuser=me\n", "prod"),
        ("[PROD]\nuser=me\n", "DEFAULT"),
        ("[PROD]\n", "PROD"),
        ("", "DEFAULT"),
    ],
)
def test_a_missing_profile_is_named_with_its_file(write: Write, text: str, name: str) -> None:
    file = write(text)
    with pytest.raises(CredentialError) as refusal:
        Profile.read(file, name)
    assert refusal.value.message == f"There is no profile {name} in {file}."
    assert refusal.value.hint == "OCI_PROFILE names the profile."


def test_a_missing_file_is_named_with_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(CredentialError, match=f"no OCI config file at {tmp_path}/none") as refusal:
        Profile.read(tmp_path / "none", "DEFAULT")
    assert "oci setup config" in (refusal.value.hint or "")
    assert "oci session authenticate" in (refusal.value.hint or "")


def test_a_directory_is_no_config_file(tmp_path: Path) -> None:
    with pytest.raises(CredentialError, match="cannot be read"):
        Profile.read(tmp_path, "DEFAULT")


def test_a_file_that_is_no_text_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "config").write_bytes(b"[DEFAULT]\nuser=\xff\n")
    with pytest.raises(CredentialError, match="cannot be read"):
        Profile.read(tmp_path / "config", "DEFAULT")


@pytest.mark.parametrize(
    "text",
    [
        "my-secret-key\n",
        "[DEFAULT]\nmy-secret-key\n",
        "[DEFAULT]\nuser=a\nuser=my-secret-key\n",
        "[my-secret-key]\na=b\n[my-secret-key]\n",
    ],
)
def test_a_line_that_is_not_understood_is_quoted_nowhere(write: Write, text: str) -> None:
    with pytest.raises(CredentialError, match="not in the format") as refusal:
        Profile.read(write(text), "DEFAULT")
    assert "secret" not in "".join(traceback.format_exception(refusal.value)).replace("test_profile.py", "")


def test_the_home_directory_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Write) -> None:
    write("[DEFAULT]\nkey_file=~/key.pem\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Profile.read(Path("~/config"), "DEFAULT").path("key_file", "") == tmp_path / "key.pem"


def test_a_missing_entry_is_named_with_its_cure(write: Write) -> None:
    profile = Profile.read(write("[DEFAULT]\nuser=me\n"), "DEFAULT")
    assert profile.require("user", "") == "me"
    with pytest.raises(CredentialError, match=r"Profile DEFAULT in .*config has no tenancy\.") as refusal:
        profile.require("tenancy", "Do this.")
    assert refusal.value.hint == "Do this."


def test_what_a_profile_holds_is_not_in_its_repr(write: Write) -> None:
    assert "hunter2" not in repr(Profile.read(write("[DEFAULT]\npass_phrase=hunter2\n"), "DEFAULT"))
