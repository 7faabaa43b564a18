"""Histories that another model, gateway or library wrote: the conversation goes on, and what was left out is said."""

from __future__ import annotations

import pytest

from model_service.errors import InvalidRequest
from model_service.transports.native.formats import FORMATS

ALL = pytest.mark.parametrize("api_format", FORMATS)
USER = {"role": "user", "content": "?"}

# Fields of an assistant's message, and what each format leaves out of them: litellm, OpenRouter, vLLM, OpenAI's client,
# and this service itself write them.
ECHOES = [
    ({"provider_specific_fields": {"a": 1}}, {"GENERIC", "COHERE", "COHEREV2"}),
    ({"thinking_blocks": [{"type": "thinking", "thinking": "t"}]}, {"GENERIC", "COHERE", "COHEREV2"}),
    ({"reasoning_details": [{"type": "reasoning.text", "text": "t"}]}, {"GENERIC", "COHERE", "COHEREV2"}),
    ({"provider_state": {"previous_response_id": "resp_1"}}, {"GENERIC", "COHERE", "COHEREV2"}),
    ({"native_finish_reason": "X"}, {"GENERIC", "COHERE", "COHEREV2"}),
    ({"parsed": {"a": 1}}, {"GENERIC", "COHERE", "COHEREV2"}),
    ({"response_items": [{"type": "reasoning"}]}, {"GENERIC", "COHERE", "COHEREV2"}),
    ({"reasoning": "t"}, {"COHERE"}),
    ({"reasoning_content": "t"}, {"COHERE"}),
    ({"citations": [{"start": 0}]}, {"GENERIC", "COHERE"}),
    ({"name": "n"}, {"COHERE", "COHEREV2"}),
]


@ALL
@pytest.mark.parametrize(("fields", "lost"), ECHOES, ids=lambda one: ",".join(one) if isinstance(one, dict) else "")
def test_what_other_answers_have_is_carried_or_left_out_and_said(api_format, fields, lost, native, dropped):
    messages = [USER, {"role": "assistant", "content": "So.", **fields}, USER]
    plain = native(api_format, messages=[USER, {"role": "assistant", "content": "So."}, USER])

    sent = native(api_format, messages=messages)

    names = [f"messages.{name}" for name in fields] if api_format in lost else []
    assert dropped(api_format, messages=messages) == names
    assert (sent == plain) == bool(names)


@ALL
def test_a_conversation_goes_on_where_parameters_are_refused(api_format):
    from model_service.openai_api.chat import ChatRequest
    from model_service.routing import resolve
    from model_service.transports.call import DroppedParameters
    from model_service.transports.native.formats import Translation

    body = {"model": "m", "messages": [USER, {"role": "assistant", "content": "So.", "thinking_blocks": [1]}, USER]}
    strict = Translation(DroppedParameters(refuses=True))

    assert FORMATS[api_format].request(
        ChatRequest.parse(body), resolve("m", aliases={}), stream=False, translation=strict
    )
    assert list(strict.dropped.names) == ["messages.thinking_blocks"]


@ALL
@pytest.mark.parametrize("arguments", [None, "", "null", " ", {}, "{}"])
def test_a_call_without_arguments_has_none_however_it_was_written(api_format, arguments, native):
    call = {"id": "c", "type": "function", "function": {"name": "now", "arguments": arguments}}
    messages = [
        USER,
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "r"},
    ]

    sent = native(api_format, messages=messages)

    if api_format == "COHERE":
        assert sent["toolResults"][0]["call"] == {"name": "now", "parameters": {}}
    else:
        (written,) = sent["messages"][1]["toolCalls"]
        assert written.get("function", written)["arguments"] == "{}"


@ALL
def test_what_others_put_on_a_call_is_left_out_and_said(api_format, native, dropped):
    call = {"id": "c", "type": "function", "index": 0, "function": {"name": "f", "arguments": '{"a": 1}'}}
    signed = {**call, "extra_content": {"google": {"thought_signature": "s"}}}
    result = {"role": "tool", "tool_call_id": "c", "content": "r"}

    def loop(one):
        return {"messages": [USER, {"role": "assistant", "tool_calls": [one]}, result]}

    assert native(api_format, **loop(signed)) == native(api_format, **loop(call))
    assert dropped(api_format, **loop(signed)) == ["messages.tool_calls.extra_content"]
    with pytest.raises(InvalidRequest) as caught:
        native(api_format, **loop({**call, "defer": True}))
    assert caught.value.param == "messages.1.tool_calls.0.defer"


@ALL
@pytest.mark.parametrize(
    "message",
    [
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "I will not."}]},
        {"role": "assistant", "content": None, "refusal": "I will not."},
    ],
    ids=["a part", "a field"],
)
def test_a_refusal_is_what_the_model_said(api_format, message, native):
    sent = native(api_format, messages=[USER, message, USER])

    if api_format == "COHERE":
        assert sent["chatHistory"][1] == {"role": "CHATBOT", "message": "I will not."}
    elif api_format == "COHEREV2":
        assert sent["messages"][1]["content"] == [{"type": "TEXT", "text": "I will not."}]
    else:
        assert sent["messages"][1] == {"role": "ASSISTANT", "refusal": "I will not."}


@ALL
@pytest.mark.parametrize(
    ("message", "param"),
    [
        ({"role": "user", "content": [{"type": "text", "text": "?", "foo": 1}]}, "messages.0.content.0.foo"),
        ({"role": "user", "content": "?", "foo": 1}, "messages.0.foo"),
        ({"role": "user", "content": [{"type": "refusal", "refusal": "no"}]}, "messages.0.content.0.type"),
    ],
)
def test_what_nobody_knows_is_refused_by_name(api_format, message, param, native):
    with pytest.raises(InvalidRequest) as caught:
        native(api_format, messages=[message])

    assert caught.value.param == param


@ALL
def test_marks_of_what_to_cache_are_left_out_and_said(api_format, native, dropped):
    mark = {"cache_control": {"type": "ephemeral"}}
    tool = {"type": "function", "function": {"name": "f"}}
    plain = native(api_format, messages=[{"role": "user", "content": "?"}], tools=[tool])

    marked = {
        "messages": [{"role": "user", "content": [{"type": "text", "text": "?", **mark}], **mark}],
        "tools": [{**tool, **mark}],
    }

    assert native(api_format, **marked) == plain
    assert set(dropped(api_format, **marked)) == {
        "messages.cache_control",
        "messages.content.cache_control",
        "tools.cache_control",
    }


def test_annotations_of_files_are_left_out_and_said(native, dropped):
    annotations = [{"type": "file_citation", "file_citation": {"file_id": "f"}}]
    messages = [USER, {"role": "assistant", "content": "So.", "annotations": annotations}, USER]

    assert "annotations" not in native("GENERIC", messages=messages)["messages"][1]
    assert dropped("GENERIC", messages=messages) == ["messages.annotations"]
