"""An answer or an error as the body of a reply: the same at every doorway."""

from __future__ import annotations

from model_service.chat import Answer, Complete
from model_service.encoding import ENCODINGS, write_json
from model_service.errors import ModelServiceError
from model_service.reply import Reply


def reply_with(answer: Answer) -> Reply:
    """JSON for a complete answer, server-sent events for a stream, read to its end: the platform buffers."""
    request_id = {"opc-request-id": answer.opc_request_id} if answer.opc_request_id else {}
    if isinstance(answer, Complete):
        return Reply(answer.status, write_json(answer.completion), {"content-type": "application/json", **request_id})
    encoding = answer.encoding or ENCODINGS["sse"]
    body = b"".join(encoding.write(answer.chunks))
    return Reply(200, body, {"content-type": encoding.content_type, "cache-control": "no-cache", **request_id})


def reply_with_error(error: ModelServiceError, status: int) -> Reply:
    headers = {"content-type": "application/json"}
    if error.opc_request_id:
        headers["opc-request-id"] = error.opc_request_id
    if error.retry_after:
        headers["retry-after"] = error.retry_after
    return Reply(status, write_json(error.body()), headers)
