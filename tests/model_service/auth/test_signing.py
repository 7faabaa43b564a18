"""One signer, three ways of checking: the SDK's own bytes, mock_oci's verifier, and a refusal of what is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from email.utils import formatdate, parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx
import oci.signer
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from oci._vendor import requests
from oci.auth.signers import SecurityTokenSigner
from oci_genai_auth import OciSessionAuth, OciUserPrincipalAuth

from mock_oci import MockOci, Request
from mock_oci.identity.principals import new_key, pem_of, spare_key
from mock_oci.identity.signatures import verify
from mock_oci.identity.tenancy import Tenancy
from model_service.auth.signing import SigningKey
from model_service.errors import CredentialError

HOST = "inference.generativeai.us-chicago-1.oci.oraclecloud.com"
CHAT = "/openai/v1/chat/completions"
DATE = "Tue, 03 Nov 2026 10:00:00 GMT"
API_KEY = ("ocid1.tenancy.oc1..t", "ocid1.user.oc1..u", "20:3b:97")
HELLO = json.dumps({"model": "meta.llama-3.3-70b-instruct", "messages": [{"role": "user", "content": "hi"}]}).encode()


@pytest.fixture(scope="session")
def another_key() -> rsa.RSAPrivateKey:
    return new_key()


# --- the SDK's bytes


@cache
def _sdk_signer(kind: str) -> Any:
    if kind == "token":
        return SecurityTokenSigner("eyJ.e30.x", spare_key())
    return oci.signer.Signer(*API_KEY, None, private_key_content=pem_of(spare_key()))


def _our_key(kind: str) -> SigningKey:
    if kind == "token":
        return SigningKey.of_token("eyJ.e30.x", spare_key())
    return SigningKey("/".join(API_KEY), spare_key())


def _check_same_bytes(kind: str, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Both sign the request as ``requests`` has prepared it: one input, whatever the client made of the URL."""
    given_headers = {"date": DATE, **headers}
    prepared = requests.Request(method, url, data=body, headers=given_headers).prepare()
    theirs = _sdk_signer(kind)(prepared).headers
    ours = _our_key(kind).sign(method, urlsplit(prepared.url).netloc, prepared.path_url, body, given_headers)
    assert ours["authorization"] == theirs["authorization"]
    assert {name: theirs[name] for name in ours} == ours


@pytest.mark.parametrize("kind", ["api key", "token"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "POST", "PUT", "PATCH"])
@pytest.mark.parametrize(
    "body", [b"", b"{}", "Grüße 𝄞".encode(), b"\x00\xff" * 100_000], ids=["empty", "{}", "ü", "big"]
)
def test_our_signature_is_the_sdks_byte_for_byte(kind: str, method: str, body: bytes) -> None:
    _check_same_bytes(kind, method, f"https://{HOST}{CHAT}", body, {})


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/20231130/models?compartmentId=ocid1.tenancy.oc1..t&capability=CHAT",
        "/n/a%20b%2Fc?q=%2F%26&r=a+b",
        "/v1/Grüße?q=𝄞",
        "/v1//x/?empty=&&flag",
        "/v1/x?",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_query_is_signed_as_it_goes_over_the_wire(method: str, path: str) -> None:
    _check_same_bytes("api key", method, f"http://127.0.0.1:8080{path}", b"{}", {})


def test_headers_that_are_there_already_are_signed_as_they_are() -> None:
    headers = {"content-type": "multipart/form-data; boundary=x", "x-other": "1"}
    _check_same_bytes("api key", "POST", f"https://{HOST}{CHAT}", b"--x--", headers)


_TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(["api key", "token"]),
    method=st.sampled_from(["GET", "HEAD", "DELETE", "POST", "PUT", "PATCH"]),
    path=_TEXT,
    query=_TEXT,
    body=st.binary(max_size=200) | _TEXT.map(str.encode),
)
def test_any_input_gives_the_sdks_bytes(kind: str, method: str, path: str, query: str, body: bytes) -> None:
    _check_same_bytes(kind, method, f"https://{HOST}/v1/{path}?{query}", body, {})


# --- what mock_oci accepts


def _signed(key: SigningKey, method: str = "POST", target: str = CHAT, body: bytes = HELLO, **given: str) -> Request:
    headers = key.sign(method, "127.0.0.1:1", target, body, given)
    return Request(method, target, {**headers, "compartmentid": Tenancy().compartment_id}, body)


@pytest.fixture
def mock() -> MockOci:
    return MockOci()


@pytest.fixture
def key(mock: MockOci) -> SigningKey:
    return SigningKey(mock.principals.api_key_user().key_id, spare_key())


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "POST", "PUT", "PATCH"])
def test_mock_oci_knows_the_user_behind_our_signature(mock: MockOci, key: SigningKey, method: str) -> None:
    request = _signed(key, method, "/n/a%20b?q=%2F", b"" if method == "GET" else HELLO)
    assert verify(request, mock.principals, mock.clock()).id == mock.tenancy.user_id


