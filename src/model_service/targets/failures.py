"""What a failure of a target means for the call and for the target: FAILURES, at the end, is the whole policy."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Literal

from model_service.errors import (
    CredentialError,
    DeadlineExceeded,
    ModelServiceError,
    PreviousResponseNotFound,
    UpstreamError,
    UpstreamUnreachable,
)
from model_service.light_dataclasses import dataclass
from model_service.upstream.retries import PASSING_STATUSES

Effect = Literal["ill", "throttled", "gone", "none"]
"""What a target is remembered for: it fails, it is asked too often, it does not have the model, or nothing."""

# Of providers behind OCI, in the words that clients know them by: OpenAI's code, and what LiteLLM and CrewAI look for.
TOO_LONG: Final = re.compile(
    r"context[_ ](length|window)|maximum context|too many (input )?tokens|(input|prompt) is too long"
    r"|exceeds.{0,20}token limit|max_seq_len",
    re.IGNORECASE,
)
GONE: Final = re.compile(r"entity with key|model.*not (found|supported)|unknown model", re.IGNORECASE)
NOT_HERE: Final = re.compile(r"not authorized|notauthorizedornotfound|authorization failed", re.IGNORECASE)


@dataclass(frozen=True)
class Failure:
    """A row: which errors it stands for, and what follows.

    ``again``: the same target may be asked once more, after a pause. ``elsewhere``: another one may be, with
    ``larger`` one that takes more tokens. ``charged``: a model may have run, so that neither happens unless the alias
    says ``repeat_charged``. ``effect`` is what the target is remembered for.
    """

    kind: str
    fits: Callable[[ModelServiceError], bool]
    again: bool = False
    elsewhere: bool = False
    larger: bool = False
    charged: bool = False
    effect: Effect = "none"


class FirstTokenLate(DeadlineExceeded):
    """A target did not begin to answer in the time that its alias gives it."""

    code = "first_token_late"


class AnswerLate(DeadlineExceeded):
    """A target did not give a complete answer in the time that its alias gives it."""

    code = "answer_late"


def failure_of(error: ModelServiceError) -> Failure:
    """Return the first row that an error fits; the last one takes all."""
    return next(row for row in FAILURES if row.fits(error))


def _is(*kinds: type[ModelServiceError]) -> Callable[[ModelServiceError], bool]:
    return lambda error: isinstance(error, kinds)


def _status(*statuses: int, says: re.Pattern[str] | None = None) -> Callable[[ModelServiceError], bool]:
    """Return whether an error is OCI's, with one of these statuses, and says this."""

    def fits(error: ModelServiceError) -> bool:
        known = isinstance(error, UpstreamError) and error.status in statuses and not error.may_be_charged
        return known and (says is None or says.search(f"{error.code} {error.message}") is not None)

    return fits


FAILURES: Final = (
    Failure("late", _is(FirstTokenLate), elsewhere=True, effect="ill"),
    Failure("unanswered", _is(AnswerLate), again=True, elsewhere=True, charged=True, effect="ill"),
    # The time of the call is over: nobody can be asked any more.
    Failure("out of time", _is(DeadlineExceeded), charged=True, effect="ill"),
    Failure(
        "lost",
        lambda error: isinstance(error, UpstreamUnreachable) and error.code == "connection_lost",
        again=True,
        elsewhere=True,
        charged=True,
        effect="ill",
    ),
    Failure("unreachable", _is(UpstreamUnreachable), again=True, elsewhere=True, effect="ill"),
    Failure("credentials", _is(CredentialError), elsewhere=True, effect="gone"),
    Failure("not stored here", _is(PreviousResponseNotFound), elsewhere=True),
    Failure("too long", _status(400, 413, says=TOO_LONG), elsewhere=True, larger=True),
    Failure("gone", _status(404, says=GONE), elsewhere=True, effect="gone"),
    # OCI's native API says the same of a model that is not in the region and of a policy that is missing.
    Failure("not here", _status(404, says=NOT_HERE), elsewhere=True, effect="gone"),
    Failure("throttled", _status(429), again=True, elsewhere=True, effect="throttled"),
    Failure("failing", _status(*PASSING_STATUSES - {429}), again=True, elsewhere=True, effect="ill"),
    Failure(
        "broken",
        lambda error: isinstance(error, UpstreamError) and error.may_be_charged,
        again=True,
        elsewhere=True,
        charged=True,
        effect="ill",
    ),
    Failure("an answer", lambda _error: True),  # the request is wrong, or not allowed
)
