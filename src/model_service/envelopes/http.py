"""HTTP through API Gateway: any client of OpenAI's API, with its own status codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from model_service.chat import Answer
from model_service.encoding import read_json_object
from model_service.envelopes.shaping import reply_with, reply_with_error
from model_service.errors import MethodNotAllowed, ModelServiceError, PathNotFound
from model_service.invocation import HttpRequest, Invocation
from model_service.operations import OPERATIONS, Operation, Request
from model_service.reply import Reply

COMPARTMENT_HEADERS: Final = ("opc-compartment-id", "compartmentid")  # OCI's two names for it

# The platform throws the body of a function's 502 and 504 away (fdk: constants.py, fn: runner_fninvoke.go), so
# those two leave as their nearest relatives; the body has the status that was meant.
STATUS_THAT_SURVIVES: Final[Mapping[int, int]] = {502: 500, 504: 503}


class HttpEnvelope:
    doorway = "http"

    def __init__(self, invocation: Invocation) -> None:
        assert invocation.http is not None  # noqa: S101 - `recognises` has seen it
        self._http: HttpRequest = invocation.http
        self._body = invocation.body

    @staticmethod
    def recognises(invocation: Invocation) -> bool:
        return invocation.http is not None

    def decode(self) -> Request:
        operation = self._operation()
        body = read_json_object(self._body)
        return operation.parse(self._compartment() | body)

    def seal(self, answer: Answer) -> Reply:
        return reply_with(answer)

    def seal_error(self, error: ModelServiceError) -> Reply:
        reply = reply_with_error(error, STATUS_THAT_SURVIVES.get(error.status, error.status))
        if isinstance(error, MethodNotAllowed):
            return replace(reply, headers={**reply.headers, "allow": "POST"})
        return reply

    def _operation(self) -> Operation:
        # By its end: whether the deployment's path prefix is still there differs between Oracle's own samples.
        operation = next((one for one in OPERATIONS if self._http.path.endswith(one.path)), None)
        if operation is None:
            known = ", ".join(f"POST …{one.path}" for one in OPERATIONS)
            raise PathNotFound(f"There is nothing at this path. What there is: {known}")
        if self._http.method != "POST":
            raise MethodNotAllowed("Only POST is allowed here.")
        return operation

    def _compartment(self) -> dict[str, str]:
        headers = self._http.headers
        return next(({"compartment_id": headers[name]} for name in COMPARTMENT_HEADERS if name in headers), {})