def test_mock_oci_answers_what_we_have_signed(mock: MockOci, key: SigningKey) -> None:
    assert mock.answer(_signed(key)).status == 200


def test_mock_oci_answers_what_a_token_has_signed(mock: MockOci) -> None:
    token = mock.principals.session_token().token
    assert mock.answer(_signed(SigningKey.of_token(token, spare_key()))).status == 200


def test_mock_oci_answers_what_the_sdk_has_signed(oci: MockOci, oci_url: str) -> None:
    user = oci.principals.api_key_user()
    signer = _signer_of(user)
    headers = {"content-type": "application/json", "compartmentid": oci.tenancy.compartment_id}
    with requests.Session() as session:
        answer = session.post(oci_url + CHAT, data=HELLO, auth=signer, headers=headers)
    assert (answer.status_code, list(oci.refusals)) == (200, [])


@pytest.mark.parametrize(("auth", "profile"), [(OciUserPrincipalAuth, "DEFAULT"), (OciSessionAuth, "SESSION")])
def test_mock_oci_answers_what_oci_genai_auth_has_signed(
    oci: MockOci, oci_url: str, environment: dict[str, str], auth: Any, profile: str
) -> None:
    signer = auth(config_file=environment["OCI_CONFIG_FILE"], profile_name=profile)
    headers = {"content-type": "application/json", "compartmentid": oci.tenancy.compartment_id}
    with httpx.Client(auth=signer, trust_env=False) as client:
        answer = client.post(oci_url + CHAT, content=HELLO, headers=headers)
    assert (answer.status_code, list(oci.refusals)) == (200, [])


def _signer_of(user: Any) -> Any:
    pem = user.private_pem
    return oci.signer.Signer(user.tenancy_id, user.user_id, user.fingerprint, None, private_key_content=pem)


# --- what mock_oci refuses


def _check_refused(mock: MockOci, request: Request, reason: str) -> None:
    assert mock.answer(request).status == 401
    assert reason in mock.refusals[-1]


def test_a_wrong_key_is_refused(mock: MockOci, key: SigningKey, another_key: rsa.RSAPrivateKey) -> None:
    _check_refused(mock, _signed(replace(key, private_key=another_key)), "does not match")


def test_a_changed_body_is_refused(mock: MockOci, key: SigningKey) -> None:
    request = _signed(key)
    _check_refused(mock, replace(request, body=request.body.replace(b"hi", b"ho")), "x-content-sha256")


def test_a_changed_target_is_refused(mock: MockOci, key: SigningKey) -> None:
    _check_refused(mock, replace(_signed(key), target=CHAT + "?more=1"), "does not match")


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_stale_date_is_refused(key: SigningKey, mock: MockOci, seconds: int) -> None:
    stale = formatdate(mock.clock() + seconds * 1.1, usegmt=True)
    _check_refused(mock, _signed(key, date=stale), "300 s off")


def test_an_unknown_key_id_is_refused(mock: MockOci, key: SigningKey) -> None:
    _check_refused(mock, _signed(replace(key, key_id="a/b/c")), "no user")


# --- details


def test_only_what_is_missing_is_added(key: SigningKey) -> None:
    signed = key.sign("post", HOST, CHAT, b"{}", {"date": DATE, "content-type": "text/plain", "content-length": "2"})
    assert (signed["date"], signed["content-type"], signed["content-length"]) == (DATE, "text/plain", "2")
    assert set(signed) == {"date", "host", "content-type", "content-length", "x-content-sha256", "authorization"}


def test_a_get_gets_no_headers_of_a_body(key: SigningKey) -> None:
    assert set(key.sign("GET", HOST, CHAT, b"", {})) == {"date", "host", "authorization"}


def test_the_date_is_now_and_in_gmt(key: SigningKey) -> None:
    date = key.sign("GET", HOST, CHAT, b"", {})["date"]
    assert date.endswith(" GMT")
    assert parsedate_to_datetime(date).tzinfo is not None


@pytest.mark.parametrize("key_id", ["", "ST$", 'ST$a"b', "ST$a b", "ST$a\nb", "tenancy/üser/fingerprint"])
def test_a_key_id_that_would_break_the_header_is_refused(key_id: str) -> None:
    with pytest.raises(CredentialError) as refusal:
        SigningKey(key_id, spare_key())
    assert key_id not in str(refusal.value) or not key_id


def test_neither_the_token_nor_the_key_is_in_the_repr() -> None:
    assert repr(SigningKey.of_token("eyJsecret", spare_key())) == "SigningKey()"
