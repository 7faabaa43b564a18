"""Everything that can go wrong, as one tree: each error knows its HTTP status and its OpenAI type and code."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Final

MAX_MESSAGE_CHARACTERS: Final = 2000  # characters of a message


class ModelServiceError(Exception):
    """The root of all that can go wrong, with its HTTP status and its OpenAI type and code.

    A direct caller of a function always sees HTTP 200 (fdk: ``FN_ENFORCED_RESPONSE_CODES``), so the status
    has to stand in the body as well.
    """

    status: int = 500
    type: ClassVar[str] = "server_error"
    code: str | None = None
    hint: str | None = None
    headers: Mapping[str, str] = MappingProxyType({})  # for the reply
    attempts: tuple[Mapping[str, Any], ...] = ()  # what each try has come to, where several targets were asked

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        hint: str | None = None,
        code: str | None = None,
        status: int | None = None,
        opc_request_id: str | None = None,
        retry_after: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = _short(message)
        self.param = param and _short(param)
        self.hint = hint or self.hint
        self.opc_request_id = opc_request_id
        self.retry_after = retry_after
        self.code = code or self.code
        # OCI, or what stands before it, may answer with a status that HTTP does not have.
        self.status = status if status and 400 <= status <= 599 else self.status

    def body(self) -> dict[str, Any]:
        """Return OpenAI's error object, with three keys more: ``status``, ``hint`` and ``opc_request_id``.

        ``None`` stands where there is none. Where several targets were asked, ``model_service.attempts`` has each try.
        """
        # Most clients print nothing but the message.
        message = f"{self.message} Hint: {self.hint}" if self.hint else self.message
        story = {"model_service": {"attempts": list(self.attempts)}} if self.attempts else {}
        return {
            "error": {
                "message": message,
                "type": self.type,
                "code": self.code,
                "param": self.param,
                "status": self.status,
                "hint": self.hint,
                "opc_request_id": self.opc_request_id,
                **story,
            }
        }


def _short(text: str) -> str:
    # A caller's own words may be quoted here, a field's name for one, and an error must get out whatever they are.
    return text if len(text) <= MAX_MESSAGE_CHARACTERS else text[:MAX_MESSAGE_CHARACTERS] + "…"


def forget_frames(error: BaseException | None) -> None:
    """Take the frames off an error and off what it came from: they hold the request until a garbage collection."""
    while error is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__


class InternalError(ModelServiceError):
    """A bug of ours; the log has what we know."""

    code = "internal_error"


class SettingsError(ModelServiceError):
    """The environment is wrong: the operator's fault, so the message names the variable and never its value."""

    code = "invalid_settings"

    def __init__(self, variable: str, problem: str) -> None:
        super().__init__(f"{variable}: {problem}", param=variable)


class InvalidRequest(ModelServiceError):
    status = 400
    type = "invalid_request_error"
    code = "invalid_request"


class ModelNotFound(InvalidRequest):
    """A model that is not there, or not for this caller: the two look the same."""

    status = 404
    code = "model_not_found"

    def __init__(self, model: str) -> None:
        super().__init__(f"The model `{model}` does not exist or you do not have access to it.", param="model")


class UnsupportedParameter(InvalidRequest):
    """A parameter that the model cannot take, and that would be left out where callers want that."""

    code = "unsupported_parameter"
    hint = "With x-model-service-unsupported: drop (or MODEL_SERVICE_UNSUPPORTED=drop), it would be left out."

    def __init__(self, param: str) -> None:
        super().__init__(f"{param}: this model cannot take this parameter.", param=param)


class PathNotFound(InvalidRequest):
    status = 404
    code = "unknown_path"


class MethodNotAllowed(InvalidRequest):
    """``allowed`` are the methods that there are at this path."""

    status = 405
    code = "method_not_allowed"

    def __init__(self, *allowed: str) -> None:
        super().__init__(f"Only {', '.join(allowed)} is allowed here.")
        self.allowed = allowed


class RequestTooLarge(InvalidRequest):
    status = 413
    code = "request_too_large"


class EncodingNotTaken(InvalidRequest):
    """The body is compressed in a way that is not taken; ``taken`` are those that are."""

    status = 415
    code = "unsupported_encoding"

    def __init__(self, *taken: str) -> None:
        super().__init__(f"Content-Encoding: must be one of {', '.join(taken)}.")
        self.taken = taken


class AnswerTooLarge(ModelServiceError):
    code = "answer_too_large"
    hint = "With MODEL_SERVICE_OVERFLOW_BUCKET set, such an answer goes to Object Storage, and a link to it comes back."


class CredentialError(ModelServiceError):
    """We have no credential, or a broken one: the message says what is missing and what to do about it."""

    code = "invalid_credentials"


class DeadlineExceeded(ModelServiceError):
    status = 504
    type = "timeout_error"
    code = "deadline_exceeded"


class ReaderGone(ModelServiceError):
    """For the log only: there is nobody left to tell. OCI logs the same status for it."""

    status = 444
    code = "reader_gone"


class BatchUnfinished(ModelServiceError):
    """Whoever handed the batch over has to send it again: not all of it is done, or on record as failed."""

    status = 503
    code = "batch_unfinished"


class UpstreamUnreachable(ModelServiceError):
    status = 503
    code = "upstream_unreachable"


class UpstreamError(ModelServiceError):
    """OCI answered with an error, or with something that is no answer.

    ``may_be_charged`` is so for the latter, which has no status of OCI's: a model may have run for it.
    """

    status = 502
    type = "upstream_error"
    code = "upstream_error"

    def __init__(self, message: str, *, status: int | None = None, **more: Any) -> None:
        super().__init__(message, status=status, **more)
        self.may_be_charged = status is None and type(self).status == UpstreamError.status


class UpstreamRefused(UpstreamError):
    """OCI answered 4xx: the caller (or the operator's policy) can do something about it."""

    type = "invalid_request_error"


class PreviousResponseNotFound(UpstreamRefused):
    """The response to continue from is unknown, has expired or was never stored: only a fresh start helps."""

    status = 400
    code = "previous_response_not_found"


class ProjectRequired(UpstreamRefused):
    """OCI wants an ``OpenAI-Project``, in whatever words it said so."""

    status = 400
    code = "project_required"


class ProjectInvalid(UpstreamRefused):
    """OCI does not know the project: another region's, one that is too young, or none."""

    status = 400
    code = "project_invalid"


class UpstreamThrottled(UpstreamError):
    status = 429
    type = "rate_limit_error"
    code = "rate_limit_exceeded"


class StreamBroken(UpstreamError):
    """A stream ended before its end, or carried something that is no chunk: never a clean finish."""

    code = "stream_broken"
