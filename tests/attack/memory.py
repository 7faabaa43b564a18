"""The peak memory of hostile inputs, each in a process of its own: none above 256 MB, none later than its deadline."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from tests.attack.place import ROOT, Answer, attacked
from tests.attack.report import Report

from mock_oci import Request, Response
from mock_oci.services.object_storage.state import ObjectStorage

MAX_MB = 256
SECONDS = 20.0  # of each call
LATE_SECONDS = 1.0
MEGABYTES_6 = 6_000_000
LLAMA, COHERE, GPT = "meta.llama-3.3-70b-instruct", "cohere.command-a-03-2025", "responses:openai.gpt-oss-120b"
CHILD = Path(__file__).with_name("memory_child.py")


def many(model: str, element: bytes, times: int) -> bytes:
    return b'{"model":"%s","messages":[%s]}' % (model.encode(), b",".join([element] * times))


def text(model: str, character: str, **more: Any) -> bytes:
    content = character * (MEGABYTES_6 // len(character.encode()) - 100)
    return json.dumps(
        {"model": model, "messages": [{"role": "user", "content": content}], **more}, ensure_ascii=False
    ).encode()


def ask(model: str, **more: Any) -> bytes:
    return json.dumps({"model": model, "messages": [{"role": "user", "content": "x"}], **more}).encode()


SMALL = b'{"role":"user","content":"a"}'
RECORD = b'{"stream":"prompts","partition":"0","key":null,"value":"eA==","offset":1,"timestamp":1}'
STORED = {
    "text": text(LLAMA, "x" * 5)[:-1] + b',"a":"' + b"x" * 26_000_000 + b'"}',
    "values": many(LLAMA, SMALL, 1_000_000),
}
# What arrives, and with which header; answers are bent by the name of the model.
ROWS: dict[str, tuple[bytes, dict[str, str]]] = {
    "180,000 messages, V1": (many(LLAMA, SMALL, 180_000), {}),
    "180,000 messages, Responses": (many(GPT, SMALL, 180_000), {}),
    "180,000 messages, native": (many(COHERE, SMALL, 180_000), {}),
    "2,000,000 empty objects": (many(LLAMA, b"{}", 2_000_000), {}),
    "3,000,000 brackets": (b"[" * 3_000_000, {}),
    "3,000,000 brackets in a chat": (many(LLAMA, b"[" * 3_000_000, 1), {}),
    "an event of empty objects": (b'{"specversion":"1.0","a":[' + b",".join([b"{}"] * 1_900_000) + b"]}", {}),
    "6 MB of text, V1": (text(LLAMA, "x"), {}),
    "6 MB of emoji, native": (text(COHERE, "\U0001f600"), {}),
    "6 MB of text and an emoji, Responses": (text(GPT, "x" * 1000 + "\U0001f600"), {}),
    "a gzip bomb": (b"", {"content-encoding": "gzip"}),
    "a stored request of 32 MB of text": (b'{"body_from":{"bucket":"requests","object":"text"},"seed":1}', {}),
    "a stored request of a million messages": (b'{"body_from":{"bucket":"requests","object":"values"}}', {}),
    "a batch of 60,000 records": (b"[" + b",".join([RECORD] * 60_000) + b"]", {}),
    "a batch of empty arrays": (b"[" + b",".join([b"[]"] * 1_900_000) + b"]", {}),
    "an answer of 20 MB, V1": (ask(LLAMA, user="20 MB"), {}),
    "an answer of 20 MB, a V1 stream": (ask(LLAMA, user="20 MB", stream=True), {}),
    "an endless answer, V1": (ask(LLAMA, user="endless"), {}),
    "an endless line, a V1 stream": (ask(LLAMA, user="endless", stream=True), {}),
    "an endless answer, Responses": (ask(GPT, user="endless"), {}),
    "an answer of 2,000,000 objects": (ask(LLAMA, user="objects"), {}),
}


def attack(_count: int, _random: Random) -> Report:
    report, peaks = Report(), []
    with attacked(bending, FN_MEMORY=str(MAX_MB)) as place:
        storage = place.oci.state_of(ObjectStorage)
        for name, content in STORED.items():
            storage.put("requests", name, content)
        for name, (body, headers) in ROWS.items():
            spec = {"environment": place.environment, "headers": headers, "seconds": SECONDS}
            content = bomb() if name == "a gzip bomb" else body
            command = [sys.executable, str(CHILD), json.dumps(spec)]
            child = subprocess.run(command, input=content, capture_output=True, cwd=ROOT, timeout=90, check=False)
            place.oci.requests.clear()
            if child.returncode:
                report.fault("a crash", f"{name}: {child.returncode} {child.stderr[-300:]!r}")
                continue
            found = json.loads(child.stdout)
            peaks.append((found["MB"], name))
            if found["MB"] > MAX_MB:
                report.fault(f"too much memory: {name}", found)
            if found["seconds"] > SECONDS + LATE_SECONDS:
                report.fault("a late reply", f"{name}: {found}")
            if found["code"] == "internal_error":
                report.fault("internal_error", name)
    report.figures |= {
        "inputs": len(ROWS),
        "highest": ", ".join(f"{mb} MB ({name})" for mb, name in sorted(peaks)[-3:]),
    }
    return report


def bomb() -> bytes:
    import zlib

    compressor = zlib.compressobj(9, wbits=31)
    zeros = bytes(1_000_000)
    return b"".join([*(compressor.compress(zeros) for _ in range(1000)), compressor.flush()])


def bending(answer: Answer) -> Answer:
    def bent(request: Request) -> Response:
        kind = next(
            (kind for kind in BENT if b'"user":"%s"' % kind.encode() in request.body.replace(b'": "', b'":"')), None
        )
        if kind is None:
            return answer(request)
        stream = b'"stream":true' in request.body.replace(b" ", b"")
        content_type = "text/event-stream" if stream else "application/json"
        return replace(answer(request), status=200, headers={"content-type": content_type}, body=BENT[kind](stream))

    return bent


def long_answer(stream: bool) -> Iterator[bytes]:
    piece = "x" * 100_000
    if stream:
        for _ in range(200):
            yield b"data: " + json.dumps({"choices": [{"index": 0, "delta": {"content": piece}}]}).encode() + b"\n\n"
        yield b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
        return
    yield b'{"id":"c","object":"chat.completion","choices":[{"index":0,"finish_reason":"stop","message":{"content":"'
    for _ in range(200):
        yield piece.encode()
    yield b'"}}]}'


def endless(stream: bool) -> Iterator[bytes]:
    yield b'data: {"choices":[{"index":0,"delta":{"content":"' if stream else b'{"choices":[{"message":{"content":"'
    for _ in range(20_000):  # 1.3 GB
        yield b"x" * 65_536


def objects(_stream: bool) -> Iterator[bytes]:
    yield b'{"choices":['
    for _ in range(200):
        yield b"{}," * 10_000
    yield b"{}]}"


BENT = {"20 MB": long_answer, "endless": endless, "objects": objects}
