"""Who answers a request: a model, unless a row of ANSWERERS takes it. Each row is loaded on first use, and kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from model_service.fn.caller import NOWHERE, Origin
from model_service.light_dataclasses import dataclass
from model_service.routing import Route, load_row
from model_service.service import Service

if TYPE_CHECKING:
    from model_service.envelopes import Request
    from model_service.fn.invocation import Deadline
    from model_service.openai_api.chat import Answer
    from model_service.openai_api.operations import ModelRequest


class Answerer(Protocol):
    """Answer requests of one type. A container makes it once, from its service and from what answers any request."""

    def answer(self, request: Any, deadline: Deadline, origin: Origin) -> Answer: ...


@dataclass(frozen=True)
class Dispatch:
    """Hand each request to whoever answers it."""

    service: Service
    answerers: dict[str, Answerer] = field(default_factory=dict)

    def answer(self, request: Request, deadline: Deadline, origin: Origin = NOWHERE) -> Answer:
        """Return the answer to ``request``, for whoever does not need its route."""
        return self.call(self.resolve(request), request, deadline, origin)

    def resolve(self, request: Request) -> Route | None:
        """Return the route to the model that is asked; ``None`` for records, which have a route each."""
        return self.service.resolve(request)

    def call(self, route: Route | None, request: Request, deadline: Deadline, origin: Origin = NOWHERE) -> Answer:
        """Return the answer to ``request``; raise ``ModelServiceError`` where there is none."""
        kind = type(request).__name__
        if kind not in ANSWERERS:
            return self.service.call(route, cast("ModelRequest", request), deadline, origin)
        if kind not in self.answerers:
            self.answerers[kind] = load_row(ANSWERERS[kind])(self.service, self.answer)
        return self.answerers[kind].answer(request, deadline, origin)


# By the name of the request's type, which is loaded no sooner than the row.
ANSWERERS: Final[Mapping[str, str]] = {
    "AuthorizationRequest": "callers.authorizer:Authorizer",
    "BatchRequest": "batch.batch:Batches",
    "CompletionRequest": "openai_api.completions:Completions",
    "ConfirmationRequest": "batch.subscription:Subscriptions",
    "DoctorRequest": "doctor.checks:Doctor",
    "HealthRequest": "about.health:Health",
    "ModelsRequest": "catalogue.models:Models",
    "OpenApiRequest": "about.openapi:OpenApi",
    "PlaygroundRequest": "about.playground:Playground",
    "ReadinessRequest": "about.health:Readiness",
    "TargetsRequest": "targets.report:TargetsReport",
}
