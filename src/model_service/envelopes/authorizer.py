"""API Gateway asking whether a caller's key is good: the function is its own gateway's authorizer.

Source: https://docs.oracle.com/en-us/iaas/Content/APIGateway/Tasks/apigatewayusingauthorizerfunction.htm
"""

from __future__ import annotations

from typing import Any, Final

from model_service.callers.authorizer import AuthorizationRequest
from model_service.envelopes.detect import authorizer_question
from model_service.envelopes.replies import reply_with, reply_with_error
from model_service.errors import ModelServiceError
from model_service.fn.invocation import Invocation
from model_service.fn.reply import Reply
from model_service.openai_api.chat import Answer

# Where a client may put its key, in the order in which they are looked at. The deployment names the parameters.
PARAMETERS: Final = ("authorization", "token", "x-api-key", "api-key")


class AuthorizerEnvelope:
    trigger = "authorizer"
    may_name_its_body = False
    may_name_the_payer = True  # it names none: nothing to look at

    def __init__(self, invocation: Invocation) -> None:
        self._body = invocation.body

    def decode(self) -> AuthorizationRequest:
        question = authorizer_question(self._body) or {}
        if "token" in question:
            return AuthorizationRequest(_first(question["token"]))
        parameters = {str(name).lower(): value for name, value in question.get("data", {}).items()}
        found = (_first(parameters.get(name)) for name in PARAMETERS)
        return AuthorizationRequest(next((text for text in found if text), ""))

    def seal(self, answer: Answer) -> Reply:
        return reply_with(answer, "sse")

    def seal_error(self, error: ModelServiceError) -> Reply:
        """Return 502, of which the gateway makes an error: nobody has looked at the key."""
        return reply_with_error(error, 502)


def _first(value: Any) -> str:
    """Return a parameter as a string; one that came several times is an array."""
    while isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, str) else ""
