"""Random answers, whole and as streams in every dialect: what OpenAI's own client folds is the whole answer."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from model_service.transports.native.formats import FORMATS, Identity

ANSWERS = 300  # a format; tests/clients has 2,000
IDENTITY = Identity("chatcmpl-1", 1_790_000_000, "prod", frozenset({"f", "g"}))
WORDS = ["Hello", " world", "é", "\n", "😀", "<", "<tool_call>", '"q"', "{", "  ", "</tool_call>", "\\u", "<t"]
NATIVE_REASONS = {
    "GENERIC": ["stop", "length", "content_filter", "SAFETY", "SOMETHING_NEW"],
    "COHERE": ["COMPLETE", "MAX_TOKENS", "ERROR_TOXIC"],
    "COHEREV2": ["COMPLETE", "MAX_TOKENS", "STOP_SEQUENCE"],
}

Made = tuple[dict[str, Any], list[dict[str, Any]]]
"""A ``chatResponse``, and the events of a stream that says the same."""


def words(chance: random.Random, most: int = 6) -> str:
    return "".join(chance.choices(WORDS, k=chance.randint(0, most)))


def cut(chance: random.Random, text: str) -> Iterator[str]:
    while text:
        length = chance.randint(1, len(text))
        yield text[:length]
        text = text[length:]


def arguments(chance: random.Random) -> str:
    values: list[Any] = [1, "x", [1, 2], None, {"z": "é"}, "a}{"]
    return json.dumps({key: chance.choice(values) for key in chance.sample("abc", chance.randint(0, 3))})


def some(chance: random.Random, make: Callable[[int], Any], most: int = 3) -> list[Any]:
    return [make(number) for number in range(chance.choice([0, 0, *range(most + 1)]))]


def usage(chance: random.Random) -> dict[str, Any]:
    counts = {"promptTokens": 4, "completionTokens": 3, "totalTokens": 7}
    details = {"completionTokensDetails": {"reasoningTokens": 1, "acceptedPredictionTokens": None}}
    return chance.choice([{}, {"usage": counts}, {"usage": {**counts, **details}}])


def generic(chance: random.Random) -> Made:
    made = [generic_choice(chance, index) for index in range(chance.choice([1, 1, 2, 3]))]
    events = [stream.pop(0) for _, stream in made]
    while streams := [stream for _, stream in made if stream]:
        events.append(chance.choice(streams).pop(0))
    if all("usage" in choice for choice, _ in made):
        return {"choices": [choice for choice, _ in made]}, events
    counts = usage(chance)
    tier = chance.choice([{}, {"serviceTier": "PRIORITY"}, {"serviceTier": "ON_DEMAND"}])
    events = [event | tier for event in events] + ([counts] if counts else [])
    return {"choices": [choice for choice, _ in made], **counts, **tier}, events


def generic_choice(chance: random.Random, index: int) -> Made:
    text, reasoning, refusal = words(chance), words(chance, 2), chance.choice(["", "", "no"])
    calls = some(chance, lambda number: called(chance, f"call_{index}_{number}"))
    annotation = {"type": "URL_CITATION", "urlCitation": {"startIndex": 0, "endIndex": 1, "title": "t", "url": "u"}}
    annotations = some(chance, lambda _: annotation, 2)
    picture = {"type": "IMAGE", "imageUrl": {"url": "data:image/png;base64,AAAA"}}
    pictures = some(chance, lambda _: picture, 2)
    reason = chance.choice(NATIVE_REASONS["GENERIC"]) if not calls else chance.choice(["tool_calls", "stop"])
    with_logprobs, dialect = chance.random() < 0.3, chance.choice(["gpt-oss", "grok", "llama", "gemini"])
    if dialect == "gemini":
        calls = [{key: value for key, value in call.items() if key != "id"} for call in calls]
    content = [{"type": "TEXT", "text": text}, *pictures] if text or pictures else None
    message = {"content": content, "toolCalls": calls, "annotations": annotations, "refusal": refusal}
    message |= {"role": "ASSISTANT", "reasoningContent": reasoning}
    last = {"message": {"role": "ASSISTANT"}, "finishReason": reason}
    if chance.random() < 0.3:
        last["groundingMetadata"] = {"webSearchQueries": ["q"]}
    choice = {**last, "index": index, "message": message}
    if with_logprobs:
        choice["logprobs"] = logprobs(text)
    deltas: list[dict[str, Any]] = [{"message": {"role": "ASSISTANT", "content": chance.choice([None, []])}}]
    deltas += [{"message": {"reasoningContent": piece}} for piece in cut(chance, reasoning)]
    for piece in cut(chance, text):
        said = {"message": {"content": [{"type": "TEXT", "text": piece}]}}
        deltas.append(said | ({"logprobs": logprobs(piece)} if with_logprobs else {}))
    deltas += [{"message": {"content": [part]}} for part in pictures]
    deltas += [{"message": {"toolCalls": [part]}} for call in calls for part in dialects(chance, dialect, call)]
    deltas += [{"message": {"annotations": [one]}} for one in annotations]
    deltas += [{"message": {"refusal": piece}} for piece in cut(chance, refusal)]
    return choice, [{"index": index, **delta} for delta in [*deltas, last]]


def called(chance: random.Random, call_id: str) -> dict[str, Any]:
    return {"type": "FUNCTION", "id": call_id, "name": chance.choice("fg"), "arguments": arguments(chance)}


def dialects(chance: random.Random, dialect: str, call: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if dialect in ("grok", "gemini"):
        yield call
        return
    yield {**call, "arguments": ""}
    repeated = {"name": "", "id": call["id"]} if dialect == "llama" else {}
    for piece in cut(chance, call["arguments"]):
        yield {"type": "FUNCTION", "arguments": piece, **repeated}


def logprobs(text: str) -> dict[str, Any]:
    tokens = list(text)
    return {
        "tokens": tokens,
        "tokenLogprobs": [-0.5] * len(tokens),
        "topLogprobs": [{token: "-0.5"} for token in tokens],
    }


def cohere(chance: random.Random) -> Made:
    text = words(chance)
    calls = some(chance, lambda _: {"name": chance.choice("fg"), "parameters": json.loads(arguments(chance))})
    citations = some(chance, lambda number: {"start": number, "end": number + 1, "text": "x", "documentIds": ["d"]})
    response = {"text": text, "finishReason": chance.choice(NATIVE_REASONS["COHERE"]), "chatHistory": []}
    response |= {"toolCalls": calls, "citations": citations, **usage(chance)}
    if chance.random() < 0.3:
        response |= {"searchQueries": [{"text": "s"}], "prompt": "p"}
    events: list[dict[str, Any]] = [{"text": piece} for piece in cut(chance, text)]
    events += [{"citations": [one]} for one in citations]
    if calls and chance.random() < 0.7:
        events.append({"text": text, "toolCalls": calls})
    return response, [*events, dict(response)]


def cohere_v2(chance: random.Random) -> Made:
    calls = some(chance, lambda number: {"id": f"c{number}", "type": "FUNCTION", "function": function(chance)})
    text, plan, thought = ("" if calls else words(chance)), (words(chance, 2) if calls else ""), words(chance, 2)
    citations = some(chance, lambda number: {"start": number, "end": number + 1, "text": "x", "sources": []})
    parts = [{"type": "THINKING", "thinking": thought}, {"type": "TEXT", "text": text}]
    response = {"finishReason": "TOOL_CALL" if calls else chance.choice(NATIVE_REASONS["COHEREV2"]), **usage(chance)}
    told = [{"text": text, "logProbabilities": [-0.1, -0.2], "tokenIds": [1, 2]}] if chance.random() < 0.3 else None
    message = {"role": "ASSISTANT", "content": parts, "toolPlan": plan, "toolCalls": calls, "citations": citations}
    deltas: list[dict[str, Any]] = [
        {"content": [{"type": "THINKING", "thinking": one}]} for one in cut(chance, thought)
    ]
    deltas += [{"toolPlan": piece} for piece in cut(chance, plan)]
    deltas += [{"content": [{"type": "TEXT", "text": piece}]} for piece in cut(chance, text)]
    for call in calls:
        deltas.append({"toolCalls": [{**call, "function": {**call["function"], "arguments": ""}}]})
        pieces = cut(chance, call["function"]["arguments"])
        deltas += [{"toolCalls": [{"function": {"arguments": piece}}]} for piece in pieces]
    deltas += [{"citations": [one]} for one in citations]
    last = {"message": {"role": "ASSISTANT"}, "logProbabilities": told, **response}
    whole = {"message": message, "logProbabilities": told, **response}
    return whole, [*({"message": delta} for delta in deltas), last]


def function(chance: random.Random) -> dict[str, Any]:
    return {"name": chance.choice("fg"), "arguments": arguments(chance)}


MAKERS = {"GENERIC": generic, "COHERE": cohere, "COHEREV2": cohere_v2}


@pytest.mark.parametrize(("api_format", "make"), MAKERS.items())
def test_a_stream_folded_by_openais_client_is_the_whole_answer(api_format: str, make: Callable[..., Made]) -> None:
    check(api_format, make, ANSWERS)


def check(api_format: str, make: Callable[..., Made], answers: int) -> None:
    form = FORMATS[api_format]
    for seed in range(answers):
        response, events = make(random.Random(seed))
        whole = form.completion({"chatResponse": {"apiFormat": api_format, **response}}, IDENTITY)
        state: ChatCompletionStreamState[None] = ChatCompletionStreamState()
        for chunk in form.chunks(map(json.dumps, events), IDENTITY, include_usage=True):
            state.handle_chunk(ChatCompletionChunk.model_validate_json(json.dumps(chunk), strict=True))

        folded = plain(state.current_completion_snapshot.model_dump(exclude_none=True))
        expected = ChatCompletion.model_validate_json(json.dumps(whole), strict=True).model_dump(exclude_none=True)
        assert folded == plain(expected), seed


def plain(completion: dict[str, Any]) -> dict[str, Any]:
    """Without what only the client adds, and without what says nothing, which a stream does not tell."""
    for choice in completion["choices"]:
        message = choice["message"]
        message.pop("parsed", None)
        for call in message.get("tool_calls") or []:
            call.pop("index", None)
            call["function"].pop("parsed_arguments", None)
        for name in [name for name, value in message.items() if value in ("", [])]:
            del message[name]
    completion["choices"].sort(key=lambda choice: choice["index"])
    return completion
