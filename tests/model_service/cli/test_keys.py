"""The command that makes callers' keys."""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mock_oci import MockOci
from mock_oci.services.vault.state import Secret, Secrets
from model_service.callers.keys import KEY, KeyRing, new_key, read_key_ring
from model_service.cli import keys as keys_command
from model_service.cli.keys import add_arguments, run
from model_service.errors import InvalidRequest, SettingsError


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def keys(document: Path, *words: str) -> str:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    out = io.StringIO()
    run(parser.parse_args(["--at", str(document), *words]), out)
    return out.getvalue().strip()


def ring_of(document: Path) -> KeyRing:
    return read_key_ring(document.read_text(), "keys.json")


def test_a_key_is_shown_once_and_only_its_digest_is_kept(document: Path) -> None:
    text = keys(document, "create", "--owner", "ada", "--team", "search", "--models", "meta.*", "--expires", "90d")
    assert KEY.fullmatch(text)
    key = ring_of(document).check(text, datetime.now(UTC))
    assert key is not None
    assert (key.owner, key.team, key.models) == ("ada", "search", ("meta.*",))
    assert key.expires is not None
    assert timedelta(days=89) < datetime.fromisoformat(key.expires) - datetime.now(UTC) < timedelta(days=91)
    assert text not in document.read_text()
    assert text.split("_")[2][:8] not in document.read_text()


def test_a_list_shows_what_is_known_and_no_key(document: Path) -> None:
    text = keys(document, "create", "--owner", "ada")
    shown = keys(document, "list")
    assert shown.splitlines()[0].split() == ["id", "owner", "team", "state", "created", "expires", "models"]
    assert text.split("_")[1] in shown
    assert "never" in shown
    assert text.split("_")[2][:8] not in shown


def test_a_revoked_key_opens_no_more(document: Path) -> None:
    text = keys(document, "create", "--owner", "ada")
    assert keys(document, "revoke", text.split("_")[1]) == "revoked"
    assert ring_of(document).check(text, datetime.now(UTC)) is None
    assert "revoked" in keys(document, "list")


def test_a_rotated_key_goes_on_for_a_day_beside_the_new_one(document: Path) -> None:
    old = keys(document, "create", "--owner", "ada", "--team", "search")
    new = keys(document, "rotate", old.split("_")[1])
    ring, now = ring_of(document), datetime.now(UTC)
    for text in (old, new):
        assert ring.check(text, now)
    assert ring.check(old, now + timedelta(hours=25)) is None
    found = ring.check(new, now + timedelta(hours=25))
    assert found is not None
    assert (found.owner, found.team) == ("ada", "search")


@pytest.mark.parametrize("action", ["revoke", "rotate"])
def test_a_key_that_there_is_not_is_named(document: Path, action: str) -> None:
    keys(document, "create", "--owner", "ada")
    with pytest.raises(InvalidRequest, match="There is no key 0000000000"):
        keys(document, action, "0000000000")


def test_a_moment_that_is_none_is_refused(document: Path) -> None:
    with pytest.raises(InvalidRequest, match="--expires: must be"):
        keys(document, "create", "--owner", "ada", "--expires", "soon")
    assert not document.exists()


def test_a_broken_document_is_left_alone(document: Path) -> None:
    document.write_text(json.dumps({"keys": [{"id": 1}]}))
    with pytest.raises(SettingsError, match=r"keys\.0\.id"):
        keys(document, "create", "--owner", "ada")
    assert json.loads(document.read_text()) == {"keys": [{"id": 1}]}


def test_a_document_is_written_in_one_step(document: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys(document, "create", "--owner", "ada")
    before = document.read_text()

    def broken(_self: Path, text: str) -> int:
        document.with_name("keys.json.new").write_bytes(text[:10].encode())
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "write_text", broken)
    with pytest.raises(OSError, match="no space"):
        keys(document, "create", "--owner", "bob")
    assert document.read_text() == before


@pytest.fixture
def secret(environment: dict[str, str], oci: MockOci, monkeypatch: pytest.MonkeyPatch) -> Secret:
    for name, value in {**environment, "MODEL_SERVICE_OCI_ENDPOINT": environment["OCI_GENAI_ENDPOINT"]}.items():
        monkeypatch.setenv(name, value)
    return oci.state_of(Secrets).create("keys", b"{}")


def meanwhile(monkeypatch: pytest.MonkeyPatch, action: Callable[[], object], times: int) -> None:
    """Let somebody else do an action between the reading and the writing of a secret."""
    left, write = [times], keys_command._Secret.write

    def late(self: keys_command._Secret, ring: KeyRing) -> bool:
        if left[0]:
            left[0] -= 1
            action()
        return write(self, ring)

    monkeypatch.setattr(keys_command._Secret, "write", late)


def test_keys_that_are_made_at_the_same_time_are_all_in_the_secret(
    secret: Secret, oci: MockOci, monkeypatch: pytest.MonkeyPatch
) -> None:
    def of_another() -> None:
        state = oci.state_of(Secrets)
        made = KeyRing([new_key("bob", None, now=datetime.now(UTC))[1]])
        state.add_version(state.all()[0], json.dumps(made.document()).encode())

    meanwhile(monkeypatch, of_another, 1)
    shown = keys(Path(secret.id), "create", "--owner", "ada")
    listed = json.loads(keys(Path(secret.id), "list", "--json"))
    assert sorted(row["owner"] for row in listed) == ["ada", "bob"]
    assert shown.split("_")[1] in {row["id"] for row in listed}


def test_a_secret_that_others_change_all_the_time_is_left_as_it_is(
    secret: Secret, oci: MockOci, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = oci.state_of(Secrets)
    meanwhile(monkeypatch, lambda: state.add_version(state.all()[0], b"{}"), 100)
    with pytest.raises(InvalidRequest, match="Try again") as error:
        keys(Path(secret.id), "create", "--owner", "ada")
    assert error.value.status == 409
    assert state.all()[0].current.number == 4
    assert keys(Path(secret.id), "list", "--json") == "[]"


def test_more_keys_than_a_secret_holds_are_refused_before_they_are_written(secret: Secret, oci: MockOci) -> None:
    many = KeyRing(new_key(f"owner-{number}", "search", now=datetime.now(UTC))[1] for number in range(150))
    oci.state_of(Secrets).add_version(secret, json.dumps(many.document(), separators=(",", ":")).encode())
    with pytest.raises(InvalidRequest, match="a Vault secret takes 25600"):
        keys(Path(secret.id), "create", "--owner", "ada")
    assert len(oci.state_of(Secrets).all()[0].versions) == 2
