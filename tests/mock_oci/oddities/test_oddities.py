from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import requests

from mock_oci import Disconnect, LoopbackServer, MockOci, Request, Response, mock_oci
from mock_oci.oddities import ODDITIES
from mock_oci.oddities.table import FRAMING

LLAMA = "meta.llama-3.3-70b-instruct"
CHAT = ("/openai/v1/chat/completions", {"model": LLAMA, "messages": [{"role": "user", "content": "Hi"}]})
RESPONSES = ("/openai/v1/responses", {"model": "openai.gpt-oss-120b", "input": "Hi"})
ON = {"stream": True}
USAGE = {"stream": True, "stream_options": {"include_usage": True}}
Wire = Callable[..., bytes]


def native(kind: str, **details: Any) -> tuple[str, dict[str, Any]]:
    return f"/20231130/actions/{kind}", details


@pytest.fixture
def asked(oci: MockOci, signed: Callable[..., Response]) -> Callable[..., Response]:
    """The answer of a surface to a usual request, with what is scripted."""
    compartment_id = oci.tenancy.compartment_id

    def serving(model: str) -> dict[str, Any]:
        return {"compartmentId": compartment_id, "servingMode": {"servingType": "ON_DEMAND", "modelId": model}}

    said = {"role": "USER", "content": [{"type": "TEXT", "text": "Hi"}]}
    bodies = {
        "chat": CHAT,
        "responses": RESPONSES,
        "generic": native("chat", **serving(LLAMA), chatRequest={"apiFormat": "GENERIC", "messages": [said]}),
        "cohere": native(
            "chat", **serving("cohere.command-a-03-2025"), chatRequest={"apiFormat": "COHERE", "message": "Hi"}
        ),
        "embed": native("embedText", **serving("cohere.embed-v4.0"), inputs=["a"]),
        "rerank": native("rerankText", **serving("cohere.rerank-v4.0-fast"), input="a", documents=["a", "b"]),
    }

    def send(surface: str, *, stream: bool = False, usage: bool = False) -> Response:
        path, body = bodies[surface]
        if stream and "chatRequest" in body:
            options = {"isStream": True, **({"streamOptions": {"isIncludeUsage": True}} if usage else {})}
            body = {**body, "chatRequest": {**body["chatRequest"], **options}}
        elif stream:
            body = {**body, **(USAGE if usage else ON)}
        project = {"openai-project": oci.projects.default.id, "opc-compartment-id": compartment_id}
        return signed("POST", path, body, compartmentid=compartment_id, **project)

    return send


@pytest.fixture
def wire(oci: MockOci, asked: Callable[..., Response]) -> Wire:
    """What is sent of an answer that a script made odd."""

    def send(surface: str, *names: str, tools: bool = False, **how: Any) -> bytes:
        call = {"tool_calls": [{"name": "find", "arguments": {"a": 1}}]} if tools else {"text": ["One ", "two"]}
        path = {"embed": "/20231130/actions/embedText", "rerank": "/20231130/actions/rerankText"}.get(surface, "")
        if path:
            oci.script.odd(*names, path=path)
        else:
            oci.script.chat(**call, odd=names)
        response = asked(surface, **how)
        assert response.status == 200, response.body
        return response.body if isinstance(response.body, bytes) else b"".join(response.body)

    return send


def events(sent: bytes) -> list[Any]:
    lines = [line[6:] for line in sent.decode().split("\n") if line.startswith("data: ")]
    return [json.loads(line) if line.strip() != "[DONE]" else line for line in lines]


def reasons(sent: bytes) -> list[Any]:
    """The reason to finish of each chunk; ``...`` where a chunk has none of its kind."""
    found = []
    for event in events(sent):
        if isinstance(event, dict):
            choices = event["choices"] if event.get("object") else [event]
            found += [choice.get("finish_reason", choice.get("finishReason", ...)) for choice in choices or ()]
    return found


