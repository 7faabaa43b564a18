"""What happens to an invocation, from the door and back to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from model_service import logs
from model_service.envelopes import Envelope, recognise
from model_service.errors import AnswerTooLarge, InternalError, ModelServiceError, RequestTooLarge
from model_service.invocation import Invocation
from model_service.reply import LARGEST, Reply
from model_service.service import Service
from model_service.settings import Settings
from model_service.trace import Trace

LARGEST_REQUEST: Final = 6 * 1024 * 1024  # bytes; what the platform lets in


@dataclass
class App:
    """The function. Settings that are wrong do not stop it: it says so in every answer.

    ``environment`` is the process's own unless given.
    """

    environment: Mapping[str, str] | None = None

    def answer(self, invocation: Invocation) -> Reply:
        logs.call_id.set(invocation.call_id)
        envelope = recognise(invocation)
        trace = Trace(envelope.doorway, caller=invocation.caller)
        error = None
        try:
            reply = self._answer(invocation, envelope, trace)
        except ModelServiceError as known:
            reply, error = envelope.seal_error(known), known
        except Exception as bug:  # noqa: BLE001 - the last line: the FDK would send str(bug) to the caller
            logs.write_bug(bug)
            error = InternalError("An internal error; the log of the function has more.")
            reply = envelope.seal_error(error)
        trace.write(error)
        return reply

    def _answer(self, invocation: Invocation, envelope: Envelope, trace: Trace) -> Reply:
        with trace.step("decode"):
            _check_size(invocation)
            request = envelope.decode()
        with trace.step("resolve"):
            route = trace.route = self.service.resolve(request)
        with trace.step("call"):
            answer = trace.watch(self.service.call(route, request, invocation.deadline))
        with trace.step("encode"):
            reply = envelope.seal(answer)
        if len(reply.body) > LARGEST:
            raise AnswerTooLarge(f"The answer has {len(reply.body)} bytes; the platform lets {LARGEST} out.")
        return reply

    @cached_property
    def service(self) -> Service:
        return Service(Settings.load(self.environment))


def _check_size(invocation: Invocation) -> None:
    if len(invocation.body) > LARGEST_REQUEST:
        raise RequestTooLarge(f"The request has more than {LARGEST_REQUEST} bytes.")
