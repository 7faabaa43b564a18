"""What goes wrong with a record, sorted: its own fault, the setup's, trouble that passes, or no time."""

from __future__ import annotations

from typing import Final

from model_service.batch.pacing import CallTarget, is_passing
from model_service.errors import (
    CredentialError,
    InvalidRequest,
    ModelServiceError,
    SettingsError,
    UpstreamError,
    UpstreamRefused,
)
from model_service.openai_api.chat import Answer, Complete
from model_service.openai_api.operations import ModelRequest

SETUP_STATUSES: Final = frozenset({401, 403, 404})
RETRYABLE_CODES: Final = frozenset({"deadline_exceeded", "no_time", "connection_lost"})
"""What may go better another time, beside what is tried again at once; after ``connection_lost`` it may be charged
twice, and after an answer that is none."""

# Where the answer is, by the name of the request's type.
ANSWER_FIELDS: Final = {"ChatRequest": "choices", "RerankRequest": "results", "SurfaceRequest": "output"}

UNKNOWN_KEY: Final = 401  # says nothing of the record: of a key that was renewed a moment ago, perhaps


class OutOfTime(Exception):
    """The record gets another chance, with more time."""


class RetryLater(Exception):
    """Whether the record has an outcome cannot be told, and a second one would be wrong.

    Or what is missing is nothing of the record's, and it will do well when an operator has mended it, or the trouble
    has passed.
    """


class TryAgain(Exception):
    """The record goes on after a pause, in seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class WaitForRoom(Exception):
    """The record goes on when the target takes another call."""

    def __init__(self, target: CallTarget) -> None:
        super().__init__(target.name)
        self.target = target


class Abandoned(Exception):
    """The record was given up while it was worked on: what comes of it now is nobody's."""


def is_setup(error: ModelServiceError) -> bool:
    """Return whether something is missing or forbidden that no record decides on.

    An object that is gone is one record's.
    """
    refused = isinstance(error, UpstreamRefused) and error.status in SETUP_STATUSES and error.code != "ObjectNotFound"
    return refused or isinstance(error, CredentialError | SettingsError)


def is_retryable(error: ModelServiceError) -> bool:
    """Return whether a dead letter may go better another time."""
    may_be_charged = isinstance(error, UpstreamError) and error.may_be_charged
    return may_be_charged or is_passing(error) or error.code in RETRYABLE_CODES or error.status == UNKNOWN_KEY


def no_time() -> InvalidRequest:
    """Return the error of a record that there was no time for."""
    return InvalidRequest("The batch had no time left for it.", code="no_time", status=504)


def require_answer(request: ModelRequest, answer: Answer) -> Complete:
    """Return the answer; raise ``UpstreamError`` for a success without choices, output, embeddings or results."""
    assert isinstance(answer, Complete)  # noqa: S101 - it was not asked for as a stream
    name = ANSWER_FIELDS.get(type(request).__name__, "data")
    found = answer.completion.get(name)
    if not isinstance(found, list) or not found:
        raise UpstreamError(f"OCI's answer has no {name}.", code="no_answer", opc_request_id=answer.opc_request_id)
    return answer
