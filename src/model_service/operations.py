"""What can be asked of the function: a path for HTTP callers, a name for direct ones. OPERATIONS at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from model_service.chat import ChatRequest
from model_service.errors import InvalidRequest

Request = ChatRequest
"""A request that has been checked, of any operation."""


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


OPERATIONS: Final = (Operation("chat", "/v1/chat/completions", ChatRequest.parse, lambda body: "messages" in body),)
