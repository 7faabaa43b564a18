from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from mock_oci import MockOci, Response

MODEL = "openai.gpt-oss-120b"
ITEM = {"type": "message", "role": "user", "content": "I am Ada"}
Surface = Callable[..., Response]


def _json(response: Response, status: int = 200) -> Any:
    assert isinstance(response.body, bytes)
    assert response.status == status, response.body
    return json.loads(response.body)


@pytest.fixture
def conversation(surface: Surface) -> str:
    """The path of a conversation with one item."""
    return f"/conversations/{_json(surface('POST', '/conversations', {'items': [ITEM]}))['id']}"


def _texts(listed: Any) -> list[str]:
    return [item["content"][0]["text"] for item in listed["data"]]


def test_a_conversation_is_created_retrieved_updated_and_deleted(oci: MockOci, surface: Surface) -> None:
    made = _json(surface("POST", "/conversations", {"metadata": {"a": "b"}}))
    assert re.fullmatch(r"conv_[0-9a-f]{48}", made["id"])
    assert made == {
        "id": made["id"],
        "object": "conversation",
        "created_at": int(oci.clock()),
        "metadata": {"a": "b"},
    }
    path = f"/conversations/{made['id']}"
    assert _json(surface("GET", path)) == made
    assert _json(surface("POST", path, {"metadata": {"c": "d"}}))["metadata"] == {"c": "d"}
    deleted = _json(surface("DELETE", path))
    assert deleted == {"id": made["id"], "object": "conversation.deleted", "deleted": True}
    inner = json.loads(_json(surface("GET", path), 404)["message"])
    assert inner["error"]["message"] == f"Conversation with id '{made['id']}' not found."


def test_an_empty_body_makes_an_empty_conversation(surface: Surface) -> None:
    made = _json(surface("POST", "/conversations"))
    listed = _json(surface("GET", f"/conversations/{made['id']}/items"))
    assert listed == {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}


def test_conversations_are_not_listed(surface: Surface) -> None:
    assert "map to a registered service" in _json(surface("GET", "/conversations"), 404)["message"]


def test_items_are_added_listed_retrieved_and_deleted(surface: Surface, conversation: str) -> None:
    added = _json(surface("POST", f"{conversation}/items", {"items": [{**ITEM, "content": "I live in Oslo"}]}))
    id_ = added["data"][0]["id"]
    assert (added["object"], added["first_id"]) == ("list", id_)
    assert _texts(_json(surface("GET", f"{conversation}/items"))) == ["I live in Oslo", "I am Ada"]
    assert _json(surface("GET", f"{conversation}/items/{id_}")) == added["data"][0]
    assert _json(surface("DELETE", f"{conversation}/items/{id_}"))["object"] == "conversation"
    assert surface("GET", f"{conversation}/items/{id_}").status == 404
    assert surface("DELETE", f"{conversation}/items/{id_}").status == 404
    assert _texts(_json(surface("GET", f"{conversation}/items?order=asc"))) == ["I am Ada"]


@pytest.mark.parametrize(
    "body",
    [{}, {"items": []}, {"items": [{"role": "user", "content": "Hi"}]}, {"items": [ITEM] * 21}, {"items": 5}, [], b"{"],
)
def test_items_are_checked(surface: Surface, conversation: str, body: Any) -> None:
    assert surface("POST", f"{conversation}/items", body).status == 400


def test_metadata_is_checked(surface: Surface, conversation: str) -> None:
    assert surface("POST", conversation, {"metadata": {"a": 1}}).status == 400
    assert surface("POST", "/conversations", {"metadata": 5}).status == 400


def test_responses_read_and_continue_a_conversation(surface: Surface, conversation: str) -> None:
    id_ = conversation.rpartition("/")[2]
    asked = {"model": MODEL, "input": "Who am I?", "conversation": id_}
    answer = _json(surface("POST", "/responses", asked))
    assert answer["conversation"] == {"id": id_}
    said = answer["output"][0]["content"][0]["text"]
    assert 'Before that: "I am Ada".' in said
    assert _texts(_json(surface("GET", f"{conversation}/items?order=asc"))) == ["I am Ada", "Who am I?", said]
    again = _json(surface("POST", "/responses", {**asked, "conversation": {"id": id_}}))
    assert '"I am Ada", "Who am I?"' in again["output"][0]["content"][0]["text"]


@pytest.mark.not_through("server", why="a server does not wait for its reader")
def test_a_stream_continues_a_conversation_when_it_is_read_to_its_end(surface: Surface, conversation: str) -> None:
    asked = {"model": MODEL, "input": "Hi", "conversation": conversation.rpartition("/")[2], "stream": True}
    unread = surface("POST", "/responses", asked)
    read = surface("POST", "/responses", asked)
    assert b"response.completed" in b"".join(read.body)  # type: ignore[arg-type]
    assert len(_json(surface("GET", f"{conversation}/items"))["data"]) == 3
    assert unread.status == 200


def test_a_background_run_is_part_of_its_conversation_once_it_has_ended(
    clock: Any, surface: Surface, conversation: str
) -> None:
    asked = {"model": MODEL, "input": "Hi", "conversation": conversation.rpartition("/")[2], "background": True}
    surface("POST", "/responses", asked)
    cancelled = _json(surface("POST", "/responses", asked))["id"]
    surface("POST", f"/responses/{cancelled}/cancel")
    assert len(_json(surface("GET", f"{conversation}/items"))["data"]) == 1
    clock.now += 3
    assert len(_json(surface("GET", f"{conversation}/items"))["data"]) == 3


def test_a_failed_response_adds_nothing(oci: MockOci, surface: Surface, conversation: str) -> None:
    oci.script.chat("So", finish_reason="failed")
    surface("POST", "/responses", {"model": MODEL, "input": "Hi", "conversation": conversation.rpartition("/")[2]})
    assert len(_json(surface("GET", f"{conversation}/items"))["data"]) == 1


def test_an_unknown_conversation_cannot_be_continued(surface: Surface) -> None:
    assert surface("POST", "/responses", {"model": MODEL, "input": "Hi", "conversation": "conv_1"}).status == 404


def test_a_conversation_expires_some_time_after_its_last_update(oci: MockOci, clock: Any, surface: Surface) -> None:
    short = oci.projects.create(conversations_hours=1).id
    path = f"/conversations/{_json(surface('POST', '/conversations', openai_project=short))['id']}"
    for _ in range(2):
        clock.now += 3599
        assert surface("POST", f"{path}/items", {"items": [ITEM]}, openai_project=short).status == 200
    clock.now += 3600
    assert surface("GET", path, openai_project=short).status == 404


def test_conversations_want_a_project_and_are_isolated_by_it(oci: MockOci, surface: Surface, conversation: str) -> None:
    missing = _json(surface("GET", conversation, openai_project=""), 400)
    assert missing == {"code": "400", "message": "Compartment ID must be provided."}
    assert surface("GET", conversation, openai_project=oci.projects.create().id).status == 404
    oci.deny("generativeaiapikey")
    assert surface("GET", conversation).status == 404
