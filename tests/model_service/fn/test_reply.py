"""Nothing that comes from upstream breaks out of a header."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_service.fn.reply import Reply


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("A/B/C", "A/B/C"),
        ("a\r\nset-cookie: x", "a set-cookie: x"),
        ("a\nb", "a b"),
        ("a\rb", "a b"),
        ("a\x00b\x7fc\td", "a b c d"),
        ("", ""),
    ],
)
def test_a_header_value_has_no_line_break_and_no_control_character(value: str, sent: str) -> None:
    assert Reply(200, b"", {"opc-request-id": value}).headers == {"opc-request-id": sent}


@given(st.text())
def test_whatever_comes_a_header_stays_on_its_line(value: str) -> None:
    assert not set(Reply(200, b"", {"x": value}).headers["x"]) & {"\r", "\n", "\x00"}


def test_the_callers_headers_are_not_changed() -> None:
    headers = {"x": "a\nb"}
    Reply(200, b"", headers)
    assert headers == {"x": "a\nb"}


def test_the_body_is_not_in_the_repr() -> None:
    assert "prompt" not in repr(Reply(200, b"prompt"))
