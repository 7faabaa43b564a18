"""A token and its key are read again as soon as somebody rewrites them, in whatever order and way."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from mock_oci import MockOci
from mock_oci.identity import tokens
from mock_oci.identity.principals import new_key, pem_of, spare_key
from model_service.auth import security_token
from model_service.auth.security_token import TokenFiles, claims_of, is_cut_off
from model_service.auth.signing import SigningKey
from model_service.errors import CredentialError
from model_service.fn.invocation import Deadline

SOON = Deadline.after(3600)  # of a call that has time

Rewrite = Callable[[Path, str], None]
_ticks = iter(range(1, 10_000))


@pytest.fixture(scope="session")
def newer_key() -> rsa.RSAPrivateKey:
    return new_key()


@pytest.fixture
def files(tmp_path: Path) -> TokenFiles:
    (tmp_path / "rpst").write_text("older.token.x\n")
    (tmp_path / "private.pem").write_text(pem_of(spare_key()))
    return TokenFiles(str(tmp_path / "rpst"), str(tmp_path / "private.pem"), remedy="Do this.")


def _in_place(path: Path, text: str) -> None:
    path.write_text(text)
    # The file system's clock ticks too slowly for a test, which rewrites a file in the millisecond that it was read.
    moment = path.stat().st_mtime_ns + next(_ticks)
    os.utime(path, ns=(moment, moment))


def _by_replacing(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(path)


def _holds(key: SigningKey, token: str, private_key: rsa.RSAPrivateKey) -> bool:
    return (key.key_id, key.private_key.private_numbers()) == (f"ST${token}", private_key.private_numbers())


def test_a_token_and_its_key_are_read(files: TokenFiles) -> None:
    assert _holds(files.key(SOON), "older.token.x", spare_key())


def test_files_that_do_not_change_are_read_once(files: TokenFiles) -> None:
    assert files.key(SOON) is files.key(SOON)


@pytest.mark.parametrize("rewrite", [_in_place, _by_replacing])
@pytest.mark.parametrize("order", [1, -1], ids=["token first", "key first"])
def test_rotated_files_are_picked_up_in_either_order(
    files: TokenFiles, newer_key: rsa.RSAPrivateKey, rewrite: Rewrite, order: int
) -> None:
    files.key(SOON)
    for path, text in [(files.token, "newer.token.y"), (files.private_key, pem_of(newer_key))][::order]:
        rewrite(Path(path), text)
        files.key(SOON)  # somebody asks between the two
    assert _holds(files.key(SOON), "newer.token.y", newer_key)


@pytest.mark.parametrize("rewrite", [_in_place, _by_replacing])
def test_a_refreshed_token_with_the_same_key_is_picked_up(files: TokenFiles, rewrite: Rewrite) -> None:
    files.key(SOON)
    rewrite(Path(files.token), "newer.token.y")
    assert _holds(files.key(SOON), "newer.token.y", spare_key())


def test_a_symbolic_link_that_is_swapped_is_picked_up(files: TokenFiles, tmp_path: Path) -> None:
    # As Kubernetes rotates secrets: the path is a link to a link to a directory.
    for name in ("older", "newer"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rpst").write_text(f"{name}.token.x")
    link = tmp_path / "current"
    link.symlink_to(tmp_path / "older")
    files = TokenFiles(str(link / "rpst"), files.private_key)
    assert _holds(files.key(SOON), "older.token.x", spare_key())
    (tmp_path / "next").symlink_to(tmp_path / "newer")
    (tmp_path / "next").replace(link)
    assert _holds(files.key(SOON), "newer.token.x", spare_key())


@pytest.mark.parametrize("half", ["", "-----BEGIN PRIVATE KEY-----\nMIIE", None], ids=["empty", "cut off", "gone"])
def test_while_the_key_is_being_rewritten_the_old_pair_is_used(
    files: TokenFiles, newer_key: rsa.RSAPrivateKey, half: str | None
) -> None:
    files.key(SOON)
    _in_place(Path(files.token), "newer.token.y")
    _in_place(Path(files.private_key), half) if half is not None else Path(files.private_key).unlink()
    assert _holds(files.key(SOON), "older.token.x", spare_key())
    Path(files.private_key).write_text(pem_of(newer_key))
    assert _holds(files.key(SOON), "newer.token.y", newer_key)


def test_after_a_refusal_both_are_read_again_whatever_their_dates_say(files: TokenFiles) -> None:
    files.key(SOON)
    before = Path(files.token).stat()
    Path(files.token).write_text("newer.token.y\n")
    os.utime(files.token, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert _holds(files.key(SOON), "older.token.x", spare_key())
    assert files.renew(files.key(SOON), SOON) is True
    assert _holds(files.key(SOON), "newer.token.y", spare_key())


def test_after_a_refusal_a_broken_file_is_an_error_and_not_the_old_pair(
    files: TokenFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(security_token, "MOMENT", 0.05)
    refused = files.key(SOON)
    Path(files.private_key).unlink()
    with pytest.raises(CredentialError):
        files.renew(refused, SOON)


def test_a_token_that_changes_while_the_key_is_read_takes_the_key_that_follows_it(
    files: TokenFiles, newer_key: rsa.RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Path.read_text

    def rotated_after_the_first_read(path: Path, encoding: str | None = None) -> str:
        text = read(path, encoding=encoding)
        if text.startswith("older.token"):
            path.write_text("newer.token.y")
        elif text == pem_of(spare_key()):
            path.write_text(pem_of(newer_key))
        return text

    monkeypatch.setattr(Path, "read_text", rotated_after_the_first_read)
    assert _holds(files.key(SOON), "newer.token.y", newer_key)


def test_token_and_key_may_be_the_text_itself() -> None:
    assert _holds(TokenFiles("a.b.c", pem_of(spare_key())).key(SOON), "a.b.c", spare_key())


def test_an_encrypted_key_is_opened_with_its_pass_phrase(files: TokenFiles) -> None:
    encryption = BestAvailableEncryption(b"correct horse")
    pem = spare_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    Path(files.private_key).write_bytes(pem)
    opened = TokenFiles(files.token, files.private_key, "correct horse")
    assert _holds(opened.key(SOON), "older.token.x", spare_key())
    with pytest.raises(CredentialError, match=f"{files.private_key} is encrypted, and its pass phrase is missing"):
        files.key(SOON)


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that stay broken are not waited for."""
    monkeypatch.setattr(security_token, "MOMENT", 0.0)


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize(("which", "what"), [("token", "security token"), ("private_key", "private key")])
@pytest.mark.parametrize(
    ("content", "says"), [(None, "No such file"), (b" \n", "is empty"), (b"\xff\xfe", "it is not text")]
)
def test_a_broken_file_is_named_with_its_cure(
    files: TokenFiles, which: str, what: str, content: bytes | None, says: str
) -> None:
    path = Path(getattr(files, which))
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(CredentialError, match=says) as refusal:
        files.key(SOON)
    assert f"{what} in {path}" in refusal.value.message
    assert refusal.value.hint == "Do this."


