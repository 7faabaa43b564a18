"""Files, vector stores, containers and speech on the wire, with what each refuses."""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Callable
from typing import Any

import pytest

from mock_oci import MockOci, Request, Response

FORM = "multipart/form-data; boundary=b0"
CONTROL = "generativeai.us-chicago-1.oci.oraclecloud.com"
INFERENCE = f"inference.{CONTROL}"
SPEECH = {"model": "xai.grok-tts", "voice": "ARA", "input": "Good morning to all"}
Surface = Callable[..., Response]
Stores = Callable[..., Response]


def _json(response: Response, status: int = 200) -> Any:
    assert isinstance(response.body, bytes)
    assert response.status == status, response.body
    return json.loads(response.body)


def _form(content: bytes = b"the cat sat", filename: str = "cats.txt", **fields: str) -> bytes:
    parts = [f'--b0\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()]
    file = f'--b0\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n\r\n'
    return "".join([*parts, file]).encode() + content + b"\r\n--b0--\r\n"


@pytest.fixture
def file(surface: Surface) -> str:
    return str(_json(surface("POST", "/files", _form(purpose="user_data"), content_type=FORM))["id"])


@pytest.fixture
def stores(oci: MockOci, sign: Callable[..., Request]) -> Stores:
    """Asks for vector stores on the control plane, signed."""
    user = oci.principals.api_key_user()

    def send(method: str, path: str = "", body: Any = None, host: str = CONTROL, **headers: str) -> Response:
        content = b"" if body is None else json.dumps(body).encode()
        usual = {"opc-compartment-id": oci.tenancy.compartment_id, "openai-project": oci.projects.default.id}
        change = {**usual, **{name.replace("_", "-"): value for name, value in headers.items()}, "host": host}
        target = f"/20231130/openai/v1/vector_stores{path}"
        request = sign(user.key_id, user.private_pem, method, target, content, change=change)
        return oci.answer(request)

    return send


@pytest.fixture
def store(stores: Stores) -> str:
    return str(_json(stores("POST", "", {"name": "pets"}))["id"])


def test_a_file_is_uploaded_listed_read_and_deleted(oci: MockOci, surface: Surface) -> None:
    made = _json(surface("POST", "/files", _form(purpose="user_data"), content_type=FORM))
    assert (made["bytes"], made["filename"], made["status"], made["object"]) == (11, "cats.txt", "processed", "file")
    path = f"/files/{made['id']}"
    assert _json(surface("GET", path)) == made
    assert _json(surface("GET", "/files?purpose=user_data"))["data"] == [made]
    assert _json(surface("GET", "/files?purpose=batch"))["data"] == []
    assert surface("GET", f"{path}/content").body == b"the cat sat"
    assert _json(surface("DELETE", path)) == {"id": made["id"], "object": "file", "deleted": True}
    inner = json.loads(_json(surface("GET", path), 404)["message"])
    assert inner["error"]["message"].startswith("No such File object")


def test_a_file_may_expire_and_is_its_projects_alone(oci: MockOci, surface: Surface) -> None:
    fields = {"purpose": "user_data", "expires_after[anchor]": "created_at", "expires_after[seconds]": "3600"}
    made = _json(surface("POST", "/files", _form(**fields), content_type=FORM))
    assert made["expires_at"] == made["created_at"] + 3600
    other = oci.projects.create("other").id
    assert surface("GET", f"/files/{made['id']}", openai_project=other).status == 404
    oci.clock.advance(3601)
    assert surface("GET", f"/files/{made['id']}").status == 404
    assert _json(surface("GET", "/files"))["data"] == []


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (_form(), {"content_type": FORM}),
        (_form(purpose="nonsense"), {"content_type": FORM}),
        (_form(b"", purpose="user_data"), {"content_type": FORM}),
        (_form(purpose="user_data", colour="red"), {"content_type": FORM}),
        (_form(purpose="user_data", **{"expires_after[seconds]": "1"}), {"content_type": FORM}),
        (_form(purpose="user_data")[:-6], {"content_type": FORM}),
        (_form(purpose="user_data"), {"content_type": "multipart/form-data"}),
        (b"{}", {"content_type": "application/json"}),
        (_form(purpose="user_data"), {"content_type": FORM, "openai_project": ""}),
    ],
)
def test_an_upload_is_checked(surface: Surface, body: bytes, headers: dict[str, str]) -> None:
    assert surface("POST", "/files", body, **headers).status == 400


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "order=up", "colour=red"])
def test_a_list_is_asked_for_properly(surface: Surface, query: str) -> None:
    assert surface("GET", f"/files?{query}").status == 400


