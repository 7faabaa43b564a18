"""An answer or an error as the body of a reply: the same for every trigger."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from model_service.envelopes.stages import byte_stages
from model_service.errors import EncodingNotTaken, InvalidRequest, ModelServiceError
from model_service.fn.reply import Reply
from model_service.openai_api.chat import Answer, Complete
from model_service.openai_api.encoding import ENCODINGS, write_json

_NEVER: Final = re.compile(r";\s*q=0(\.0*)?\s*(;|$)")


def stream_format(body: Mapping[str, Any], accept: str = "") -> str:
    """Return the encoding that a stream is asked for in: ``stream_format`` in the body, else the ``Accept`` header."""
    named = body.get("stream_format")
    if named is None:
        # The first media type that is one of ours, in any case, unless its weight says never (RFC 9110 §12.5.1).
        wanted = (text.strip() for text in accept.lower().split(","))
        types = [text.partition(";")[0].rstrip() for text in wanted if not _NEVER.search(text)]
        known = {encoding.content_type: name for name, encoding in ENCODINGS.items()}
        return next((known[media_type] for media_type in types if media_type in known), "sse")
    if not isinstance(named, str) or named not in ENCODINGS:
        raise InvalidRequest(f"stream_format: must be one of {', '.join(ENCODINGS)}", param="stream_format")
    return named


def reply_with(answer: Answer, stream_format: str) -> Reply:
    """Return JSON for a complete answer; a stream as events or lines, which are made as they are taken."""
    headers = dict(answer.headers)
    if answer.opc_request_id:
        headers["opc-request-id"] = answer.opc_request_id
    if answer.dropped:
        headers["x-model-service-dropped"] = ", ".join(answer.dropped)
    if isinstance(answer, Complete):
        body = write_json(answer.completion) if answer.content is None else answer.content
        return Reply(answer.status, body, {"content-type": "application/json", **headers})
    encoding = (answer.encoding if stream_format == "sse" else None) or ENCODINGS[stream_format]
    kind = {"content-type": encoding.content_type, "cache-control": "no-cache"}
    notes = {"x-model-service-streamed": "false"} if answer.at_once else {}
    return Reply(200, byte_stages(answer, encoding), {**kind, **headers, **notes})


def reply_with_error(error: ModelServiceError, status: int) -> Reply:
    headers = {"content-type": "application/json", **error.headers}
    if error.opc_request_id:
        headers["opc-request-id"] = error.opc_request_id
    if error.retry_after:
        headers["retry-after"] = error.retry_after
    if isinstance(error, EncodingNotTaken):
        headers["accept-encoding"] = ", ".join(error.taken)  # RFC 9110 §15.5.16
    if error.code == "insufficient_quota":
        headers["x-should-retry"] = "false"  # OpenAI's clients try a 429 again otherwise
    return Reply(status, write_json(error.body()), headers)