# Of each oddity: on which surface, streamed or not, and what then stands on the wire; a minus: what does not.
SHOWN: list[tuple[str, str, dict[str, Any], list[str]]] = [
    ("no-done", "chat", {"stream": True}, ["-[DONE]", '"finish_reason":"stop"']),
    ("no-done", "generic", {"stream": True}, ["-[DONE]"]),
    ("done-with-blanks", "chat", {"stream": True}, ["data:  [DONE] \n\n"]),
    ("no-reason", "chat", {"stream": True}, ["[DONE]", '-"finish_reason":"']),
    ("no-reason", "generic", {"stream": True}, ["-finishReason"]),
    ("no-reason", "cohere", {"stream": True}, ["-finishReason"]),
    ("choice-left-open", "chat", {"stream": True}, ["-[DONE]", '-"finish_reason":"', '"two"']),
    ("choice-left-open", "generic", {"stream": True}, ["-[DONE]", "-finishReason", '"two"']),
    ("stays-open", "chat", {"stream": True}, ["[DONE]\n\n"]),
    ("usage-without-choices", "chat", {"stream": True, "usage": True}, ['"usage":{"prompt_tokens"', '-"choices":[]']),
    ("usage-with-null-choices", "chat", {"stream": True, "usage": True}, ['"choices":null,"usage":{"prompt_tokens"']),
    ("usage-with-null-choices", "generic", {"stream": True, "usage": True}, ['"choices":null']),
    ("bom", "chat", {"stream": True}, ["\ufeffdata: {"]),
    ("cr", "responses", {"stream": True}, ["-\n", "event: response.created\rdata: {", "}\r\r"]),
    ("crlf", "chat", {"stream": True}, ["}\r\n\r\ndata: "]),
    ("no-blank", "chat", {"stream": True}, ["data:{", "data:[DONE]", "-data: "]),
    ("comments", "chat", {"stream": True}, [": hi\n\n", ": keep-alive\n\n"]),
    ("pings", "generic", {"stream": True}, ['event: ping\ndata: {"type": "ping"}\n\n']),
    ("empty-data", "chat", {"stream": True}, ["data:\n\n"]),
    ("keep-alive-objects", "chat", {"stream": True}, ["data: {}\n\ndata: {"]),
    ("null-error", "cohere", {"stream": True}, ['"error":null']),
    ("data-lines", "chat", {"stream": True}, ['data: {\ndata:  "id"', "data: [DONE]\n\n"]),
    ("data-lines", "responses", {"stream": True}, ["event: response.created\ndata: {\ndata:  "]),
    ("ids", "chat", {"stream": True}, ["retry: 3000\n\n", "id: 0\nevent: message\ndata: {"]),
    ("ids", "responses", {"stream": True}, ["id: 0\nevent: response.created\ndata: {"]),
    ("error-in-200", "chat", {}, ['{"error": {"message": "Provider is overloaded"']),
    ("error-in-200", "embed", {}, ['{"error": {"message": "Provider is overloaded"']),
    ("error-as-list", "rerank", {}, ['[{"error": {"message"']),
    ("error-labelled-stream", "chat", {"stream": True}, ['{"error": {"message"', "-data:"]),
    ("error-in-stream", "generic", {"stream": True}, ['data: {"error": {"message": "Provider', "-finishReason"]),
    ("error-event", "responses", {"stream": True}, ["event: error\ndata: {", "-response.completed"]),
    ("error-in-python", "chat", {"stream": True}, ["data: {'message': 'Provider", "-[DONE]"]),
    ("nan", "chat", {}, ['"logprob": NaN']),
    ("nan", "chat", {"stream": True}, ['"logprob":NaN']),
    ("nan", "generic", {}, ['"tokenLogprobs": [NaN]']),
    ("nan", "embed", {}, ["[[NaN, "]),
    ("nan", "rerank", {}, ['"relevanceScore": NaN']),
    ("infinity", "embed", {}, ["[[-Infinity, "]),
    ("infinity", "generic", {"stream": True}, ['"tokenLogprobs":[-Infinity]']),
    ("half-surrogate", "chat", {}, ['"One two\\ud83d"']),
    ("half-surrogate", "generic", {"stream": True}, ['"text":"two\\ud83d"']),
    ("half-surrogate", "cohere", {}, ['"text": "One two\\ud83d"']),
    ("half-surrogate", "responses", {"stream": True}, ['"delta":"two\\ud83d"']),
    ("half-surrogate", "responses", {}, ['"text": "One two\\ud83d"']),
    ("null-choices", "chat", {}, ['"choices": null']),
    ("null-choices", "generic", {"stream": True}, ['"choices":null']),
    ("choices-object", "generic", {}, ['"choices": {"0": {}}']),
    ("choices-of-strings", "chat", {"stream": True}, ['"choices":["a"]']),
    ("null-delta", "chat", {"stream": True}, ['"delta":null']),
    ("null-delta", "generic", {}, ['"message": null']),
    ("text-delta", "chat", {}, ['"message": "a"']),
    ("null-tool-calls", "chat", {"stream": True}, ['"tool_calls":null']),
    ("odd-tool-calls", "chat", {"tools": True}, ['"tool_calls": ["a", 1, null]']),
    ("odd-tool-calls", "cohere", {"stream": True}, ['"toolCalls":["a",1,null]']),
    ("number-for-text", "chat", {"stream": True}, ['"content":7']),
    ("number-for-text", "responses", {}, ['"text": 7']),
    ("usage-in-strings", "chat", {}, ['"prompt_tokens": "7"']),
    ("usage-in-strings", "generic", {}, ['"promptTokens": "7"']),
    ("null-usage", "chat", {}, ['"usage": null']),
    ("null-usage", "cohere", {}, ['"usage": null']),
    ("text-for-result", "embed", {}, ['"embeddings": ["a"]']),
    ("null-result", "rerank", {}, ['"documentRanks": [null, null]']),
    ("torn-json", "generic", {"stream": True}, ['"choices":[{"ind']),
]


