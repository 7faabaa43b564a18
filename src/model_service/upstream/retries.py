"""When a call that failed is tried again, and after which pause: seldom, briefly, and never beyond the deadline."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import inf
from typing import Final, TypeVar

from model_service.auth import Credential
from model_service.errors import DeadlineExceeded, ModelServiceError, UpstreamError, UpstreamUnreachable
from model_service.fn.invocation import Deadline
from model_service.light_dataclasses import dataclass
from model_service.logs import log
from model_service.upstream.response import UpstreamResponse
from model_service.upstream.sockets import Attempt

T = TypeVar("T")

MAX_MORE_TRIES: Final = 2
FIRST_PAUSE: Final = 0.5  # seconds
MAX_PAUSE: Final = 8.0
MIN_TRY_SECONDS: Final = 1.0  # seconds that must be left after a pause: no model answers in less

# What passes by itself. 500 is among them because OCI says it where others say 503. Never 400, 401 or 404: those
# are answers. Source: oci.retry.retry_checkers and
# https://docs.oracle.com/en-us/iaas/Content/generative-ai/dynamic-throttling.htm
PASSING_STATUSES: Final = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Retries:
    """The policy, with what a test replaces: ``sleep`` takes seconds, ``random`` gives numbers from 0 to 1.

    ``more_tries`` after the first; ``first_pause`` doubles with each, up to ``longest_pause`` (seconds). What is
    ``repeatable`` is also tried again where nobody knows whether the last try got through.
    """

    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random
    more_tries: int = MAX_MORE_TRIES
    first_pause: float = FIRST_PAUSE
    longest_pause: float = MAX_PAUSE
    repeatable: bool = False

    def call(self, attempt: Callable[[Deadline], T], deadline: Deadline, seconds: float = inf) -> T:
        """Return what ``attempt`` returns, tried again as the policy says.

        It is called with the deadline of one try, which takes no longer than ``seconds``. Raises the last try's
        ``ModelServiceError``.
        """
        tries = 0
        while True:
            try:
                return attempt(within(deadline, seconds))
            except ModelServiceError as error:
                tries += 1
                pause = self.pause(tries, error, deadline)
                if pause is None:
                    raise
                log.write("upstream_retry", status=error.status, code=error.code, seconds=round(pause, 2))
            self.sleep(pause)

    def pause(self, tries: int, error: ModelServiceError, deadline: Deadline) -> float | None:
        """Return seconds to wait after ``tries`` tries of which ``error`` ended the last; ``None``: give up.

        Full jitter (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), but no less than
        the service asked for in ``Retry-After``.
        """
        if tries > self.more_tries or not passes(error, repeatable=self.repeatable):
            return None
        jitter = self.random() * min(self.longest_pause, self.first_pause * 2 ** (tries - 1))
        seconds = max(jitter, asked_for(error.retry_after))
        return seconds if seconds + MIN_TRY_SECONDS + deadline.margin < deadline.remaining else None


def passes(error: ModelServiceError, *, repeatable: bool = False) -> bool:
    """Return whether the same may go better another time, and has surely not been charged yet.

    With ``repeatable``, also where nobody knows whether it got through.
    """
    if isinstance(error, UpstreamError):
        return error.status in PASSING_STATUSES and (repeatable or not error.may_be_charged)
    if repeatable:
        return isinstance(error, UpstreamUnreachable | DeadlineExceeded)
    # Of a connection that broke nobody knows whether the model has run, and been billed, already.
    return isinstance(error, UpstreamUnreachable) and error.code != "connection_lost"


def within(deadline: Deadline, seconds: float) -> Deadline:
    """Return the same deadline, or an earlier one for what may take no longer than ``seconds``."""
    if seconds == inf:
        return deadline  # itself: a deadline may change while it is waited for
    return replace(deadline, expires=min(deadline.expires, time.monotonic() + seconds + deadline.margin))


@dataclass(frozen=True)
class UnsignedRequest:
    """A request that is not signed yet: each try signs it anew."""

    method: str
    url: str
    content: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)


def send_until_answered(
    send: Callable[[Attempt], UpstreamResponse], credential: Credential, deadline: Deadline
) -> UpstreamResponse:
    """Return OCI's answer to the request that ``send`` sends, once more with a renewed key where it is a 401.

    Raises ``UpstreamError`` for a status that is none of success, and what ``send`` raises.
    """
    response = _send_while_unread(send, deadline)
    key = response.attempt.key
    if response.status == 401 and key is not None and credential.renew(key, deadline):
        response.close()
        response = _send_while_unread(send, deadline)
    if not response.is_success:
        raise response.to_error()
    return response


def _send_while_unread(send: Callable[[Attempt], UpstreamResponse], deadline: Deadline) -> UpstreamResponse:
    """Send again while kept connections turn out to have died before their peer can have read the request.

    Each leaves the pool as it fails. Whatever may have been read is not sent again, since a model that ran is billed.
    """
    while True:
        attempt = Attempt(deadline)
        try:
            return send(attempt)
        except UpstreamUnreachable as error:
            if not attempt.is_unread:
                raise
            if attempt.is_new:
                error.code = UpstreamUnreachable.code  # nothing was lost: it may be tried again
                raise


def asked_for(retry_after: str | None) -> float:
    """Return seconds, of a number or a date (RFC 9110, 10.2.3); 0 where there is neither."""
    if retry_after is None:
        return 0.0
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        moment = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return 0.0
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - datetime.now(UTC).timestamp()


PERSISTENT: Final = Retries(more_tries=6, first_pause=0.25, repeatable=True)
"""For what has been paid for already, and does little harm twice: results, and what is noted of them."""
