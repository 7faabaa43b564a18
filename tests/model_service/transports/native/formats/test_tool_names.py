"""Tools with names that Cohere's format cannot say, there and back."""

from __future__ import annotations

import json

import pytest

from model_service.openai_api.chat import ChatRequest
from model_service.routing import resolve
from model_service.transports.native.formats import FORMATS, Identity, Translation

NAMES = ["get-weather", "get_weather", "files.read", "2nd", "mcp:srv/tool", "a" * 64, "naïve"]


def tool(name):
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}


def translated(messages, tools):
    translation = Translation()
    body = {"model": "cohere.c", "messages": messages, "tools": tools}
    sent = FORMATS["COHERE"].request(
        ChatRequest.parse(body), resolve("cohere.c", aliases={}), stream=False, translation=translation
    )
    return sent, Identity("chatcmpl-1", 1, "m", frozenset(), translation.reading)


def test_every_name_is_an_identifier_of_its_own_and_comes_back_as_it_was():
    sent, identity = translated([{"role": "user", "content": "?"}], [tool(name) for name in NAMES])

    natives = [one["name"] for one in sent["tools"]]
    assert all(name.isascii() and name.isidentifier() for name in natives)
    assert len(set(natives)) == len(NAMES) and natives[1] == "get_weather"
    response = {
        "text": "",
        "toolCalls": [{"name": name, "parameters": {}} for name in natives],
        "finishReason": "COMPLETE",
    }
    whole = FORMATS["COHERE"].completion({"chatResponse": response}, identity)["choices"][0]["message"]
    assert [call["function"]["name"] for call in whole["tool_calls"]] == NAMES
    chunks = list(FORMATS["COHERE"].chunks(iter([json.dumps(response)]), identity, include_usage=False))
    calls = [call for chunk in chunks for call in chunk["choices"][0]["delta"].get("tool_calls", [])]
    assert [call["function"]["name"] for call in calls] == NAMES


def test_a_call_in_the_history_has_the_name_of_its_tool():
    call = {"id": "c", "type": "function", "function": {"name": "get-weather", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "?"},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "hot"},
    ]

    sent, _ = translated(messages, [tool("get_weather"), tool("get-weather")])

    renamed = sent["tools"][1]["name"]
    assert renamed != "get_weather"
    assert sent["chatHistory"][1]["toolCalls"][0]["name"] == sent["toolResults"][0]["call"]["name"] == renamed


@pytest.mark.parametrize("api_format", ["GENERIC", "COHEREV2"])
def test_other_formats_take_names_as_they_are(api_format, native):
    sent = native(api_format, tools=[tool(name) for name in NAMES])["tools"]

    assert [one.get("function", one)["name"] for one in sent] == NAMES
