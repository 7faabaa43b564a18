"""The messages of a chat in OCI's GENERIC format."""

from __future__ import annotations

import pytest

IMAGE = "data:image/png;base64,AAAA"

MESSAGES = [
    ({"role": "system", "content": "S"}, {"role": "SYSTEM", "content": [{"type": "TEXT", "text": "S"}]}),
    ({"role": "developer", "content": "S"}, {"role": "DEVELOPER", "content": [{"type": "TEXT", "text": "S"}]}),
    (
        {"role": "user", "content": "Hi", "name": "ann"},
        {"role": "USER", "name": "ann", "content": [{"type": "TEXT", "text": "Hi"}]},
    ),
    (
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": IMAGE, "detail": "low"}},
                {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
                {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "a.pdf"}},
                {"type": "video_url", "video_url": {"url": "data:video/mp4;base64,AAAA"}},
                {"type": "DOCUMENT", "documentUrl": {"url": "data:application/pdf;uri,x", "detail": "AUTO"}},
            ],
        },
        {
            "role": "USER",
            "content": [
                {"type": "TEXT", "text": "What is this?"},
                {"type": "IMAGE", "imageUrl": {"url": IMAGE, "detail": "LOW"}},
                {"type": "AUDIO", "audioUrl": {"url": "data:audio/wav;base64,AAAA"}},
                {"type": "DOCUMENT", "documentUrl": {"url": "data:application/pdf;base64,AAAA"}},
                {"type": "VIDEO", "videoUrl": {"url": "data:video/mp4;base64,AAAA"}},
                {"type": "DOCUMENT", "documentUrl": {"url": "data:application/pdf;uri,x", "detail": "AUTO"}},
            ],
        },
    ),
    (
        {
            "role": "assistant",
            "content": "So.",
            "refusal": "No.",
            "reasoning_content": "Hm.",
            "annotations": [
                {"type": "url_citation", "url_citation": {"start_index": 0, "end_index": 2, "title": "t", "url": "u"}}
            ],
            "tool_calls": None,
            "audio": None,
        },
        {
            "role": "ASSISTANT",
            "content": [{"type": "TEXT", "text": "So."}],
            "refusal": "No.",
            "reasoningContent": "Hm.",
            "annotations": [
                {"type": "url_citation", "urlCitation": {"startIndex": 0, "endIndex": 2, "title": "t", "url": "u"}}
            ],
        },
    ),
]


@pytest.mark.parametrize(("message", "expected"), MESSAGES, ids=lambda one: one["role"])
def test_a_message_becomes_its_native_message(message, expected, native):
    assert native("GENERIC", messages=[message])["messages"] == [expected]


def parallel(content):
    return [
        {"role": "user", "content": "?"},
        {
            "role": "assistant",
            "content": content,
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}},
                {"id": "c2", "type": "function", "function": {"name": "g", "arguments": ""}},
            ],
        },
        {"role": "tool", "tool_call_id": "c2", "content": "two", "name": "g"},
        {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "one"}]},
    ]


CALL_1 = {"id": "c1", "type": "FUNCTION", "name": "f", "arguments": '{"a": 1}'}
CALL_2 = {"id": "c2", "type": "FUNCTION", "name": "g", "arguments": "{}"}
RESULT_1 = {"role": "TOOL", "toolCallId": "c1", "content": [{"type": "TEXT", "text": "one"}]}
RESULT_2 = {"role": "TOOL", "toolCallId": "c2", "content": [{"type": "TEXT", "text": "two"}]}


def called(text, *calls):
    return {"role": "ASSISTANT", "content": [{"type": "TEXT", "text": text}], "toolCalls": list(calls)}


@pytest.mark.parametrize("content", [None, "", []])
def test_a_turn_of_calls_without_text_has_a_text_nevertheless(content, native):
    sent = native("GENERIC", messages=parallel(content))["messages"]

    assert sent[1:] == [called(".", CALL_1, CALL_2), RESULT_2, RESULT_1]


def test_gemini_gets_one_call_and_one_result_at_a_time(native):
    sent = native("GENERIC", model="google.gemini-2.5-pro", messages=parallel("Look."))["messages"]

    assert sent[1:] == [called("Look.", CALL_1), RESULT_1, called(".", CALL_2), RESULT_2]
