"""Bent answers of OCI on every transport and form: an upstream error or an answer, well-formed, ended and in time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

from tests.attack.mutations import mutate
from tests.attack.place import Answer, Place, attacked
from tests.attack.report import Report, check_reply, watched

from mock_oci import Request, Response
from model_service.fn.invocation import Deadline, HttpRequest, Invocation

SECONDS = 5.0  # of each call
MESSAGES = [{"role": "user", "content": "Hello"}]
TOOLS = [{"type": "function", "function": {"name": "find", "parameters": {"type": "object", "properties": {}}}}]
CHAT = "/v1/chat/completions"
DEDICATED = "dedicated"  # stands for the OCID of an endpoint, which each place makes
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "v1": (CHAT, {"model": "meta.llama-3.3-70b-instruct", "messages": MESSAGES}),
    "v1 tools": (CHAT, {"model": "meta.llama-3.3-70b-instruct", "messages": MESSAGES, "tools": TOOLS}),
    "v1 stream": (CHAT, {"model": "meta.llama-3.3-70b-instruct", "messages": MESSAGES, "stream": True, "n": 2}),
    "responses": (CHAT, {"model": "responses:openai.gpt-oss-120b", "messages": MESSAGES}),
    "responses stream": (CHAT, {"model": "responses:openai.gpt-oss-120b", "messages": MESSAGES, "stream": True}),
    "raw responses": ("/v1/responses", {"model": "openai.gpt-oss-120b", "input": "x"}),
    "raw responses stream": ("/v1/responses", {"model": "openai.gpt-oss-120b", "input": "x", "stream": True}),
    "conversation": ("/v1/conversations", {"items": []}),
    "cohere": (CHAT, {"model": "cohere.command-a-03-2025", "messages": MESSAGES, "tools": TOOLS}),
    "cohere stream": (CHAT, {"model": "cohere.command-a-03-2025", "messages": MESSAGES, "stream": True}),
    "generic": (CHAT, {"model": DEDICATED, "messages": MESSAGES, "tools": TOOLS}),
    "generic stream": (CHAT, {"model": DEDICATED, "messages": MESSAGES, "stream": True}),
    "embeddings": ("/v1/embeddings", {"model": "cohere.embed-v4.0", "input": ["a", "b"]}),
    "rerank": ("/v1/rerank", {"model": "cohere.rerank-v3.5", "query": "q", "documents": ["a", "b"]}),
    "relayed": (CHAT, {"model": "meta.llama-3.3-70b-instruct", "messages": MESSAGES, "stream": True, "relay": {}}),
}


def attack(count: int, random: Random) -> Report:
    report = Report()
    bender = Bender(random)
    with attacked(bender.wrap) as place, watched(report):
        endpoint = place.oci.catalogue.add_endpoint("meta.llama-3.3-70b-instruct")
        for name, (path, body) in KINDS.items():
            asked = {**body, "model": endpoint} if body.get("model") == DEDICATED else body
            if "relay" in body:
                asked = {**asked, "relay": {"queue": place.queue, "channel": "c"}}
            bombard(report, place, name, HttpRequest("POST", path, {"host": "gateway"}), asked, count)
    report.figures |= {"kinds": len(KINDS), "answers bent": bender.bent}
    return report


def bombard(report: Report, place: Place, name: str, http: HttpRequest, body: dict[str, Any], count: int) -> None:
    content = json.dumps(body).encode()
    for _ in range(count):
        started = time.monotonic()
        reply = place.app.answer(Invocation(content, Deadline.after(SECONDS), "01CALL", http=http))
        check_reply(report, reply, name)
        seconds = time.monotonic() - started
        report.figures["answered"] = report.figures.get("answered", 0) + (reply.status == 200)
        if seconds > SECONDS + 1:
            report.fault("a late reply", f"{name}: {seconds:.1f} s")
    place.oci.requests.clear()


class Bender:
    """Stand between the function and OCI, and bend what the models answer."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.bent = 0

    def wrap(self, answer: Answer) -> Answer:
        def bent(request: Request) -> Response:
            response = answer(request)
            if "/queues" in request.path or request.path.startswith("/20180418"):
                return response  # a relay's own messages
            return self.bend(response)

        return bent

    def bend(self, response: Response) -> Response:
        random, body = self._random, response.body
        content = body if isinstance(body, bytes) else b"".join(body)
        content = mutate(content, random)
        self.bent += 1
        status, headers = (
            response.status,
            {name: value for name, value in response.headers.items() if name != "content-length"},
        )
        if random.random() < 0.08:
            status = random.choice((200, 201, 204, 206, 302, 400, 401, 404, 409, 429, 500, 503, 599))
        if random.random() < 0.08:
            headers["content-type"] = random.choice(
                ("", "text/html", "application/json", "text/event-stream", "Text/Event-Stream; x")
            )
        if status == 429:
            headers["retry-after"] = random.choice(("", "x", "-1", "99999999", "0"))
        as_pieces = "event-stream" in headers.get("content-type", "") or random.random() < 0.2
        return replace(
            response, status=status, headers=headers, body=in_pieces(content, random) if as_pieces else content
        )


def in_pieces(content: bytes, random: Random) -> Iterator[bytes]:
    size = random.choice((1, 7, 4096, 10**9)) if len(content) < 4096 else 4096
    for start in range(0, len(content), size):
        yield content[start : start + size]
