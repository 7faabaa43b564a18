from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_oci import MockOci, Request
from mock_oci.identity.principals import ApiKeyUser, pem_of
from mock_oci.identity.signatures import NotAuthenticated, verify
from mock_oci.identity.tokens import issue

Sign = Callable[..., Request]


@pytest.fixture
def user(oci: MockOci) -> ApiKeyUser:
    return oci.principals.api_key_user()


def _reason(oci: MockOci, request: Request) -> str:
    with pytest.raises(NotAuthenticated) as refusal:
        verify(request, oci.principals, oci.clock())
    return str(refusal.value)


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "POST", "PUT", "PATCH"])
def test_a_well_signed_request_names_its_user(oci: MockOci, user: ApiKeyUser, sign: Sign, method: str) -> None:
    request = sign(user.key_id, user.private_pem, method, body=b"" if method == "GET" else b"{}")
    assert verify(request, oci.principals, oci.clock()).id == user.user_id


def test_the_parameters_may_come_in_any_order(oci: MockOci, user: ApiKeyUser, sign: Sign) -> None:
    shuffled = 'signature="{sig}", headers="{signed}" , algorithm="rsa-sha256",keyId="{key_id}"'
    request = sign(user.key_id, user.private_pem, parameters=shuffled)
    assert verify(request, oci.principals, oci.clock()).kind == "user"


def test_x_date_may_replace_date(oci: MockOci, user: ApiKeyUser, sign: Sign) -> None:
    names = "x-date (request-target) host content-length content-type x-content-sha256"
    change = {"x-date": formatdate(oci.clock(), usegmt=True), "date": "yesterday"}
    request = sign(user.key_id, user.private_pem, names=names, change=change)
    assert verify(request, oci.principals, oci.clock()).kind == "user"


def test_the_raw_target_is_what_is_signed(oci: MockOci, user: ApiKeyUser, sign: Sign) -> None:
    request = sign(user.key_id, user.private_pem, "GET", target="/n/a%20b?q=%2F&r=1", body=b"")
    assert verify(request, oci.principals, oci.clock()).kind == "user"
    assert "does not match" in _reason(oci, replace(request, target="/n/a b?q=/&r=1"))


@pytest.mark.parametrize(("off", "good"), [(300, True), (-300, True), (301, False), (-301, False)])
def test_a_date_more_than_five_minutes_off_is_refused(
    oci: MockOci, user: ApiKeyUser, sign: Sign, off: int, good: bool
) -> None:
    request = sign(user.key_id, user.private_pem)
    if good:
        assert verify(request, oci.principals, oci.clock() + off)
    else:
        with pytest.raises(NotAuthenticated, match="300 s off"):
            verify(request, oci.principals, oci.clock() + off)


@pytest.mark.parametrize("absent", ["(request-target)", "host", "content-length", "content-type", "x-content-sha256"])
def test_what_must_be_signed_may_not_be_left_out(oci: MockOci, user: ApiKeyUser, sign: Sign, absent: str) -> None:
    names = ["date", "(request-target)", "host", "content-length", "content-type", "x-content-sha256"]
    names.remove(absent)
    assert absent in _reason(oci, sign(user.key_id, user.private_pem, names=" ".join(names)))


def test_a_date_must_be_signed(oci: MockOci, user: ApiKeyUser, sign: Sign) -> None:
    assert _reason(oci, sign(user.key_id, user.private_pem, "GET", names="(request-target) host")) == (
        "date is not signed"
    )


@pytest.mark.parametrize("date", ["", "now", "Mon, 99 Foo 2026 00:00:00 GMT", "0", "Fri, 31 Dec 9999 23:59:59 -2359"])
def test_an_unreadable_date_is_refused(oci: MockOci, user: ApiKeyUser, sign: Sign, date: str) -> None:
    assert "date" in _reason(oci, sign(user.key_id, user.private_pem, change={"date": date}))


def test_another_body_than_the_signed_one_is_refused(oci: MockOci, user: ApiKeyUser, sign: Sign) -> None:
    request = sign(user.key_id, user.private_pem)
    assert "x-content-sha256" in _reason(oci, replace(request, body=b"[]"))


def test_another_length_than_the_signed_one_is_refused(oci: MockOci, user: ApiKeyUser, sign: Sign) -> None:
    assert "content-length" in _reason(oci, sign(user.key_id, user.private_pem, change={"content-length": "7"}))


def test_another_header_than_the_signed_one_is_refused(oci: MockOci, user: ApiKeyUser, sign: Sign) -> None:
    request = sign(user.key_id, user.private_pem)
    assert "does not match" in _reason(oci, replace(request, headers={**request.headers, "host": "elsewhere"}))


def test_a_signed_header_must_be_there(oci: MockOci, user: ApiKeyUser, sign: Sign) -> None:
    names = "date (request-target) host content-length content-type x-content-sha256 x-more"
    assert _reason(oci, sign(user.key_id, user.private_pem, names=names)) == "x-more is signed but absent"


def test_somebody_elses_key_is_refused(
    oci: MockOci, user: ApiKeyUser, sign: Sign, another_key: rsa.RSAPrivateKey
) -> None:
    assert "does not match" in _reason(oci, sign(user.key_id, pem_of(another_key)))


