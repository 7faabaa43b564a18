"""Forms are read as they were written, by clients of every kind; what is none is refused."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_service.errors import InvalidRequest
from model_service.resources.form import MAX_PARTS, Part, fields_of, read_form, write_form

CONTENT = st.binary(max_size=60)
NAMES = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters='%"\\'), min_size=1, max_size=20)


@given(content=CONTENT, filename=NAMES, purpose=CONTENT)
def test_what_is_written_is_read_again(content: bytes, filename: str, purpose: bytes) -> None:
    parts = [Part("purpose", purpose), Part("file", content, filename, "text/plain")]
    assert read_form(*write_form(parts)) == parts


@given(content=CONTENT)
def test_a_form_of_httpx_is_read(content: bytes) -> None:
    request = httpx.Request("POST", "http://x", data={"purpose": "user_data"}, files={"file": ("é a.txt", content)})
    parts = read_form(request.read(), request.headers["content-type"])
    assert [(part.name, part.filename) for part in parts] == [("purpose", None), ("file", "é a.txt")]
    assert parts[1].content == content


def test_a_name_that_is_encoded_is_read_as_what_it_stands_for() -> None:
    disposition = b"Content-Disposition: form-data; name=file; filename*=UTF-8''%C3%A9.txt"
    part = read_form(b"--b\r\n" + disposition + b"\r\n\r\n1\r\n--b--", 'multipart/form-data; boundary="b"')[0]
    assert (part.name, part.filename, part.content) == ("file", "é.txt", b"1")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b",
        b"--b\r\n\r\nx\r\n",
        b"--b\r\n\r\nx\r\n--b--",
        b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--",
        b"--b\r\nX: " + b"y" * 5000 + b"\r\n\r\nx\r\n--b--",
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' * (MAX_PARTS + 2) + b"--b--",
    ],
)
def test_what_is_no_form_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        read_form(body, "multipart/form-data; boundary=b")


@given(body=st.binary(max_size=200))
def test_any_bytes_are_a_form_or_an_error_of_the_callers(body: bytes) -> None:
    try:
        read_form(b"--b" + body, "multipart/form-data; boundary=b")
    except InvalidRequest as error:
        assert error.code == "invalid_form"


def test_a_content_type_cannot_bring_a_line_of_its_own() -> None:
    form, _ = write_form([Part("file", b"x", 'a"\r\nX: y', "text/plain\r\nX: y")])
    assert b"\r\nX: y" not in form
    assert b"application/octet-stream" in form


def test_nested_fields_are_named_with_brackets() -> None:
    fields = {"purpose": "user_data", "expires_after": {"anchor": "created_at", "seconds": 3600}, "none": None}
    assert [(part.name, part.content) for part in fields_of(fields)] == [
        ("purpose", b"user_data"),
        ("expires_after[anchor]", b"created_at"),
        ("expires_after[seconds]", b"3600"),
    ]
    with pytest.raises(InvalidRequest, match="must be"):
        list(fields_of({"a": [1]}))
