"""A file, a vector store and a container are their makers': others can neither see them nor point a model at them."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from mock_oci import MockOci
from model_service.app import App
from model_service.resources.owned import MAX_PAGES, PAGE
from model_service.resources.references import MAX_REFERENCES, references_in

from .conftest import FORM, Ask, asking, form, said

MODEL = "openai.gpt-oss-120b"
Uploaded = Callable[..., str]


def absent(ask: Ask, *words: Any, **headers: str) -> bool:
    error = said(ask(*words, caller="eve", **headers), 404)["error"]
    return error["code"] == "not_found" and error["message"].startswith("There is no such")


def test_a_file_is_its_teams_and_says_nothing_of_it(owned: Ask, uploaded: Uploaded, oci: MockOci) -> None:
    made = uploaded(owned, b"the cat sat", filename='a "b" é.txt')
    for caller in ("ada", "bob"):
        assert said(owned("GET", f"/files/{made}", caller=caller))["filename"] == 'a "b" é.txt'
        assert owned("GET", f"/files/{made}/content", caller=caller).whole() == b"the cat sat"
        assert [row["id"] for row in said(owned("GET", "/files", caller=caller))["data"]] == [made]
    assert said(owned("GET", "/files", caller="eve"))["data"] == []
    before = len(oci.requests)
    assert absent(owned, "GET", f"/files/{made}")
    assert len(oci.requests) == before + 1  # what it reads says whose it is
    assert absent(owned, "GET", f"/files/{made}/content")
    assert absent(owned, "DELETE", f"/files/{made}")
    assert absent(owned, "GET", f"/files?after={made}")
    assert absent(owned, "GET", "/files/file-none")  # told in the same words
    assert not [request for request in oci.requests if request.method == "DELETE"]
    assert said(owned("DELETE", f"/files/{made}", caller="bob"))["deleted"]


@pytest.mark.not_through("process", why="one URL stands for two hosts, which a door with names keeps apart")
def test_a_caller_cannot_choose_the_owner(owned: Ask, uploaded: Uploaded) -> None:
    eves = said(owned("POST", "/containers", {"name": "x"}, caller="eve"))
    assert eves["name"] == "x"
    forged = f"ms-owner-{'0' * 32}-x.txt"
    made = uploaded(owned, b"x", filename=forged)
    assert said(owned("GET", f"/files/{made}"))["filename"] == forged
    store = said(owned("POST", "/vector_stores", {"metadata": {"model_service_owner": "me", "a": "b"}}))
    assert store["metadata"] == {"a": "b"}
    assert said(owned("GET", f"/vector_stores/{store['id']}", caller="bob"))["metadata"] == {"a": "b"}


@pytest.mark.not_through("process", why="one URL stands for two hosts, which a door with names keeps apart")
def test_a_vector_store_and_all_that_is_below_it_are_kept_apart(owned: Ask, uploaded: Uploaded, oci: MockOci) -> None:
    file = uploaded(owned)
    store = said(owned("POST", "/vector_stores", {"name": "pets", "file_ids": [file]}))["id"]
    path = f"/vector_stores/{store}"
    batch = said(owned("POST", f"{path}/file_batches", {"file_ids": [file]}))["id"]
    for words in (
        ("GET", path),
        ("POST", path, {"name": "mine", "metadata": {"model_service_owner": "x"}}),
        ("POST", f"{path}/search", {"query": "cat"}),
        ("POST", f"{path}/files", {"file_id": file}),
        ("GET", f"{path}/files"),
        ("GET", f"{path}/files/{file}"),
        ("GET", f"{path}/files/{file}/content"),
        ("POST", f"{path}/files/{file}", {"attributes": {}}),
        ("DELETE", f"{path}/files/{file}"),
        ("GET", f"{path}/file_batches/{batch}"),
        ("POST", f"{path}/file_batches/{batch}/cancel"),
        ("GET", f"{path}/file_batches/{batch}/files"),
        ("DELETE", path),
    ):
        before = len(oci.requests)
        assert absent(owned, *words), words
        assert len(oci.requests) == before + 1
    assert said(owned("POST", path, {"name": "cats"}, caller="bob"))["name"] == "cats"
    assert said(owned("POST", path, {"metadata": {"c": "d"}}, caller="bob"))["metadata"] == {"c": "d"}
    found = said(owned("POST", f"{path}/search", {"query": "cat"}, caller="bob"))
    assert found["data"][0]["filename"] == "cats.txt"
    assert [row["id"] for row in said(owned("GET", "/vector_stores"))["data"]] == [store]
    assert said(owned("GET", "/vector_stores", caller="eve"))["data"] == []


def test_a_container_and_its_files_are_kept_apart(owned: Ask) -> None:
    made = said(owned("POST", "/containers", {"name": "work"}))["id"]
    path = f"/containers/{made}"
    file = said(owned("POST", f"{path}/files", form(b"1,2", "d.csv", ""), content_type=FORM))["id"]
    for words in (
        ("GET", path),
        ("GET", f"{path}/files"),
        ("GET", f"{path}/files/{file}"),
        ("GET", f"{path}/files/{file}/content"),
        ("DELETE", f"{path}/files/{file}"),
        ("DELETE", path),
    ):
        assert absent(owned, *words), words
    assert absent(owned, "POST", f"{path}/files", form(b"x", "e.csv", ""), content_type=FORM)
    assert said(owned("GET", path, caller="bob"))["name"] == "work"
    assert owned("GET", f"{path}/files/{file}/content", caller="bob").whole() == b"1,2"


@pytest.mark.not_through("process", why="one URL stands for two hosts, which a door with names keeps apart")
def test_a_model_reads_only_what_its_caller_may(owned: Ask, uploaded: Uploaded) -> None:
    file = uploaded(owned)
    store = said(owned("POST", "/vector_stores", {"name": "pets"}))["id"]
    container = said(owned("POST", "/containers", {"name": "work"}))["id"]
    part = [{"type": "message", "role": "user", "content": [{"type": "input_file", "file_id": file}]}]
    search = [{"type": "file_search", "vector_store_ids": [store]}]
    code = [{"type": "code_interpreter", "container": container}]
    auto = [{"type": "code_interpreter", "container": {"type": "auto", "file_ids": [file]}}]
    for more in ({"input": part}, *({"input": "Hi", "tools": tools} for tools in (search, code, auto))):
        assert absent(owned, "POST", "/responses", {"model": MODEL, **more}), more
    chat = [{"role": "user", "content": [{"type": "file", "file": {"file_id": file}}]}]
    assert absent(owned, "POST", "/chat/completions", {"model": MODEL, "messages": chat})
    assert absent(owned, "POST", "/vector_stores", {"file_ids": [file]})
    assert absent(owned, "POST", "/containers", {"name": "x", "file_ids": [file]})
    assert said(owned("POST", "/responses", {"model": MODEL, "input": part}))["status"] == "completed"


def test_what_only_tells_of_an_answer_points_at_nothing() -> None:
    told = [
        {"type": "file_search_call", "results": [{"file_id": "file-1"}]},
        {"type": "message", "content": [{"type": "output_text", "annotations": [{"file_id": "cfile_1"}]}]},
        {"type": "function", "parameters": {"properties": {"file_id": {"type": "string"}}}},
    ]
    assert list(references_in({"input": told, "metadata": {"file_id": "x"}})) == []
    assert list(references_in({"files": [{"file_id": "a", "attributes": {"file_id": "x"}}]})) == [("files", "a")]


@pytest.mark.parametrize(
    "body",
    [
        {"input": [{"type": "x_call", "input_file": {"file_id": "file-1"}}]},
        {"input": [{"type": "input_file", "file_id": {"id": "file-1"}}]},
        {"input": [{"type": "input_file", "file_id": [["file-1"]]}]},
        {"tools": [{"type": "file_search", "vector_store_id": "vs_1"}]},
        {"model": MODEL, "type": "x_call", "tools": [{"type": "file_search", "vector_store_ids": ["vs_1"]}]},
        {"type": "x_call", "file_ids": ["file-1"]},
        {"files": [{"file_id": "file-1", "type": "x_call"}]},
        {"prompt": {"id": "p", "variables": {"text": {"type": "input_file", "file_id": "file-1"}}}},
        {
            "messages": [
                {"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1", "type": "x_call"}}]}
            ]
        },
        {
            "messages": [
                {"role": "user", "type": "x_call", "content": [{"type": "file", "file": {"file_id": "file-1"}}]}
            ]
        },
    ],
)
def test_a_field_that_nobody_asked_for_hides_no_reference(body: dict[str, Any]) -> None:
    assert [name for _, name in references_in(body)] in (["file-1"], ["vs_1"])


def test_an_answer_that_is_sent_back_as_it_came_points_at_nothing() -> None:
    told = {
        "role": "assistant",
        "content": "It sat.",
        "response_items": [{"type": "code_interpreter_call", "container_id": "cntr_1"}],
        "response_annotations": [{"type": "container_file_citation", "container_id": "cntr_1", "file_id": "cfile_1"}],
    }
    assert list(references_in({"messages": [told]})) == []


def test_a_form_copies_no_file_of_another_into_a_container(owned: Ask, uploaded: Uploaded, oci: MockOci) -> None:
    file = uploaded(owned)
    path = f"/containers/{said(owned('POST', '/containers', {'name': 'x'}, caller='eve'))['id']}/files"
    for name in ("file_id", "file_ids[]"):
        before = len(oci.requests)
        field = f'--b0\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{file}\r\n--b0--\r\n'.encode()
        assert absent(owned, "POST", path, field, content_type=FORM)
        assert not [request for request in list(oci.requests)[before:] if request.method == "POST"]


def test_a_form_goes_to_a_container_as_it_was_read(owned: Ask, oci: MockOci) -> None:
    path = f"/containers/{said(owned('POST', '/containers', {'name': 'x'}))['id']}/files"
    two = "multipart/form-data; boundary=b1; boundary=b0"  # whoever reads the other one sees another form
    said(owned("POST", path, form(b"1,2", "d.csv", ""), content_type=two))
    _, *boundaries = oci.requests[-1].headers["content-type"].split("boundary=")
    assert len(boundaries) == 1
    assert boundaries[0] not in ("b0", "b1")
    assert b"--b0\r\n" not in oci.requests[-1].body


def test_a_file_without_a_name_has_no_owner_and_is_refused(owned: Ask, oci: MockOci) -> None:
    assert said(owned("POST", "/files", form(b"x", ""), content_type=FORM), 400)["error"]["param"] == "file"
    assert not oci.requests


def test_a_second_file_without_a_name_is_refused(owned: Ask, oci: MockOci) -> None:
    more = b'--b0\r\nContent-Disposition: form-data; name="file"\r\n\r\ny\r\n'
    assert said(owned("POST", "/files", more + form(b"x"), content_type=FORM), 400)["error"]["param"] == "file"
    assert not oci.requests


@pytest.mark.parametrize("name", ["idna''%ff%ff", "punycode''%ff", "a\0b''%41"])
def test_a_name_in_whatever_encoding_is_no_bug(owned: Ask, name: str) -> None:
    body = form(b"x").replace(b'filename="cats.txt"', f"filename*={name}".encode())
    assert said(owned("POST", "/files", body, content_type=FORM), 400)["error"]["code"] == "invalid_form"


def test_containers_are_listed_by_the_name_that_their_owner_knows(owned: Ask) -> None:
    for caller in ("ada", "eve"):
        said(owned("POST", "/containers", {"name": "work"}, caller=caller))
    said(owned("POST", "/containers", {"name": "play"}))
    assert [row["name"] for row in said(owned("GET", "/containers?name=work"))["data"]] == ["work"]


def test_few_things_may_be_named_at_once(owned: Ask) -> None:
    many = [f"file-{number}" for number in range(MAX_REFERENCES + 1)]
    reply = owned("POST", "/vector_stores", {"file_ids": many})
    assert said(reply, 400)["error"]["code"] == "too_many_references"


def test_a_list_goes_on_until_its_page_is_full(owned: Ask, oci: MockOci) -> None:
    for number in range(PAGE + 20):
        said(owned("POST", "/containers", {"name": f"c{number}"}, caller="ada" if number % 40 == 0 else "eve"))
    before = len(oci.requests)
    page = said(owned("GET", "/containers?limit=2"))
    assert [row["name"] for row in page["data"]] == ["c80", "c40"]
    assert page["has_more"]
    assert len(oci.requests) == before + 1
    rest = said(owned("GET", f"/containers?limit=2&after={page['last_id']}"))
    assert [row["name"] for row in rest["data"]] == ["c0"]
    assert not rest["has_more"]
    assert said(owned("GET", "/containers?limit=0"), 400)["error"]["param"] == "limit"
    assert said(owned("GET", "/vector_stores?before=vs_1"), 400)["error"]["param"] == "before"


def test_a_list_among_too_many_of_others_says_so(owned: Ask, oci: MockOci, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model_service.resources.owned.PAGE", 2)
    for _ in range(2 * MAX_PAGES + 1):
        said(owned("POST", "/containers", {"name": "x"}, caller="eve"))
    assert said(owned("GET", "/containers"), 503)["error"]["code"] == "list_too_long"


def test_tokens_are_counted_by_oci_and_not_looked_up_as_a_response(owned: Ask, oci: MockOci) -> None:
    path = "/openai/v1/responses/input_tokens"
    owned("POST", "/responses/input_tokens", {"model": MODEL, "input": "Hi"})
    assert [(request.method, request.target) for request in oci.requests] == [("POST", path)]
    made = said(owned("POST", "/responses", {"model": MODEL, "input": "Hi"}))["id"]
    asked = {"model": MODEL, "input": "Hi", "previous_response_id": made}
    assert owned("POST", "/responses/input_tokens", asked, caller="eve").status == 404
    assert [request.target for request in oci.requests].count(path) == 1


def test_a_name_of_an_owner_never_leaves_in_a_response(owned: Ask, uploaded: Uploaded) -> None:
    made = uploaded(owned)
    body = {
        "model": MODEL,
        "stream": True,
        "input": [{"type": "message", "role": "user", "content": [{"type": "input_file", "file_id": made}]}],
    }
    assert b"ms-owner-" not in owned("POST", "/responses", body).whole()


def test_one_tenant_that_switches_it_off_shares_all_and_nothing_is_looked_up(
    kept_apart: dict[str, str], oci: MockOci, uploaded: Uploaded
) -> None:
    app = App({**kept_apart, "MODEL_SERVICE_CONFIG": json.dumps({"callers": {"isolation": "none"}})})
    with closing(app.service):
        ask = asking(app)
        made = uploaded(ask)
        before = len(oci.requests)
        assert ask("GET", f"/files/{made}/content", caller="eve").status == 200
    assert len(oci.requests) == before + 1
    assert b"ms-owner-" not in oci.requests[0].body


def test_a_caller_may_be_kept_from_files_and_from_speech(kept_apart: dict[str, str]) -> None:
    rules = {"callers": {"everyone": {"operations": ["chat"]}}}
    app = App({**kept_apart, "MODEL_SERVICE_CONFIG": json.dumps(rules)})
    with closing(app.service):
        ask = asking(app)
        assert said(ask("GET", "/files"), 403)["error"]["code"] == "operation_not_allowed"
        speech = {"model": "xai.grok-tts", "voice": "eve", "input": "x"}
        assert said(ask("POST", "/audio/speech", speech), 403)["error"]["code"] == "operation_not_allowed"
