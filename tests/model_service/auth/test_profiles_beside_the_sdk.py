"""Config files as people have them: what the SDK makes of a file, we do; what it stumbles over, we say or take."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import oci
import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from mock_oci import MockOci
from mock_oci.identity.principals import pem_of, spare_key
from model_service.auth import credential_for, profile
from model_service.auth.api_key import ApiKey
from model_service.auth.profile import Profile
from model_service.auth.session_token import SessionToken
from model_service.errors import CredentialError
from model_service.fn.invocation import Deadline
from model_service.settings import Settings

SOON = Deadline.after(3600)  # of a call that has time
ENTRIES = ("tenancy", "user", "fingerprint", "region", "key_file", "pass_phrase", "security_token_file")
FINGERPRINT = ":".join(["aa"] * 16)
KEY = f"tenancy=ocid1.tenancy.oc1..t\nuser=ocid1.user.oc1..u\nfingerprint={FINGERPRINT}\nregion=us-ashburn-1\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a user, who is there, with a key."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".oci").mkdir()
    (tmp_path / ".oci" / "key.pem").write_text(pem_of(spare_key()))
    (tmp_path / "key with space.pem").write_text(pem_of(spare_key()))
    (tmp_path / ".oci" / "token").write_text("a.b.c")
    return tmp_path


def written(folder: Path, text: str) -> Path:
    file = folder / ".oci" / "config"
    file.write_text(text)
    return file


@pytest.mark.parametrize("name", ["DEFAULT", "PROD"])
@pytest.mark.parametrize(
    "text",
    [
        f"[DEFAULT]\n{KEY}key_file=~/.oci/key.pem\n[PROD]\nregion=eu-frankfurt-1\n",
        f"[DEFAULT]\n{KEY}key_file=.oci/key.pem\n[PROD]\n",
        f"# a\n; b\n\n[DEFAULT]\n{KEY}key_file = ~/.oci/key.pem\n\n# [OLD]\n[PROD]\nuser = ocid1.user.oc1..p\n",
        f'[DEFAULT]\n{KEY}key_file: ~/.oci/key.pem\npass_phrase= a b#c;d\'e"\n[PROD]\npass_phrase="quoted"\n',
        f"[DEFAULT]\n{KEY}key_file=~/key with space.pem\n[PROD]\nREGION=iad\n",
        f"[PROD]\n{KEY}key_file=~/.oci/key.pem\nsecurity_token_file=~/.oci/token\n[DEFAULT]\n{KEY}key_file=~/.oci/key.pem\n",
        f"[DEFAULT]\r\n{KEY}key_file=~/.oci/key.pem\r\n[PROD]\r\nregion=uk-london-1\r\n",
    ],
)
def test_a_file_says_to_us_what_it_says_to_the_sdk(folder: Path, text: str, name: str) -> None:
    file = written(folder, text)
    theirs = oci.config.from_file(str(file), name)
    ours = Profile.read(file, name)
    assert {entry: ours.get(entry) for entry in ENTRIES} == {entry: theirs.get(entry) or None for entry in ENTRIES}
    assert ours.path("key_file", "").resolve() == Path(theirs["key_file"]).expanduser().resolve()


@pytest.mark.parametrize(
    "line",
    [
        'key_file="~/.oci/key.pem"',
        "key_file='~/.oci/key.pem' # mine",
        "key_file=~/.oci/key.pem ; mine",
        "key_file=key.pem",  # beside the config file
    ],
)
def test_what_the_sdk_refuses_and_people_mean_is_taken(folder: Path, line: str) -> None:
    file = written(folder, f"[DEFAULT]\n{KEY}{line}\n")
    with pytest.raises(oci.exceptions.InvalidKeyFilePath):
        oci.config.from_file(str(file))
    settings = Settings.load({"OCI_CONFIG_FILE": str(file)})
    assert ApiKey(settings).key(SOON).private_key.private_numbers() == spare_key().private_numbers()


def test_comments_and_quotes_are_no_part_of_a_value(folder: Path) -> None:
    lines = "[DEFAULT]\nregion=\"us-ashburn-1\"  # home\nuser=ocid1.user.oc1..u\t; me\ntenancy='t'\n"
    found = Profile.read(written(folder, lines), "DEFAULT")
    assert [found.get(entry) for entry in ("region", "user", "tenancy")] == ["us-ashburn-1", "ocid1.user.oc1..u", "t"]


def test_a_byte_order_mark_is_no_part_of_the_file(folder: Path) -> None:
    file = written(folder, "")
    file.write_bytes(b"\xef\xbb\xbf[DEFAULT]\r\nuser=me\r\n")
    assert Profile.read(file, "DEFAULT").get("user") == "me"


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        (f"[DEFAULT]\n{KEY}key_file=k\n[S]\nsecurity_token_file=t\n", "S", "session_token"),
        (f"[DEFAULT]\nsecurity_token_file=t\nkey_file=s\n[K]\n{KEY}key_file=k\n", "K", "api_key"),
        ("[DEFAULT]\nsecurity_token_file=t\nkey_file=s\n[S]\nregion=iad\n", "S", "session_token"),
        (f"[DEFAULT]\n{KEY}key_file=k\n[K]\nregion=iad\n", "K", "api_key"),
        (f"[B]\n{KEY}key_file=k\nsecurity_token_file=t\n", "B", "session_token"),
        ("[D]\nauthentication_type=instance_principal\ndelegation_token_file=t\n", "D", "delegation_token"),
        ("[I]\nauthentication_type=instance_principal\n", "I", "instance_principal"),
    ],
)
def test_what_a_profile_says_itself_counts_before_what_it_inherits(
    folder: Path, text: str, name: str, kind: str
) -> None:
    assert Profile.read(written(folder, text), name).auth_type == kind


@pytest.mark.parametrize("kind", [ApiKey, SessionToken])
def test_an_auth_type_that_is_set_decides_whatever_the_profile_has(folder: Path, kind: Any) -> None:
    file = written(folder, f"[DEFAULT]\n{KEY}key_file=~/.oci/key.pem\nsecurity_token_file=~/.oci/token\n")
    settings = Settings.load({"OCI_CONFIG_FILE": str(file), "OCI_AUTH_TYPE": kind.auth_type})
    assert type(credential_for(settings)) is kind


def test_a_key_in_the_file_may_have_its_lines_escaped(folder: Path) -> None:
    inline = pem_of(spare_key()).strip().replace("\n", "\\n")
    file = written(folder, f"[DEFAULT]\n{KEY}key_content={inline}\n")
    key = ApiKey(Settings.load({"OCI_CONFIG_FILE": str(file)})).key(SOON)
    assert key.private_key.private_numbers() == spare_key().private_numbers()


@pytest.fixture
def encrypted(folder: Path) -> dict[str, str]:
    encryption = BestAvailableEncryption(b"correct horse")
    pem = spare_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    (folder / ".oci" / "key.pem").write_bytes(pem)
    file = written(folder, f"[DEFAULT]\n{KEY}key_file=~/.oci/key.pem\n")
    return {"OCI_CONFIG_FILE": str(file)}


def test_the_pass_phrase_may_be_in_a_variable(encrypted: dict[str, str]) -> None:
    assert ApiKey(Settings.load({**encrypted, "OCI_CLI_PASSPHRASE": "correct horse"})).key(SOON)


def test_the_pass_phrase_is_asked_for_once_on_a_terminal(
    encrypted: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    asked: list[str] = []

    def answer(prompt: str, stream: Any) -> str:
        del stream
        asked.append(prompt)
        return "correct horse"

    monkeypatch.setattr(profile.sys, "stdin", Terminal())
    monkeypatch.setattr(profile.sys, "stderr", Terminal())
    monkeypatch.setattr(profile, "getpass", answer)
    profile.ask_passphrase.cache_clear()
    for _ in range(2):
        assert ApiKey(Settings.load(encrypted)).key(SOON)
    [prompt] = asked
    assert "key.pem" in prompt
    profile.ask_passphrase.cache_clear()


def test_without_a_terminal_nobody_is_asked(encrypted: dict[str, str]) -> None:
    profile.ask_passphrase.cache_clear()
    with pytest.raises(CredentialError, match="is encrypted, and its pass phrase is missing"):
        ApiKey(Settings.load(encrypted)).key(SOON)


def test_the_profile_and_the_file_of_other_tools_are_found(folder: Path, oci: MockOci) -> None:
    del oci
    file = written(folder, f"[DEFAULT]\n{KEY}key_file=~/.oci/key.pem\n[CLI]\nregion=lhr\n")
    settings = Settings.load({"OCI_CLI_CONFIG_FILE": str(file), "OCI_CLI_PROFILE": "CLI"})
    assert credential_for(settings).region(SOON) == "lhr"