@pytest.mark.parametrize("token", ["two words", 'a"b', "line\nbreak", "ü"])
def test_what_cannot_be_a_token_is_refused_without_being_quoted(files: TokenFiles, token: str) -> None:
    Path(files.token).write_text(token)
    with pytest.raises(CredentialError) as refusal:
        files.key(SOON)
    assert token not in str(refusal.value)


def test_a_key_of_the_environment_is_called_so_and_not_quoted() -> None:
    with pytest.raises(CredentialError, match="The private key in the environment is not") as refusal:
        TokenFiles("a.b.c", "my-secret-key").key(SOON)
    assert "secret" not in repr(refusal.value)


def test_nothing_secret_is_in_the_repr() -> None:
    shown = repr(TokenFiles("secret-token", "secret-key", "secret-phrase"))
    assert "secret" not in shown


def test_the_claims_of_a_token_are_read() -> None:
    claims = claims_of(MockOci(clock=lambda: 1000.0).principals.session_token(lifetime=60).token)
    assert (claims["exp"], claims["ptype"]) == (1060, "user")


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.!.c", "a.bnVsbA.c", "a.WzFd.c", "a./w.c", "a.ü.c"])
def test_what_is_no_jwt_has_no_claims(token: str) -> None:
    assert claims_of(token) == {}


