"""What chat pages and editors ask first, in the shapes of their own sources (first_requests/), is answered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from mock_oci.fn.stack import LocalStack

REQUESTS = sorted((Path(__file__).parent / "first_requests").glob("*.json"))


def asked(stack: LocalStack, request: dict[str, Any], **more: Any) -> httpx.Response:
    body = {**request["body"], **more} if request["body"] is not None else None
    return httpx.request(
        request["method"],
        stack.gateway.url + request["path"],
        headers=request["headers"],
        content=json.dumps(body) if body is not None else None,
        trust_env=False,
        timeout=30,
    )


@pytest.mark.parametrize("path", REQUESTS, ids=lambda path: path.stem)
def test_a_first_request_is_answered(stack: LocalStack, path: Path) -> None:
    request = json.loads(path.read_text())
    reply = asked(stack, request)
    assert reply.status_code == 200, reply.text
    assert reply.headers["x-model-service-route"]
    if request["method"] == "GET":
        listed = reply.json()
        assert listed["object"] == "list"
        assert {"id", "object", "created", "owned_by"} <= listed["data"][0].keys()
    elif request["body"]["stream"]:
        events = [line.removeprefix("data: ") for line in reply.text.splitlines() if line]
        assert events.pop() == "[DONE]"
        chunks = [json.loads(event) for event in events]
        assert "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks if chunk["choices"])
        assert (chunks[-1]["choices"], chunks[-1]["usage"]["total_tokens"] > 0) == ([], True)
    else:
        assert reply.json()["choices"][0]["message"]["content"]


@pytest.mark.parametrize("model", ["openai.gpt-5", "cohere.command-a-03-2025", "google.gemini-2.5-pro", "xai.grok-4.3"])
@pytest.mark.parametrize("name", ["open-webui-title", "zed-agent", "cline-chat"])
def test_it_is_answered_by_every_family(stack: LocalStack, name: str, model: str) -> None:
    request = json.loads((Path(__file__).parent / "first_requests" / f"{name}.json").read_text())
    assert asked(stack, request, model=model).status_code == 200
