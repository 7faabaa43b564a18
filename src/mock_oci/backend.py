"""The one backend behind every door: it routes a request, knows its caller, and has a service answer."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from mock_oci.call_records import CallRecord
from mock_oci.cloud import Cloud
from mock_oci.coverage.door import check, exact_paths, known_as, not_served
from mock_oci.identity.signatures import NotAuthenticated, authenticate
from mock_oci.oddities import UNCHARGED, Meaningless
from mock_oci.operations import Call, Operation, Refused, no_such_path, oci_error
from mock_oci.retry_tokens import RetryTokens
from mock_oci.services import SERVICES, Service, operations
from mock_oci.wire import Request, Response

if TYPE_CHECKING:
    from mock_oci.services.generative_ai.charges import Charge
    from mock_oci.services.generative_ai.guardrails import Guardrails
    from mock_oci.services.generative_ai.projects import Projects
    from mock_oci.services.generative_ai.quotas import Quotas

_log = logging.getLogger(__name__)
_COMPARED = 200  # characters
_ECHOED = ("opc-client-request-id",)
_OF_THE_EMULATOR = Service("mock_oci.control", ("/_mock",))
_SEGMENT = re.compile(r"[0-9A-Fa-f]{32}")


class MockOci(Cloud):
    """One tenancy, at home in one region. ``answer`` is thread-safe and raises Disconnect when a script says so."""

    @property
    def projects(self) -> Projects:
        """Return the Generative AI projects, which Responses and Conversations are asked in; ``default`` is there."""
        from mock_oci.services.generative_ai.projects import Projects  # noqa: PLC0415 - where models are asked

        return self.state_of(Projects)

    @property
    def quotas(self) -> Quotas:
        """Return what each region lets through of each model in a minute."""
        from mock_oci.services.generative_ai.quotas import Quotas  # noqa: PLC0415 - where models are asked

        return self.state_of(Quotas)

    @property
    def guardrails(self) -> Guardrails:
        """Return what counts as harmful, as an injection and as personal, for ApplyGuardrails."""
        from mock_oci.services.generative_ai.guardrails import Guardrails  # noqa: PLC0415 - where models are asked

        return self.state_of(Guardrails)

    @property
    def charges(self) -> deque[Charge]:
        """Return what models have been charged for, the oldest first."""
        from mock_oci.services.generative_ai.charges import Charges  # noqa: PLC0415 - where models are asked

        return self.state_of(Charges).made

    def in_region(self, region: str) -> RegionDoor:
        """Return what answers as another region of the same tenancy, for a door of its own: ``serve(in_region(…))``."""
        return RegionDoor(self, region)

    def invoke(self, handler: Callable[..., Any], body: Any = b"", **how: Any) -> Response:
        """Call a function's ``handler(ctx, data)`` in this process: see ``mock_oci.fn.handler_call.call_handler``."""
        from mock_oci.fn.handler_call import call_handler  # noqa: PLC0415 - who only calls services needs no FDK

        return call_handler(self, handler, body, **how)

    def answer(self, request: Request) -> Response:
        record = CallRecord(request, self.clock())
        if not f"{request.path}/".startswith("/_mock/"):
            self.requests.append(request)
            self.calls.append(record)
        response = self._answer(request, record)
        record.status = response.status
        headers = {**self._common_headers(request), **response.headers}
        return Response(response.status, headers, response.body, response.content_length)

    def _answer(self, request: Request, record: CallRecord) -> Response:
        method, path = request.method, request.path
        for service in (*SERVICES, _OF_THE_EMULATOR):
            for operation in service.may_answer(method, path):
                parameters = operation.match(method, path)
                if parameters is not None and not (parameters and (method, path) in exact_paths()):
                    return self._perform(operation, Call(request, self, parameters=parameters, record=record), record)
        unserved = not_served(request)
        if unserved is not None:  # never a 404, which clients take for "gone"
            return oci_error(501, f"mock_oci: {unserved.key} is not emulated", "NotImplemented")
        return self._lost(request, record)

    def _lost(self, request: Request, record: CallRecord) -> Response:
        """Refuse a path that there is not, whoever asks; the log and the record say what is nearest to it.

        That the caller is not looked at before is unverified (verify: unknown-path).
        """
        from difflib import get_close_matches  # noqa: PLC0415 - where a path is wrong

        known = [f"{operation.method} {operation.path}" for operation in operations()]
        near = get_close_matches(f"{request.method} {request.path}"[:_COMPARED], known, 3, 0)
        record.refusal = f"there is no such path; nearest to it are {', '.join(near)}"
        _log.info("%s %s: %s", request.method, request.path[:_COMPARED], record.refusal)
        return no_such_path()

    def _perform(self, operation: Operation, call: Call, record: CallRecord) -> Response:
        request = call.request
        if operation.credentials:
            try:
                record.principal = authenticate(request, self.principals, self.clock(), operation.credentials)
            except NotAuthenticated as refusal:
                record.refusal = str(refusal)
                return self._refuse(refusal)
        sdk_operation = known_as(operation)
        name = sdk_operation.key if sdk_operation is not None else operation.title
        call = replace(call, principal=record.principal or call.principal, name=name)
        try:
            if sdk_operation is not None:
                check(sdk_operation, request)
            return self._once(call, lambda: self._answered(operation, call))
        except Refused as refusal:
            return refusal.response

    def _answered(self, operation: Operation, call: Call) -> Response:
        request = call.request
        only_named = not operation.asks_model
        model = _model_of(request) if operation.asks_model or self.script else ""
        if operation.asks_model:
            self.quotas.admit(call.region, model, len(request.body))
        step = self.script.take(request.path, model, request.body, region=call.region, only_named=only_named)
        step.begin(self.sleep, None if self.finishes_abandoned else request.has_left)
        asked = call if step.reply is None else replace(call, scripted=step.reply)
        response = step.response or operation.answer(asked)
        try:
            response = step.made_odd(response, request.path)
        except Meaningless as mistake:
            return oci_error(501, f"mock_oci: {mistake}", "NotImplemented")
        response = step.pace(response, self.sleep, self.chunk_delay)
        if operation.asks_model and response.status == 200 and UNCHARGED.isdisjoint(step.oddities):
            from mock_oci.services.generative_ai.charges import Charges  # noqa: PLC0415 - where models are asked

            return self.state_of(Charges).counted(response, call.region, model, request.body)
        return response

    def _once(self, call: Call, answer: Callable[[], Response]) -> Response:
        """Answer, or give the answer of an earlier request with the same retry token again. Raises Refused."""
        token = call.request.headers.get("opc-retry-token")
        if token is None or call.request.method not in ("POST", "PUT"):
            return answer()
        return self.state_of(RetryTokens).once(
            (call.principal.id, call.request.target, token), call.request.body, answer
        )

    def _refuse(self, refusal: NotAuthenticated) -> Response:
        self.refusals.append(str(refusal))
        _log.info("not authenticated: %s", refusal)
        message = "The required information to complete authentication was not provided or was incorrect."
        return oci_error(401, message, "NotAuthenticated")

    def _common_headers(self, request: Request) -> dict[str, str]:
        """Return what every answer of OCI bears; clients compare their clocks with ``date``."""
        echoed = {name: request.headers[name] for name in _ECHOED if name in request.headers}
        return {**echoed, "opc-request-id": self._request_id(request), "date": formatdate(self.clock(), usegmt=True)}

    def _request_id(self, request: Request) -> str:
        """Make an id of three 32-hex segments; the first is the caller's own when it sent one."""
        serial = self.next_serial()
        digits = hashlib.sha384(str(serial).encode()).hexdigest().upper()
        segments = digits[:32], digits[32:64], digits[64:]
        sent = request.headers.get("opc-request-id", "").split("/")[0]
        return "/".join([sent if _SEGMENT.fullmatch(sent) else segments[0], *segments[1:]])


@dataclass(frozen=True)
class RegionDoor:
    """A region of a tenancy, as a door sees it."""

    oci: MockOci
    region: str

    def answer(self, request: Request) -> Response:
        """Answer as the tenancy does in this region."""
        return self.oci.answer(replace(request, region=self.region))


def _model_of(request: Request) -> str:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(body, dict):
        return ""
    mode = body.get("servingMode")  # the native surface's place for it
    native = (mode.get("modelId") or mode.get("endpointId")) if isinstance(mode, dict) else None
    model = body.get("model") or native
    return model if isinstance(model, str) else ""