@pytest.mark.parametrize("key_id", ["a/b/c", "", "ST$", "ST$x.y.z", "ST$e30.e30.e30", "ST$\u00e9.a.b"])
def test_an_unknown_key_id_is_refused(oci: MockOci, user: ApiKeyUser, sign: Sign, key_id: str) -> None:
    assert _reason(oci, sign(key_id, user.private_pem))


_GOOD = 'keyId="{key_id}",algorithm="rsa-sha256",headers="{signed}",signature="{sig}"'


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        (_GOOD + ',keyId="{key_id}"', "keyId is given twice"),
        (_GOOD.replace('keyId="{key_id}",', ""), "keyId is absent"),
        (_GOOD.replace('headers="{signed}",', ""), "headers is absent"),
        (_GOOD.replace(',signature="{sig}"', ""), "signature is absent"),
        (_GOOD.replace("rsa-sha256", "hmac-sha256"), "not rsa-sha256"),
        (_GOOD.replace("{signed}", "{signed} host"), "signed twice"),
        (_GOOD.replace("{sig}", "%%%"), "does not match"),
        (_GOOD + ',version="2"', "version"),
        (_GOOD + ",version=1", "cannot be read"),
        ("nonsense", "cannot be read"),
    ],
)
def test_malformed_parameters_are_refused(
    oci: MockOci, user: ApiKeyUser, sign: Sign, parameters: str, reason: str
) -> None:
    assert reason in _reason(oci, sign(user.key_id, user.private_pem, parameters=parameters))


def test_a_session_token_is_good_until_it_expires(oci: MockOci, clock: Any, sign: Sign) -> None:
    session = oci.principals.session_token(lifetime=60)
    assert verify(sign(f"ST${session.token}", session.private_pem), oci.principals, clock()).kind == "user"
    clock.now += 60
    assert _reason(oci, sign(f"ST${session.token}", session.private_pem)) == "the token has expired"


def test_a_resource_principal_is_known_by_its_token(oci: MockOci, sign: Sign, another_key: rsa.RSAPrivateKey) -> None:
    pair = oci.principals.resource_principal("ocid1.fnfunc.oc1..f", key=another_key)
    principal = verify(sign(f"ST${pair.rpst}", pair.private_pem), oci.principals, oci.clock())
    assert (principal.kind, principal.id, principal.resource_type) == ("resource", "ocid1.fnfunc.oc1..f", "fnfunc")
    assert principal.compartment_id == oci.tenancy.compartment_id


def test_a_rotated_key_does_not_sign_for_an_older_token(
    oci: MockOci, sign: Sign, another_key: rsa.RSAPrivateKey
) -> None:
    older = oci.principals.session_token()
    newer = oci.principals.session_token(key=another_key)
    assert "does not match" in _reason(oci, sign(f"ST${older.token}", newer.private_pem))


def test_a_forged_token_is_refused(oci: MockOci, sign: Sign, another_key: rsa.RSAPrivateKey) -> None:
    claims = {"sub": "me", "ptype": "user", "tenant": oci.tenancy.tenancy_id, "exp": oci.clock() + 60}
    forged = issue(claims, another_key)
    assert _reason(oci, sign(f"ST${forged}", pem_of(another_key))) == "the token was not issued by this backend"


def test_an_unsigned_request_is_refused(oci: MockOci) -> None:
    assert _reason(oci, Request("GET", "/", {})) == "the request is not signed"
    assert _reason(oci, Request("GET", "/", {"authorization": "Bearer sk-1"})) == "the request is not signed"


def test_the_wire_never_tells_the_reason(oci: MockOci, sign: Sign, user: ApiKeyUser) -> None:
    response = oci.answer(sign(user.key_id, user.private_pem, change={"content-length": "7"}))
    assert response.status == 401
    assert b"NotAuthenticated" in bytes(response.body)  # type: ignore[arg-type]
    assert b"length" not in bytes(response.body)  # type: ignore[arg-type]
    assert list(oci.refusals) == ["content-length is not that of the body"]


_TEXT = st.text(st.characters(min_codepoint=1, max_codepoint=0x2FF), max_size=40)
_PARAMETERS = st.dictionaries(
    st.sampled_from(["keyId", "headers", "signature", "algorithm", "version", "x"]),
    st.one_of(_TEXT, st.sampled_from(["rsa-sha256", "date (request-target) host", "ST$a.b.c", "AAAA"])),
).map(lambda found: ",".join(f'{name}="{value}"' for name, value in found.items()))
_HEADERS = st.dictionaries(st.sampled_from(["date", "x-date", "host", "content-length", "x-content-sha256"]), _TEXT)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stated=st.one_of(_TEXT, _PARAMETERS), headers=_HEADERS, method=st.sampled_from(["GET", "POST", "\u00e9"]))
def test_no_untrusted_request_does_more_than_be_refused(
    oci: MockOci, stated: str, headers: dict[str, str], method: str
) -> None:
    for scheme in ("Signature", "Bearer", ""):
        request = Request(method, "/x?\ud800", {**headers, "authorization": f"{scheme} {stated}"}, b"")
        with pytest.raises(NotAuthenticated):
            verify(request, oci.principals, oci.clock())
