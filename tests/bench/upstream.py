"""A model that answers at once with the same bytes: what is measured is the function, not the model."""

from __future__ import annotations

import json
import threading

from tests.bench.chunks import WANTED, many_chunks, timed_chunks

from mock_oci import LoopbackServer, Request, Response

_USAGE = {"prompt_tokens": 9, "completion_tokens": 12, "total_tokens": 21}
_TEXT = "A function sleeps because nobody calls it."
_COMPLETION = {
    "id": "chatcmpl-bench",
    "object": "chat.completion",
    "created": 1,
    "model": "bench",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": _TEXT}, "finish_reason": "stop"}],
    "usage": _USAGE,
}
_NATIVE = {
    "modelId": "bench",
    "modelVersion": "1.0",
    "chatResponse": {
        "apiFormat": "GENERIC",
        "timeCreated": "2026-01-01T00:00:00.000Z",
        "choices": [
            {
                "index": 0,
                "finishReason": "stop",
                "message": {"role": "ASSISTANT", "content": [{"type": "TEXT", "text": _TEXT}]},
            }
        ],
        "usage": {"promptTokens": 9, "completionTokens": 12, "totalTokens": 21},
    },
}
_COHERE = {
    "modelId": "bench",
    "modelVersion": "1.0",
    "chatResponse": {
        "apiFormat": "COHERE",
        "text": _TEXT,
        "chatHistory": [],
        "finishReason": "COMPLETE",
        "usage": {"promptTokens": 9, "completionTokens": 12, "totalTokens": 21},
    },
}
_RESPONSE = {
    "id": "resp_bench",
    "object": "response",
    "created_at": 1,
    "status": "completed",
    "model": "bench",
    "output": [
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": _TEXT, "annotations": []}],
        }
    ],
    "usage": {"input_tokens": 9, "output_tokens": 12, "total_tokens": 21},
}
CHAT = "/20231130/actions/chat"
ANSWERS = {
    "/openai/v1/chat/completions": json.dumps(_COMPLETION),
    "/openai/v1/responses": json.dumps(_RESPONSE),
    CHAT: json.dumps(_NATIVE),
}
COHERE = json.dumps(_COHERE)
EMBED = "/20231130/actions/embedText"
VECTOR = [round(0.001 * number, 6) for number in range(384)]


def answer(request: Request) -> Response:
    if b'"stream":true' in request.body or b'"stream": true' in request.body:
        wanted = WANTED.search(request.body)
        events = many_chunks(int(wanted[1])) if wanted else timed_chunks()
        return Response(200, {"content-type": "text/event-stream"}, events)
    if request.path == EMBED:
        content = json.loads(request.body)
        vectors = [VECTOR] * len(content["inputs"])
        return Response(200, {"content-type": "application/json"}, json.dumps({"embeddings": vectors}).encode())
    cohere = request.path == CHAT and b'"COHERE"' in request.body
    body = COHERE if cohere else ANSWERS.get(request.path, "{}")
    return Response(200, {"content-type": "application/json"}, body.encode())


if __name__ == "__main__":
    with LoopbackServer(answer) as server:
        print(f"ready: {server.url}", flush=True)
        threading.Event().wait()