def test_vector_stores_are_made_on_the_control_plane(stores: Stores, oci: MockOci) -> None:
    expires = {"anchor": "last_active_at", "days": 2}
    made = _json(stores("POST", "", {"name": "pets", "metadata": {"a": "b"}, "expires_after": expires}))
    assert made["expires_at"] == made["last_active_at"] + 2 * 86400
    assert (made["object"], made["status"], made["file_counts"]["total"]) == ("vector_store", "completed", 0)
    path = f"/{made['id']}"
    assert _json(stores("GET", path)) == made
    assert _json(stores("POST", path, {"name": "cats"}))["metadata"] == {"a": "b"}
    assert _json(stores("GET"))["data"][0]["name"] == "cats"
    assert _json(stores("DELETE", path))["object"] == "vector_store.deleted"
    inner = json.loads(_json(stores("GET", path), 404)["message"])
    assert inner["error"]["message"] == f"VectorStore {made['id']} not found."


def test_each_host_serves_its_own(stores: Stores, surface: Surface, store: str, file: str) -> None:
    assert "registered service" in _json(stores("GET", host=INFERENCE), 404)["message"]
    assert "registered service" in _json(surface("GET", f"/files/{file}", host=CONTROL), 404)["message"]
    assert _json(surface("GET", f"/files/{file}", host=INFERENCE))["id"] == file
    assert surface("GET", "/vector_stores").status == 404


def test_vector_stores_want_a_signature_and_a_compartment(stores: Stores, oci: MockOci) -> None:
    secret = oci.principals.generative_ai_api_key().secret
    asked = Request("GET", "/20231130/openai/v1/vector_stores", {"authorization": f"Bearer {secret}"})
    assert oci.answer(asked).status == 401
    assert _json(stores("GET", opc_compartment_id=""), 400)["message"] == "Compartment ID must be provided"


@pytest.mark.parametrize(
    "body",
    [
        {"name": 5},
        {"colour": "red"},
        {"metadata": {"a": 1}},
        {"expires_after": {"anchor": "created_at", "days": 1}},
        {"expires_after": {"anchor": "last_active_at", "days": 0}},
        {"file_ids": ["file-none"]},
    ],
)
def test_a_vector_store_is_checked(stores: Stores, body: dict[str, Any]) -> None:
    assert stores("POST", "", body).status == 400


def test_files_of_a_store_are_added_searched_and_taken_out(surface: Surface, store: str, file: str) -> None:
    path = f"/vector_stores/{store}"
    added = _json(surface("POST", f"{path}/files", {"file_id": file, "attributes": {"kind": "pet", "legs": 4}}))
    assert (added["id"], added["status"], added["attributes"]["legs"]) == (file, "completed", 4)
    assert _json(surface("GET", f"{path}/files"))["data"] == [added]
    assert _json(surface("GET", f"{path}/files?filter=failed"))["data"] == []
    assert _json(surface("GET", f"{path}/files/{file}/content"))["data"][0]["text"] == "the cat sat"
    found = _json(surface("POST", f"{path}/search", {"query": "a cat"}))
    assert (found["data"][0]["filename"], found["data"][0]["score"]) == ("cats.txt", 0.5)
    for filters, number in (
        ({"type": "eq", "key": "kind", "value": "pet"}, 1),
        ({"type": "gt", "key": "legs", "value": 4}, 0),
        ({"type": "and", "filters": [{"type": "gte", "key": "legs", "value": 4}]}, 1),
        ({"type": "or", "filters": [{"type": "ne", "key": "kind", "value": "pet"}]}, 0),
    ):
        assert len(_json(surface("POST", f"{path}/search", {"query": "cat", "filters": filters}))["data"]) == number
    refused = surface("POST", f"{path}/search", {"query": "x", "filters": {"type": "in", "key": "k", "value": []}})
    assert refused.status == 422
    assert _json(surface("POST", f"{path}/files/{file}", {"attributes": {"legs": 3}}))["attributes"] == {"legs": 3}
    assert _json(surface("DELETE", f"{path}/files/{file}"))["deleted"]
    assert surface("GET", f"{path}/files/{file}").status == 404
    assert surface("GET", f"/files/{file}").status == 200


