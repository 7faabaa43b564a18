"""The messages of a chat in OCI's COHERE format."""

from __future__ import annotations

import pytest

from model_service.errors import InvalidRequest

MODEL = "cohere.command-a-03-2025"
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


def user(content):
    return {"role": "user", "content": content}


def system(content):
    return {"role": "system", "content": content}


def assistant(content=None, **calls):
    functions = [
        {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
        for call_id, (name, arguments) in calls.items()
    ]
    return {"role": "assistant", "content": content, **({"tool_calls": functions} if calls else {})}


def result(call_id, content):
    return {"role": "tool", "tool_call_id": call_id, "content": content}


ROME = {"name": "get_weather", "parameters": {"city": "Rome"}}
OSLO = {"name": "get_weather", "parameters": {"city": "Oslo"}}
ASKED = assistant(None, c1=("get_weather", '{"city": "Rome"}'), c2=("get_weather", '{"city": "Oslo"}'))
RESULTS = [{"call": OSLO, "outputs": [{"output": "cold"}]}, {"call": ROME, "outputs": [{"output": "hot"}]}]
NATIVE_ASKED = {"role": "CHATBOT", "message": " ", "toolCalls": [ROME, OSLO]}

# messages, and the fields that they become
CHATS = {
    "one message": ([user("Hi")], {"message": "Hi"}),
    "parts of text": ([user([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}])], {"message": "ab"}),
    "system prompts": (
        [system("S"), {"role": "developer", "content": "D"}, user("Hi")],
        {"message": "Hi", "preambleOverride": "S\n\nD"},
    ),
    "history": (
        [system("S"), user("1"), assistant("2"), system("Now rhyme."), user("3")],
        {
            "message": "3",
            "preambleOverride": "S",
            "chatHistory": [
                {"role": "USER", "message": "1"},
                {"role": "CHATBOT", "message": "2"},
                {"role": "SYSTEM", "message": "Now rhyme."},
            ],
        },
    ),
    "trailing results, parallel": (
        [user("?"), ASKED, result("c2", "cold"), result("c1", "hot")],
        {
            "message": "",
            "chatHistory": [{"role": "USER", "message": "?"}, NATIVE_ASKED],
            "toolResults": RESULTS,
        },
    ),
    "earlier results": (
        [
            user("?"),
            ASKED,
            result("c2", "cold"),
            result("c1", "hot"),
            assistant("More.", c1=("f", "")),
            result("c1", [{"type": "text", "text": "r"}]),
        ],
        {
            "message": "",
            "chatHistory": [
                {"role": "USER", "message": "?"},
                NATIVE_ASKED,
                {"role": "TOOL", "toolResults": RESULTS},
                {"role": "CHATBOT", "message": "More.", "toolCalls": [{"name": "f", "parameters": {}}]},
            ],
            "toolResults": [{"call": {"name": "f", "parameters": {}}, "outputs": [{"output": "r"}]}],
        },
    ),
    "a question after results": (
        [user("?"), ASKED, result("c2", "cold"), result("c1", "hot"), user("And?")],
        {
            "message": "And?",
            "chatHistory": [
                {"role": "USER", "message": "?"},
                NATIVE_ASKED,
                {"role": "TOOL", "toolResults": RESULTS},
                {"role": "CHATBOT", "message": " "},
            ],
        },
    ),
}


@pytest.mark.parametrize("name", CHATS)
def test_a_chat_becomes_a_message_and_its_history(name, native):
    messages, expected = CHATS[name]

    sent = native("COHERE", model=MODEL, messages=messages)

    assert sent == {"apiFormat": "COHERE", "isStream": False, **expected}


@pytest.mark.parametrize("name", CHATS)
def test_a_stream_is_asked_the_same_as_a_complete_answer(name, native):
    messages, expected = CHATS[name]
    options = {"include_usage": True}

    sent = native("COHERE", model=MODEL, messages=messages, temperature=0.1, stream=True, stream_options=options)

    streamed = {"isStream": True, "streamOptions": {"isIncludeUsage": True}}
    assert sent == {"apiFormat": "COHERE", "temperature": 0.1, **streamed, **expected}


def test_a_preamble_of_the_callers_own_leaves_the_system_prompt_in_the_history(native):
    sent = native("COHERE", messages=[system("S"), user("Hi")], preambleOverride="P")

    assert (sent["preambleOverride"], sent["chatHistory"]) == ("P", [{"role": "SYSTEM", "message": "S"}])


REFUSED = [
    ({"messages": [user([PICTURE])]}, "messages.0.content.0.type"),
    ({"messages": [user("Hi"), assistant("So")]}, "messages"),
    ({"messages": [system("S")]}, "messages"),
    ({"messages": [user("?"), ASKED, result("c1", "hot")]}, "messages"),
    ({"messages": [user("?"), ASKED]}, "messages"),
    ({"messages": [user("?"), ASKED, user("!")]}, "messages"),
    ({"messages": [user("?"), result("c1", "hot")]}, "messages.1.tool_call_id"),
    ({"messages": [user("?"), ASKED, result("c9", "hot")]}, "messages.2.tool_call_id"),
    ({"messages": [user("?"), ASKED, result("c1", "a"), result("c1", "b")]}, "messages.3.tool_call_id"),
    (
        {"messages": [user("?"), assistant(c1=("f", "[1]")), result("c1", "a")]},
        "messages.1.tool_calls.0.function.arguments",
    ),
    (
        {"messages": [user("?"), assistant(c1=("f", "{")), result("c1", "a")]},
        "messages.1.tool_calls.0.function.arguments",
    ),
]


@pytest.mark.parametrize(("fields", "param"), REFUSED, ids=lambda one: one if isinstance(one, str) else "")
def test_messages_that_cannot_be_carried_are_refused_by_name(fields, param, native):
    with pytest.raises(InvalidRequest) as caught:
        native("COHERE", **fields)

    assert (caught.value.status, caught.value.param) == (400, param)


def test_an_unanswered_call_is_refused_with_its_id(native):
    with pytest.raises(InvalidRequest, match=r"messages\.1 have no result: c2"):
        native("COHERE", messages=[user("?"), ASKED, result("c1", "hot")])


def test_two_calls_with_one_id_are_refused(native):
    calls = assistant(c1=("f", "{}"))
    calls["tool_calls"] *= 2

    with pytest.raises(InvalidRequest) as caught:
        native("COHERE", messages=[user("?"), calls, result("c1", "a")])

    assert caught.value.param == "messages.1.tool_calls.1.id"


ANSWERED = {
    "role": "assistant",
    "content": "So.",
    "citations": [{"start": 0, "end": 2, "text": "So", "documentIds": ["d"]}],
    "search_queries": [{"text": "q"}],
    "grounding_metadata": {"webSearchQueries": ["q"]},
    "refusal": None,
}


@pytest.mark.parametrize("api_format", ["GENERIC", "COHERE", "COHEREV2"])
def test_an_answer_of_any_format_may_be_sent_back_in_a_history(api_format, native):
    assert native(api_format, messages=[user("Hi"), ANSWERED, user("More")])


@pytest.mark.parametrize("api_format", ["GENERIC", "COHERE", "COHEREV2"])
def test_a_user_has_no_fields_of_an_answer(api_format, native):
    with pytest.raises(InvalidRequest) as caught:
        native(api_format, messages=[{**user("Hi"), "citations": [{}]}])

    assert caught.value.param == "messages.0.citations"