def _jwt(oci: MockOci, key: rsa.RSAPrivateKey) -> str:
    return oci.principals.session_token(key=key).token


@pytest.mark.parametrize("share", [0.002, 0.02, 0.3, 0.6, 0.99])
def test_a_token_that_is_half_written_is_never_sent(files: TokenFiles, share: float, brief: None) -> None:
    oci = MockOci()
    whole = _jwt(oci, spare_key())
    half = whole[: max(1, int(len(whole) * share))]
    assert is_cut_off(half)
    _in_place(Path(files.token), half)
    with pytest.raises(CredentialError, match="is cut off"):
        files.key(SOON)
    _in_place(Path(files.token), whole)
    assert _holds(files.key(SOON), whole, spare_key())
    _in_place(Path(files.token), _jwt(oci, spare_key())[: len(half)])
    assert _holds(files.key(SOON), whole, spare_key())


def test_a_stand_in_s_token_that_nobody_signed_is_whole(files: TokenFiles) -> None:
    header, claims = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in ({"alg": "RS256"}, {"sub": "ocid1.fnfunc.oc1..f", "exp": 4102444800})
    )
    assert not is_cut_off(f"{header}.{claims}.sig")
    assert is_cut_off(f"{header}.{claims}.")


def test_a_token_and_a_key_that_do_not_belong_together_do_not_replace_a_pair(
    files: TokenFiles, newer_key: rsa.RSAPrivateKey
) -> None:
    oci = MockOci()
    older, newer = _jwt(oci, spare_key()), _jwt(oci, newer_key)
    _in_place(Path(files.token), older)
    files.key(SOON)
    _in_place(Path(files.token), newer)
    assert _holds(files.key(SOON), older, spare_key())
    _in_place(Path(files.private_key), pem_of(newer_key))
    assert _holds(files.key(SOON), newer, newer_key)


def test_what_is_no_jwt_does_not_replace_one(files: TokenFiles) -> None:
    older = _jwt(MockOci(), spare_key())
    _in_place(Path(files.token), older)
    files.key(SOON)
    _in_place(Path(files.token), "half")
    assert _holds(files.key(SOON), older, spare_key())


def test_the_session_key_of_a_users_token_may_be_a_text(files: TokenFiles, newer_key: rsa.RSAPrivateKey) -> None:
    # As in the tokens of `oci session authenticate`.
    oci = MockOci()
    jwk = json.dumps(tokens.jwk_of(newer_key.public_key()))
    older = _jwt(oci, spare_key())
    newer = tokens.issue({"exp": 9e9, "jwk": jwk}, oci.principals.issuer)
    _in_place(Path(files.token), older)
    files.key(SOON)
    _in_place(Path(files.token), newer)
    assert _holds(files.key(SOON), older, spare_key())
    _in_place(Path(files.private_key), pem_of(newer_key))
    assert _holds(files.key(SOON), newer, newer_key)


def test_a_first_pair_that_is_being_written_is_waited_for(files: TokenFiles) -> None:
    whole = _jwt(MockOci(), spare_key())
    _in_place(Path(files.token), whole[:100])
    rest = threading.Timer(0.1, _in_place, (Path(files.token), whole))
    rest.start()
    assert _holds(files.key(SOON), whole, spare_key())
    rest.join()


def test_nothing_is_waited_for_beyond_the_deadline(files: TokenFiles) -> None:
    Path(files.private_key).unlink()
    with pytest.raises(CredentialError):
        files.key(Deadline.after(0.1))
