"""No credential leaves in a text, and no text is endless."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_oci.identity.principals import pem_of, spare_key
from model_service.logs.redaction import MAX_CHARACTERS, redact, without_ids

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl-_x"
AUTHORIZATION = (
    'Signature algorithm="rsa-sha256",keyId="ocid1.tenancy.oc1..t/ocid1.user.oc1..u/aa:bb",signature="c2Vj+/=="'
)


def test_a_private_key_is_taken_out() -> None:
    pem = pem_of(spare_key())
    assert redact(f"before {pem} after").split() == ["before", "[redacted]", "after"]


def test_a_private_key_that_was_cut_off_is_taken_out() -> None:
    pem = pem_of(spare_key())
    assert redact(pem[:300]) == "[redacted]"


def test_a_private_key_inside_json_is_taken_out() -> None:
    assert "MII" not in redact(json.dumps({"message": pem_of(spare_key())}))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"token {JWT}!", "token [redacted]!"),
        ("see https://h/p/Xy-_34567890abcdef/n/ns/b/b/o/o", "see https://h[redacted]ns/b/b/o/o"),
        (f"keyId ST${JWT} is not known", "keyId [redacted] is not known"),
        ("key sk-proj-AbC_123-xyz9 is invalid", "key [redacted] is invalid"),
        ("authorization: Bearer abc.def~ghi+/j==, x", "authorization: [redacted], x"),
        ("BEARER  abcdefgh", "[redacted]"),
        (AUTHORIZATION, 'Signature algorithm="rsa-sha256",[redacted],[redacted]'),
        (json.dumps(AUTHORIZATION), r'"Signature algorithm=\"rsa-sha256\",[redacted],[redacted]"'),
    ],
)
def test_a_credential_is_taken_out_and_the_rest_stays(text: str, left: str) -> None:
    assert redact(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The model meta.llama-3.3-70b-instruct is not known.",
        "task-force: ask-me, risk-free",
        "ocid1.compartment.oc1..aaaaaaaaexample",
        "costs 5 ST$ and eyJ is no token",
        "Größe ✓ 𝄞",
    ],
)
def test_what_is_no_credential_stays(text: str) -> None:
    assert redact(text) == text


def test_a_long_text_is_cut_and_says_so() -> None:
    assert redact("x" * MAX_CHARACTERS) == "x" * MAX_CHARACTERS
    assert redact("x" * (MAX_CHARACTERS + 1)) == "x" * MAX_CHARACTERS + "…"


def test_a_text_that_becomes_short_by_redaction_still_says_that_it_was_cut() -> None:
    assert redact("sk-" + "x" * 10 * MAX_CHARACTERS) == "[redacted]…"


@given(st.integers(0, MAX_CHARACTERS + 10))
def test_a_credential_at_the_cut_is_taken_out_whole(before: int) -> None:
    assert "eyJh" not in redact("." * before + f" {JWT} ")


def test_a_text_made_to_be_slow_is_not() -> None:
    # Each "-eyJ" may begin a token; over the whole of this text that would take hours.
    assert len(redact("-eyJ" * 2_000_000)) == MAX_CHARACTERS + 1


@pytest.mark.parametrize(
    ("url", "logged"),
    [
        ("https://h/openai/v1/responses", None),
        ("https://h/openai/v1/chat/completions", None),
        ("https://h/openai/v1/responses/input_tokens", None),
        ("https://h/n/space/b/files/o/items/a", None),
        ("https://h/openai/v1/responses/r-1", "https://h/openai/v1/responses/…"),
        ("https://h/openai/v1/conversations/c1/items/m1?x=1", "https://h/openai/v1/conversations/…/items/…?x=1"),
        (
            "https://h/openai/v1/responses/r1/input_items?after=m1&limit=2",
            "https://h/openai/v1/responses/…/input_items?after=…&limit=2",
        ),
        ("https://h/openai/v1/vector_stores/v1/files/f1", "https://h/openai/v1/vector_stores/…/files/…"),
    ],
)
def test_ids_are_taken_out_of_the_urls_of_what_is_stored(url: str, logged: str | None) -> None:
    assert without_ids(url) == (logged or url)
