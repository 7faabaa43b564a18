"""What happens to an invocation, from the door and back to it: decode, resolve, call, encode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

from model_service.dispatch import Dispatch
from model_service.envelopes import Envelope, open_envelope, reopen
from model_service.envelopes.stages import chunk_stages, internal_error, logged_at_its_end
from model_service.errors import AnswerTooLarge, ModelServiceError
from model_service.fn.caller import Caller, Origin
from model_service.fn.invocation import Deadline, Invocation
from model_service.fn.limits import check_memory
from model_service.fn.reply import MAX_REPLY_BYTES, Reply
from model_service.light_dataclasses import dataclass
from model_service.logs import log
from model_service.openai_api.chat import Stream
from model_service.openai_api.encoding import write_json
from model_service.service import Service
from model_service.settings import Settings
from model_service.trace import Trace


@dataclass
class App:
    """The function. Settings that are wrong do not stop it: it says so in every answer.

    ``environment`` is the process's own unless given.
    """

    environment: Mapping[str, str] | None = None

    def answer(self, invocation: Invocation) -> Reply:
        """Return a reply that is complete, or whose body is still to come, piece by piece."""
        log.begin(invocation.call_id)
        invocation = invocation.readable()
        envelope = open_envelope(invocation)
        trace = Trace(envelope.trigger, caller=Caller(invocation.caller))
        error: ModelServiceError | None = None
        try:
            reply = self._answer(invocation, envelope, trace)
        except ModelServiceError as known:
            reply, error = envelope.seal_error(known), known
        except Exception as bug:  # noqa: BLE001 - the last line: it is logged, and told without its words
            error = internal_error(bug)
            reply = envelope.seal_error(error)
        body = reply.body
        if isinstance(body, bytes):
            trace.write(error)
        else:
            body = logged_at_its_end(body, trace)
        return replace(reply, body=body, headers={**reply.headers, **_served_by(invocation, trace)})

    def _answer(self, invocation: Invocation, envelope: Envelope, trace: Trace) -> Reply:
        trace.begin("decode")
        if invocation.fault is not None:
            raise invocation.fault
        if envelope.may_name_its_body:
            check_memory(invocation.body, self.service.settings.limits)
            if b'"body_from"' in invocation.body:
                envelope = reopen(envelope, self._with_stored_body(invocation))
        request = envelope.decode()
        if not envelope.may_name_the_payer:
            self.service.check_payer(request)
        trace.begin("resolve")
        settings = self.service.settings
        trace.is_shown = settings.playground
        origin = Origin.of(invocation, envelope.trigger, settings.identity_headers)
        if (accounts := self.service.accounts) is not None:
            origin = accounts.begin(origin)
        trace.know(origin.caller, request)
        route = trace.route = self.service.resolve(request)
        trace.begin("call")
        deadline = self._deadline(invocation)
        answer = self.dispatch.call(route, request, deadline, origin)
        if answer.served is not None:
            trace.note_served(answer.served)
        if isinstance(answer, Stream):
            answer = chunk_stages(answer, trace, self.service.overflow, deadline)
        else:
            trace.note(answer)
        trace.begin("encode")
        reply = envelope.seal(answer)
        del answer, request  # a long answer is not held twice while it is stored elsewhere
        return self._within_the_size_limit(reply, deadline)

    def _with_stored_body(self, invocation: Invocation) -> Invocation:
        body = self.service.stored_requests.body(invocation.body, self._deadline(invocation))
        return replace(invocation, body=body)

    def _deadline(self, invocation: Invocation) -> Deadline:
        return replace(invocation.deadline, margin=self.service.settings.deadline_margin)

    def _within_the_size_limit(self, reply: Reply, deadline: Deadline) -> Reply:
        """Return the reply; what the platform would not let out is stored, and a reference to it is the body."""
        if not isinstance(reply.body, bytes) or len(reply.body) <= MAX_REPLY_BYTES:
            return reply
        if self.service.overflow is None:
            size = len(reply.body)
            raise AnswerTooLarge(f"The answer has {size} bytes; OCI Functions returns at most {MAX_REPLY_BYTES}.")
        reference = self.service.overflow.store(reply.body, reply.headers["content-type"], deadline)
        return replace(reply, body=write_json(reference), headers={**reply.headers, "content-type": "application/json"})

    @cached_property
    def dispatch(self) -> Dispatch:
        settings = Settings.load(self.environment)
        if settings.unknown:
            from model_service.settings.misspelt import misspelt  # noqa: PLC0415 - for mistakes only

            for sentence in misspelt(settings.unknown):
                log.write("setting_ignored", message=sentence)
        return Dispatch(Service(settings))

    @property
    def service(self) -> Service:
        return self.dispatch.service


def _served_by(invocation: Invocation, trace: Trace) -> dict[str, str]:
    """Return the headers that every reply has: the id that its log lines bear, and what has served it."""
    route = trace.route
    headers = {"x-request-id": invocation.call_id} if invocation.call_id else {}
    headers["x-model-service-route"] = "service" if route is None else route.transport
    if route is not None and route.model:
        headers["x-model-service-model"] = route.model
    if trace.is_shown:  # https://www.w3.org/TR/server-timing/
        headers["server-timing"] = ", ".join(f"{step};dur={ms}" for step, ms in trace.ms.items())
    return headers