def test_a_type_that_no_store_indexes_is_refused(surface: Surface, store: str) -> None:
    sheet = _json(surface("POST", "/files", _form(b"x", "a.xlsx", purpose="user_data"), content_type=FORM))["id"]
    error = _json(surface("POST", f"/vector_stores/{store}/files", {"file_id": sheet}), 400)["error"]
    assert (error["code"], error["message"]) == (
        "unsupported_file",
        f"Unsupported file type 'xlsx' found for {sheet}",
    )


def test_a_batch_of_files_is_done_at_once(surface: Surface, store: str, file: str) -> None:
    path = f"/vector_stores/{store}/file_batches"
    made = _json(surface("POST", path, {"file_ids": [file]}))
    assert (made["object"], made["status"], made["file_counts"]["completed"]) == (
        "vector_store.files_batch",
        "completed",
        1,
    )
    assert _json(surface("GET", f"{path}/{made['id']}"))["id"] == made["id"]
    assert _json(surface("GET", f"{path}/{made['id']}/files"))["data"][0]["id"] == file
    assert surface("POST", f"{path}/{made['id']}/cancel").status == 400
    assert surface("GET", f"{path}/vsfb_none").status == 404
    assert surface("POST", path, {"file_ids": []}).status == 400


def test_a_container_ends_when_it_is_not_used(oci: MockOci, surface: Surface, file: str) -> None:
    made = _json(surface("POST", "/containers", {"name": "work", "file_ids": [file], "memory_limit": "4g"}))
    path = f"/containers/{made['id']}"
    assert (made["status"], made["memory_limit"], made["expires_after"]["minutes"]) == ("running", "4g", 20)
    listed = _json(surface("GET", f"{path}/files"))["data"]
    assert [one["path"] for one in listed] == ["/mnt/data/cats.txt"]
    oci.clock.advance(19 * 60)
    added = _json(surface("POST", f"{path}/files", _form(b"1,2", "d.csv"), content_type=FORM))
    oci.clock.advance(19 * 60)
    assert surface("GET", f"{path}/files/{added['id']}/content").body == b"1,2"
    assert _json(surface("DELETE", f"{path}/files/{added['id']}"))["deleted"]
    assert surface("GET", f"{path}/files/{added['id']}").status == 404
    oci.clock.advance(20 * 60)
    assert _json(surface("GET", path))["status"] == "expired"
    assert surface("GET", f"{path}/files").status == 404
    assert _json(surface("DELETE", path))["deleted"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": 1},
        {"name": "x", "memory_limit": "2g"},
        {"name": "x", "expires_after": {"anchor": "last_active_at", "minutes": 60}},
        {"name": "x", "colour": "red"},
    ],
)
def test_a_container_is_checked(surface: Surface, body: dict[str, Any]) -> None:
    assert surface("POST", "/containers", body).status == 400


def test_speech_is_a_sound_that_players_play(surface: Surface) -> None:
    made = surface("POST", "/audio/speech", {**SPEECH, "response_format": "wav"})
    assert (made.status, made.headers["content-type"]) == (200, "audio/wav")
    assert isinstance(made.body, bytes)
    with wave.open(io.BytesIO(made.body)) as sound:
        assert sound.getnframes() / sound.getframerate() == 2.0
    mp3 = surface("POST", "/audio/speech", SPEECH)
    assert mp3.headers["content-type"] == "audio/mpeg"
    assert isinstance(mp3.body, bytes)
    assert mp3.body.startswith(b"\xff\xfb")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"voice": "alloy"}, 400),
        ({"input": "x" * 15_001}, 400),
        ({"input": ""}, 400),
        ({"response_format": "opus"}, 400),
        ({"stream_format": "sse"}, 400),
        ({"colour": "red"}, 400),
        ({"model": "openai.gpt-oss-120b"}, 400),
        ({"model": "no.such"}, 404),
        ({"model": None}, 400),
    ],
)
def test_speech_is_checked(surface: Surface, change: dict[str, Any], status: int) -> None:
    assert surface("POST", "/audio/speech", {**SPEECH, **change}).status == status


def test_a_model_that_speaks_does_not_chat(surface: Surface) -> None:
    chat = {"model": "xai.grok-tts", "messages": [{"role": "user", "content": "Hi"}]}
    assert surface("POST", "/chat/completions", chat).status == 400
