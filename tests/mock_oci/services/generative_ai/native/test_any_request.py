from __future__ import annotations

from collections.abc import Callable
from typing import Any

import oci.generative_ai_inference.models as m
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_oci import Response

CHATS = {
    "GENERIC": ("xai.grok-4.3", m.GenericChatRequest),
    "COHERE": ("cohere.command-a-03-2025", m.CohereChatRequest),
    "COHEREV2": ("cohere.command-a-vision-07-2025", m.CohereChatRequestV2),
}
PARTS = st.sampled_from(
    [
        {"type": "TEXT", "text": "Hi"},
        {"type": "TEXT"},
        {"role": "USER", "content": [{"type": "TEXT", "text": "get_weather"}]},
        {"role": "USER", "message": "Hi"},
        {"role": "TOOL", "toolCallId": "a", "content": [{"type": "TEXT", "text": ""}]},
        {"type": "FUNCTION", "name": "get_weather", "parameters": {"properties": {"x": {"$ref": "#"}}}},
        {"type": "FUNCTION", "function": {"name": "get_weather", "parameters": {"type": ["x"]}}},
        {"name": "get_weather", "description": "", "parameterDefinitions": {"x": {"type": "List[x]"}}},
        {"type": "JSON_OBJECT", "schema": {"properties": 3}},
        {"type": "JSON_SCHEMA", "jsonSchema": {"name": "x", "schema": {"enum": []}}},
    ]
)
LEAVES = st.none() | st.booleans() | st.integers(-2, 9) | st.floats(allow_nan=False) | st.text(max_size=3) | PARTS
ANYTHING = st.recursive(
    LEAVES, lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=3), one), max_leaves=12
)
HURRIED = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _fields(kind: Any) -> list[str]:
    return sorted(kind().attribute_map.values())


@pytest.mark.parametrize("name", CHATS)
@HURRIED
@given(drawn=st.data())
def test_any_chat_request_is_answered_or_refused(act: Callable[..., Response], name: str, drawn: st.DataObject) -> None:
    model, kind = CHATS[name]
    fields = drawn.draw(st.dictionaries(st.sampled_from(_fields(kind)), ANYTHING, max_size=4))
    usual = {"GENERIC": "messages", "COHERE": "message", "COHEREV2": "messages"}[name]
    said = "Hi get_weather" if usual == "message" else [{"role": "USER", "content": [{"type": "TEXT", "text": "Hi"}]}]
    response = act("chat", model, chatRequest={usual: said, **fields, "apiFormat": name})
    assert response.status in {200, 400, 500}
    if not isinstance(response.body, bytes):
        assert list(response.body)


@pytest.mark.parametrize(
    ("action", "model", "kind"),
    [
        ("embedText", "cohere.embed-v4.0", m.EmbedTextDetails),
        ("rerankText", "cohere.rerank-v4.0-fast", m.RerankTextDetails),
        ("chat", "xai.grok-4.3", m.ChatDetails),
    ],
)
@HURRIED
@given(drawn=st.data())
def test_any_details_are_answered_or_refused(
    act: Callable[..., Response], action: str, model: str, kind: Any, drawn: st.DataObject
) -> None:
    fields = drawn.draw(st.dictionaries(st.sampled_from(_fields(kind)), ANYTHING, max_size=4))
    assert act(action, model, **fields).status in {200, 400, 404}
