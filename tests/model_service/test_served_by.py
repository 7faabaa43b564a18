"""Every reply, of every path, says what served it: route, model where there is one, and how it left."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mock_oci.fn.stack import LocalStack
from model_service.openai_api.operations import OPERATIONS
from model_service.openai_api.resources import RESOURCES
from model_service.openai_api.responses import SURFACE

LLAMA, GPT = "meta.llama-3.3-70b-instruct", "openai.gpt-oss-120b"
CHAT = {"model": LLAMA, "messages": [{"role": "user", "content": "Hi"}]}
# By the path below /v1: a body that is answered, the route that answers it, and the model.
ANSWERED: dict[str, tuple[dict[str, Any], str, str]] = {
    "/chat/completions": (CHAT, "v1", LLAMA),
    "/completions": ({"model": LLAMA, "prompt": "Hi"}, "v1", LLAMA),
    "/embeddings": ({"model": "cohere.embed-v4.0", "input": "Hi"}, "sdk", "cohere.embed-v4.0"),
    "/rerank": (
        {"model": "cohere.rerank-v3.5", "query": "a", "documents": ["a", "b"]},
        "sdk",
        "cohere.rerank-v3.5",
    ),
    "/responses": ({"model": GPT, "input": "Hi"}, "responses", GPT),
    "/audio/speech": ({"model": "xai.grok-tts", "voice": "eve", "input": "Hi"}, "passthrough", "xai.grok-tts"),
}
OWN = {"models", "health", "ready", "openapi", "playground"}


def every_path() -> Iterator[Any]:
    for row in OPERATIONS:
        for path in row.paths[:1]:
            yield pytest.param(row.method, path.removeprefix("/v1"), row.name, id=f"{row.method} {path}")
    for surface in (*SURFACE, *RESOURCES):
        yield pytest.param(surface.method, surface.path, "", id=f"{surface.method} {surface.path}")


def ask(stack: LocalStack, method: str, path: str, body: dict[str, Any] | None) -> httpx.Response:
    sent = re.sub(r"\{\w+\}", "x1", f"{stack.gateway.url}/v1{path}")
    content = json.dumps(body or {}) if method == "POST" else None
    return httpx.request(method, sent, content=content, trust_env=False, timeout=30)


@pytest.mark.parametrize(("method", "path", "name"), list(every_path()))
def test_a_reply_says_what_served_it(stack: LocalStack, method: str, path: str, name: str) -> None:
    body, route, model = ANSWERED.get(path, (None, None, None))
    reply = ask(stack, method, path, body)
    said = reply.headers
    assert said["x-model-service-delivery"] in ("complete", "chunked")
    assert said["x-request-id"]
    if route is not None:
        assert (reply.status_code, said["x-model-service-route"], said["x-model-service-model"]) == (200, route, model)
    elif name in OWN:
        assert said["x-model-service-route"] == "service"
        assert "x-model-service-model" not in said
    else:
        assert said["x-model-service-route"] in ("responses", "passthrough", "service")


@pytest.mark.parametrize("path", ["/chat/completions", "/completions", "/responses"])
def test_a_stream_says_it_before_its_first_event(stack: LocalStack, path: str) -> None:
    body, route, model = ANSWERED[path]
    reply = ask(stack, "POST", path, {**body, "stream": True})
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert (reply.headers["x-model-service-route"], reply.headers["x-model-service-model"]) == (route, model)
    assert reply.headers["x-model-service-delivery"] == "chunked"


def test_a_refusal_says_it_too(stack: LocalStack) -> None:
    assert ask(stack, "POST", "/nothing", {}).headers["x-model-service-route"] == "service"
    assert ask(stack, "POST", "/chat/completions", {}).headers["x-model-service-route"] == "service"
    absent = ask(stack, "POST", "/chat/completions", {**CHAT, "model": "meta.llama-9"})
    assert absent.headers["x-model-service-route"] == "v1"
