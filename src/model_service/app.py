"""What happens to an invocation, from the door and back to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from model_service.envelopes import Envelope, recognise
from model_service.errors import AnswerTooLarge, InternalError, ModelServiceError, RequestTooLarge
from model_service.fn.invocation import Deadline, Invocation
from model_service.fn.reply import LARGEST, Reply
from model_service.logs import log
from model_service.openai_api.chat import Answer, Complete
from model_service.openai_api.encoding import write_json
from model_service.service import Service
from model_service.settings import Settings
from model_service.trace import Trace

LARGEST_REQUEST: Final = 6 * 1024 * 1024  # bytes; what the platform lets in
# Where a body may say that it lies elsewhere: what a record says is for its task alone.
OF_CALLERS: Final = frozenset({"http", "direct", "detached"})


@dataclass
class App:
    """The function. Settings that are wrong do not stop it: it says so in every answer.

    ``environment`` is the process's own unless given.
    """

    environment: Mapping[str, str] | None = None

    def answer(self, invocation: Invocation) -> Reply:
        """A reply that is complete, or whose body is still to come, piece by piece."""
        log.call_id.set(invocation.call_id)
        envelope = recognise(invocation)
        trace = Trace(envelope.doorway, caller=invocation.caller)
        error = None
        try:
            with _bugs_as_errors():
                reply = self._answer(invocation, envelope, trace)
        except ModelServiceError as known:
            reply, error = envelope.seal_error(known), known
        if not isinstance(reply.body, bytes):
            return replace(reply, body=_to_its_end(reply.body, trace))
        trace.write(error)
        return reply

    def _answer(self, invocation: Invocation, envelope: Envelope, trace: Trace) -> Reply:
        with trace.step("decode"):
            _check_size(invocation)
            if b'"body_from"' in invocation.body and envelope.doorway in OF_CALLERS:
                envelope = recognise(self._with_stored_body(invocation))
            request = envelope.decode()
        with trace.step("resolve"):
            route = trace.route = self.service.resolve(request)
        with trace.step("call"):
            deadline = self._deadline(invocation)
            answer = trace.watch(_safe(self.service.call(route, request, deadline)))
        with trace.step("encode"):
            reply = envelope.seal(answer)
        return self._within_the_wall(reply, deadline)

    def _with_stored_body(self, invocation: Invocation) -> Invocation:
        body = self.service.stored_requests.body(invocation.body, self._deadline(invocation))
        return replace(invocation, body=body)

    def _deadline(self, invocation: Invocation) -> Deadline:
        return replace(invocation.deadline, margin=self.service.settings.deadline_margin)

    def _within_the_wall(self, reply: Reply, deadline: Deadline) -> Reply:
        """What the platform would not let out goes to Object Storage, if it may, and a reference to it goes out."""
        if not isinstance(reply.body, bytes) or len(reply.body) <= LARGEST:
            return reply
        if self.service.overflow is None:
            raise AnswerTooLarge(f"The answer has {len(reply.body)} bytes; the platform lets {LARGEST} out.")
        reference = self.service.overflow.store(reply.body, reply.headers["content-type"], deadline)
        return replace(reply, body=write_json(reference), headers={**reply.headers, "content-type": "application/json"})

    @cached_property
    def service(self) -> Service:
        return Service(Settings.load(self.environment))


def _check_size(invocation: Invocation) -> None:
    if len(invocation.body) > LARGEST_REQUEST:
        raise RequestTooLarge(f"The request has more than {LARGEST_REQUEST} bytes.")


def _to_its_end(body: Iterator[bytes], trace: Trace) -> Iterator[bytes]:
    """The same pieces; the line in the log comes after the last one, or when nobody wants the next."""
    try:
        with trace.step("stream"):
            yield from body
    finally:
        trace.write(None)


def _safe(answer: Answer) -> Answer:
    return answer if isinstance(answer, Complete) else replace(answer, chunks=_without_bugs(answer.chunks))


def _without_bugs(chunks: Iterator[Any]) -> Iterator[Any]:
    with _bugs_as_errors():
        yield from chunks


@contextmanager
def _bugs_as_errors() -> Iterator[None]:
    """The last line: what nobody expected is logged, and told without its words, which may quote a prompt."""
    try:
        yield
    except ModelServiceError:
        raise
    except Exception as bug:
        log.write_bug(bug)
        raise InternalError("An internal error; the log of the function has more.") from bug
