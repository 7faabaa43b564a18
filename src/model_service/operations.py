"""What can be asked of the function: a path for HTTP callers, a name for direct ones. OPERATIONS at the end."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Union

from model_service.chat import ChatRequest
from model_service.errors import InvalidRequest

if TYPE_CHECKING:
    from model_service.responses.surface import SurfaceRequest

Request = Union[ChatRequest, "SurfaceRequest"]
"""A request that has been checked, of any operation."""

RESPONSES_PATH: Final = re.compile(r"/v1/(responses|conversations)(/|$)")


@dataclass(frozen=True)
class Operation:
    """``path`` is how it ends behind a gateway; ``recognises`` tells a body that does not say ``operation``."""

    name: str
    path: str
    parse: Callable[[Mapping[str, Any]], Request]
    recognises: Callable[[Mapping[str, Any]], bool]


def operation_of(body: Mapping[str, Any]) -> Operation:
    """The operation that a direct caller means: by its name, else by what the body looks like, else chat."""
    name = body.get("operation")
    if name is None:
        return next((one for one in OPERATIONS if one.recognises(body)), OPERATIONS[0])
    for operation in OPERATIONS:
        if operation.name == name:
            return operation
    known = ", ".join(operation.name for operation in OPERATIONS)
    raise InvalidRequest(f"operation: must be one of {known}", param="operation")


def is_responses_path(path: str) -> bool:
    """Whether ``path`` belongs to the Responses API, which has paths and methods of its own."""
    return RESPONSES_PATH.search(path) is not None


def responses_request(body: Mapping[str, Any], method: str = "POST", url: str = "/v1/responses") -> SurfaceRequest:
    """Raises ``PathNotFound``, ``MethodNotAllowed`` and ``InvalidRequest``."""
    # Imported on first use: a chat request has no use for it.
    from model_service.responses.surface import surface_request  # noqa: PLC0415 - see above

    return surface_request(method, url, body)


OPERATIONS: Final = (
    Operation("chat", "/v1/chat/completions", ChatRequest.parse, lambda body: "messages" in body),
    Operation("responses", "/v1/responses", responses_request, lambda body: "input" in body),
)