@pytest.mark.parametrize(("name", "surface", "how", "shown"), SHOWN, ids=[f"{row[0]} {row[1]}" for row in SHOWN])
def test_an_oddity_is_on_the_wire(wire: Wire, name: str, surface: str, how: dict[str, Any], shown: list[str]) -> None:
    sent = wire(surface, name, **how).decode()
    for text in shown:
        assert (text.removeprefix("-") in sent) != text.startswith("-"), sent


@pytest.mark.parametrize(
    ("name", "surface", "how", "expected"),
    [
        ("reason-on-every-chunk", "chat", {}, ["stop", "stop", "stop", "stop"]),
        ("reason-on-every-chunk", "generic", {}, ["stop", "stop", "stop"]),
        ("reason-on-every-chunk", "cohere", {}, ["COMPLETE", "COMPLETE", "COMPLETE"]),
        ("empty-reason", "chat", {}, ["", "", "", "stop"]),
        ("empty-reason", "generic", {}, ["", "", "stop"]),
        ("reason-on-reasoning", "chat", {}, [None, "stop", None, None, "stop"]),
        ("reason-on-reasoning", "generic", {}, ["stop", ..., ..., "stop"]),
        ("reason-before-tool-call", "chat", {"tools": True}, [None, "stop", None, None, "tool_calls"]),
        ("reason-before-tool-call", "generic", {"tools": True}, ["stop", ..., "stop"]),
    ],
)
def test_reasons_come_where_they_should_not(
    wire: Wire, name: str, surface: str, how: dict[str, Any], expected: list[Any]
) -> None:
    assert reasons(wire(surface, name, stream=True, **how)) == expected


def test_reasoning_is_said_to_be_the_end(wire: Wire) -> None:
    thought = events(wire("chat", "reason-on-reasoning", stream=True))[1]["choices"][0]
    assert thought["delta"] == {"reasoning_content": "Let me think."}
    thought = events(wire("generic", "reason-on-reasoning", stream=True))[0]
    assert thought["message"]["reasoningContent"] == "Let me think."


def test_usage_can_come_first(wire: Wire) -> None:
    assert events(wire("chat", "usage-first", stream=True, usage=True))[0]["usage"]["prompt_tokens"]
    assert events(wire("generic", "usage-first", stream=True, usage=True))[0]["usage"]["promptTokens"]


@pytest.mark.not_through("process", "server", why="looks at pieces in which nothing comes")
def test_a_body_is_left_open_for_as_long_as_it_stalls(
    oci: MockOci, asked: Callable[..., Response], slept: list[float]
) -> None:
    oci.script.chat("One", odd="stays-open", stall=30.0)
    pieces = list(asked("chat", stream=True).body)
    assert pieces[-1] == b""
    assert sum(slept) == pytest.approx(30.0)


