"""The operations on a stored response: read it, list its input items, delete it. OPERATIONS at the end.

Source: https://platform.openai.com/docs/api-reference/responses
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from model_service.errors import InvalidRequest
from model_service.openai_api.chat import Complete
from model_service.openai_api.validation import invalid_field
from model_service.responses_by_chat.kept_items import page_of_items
from model_service.responses_by_chat.store import NOT_FOUND, ResponseBucket, ResponseNotFound
from model_service.transports.call import Call

if TYPE_CHECKING:
    from model_service.openai_api.responses import SurfaceRequest

Query = Mapping[str, str]


def answer_about(request: SurfaceRequest, response_id: str, bucket: ResponseBucket | None, call: Call) -> Complete:
    """Answer a request about one response; raise ``ResponseNotFound``, also if there is no bucket."""
    if bucket is None:
        raise ResponseNotFound(NOT_FOUND)
    path, _, query = request.target.partition("?")
    below = path.partition(response_id)[2]
    operation = OPERATIONS[request.operation.method, below]
    return Complete(operation(bucket, response_id, dict(parse_qsl(query)), call))


def _read(bucket: ResponseBucket, response_id: str, query: Query, call: Call) -> dict[str, Any]:
    kept = bucket.find(response_id, call.owner, call.deadline)
    if query.get("stream") == "true":
        raise invalid_field("stream", "this response did not run in the background, so its events are not stored.")
    return kept.response


def _delete(bucket: ResponseBucket, response_id: str, _query: Query, call: Call) -> dict[str, Any]:
    bucket.delete(response_id, call.owner, call.deadline)
    return {"id": response_id, "object": "response", "deleted": True}


def _cancel(bucket: ResponseBucket, response_id: str, _query: Query, call: Call) -> dict[str, Any]:
    bucket.find(response_id, call.owner, call.deadline)
    raise InvalidRequest("Only a response that runs in the background can be cancelled; this one has ended.")


OPERATIONS: Final[Mapping[tuple[str, str], Callable[[ResponseBucket, str, Query, Call], dict[str, Any]]]] = {
    ("GET", ""): _read,
    ("DELETE", ""): _delete,
    ("POST", "/cancel"): _cancel,
    ("GET", "/input_items"): lambda bucket, id_, query, call: page_of_items(
        bucket.find(id_, call.owner, call.deadline).input, query
    ),
}
