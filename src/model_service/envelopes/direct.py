"""Plain JSON from another function, an SDK or ``fn invoke``: no status code but 200 reaches such a caller."""

from __future__ import annotations

from model_service.envelopes.replies import reply_with, reply_with_error, stream_format
from model_service.errors import ModelServiceError
from model_service.fn.invocation import Invocation
from model_service.fn.reply import Reply
from model_service.openai_api.chat import Answer
from model_service.openai_api.encoding import read_json_object
from model_service.openai_api.operations import AnyRequest, operation_of


class DirectEnvelope:
    trigger = "direct"
    may_name_its_body = True
    may_name_the_payer = True

    def __init__(self, invocation: Invocation) -> None:
        self._body = invocation.body
        self._format = "sse"

    def decode(self) -> AnyRequest:
        body, self._body = read_json_object(self._body), b""  # it may be large, and has been read
        self._format = stream_format(body)
        operation = operation_of(body)
        return operation.parse({name: value for name, value in body.items() if name != "operation"})

    def seal(self, answer: Answer) -> Reply:
        return reply_with(answer, self._format)

    def seal_error(self, error: ModelServiceError) -> Reply:
        """Return a 200 with the status in the body: Fn makes 200 of 400, and throws away the body of a 502 or 504."""
        return reply_with_error(error, 200)