def test_bytes_come_one_by_one(oci: MockOci, asked: Callable[..., Response]) -> None:
    oci.script.chat("One", odd="byte-by-byte")
    assert {len(piece) for piece in asked("responses", stream=True).body} == {1}


LABELS = [
    ("labelled-json", {"stream": True}, "application/json"),
    ("labelled-stream", {}, "text/event-stream"),
    ("odd-case", {"stream": True}, "Text/Event-Stream;Charset=UTF-8"),
    ("no-label", {}, None),
    ("error-labelled-stream", {"stream": True}, "text/event-stream"),
    ("error-in-200", {"stream": True}, "application/json"),
]


@pytest.mark.parametrize(("name", "how", "label"), LABELS)
def test_a_label_says_what_it_likes(
    oci: MockOci, asked: Callable[..., Response], name: str, how: dict[str, Any], label: str | None
) -> None:
    oci.script.odd(name)
    assert asked("chat", **how).headers.get("content-type") == label


@pytest.mark.parametrize(
    ("name", "body"), [("array-body", b"[]"), ("text-body", b'"ok"'), ("null-body", b"null"), ("empty-body", b"")]
)
@pytest.mark.parametrize("surface", ["chat", "generic", "responses", "embed", "rerank"])
def test_a_whole_answer_is_not_the_object_that_it_should_be(wire: Wire, surface: str, name: str, body: bytes) -> None:
    assert wire(surface, name) == body


def test_half_of_a_body_comes_with_a_length_that_fits(oci: MockOci, wire: Wire) -> None:
    whole = wire("chat")
    assert len(wire("chat", "torn-body")) == len(whole) // 2


TESTED_BY_SOCKET = set(FRAMING) - {"torn-json", "torn-body"}


def test_every_oddity_has_a_test_of_what_it_sends() -> None:
    shown = {row[0] for row in SHOWN} | {row[0] for row in LABELS} | TESTED_BY_SOCKET
    shown |= {"reason-on-every-chunk", "empty-reason", "reason-on-reasoning", "reason-before-tool-call", "usage-first"}
    shown |= {"byte-by-byte", "torn-body", "array-body", "text-body", "null-body", "empty-body"}
    assert shown == set(ODDITIES)


def test_what_would_change_nothing_is_refused(oci: MockOci, asked: Callable[..., Response]) -> None:
    for name, surface, how in (
        ("bom", "chat", {}),
        ("empty-reason", "responses", {"stream": True}),
        ("text-for-result", "chat", {}),
        ("array-body", "chat", {"stream": True}),
        ("stays-open", "chat", {}),
    ):
        oci.script.odd(name)
        response = asked(surface, **how)
        assert response.status == 501
        assert isinstance(response.body, bytes)
        assert f"mock_oci: {name}" in json.loads(response.body)["message"]


@pytest.mark.parametrize(
    ("names", "said"),
    [(["colour"], "no oddity 'colour'"), (["bom", "cr"], "bom and cr change the same answer from within")],
)
def test_a_script_that_is_mistaken_fails_where_it_is_written(oci: MockOci, names: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        oci.script.odd(*names)
    assert len(oci.script) == 0


def test_an_oddity_within_and_one_of_the_frame_go_together(oci: MockOci, asked: Callable[..., Response]) -> None:
    oci.script.odd("no-label", "bom")
    response = asked("chat", stream=True)
    assert "content-type" not in response.headers
    assert next(iter(response.body)) == b"\xef\xbb\xbf"


# ------------------------------------------------------------------------------------- what only a socket shows


@pytest.fixture
def sent(live: MockOci, server: LoopbackServer) -> Callable[..., bytes]:
    """All bytes that a chat's answer is on a socket. Raises ConnectionResetError."""
    secret = live.principals.generative_ai_api_key().secret

    def exchange(name: str, **changes: Any) -> bytes:
        live.script.chat("One two three", odd=name)
        path, body = CHAT
        content = json.dumps({**body, **changes}).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {secret}\r\n"
        head += f"Connection: close\r\nopc-compartment-id: {live.tenancy.compartment_id}\r\n"
        with socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0), timeout=10) as connection:
            connection.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
            return b"".join(iter(lambda: connection.recv(65_536), b""))

    return exchange


