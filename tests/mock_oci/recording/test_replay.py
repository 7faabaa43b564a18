from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import oci as sdk
import openai
import pytest

from mock_oci import Request
from mock_oci.recording import NotInRecording, Player, read_recording, replaying
from mock_oci.recording.exchange import Exchange
from mock_oci.recording.file import write_recording
from mock_oci.recording.sanitiser import Sanitiser

STORAGE = "objectstorage.us-chicago-1.oraclecloud.com"
COMPARTMENT = "ocid1.compartment.oc1..aaaaaaaaexampleexample"


def exchange(method: str, target: str, body: Any = None, answer: Any = None, **about: Any) -> Exchange:
    content = b"" if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    request = Request(method, target, {"host": STORAGE, **headers}, content)
    return Exchange(request, STORAGE, 200, headers, (json.dumps(answer).encode(),), **about)


def written(path: Path, *exchanges: Exchange) -> Path:
    write_recording(path, exchanges, Sanitiser())
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(
        tmp_path / "recording.json",
        exchange("GET", "/n/", answer="mynamespace"),
        exchange("GET", f"/n/mynamespace/b/?compartmentId={COMPARTMENT}&limit=5", answer=[{"name": "one"}]),
        exchange("POST", "/n/mynamespace/b/", {"name": "two", "compartmentId": COMPARTMENT}, {"name": "two"}),
    )


def get(target: str) -> httpx.Response:
    return httpx.get(f"https://{STORAGE}{target}")


def test_what_is_not_recorded_is_a_501_that_says_what_was_asked_and_what_is_nearest(file: Path) -> None:
    with pytest.raises(NotInRecording) as missed, replaying(file):
        get("/n/")
        answer = get("/n/mine/b/?compartmentId=ocid1.compartment.oc1..mine&limit=6")
        assert (answer.status_code, answer.json()["code"]) == (501, "NotInRecording")
        assert answer.json()["message"] == f"mock_oci: {MESSAGE}"
    assert str(missed.value) == MESSAGE


MESSAGE = (
    "GET /n/mine/b/?compartmentId=ocid1.compartment.oc1..mine&limit=6 is not in the recording; the nearest is"
    " GET /n/namespace0001/b/?compartmentId=ocid1.compartment.oc1..recorded0001xxxxxxxxxx&limit=5:"
    ' the query\'s limit is "6", not "5"'
)


def test_a_client_that_swallows_the_error_does_not_hide_it(file: Path) -> None:
    with pytest.raises(NotInRecording, match="DELETE /n/x is not in the recording"), replaying(file):
        httpx.delete(f"https://{STORAGE}/n/x")


def test_every_client_raises_its_own_error_at_once(file: Path) -> None:
    with pytest.raises(NotInRecording) as missed, replaying(file) as player:
        client = openai.OpenAI(
            base_url="https://inference.generativeai.us-chicago-1.oci.oraclecloud.com/openai/v1", api_key="sk-x"
        )
        with pytest.raises(openai.InternalServerError, match="is not in the recording"):
            client.responses.retrieve("resp_1")
        storage = sdk.object_storage.ObjectStorageClient(sdk.config.from_file())
        with pytest.raises(sdk.exceptions.ServiceError, match="is not in the recording"):
            storage.get_bucket("n", "b")
        assert len(player.misses) == 2  # nobody tried again
    assert str(missed.value).count("\n") == 1


def test_a_test_that_fails_for_it_says_so(file: Path) -> None:
    with pytest.raises(NotInRecording) as missed, replaying(file):
        get("/x").raise_for_status()
    assert isinstance(missed.value.__cause__, httpx.HTTPStatusError)


def test_leftovers_can_be_asserted(file: Path) -> None:
    with replaying(file) as player:
        get("/n/")
        assert player.left == [
            "GET /n/namespace0001/b/?compartmentId=ocid1.compartment.oc1..recorded0001xxxxxxxxxx&limit=5",
            "POST /n/namespace0001/b/",
        ]
    left = pytest.raises(NotInRecording, match=r"what nobody asked: GET /n/namespace0001/b/")
    with left, replaying(file, all_used=True):
        get("/n/")


def test_in_order_only_the_next_one_answers(file: Path) -> None:
    other = pytest.raises(NotInRecording, match=r"the next one is GET /n/: the method is POST, not GET")
    with other, replaying(file, in_order=True):
        httpx.post(f"https://{STORAGE}/n/x/b/", json={"name": "two", "compartmentId": COMPARTMENT})


