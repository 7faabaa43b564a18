from __future__ import annotations

import json
from typing import Any

import pytest

from mock_oci.model.local_model import replies_to
from mock_oci.model.replies import Reply


def _tool(name: str, description: str = "", **properties: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


STRING = {"type": "string"}
WEATHER = _tool("get_weather", "The weather in a city", city=STRING)
STOCK = _tool("stockPrice", "What a share costs", symbol=STRING, days={"type": "integer"})


def _reply(prompt: Any, **body: Any) -> Reply:
    messages = prompt if isinstance(prompt, list) else [{"role": "user", "content": prompt}]
    return replies_to({"model": "meta.llama", "messages": messages, **body})[0]


def _calls(prompt: str, *tools: Any, **body: Any) -> list[tuple[str, Any]]:
    reply = _reply(prompt, tools=list(tools), **body)
    return [(call.name, json.loads(call.arguments)) for call in reply.tool_calls]


def test_the_answer_refers_to_the_prompt_and_never_changes() -> None:
    reply = _reply("Why is the sky blue?")
    assert '"Why is the sky blue?"' in reply.text
    assert reply.finish_reason == "stop"
    assert reply == _reply("Why is the sky blue?")


def test_the_pieces_make_up_the_text() -> None:
    pieces = _reply("a  b\n\nc").pieces
    assert len(pieces) > 5
    assert "a  b\n\nc" in "".join(pieces)


def test_a_very_long_prompt_is_quoted_in_part() -> None:
    assert len(_reply("word " * 5000).text) < 1000


@pytest.mark.parametrize("limit", ["max_tokens", "max_completion_tokens"])
def test_a_token_limit_cuts_the_answer(limit: str) -> None:
    reply = _reply("Hello there", **{limit: 3})
    assert len(reply.pieces) == 3
    assert reply.finish_reason == "length"
    assert reply.usage
    assert reply.usage.completion_tokens == 3


@pytest.mark.parametrize("stop", ["there", ["nowhere", "there"]])
def test_a_stop_sequence_ends_the_answer_before_it(stop: Any) -> None:
    reply = _reply("Hello there", stop=stop)
    assert reply.text == 'You asked: "Hello '
    assert reply.finish_reason == "stop"


def test_n_gives_so_many_choices() -> None:
    body = {"messages": [{"role": "user", "content": "weather in Oslo"}], "tools": [WEATHER], "n": 3}
    replies = replies_to(body)
    assert len({reply.tool_calls[0].id for reply in replies}) == 3


def test_usage_counts_a_word_as_a_token() -> None:
    usage = _reply([{"role": "system", "content": "Be brief"}, {"role": "user", "content": "Hi"}]).usage
    assert usage
    assert usage.prompt_tokens == 4 + 2 + 4 + 1
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_it_says_how_many_images_it_saw() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    reply = _reply([{"role": "user", "content": [{"type": "text", "text": "What?"}, image, image]}])
    assert "I saw 2 images." in reply.text
    assert reply.usage
    assert reply.usage.prompt_tokens == 4 + 1 + 2 * 85


def test_json_object_gives_an_object() -> None:
    assert "Hi" in json.loads(_reply("Hi", response_format={"type": "json_object"}).text)["answer"]


def test_json_schema_gives_what_it_asks_for() -> None:
    schema = {"type": "object", "properties": {"city": STRING, "size": {"type": "integer"}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    reply = _reply("Tell me about Oslo and its 700000 people", response_format=wanted)
    assert json.loads(reply.text) == {"city": "Oslo", "size": 700000}


def test_a_tool_is_called_when_the_prompt_asks_for_it() -> None:
    assert _calls("What is the weather in Oslo?", WEATHER, STOCK) == [("get_weather", {"city": "Oslo"})]
    assert _reply("Weather in Oslo?", tools=[WEATHER]).finish_reason == "tool_calls"


@pytest.mark.parametrize("prompt", ["use stockPrice", "the stock price of it", "What does one share of it costs"])
def test_a_tool_is_known_by_its_name_its_words_or_its_description(prompt: str) -> None:
    assert [name for name, _ in _calls(prompt, WEATHER, STOCK)] == ["stockPrice"]


def test_arguments_are_taken_from_the_prompt() -> None:
    assert _calls('The stock price of "ORCL" for 5 days', STOCK) == [("stockPrice", {"symbol": "ORCL", "days": 5})]


def test_no_tool_is_called_when_none_is_meant() -> None:
    assert _calls("Hello", WEATHER, STOCK) == []
    assert "Hello" in _reply("Hello", tools=[WEATHER]).text


def test_two_tools_are_called_when_two_are_meant() -> None:
    both = "The weather in Oslo, and the stock price too"
    assert [name for name, _ in _calls(both, WEATHER, STOCK)] == ["get_weather", "stockPrice"]
    assert len(_calls(both, WEATHER, STOCK, parallel_tool_calls=False)) == 1


def test_a_tool_is_called_once_for_each_thing_asked_about() -> None:
    prompt = "What is the weather in Oslo and in Bergen?"
    assert _calls(prompt, WEATHER) == [("get_weather", {"city": "Oslo"}), ("get_weather", {"city": "Bergen"})]
    assert _calls(prompt, WEATHER, parallel_tool_calls=False) == [("get_weather", {"city": "Oslo"})]


def test_tool_choice_is_obeyed() -> None:
    named = {"type": "function", "function": {"name": "stockPrice"}}
    assert [name for name, _ in _calls("Hello", WEATHER, STOCK, tool_choice=named)] == ["stockPrice"]
    assert [name for name, _ in _calls("Hello", WEATHER, STOCK, tool_choice="required")] == ["get_weather"]
    assert _calls("weather in Oslo", WEATHER, tool_choice="none") == []


def test_a_tool_without_parameters_gets_an_empty_object() -> None:
    bare = {"type": "function", "function": {"name": "ping"}}
    assert _calls("ping it", bare) == [("ping", {})]


def test_a_tool_result_is_what_the_next_answer_tells() -> None:
    conversation = [
        {"role": "user", "content": "weather in Oslo and Bergen"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "a"}, {"id": "b"}]},
        {"role": "tool", "tool_call_id": "a", "content": "12 degrees"},
        {"role": "tool", "tool_call_id": "b", "content": [{"type": "text", "text": "rain"}]},
    ]
    reply = _reply(conversation, tools=[WEATHER])
    assert "12 degrees; rain" in reply.text
    assert not reply.tool_calls