@pytest.mark.not_through("process", why="looks at a socket")
def test_a_head_is_torn(sent: Callable[..., bytes]) -> None:
    assert sent("torn-head") == b"HTTP/1.1 20"


@pytest.mark.not_through("process", why="looks at a socket")
@pytest.mark.parametrize(("name", "difference"), [("length-too-long", 10), ("length-too-short", -10)])
def test_a_length_does_not_fit(sent: Callable[..., bytes], name: str, difference: int) -> None:
    head, _, body = sent(name).partition(b"\r\n\r\n")
    lengths = [line for line in head.decode().lower().split("\r\n") if line.startswith("content-length")]
    assert lengths == [f"content-length: {len(body) + difference}"]


@pytest.mark.not_through("process", why="looks at a socket")
@pytest.mark.parametrize("name", ["reset", "reset-within"])
@pytest.mark.parametrize("changes", [{}, ON])
def test_a_connection_is_reset(sent: Callable[..., bytes], name: str, changes: dict[str, Any]) -> None:
    with pytest.raises(ConnectionResetError):
        sent(name, **changes)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("torn-head", httpx.RemoteProtocolError),
        ("reset", httpx.ReadError),
        ("reset-within", httpx.ReadError),
        ("length-too-long", httpx.RemoteProtocolError),
    ],
)
@pytest.mark.parametrize("door", ["socket", "process"])
def test_both_doors_end_a_connection_alike_for_httpx(
    live: MockOci, server: LoopbackServer, name: str, error: type[Exception], door: str
) -> None:
    with mock_oci(live):
        url = server.url if door == "socket" else "https://inference.generativeai.us-chicago-1.oci.oraclecloud.com"
        headers = {"authorization": f"Bearer {live.principals.generative_ai_api_key().secret}"}
        headers["opc-compartment-id"] = live.tenancy.compartment_id
        live.script.chat("One two three", odd=name)
        with httpx.Client(trust_env=False, headers=headers, timeout=10) as http, pytest.raises(error):
            http.post(f"{url}{CHAT[0]}", json=CHAT[1])


@pytest.mark.parametrize("name", ["torn-head", "reset", "reset-within"])
@pytest.mark.parametrize("door", ["socket", "process"])
def test_both_doors_end_a_connection_alike_for_requests(
    live: MockOci, server: LoopbackServer, name: str, door: str
) -> None:
    with mock_oci(live):
        url = server.url if door == "socket" else "https://inference.generativeai.us-chicago-1.oci.oraclecloud.com"
        headers = {"authorization": f"Bearer {live.principals.generative_ai_api_key().secret}"}
        headers["opc-compartment-id"] = live.tenancy.compartment_id
        live.script.chat("One two three", odd=name)
        with requests.Session() as http, pytest.raises(requests.exceptions.RequestException):
            http.post(f"{url}{CHAT[0]}", json=CHAT[1], headers=headers, timeout=10)


def test_a_length_that_is_too_short_hides_the_rest(live: MockOci) -> None:
    with mock_oci(live):
        headers = {"authorization": f"Bearer {live.principals.generative_ai_api_key().secret}"}
        headers["opc-compartment-id"] = live.tenancy.compartment_id
        live.script.chat("One two three", odd="length-too-short")
        url = "https://inference.generativeai.us-chicago-1.oci.oraclecloud.com"
        response = httpx.post(f"{url}{CHAT[0]}", json=CHAT[1], headers=headers)
    with pytest.raises(ValueError, match=r"Expecting|Unterminated|delimiter"):
        response.json()


def test_a_disconnect_says_what_it_is() -> None:
    fault = Disconnect("why", sent=b"x", reset=True)
    assert (str(fault), fault.sent, fault.reset) == ("why", b"x", True)


def test_only_what_is_scripted_is_odd(asked: Callable[..., Response], oci: MockOci) -> None:
    oci.script.odd("bom", times=2)
    firsts = [next(iter(asked("chat", stream=True).body)) for _ in range(3)]
    assert [first == b"\xef\xbb\xbf" for first in firsts] == [True, True, False]


def test_a_request_that_takes_no_step_is_not_odd(oci: MockOci) -> None:
    oci.script.odd("array-body")
    assert oci.answer(Request("GET", "/nowhere", {})).status == 404
    assert len(oci.script) == 1