def test_each_exchange_is_used_once_unless_it_repeats(file: Path) -> None:
    with replaying(file, repeats=True):
        assert get("/n/").json() == get("/n/").json() == "namespace0001"
    with pytest.raises(NotInRecording, match="was asked as often as it was recorded"), replaying(file):
        get("/n/")
        get("/n/")


def test_an_id_stands_for_one_and_the_same(file: Path) -> None:
    with pytest.raises(NotInRecording, match=r"where ocid1\.compartment\.oc1\.\.mine stood before"), replaying(file):
        get("/n/mine/b/?compartmentId=ocid1.compartment.oc1..mine&limit=5")
        body = {"name": "two", "compartmentId": "ocid1.compartment.oc1..another"}
        httpx.post(f"https://{STORAGE}/n/mine/b/", json=body)


def test_the_order_of_parameters_and_fields_is_not_compared(file: Path) -> None:
    with replaying(file):
        assert get(f"/n/m/b/?limit=5&compartmentId={COMPARTMENT}").json() == [{"name": "one"}]
        body = {"compartmentId": COMPARTMENT, "name": "two"}
        assert httpx.post(f"https://{STORAGE}/n/m/b/", json=body).json() == {"name": "two"}


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"name": "three"}, 'the body\'s name is "three", not "two"'),
        ({"extra": 1}, "the body's extra is not recorded"),
        ({"name": ...}, "the body's name is missing"),
        ({"compartmentId": "ocid1.tenancy"}, 'the body\'s compartmentId is "ocid1.tenancy", not'),
        ({"name": ["two"]}, 'the body\'s name is ["two"], not "two"'),
    ],
)
def test_a_body_differs(file: Path, change: dict[str, Any], difference: str) -> None:
    body = {"name": "two", "compartmentId": COMPARTMENT, **change}
    with pytest.raises(NotInRecording) as missed, replaying(file):
        content = {name: value for name, value in body.items() if value is not ...}
        httpx.post(f"https://{STORAGE}/n/m/b/", json=content)
    assert difference in str(missed.value)


def test_what_may_differ_is_ignored(file: Path) -> None:
    with replaying(file, ignoring=["limit"]):
        assert get(f"/n/m/b/?compartmentId={COMPARTMENT}&limit=77").status_code == 200


def test_a_name_within_a_text_is_compared_as_a_name(tmp_path: Path) -> None:
    recorded = exchange("POST", "/x", {"userName": "ada.lovelace", "note": "for ada.lovelace, today"}, {"ok": 1})
    file = written(tmp_path / "names.json", recorded)
    assert "lovelace" not in file.read_text()
    for name, note in (("grace", "for grace, today"), ("ada", "for grace, today"), ("ada", "for ada, tomorrow")):
        player = Player(read_recording(file))
        body = json.dumps({"userName": name, "note": note}).encode()
        assert player.answer(Request("POST", "/x", {}, body)).status == (200 if name == "grace" else 501)


def test_ids_within_base64_are_compared_and_answered_as_well() -> None:
    import base64

    def wrapped(ocid: str) -> str:
        return base64.b64encode(json.dumps({"id": ocid}).encode()).decode()

    recorded = exchange("POST", "/m", {"value": wrapped(COMPARTMENT)}, [{"value": wrapped(COMPARTMENT)}])
    player = Player([_sanitised(recorded)])
    mine = "ocid1.compartment.oc1..mine"
    asked = Request("POST", "/m", {}, json.dumps({"value": wrapped(mine)}).encode())
    answer = player.answer(asked)
    assert isinstance(answer.body, bytes)
    assert json.loads(base64.b64decode(json.loads(answer.body)[0]["value"])) == {"id": mine}


def _sanitised(one: Exchange) -> Exchange:
    from mock_oci.recording.file import sanitised

    return sanitised(one, Sanitiser())


def test_what_is_no_id_is_compared_as_it_is(tmp_path: Path) -> None:
    page = written(tmp_path / "page.json", exchange("GET", "/x?page=2&ip=127.0.0.1", answer={"page": "2"}))
    with pytest.raises(NotInRecording, match=r"page is \"3\", not \"2\""), replaying(page):
        get("/x?page=3&ip=127.0.0.1")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": "mock_oci recording 1", "exchanges": [{}]}'])
def test_what_is_no_recording_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ValueError, match=r"x\.json"):
        read_recording(tmp_path / "x.json")
