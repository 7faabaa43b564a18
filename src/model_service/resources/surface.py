"""Choose how a request for a resource or for speech is processed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from model_service.openai_api.chat import Answer
from model_service.openai_api.resources import ResourceRequest, SpeechRequest
from model_service.resources.form import UPLOAD_FIELDS
from model_service.resources.hosts import ResourceService, answer_of, ask, ask_at
from model_service.routing import Route, load_row
from model_service.transports import Connections
from model_service.transports.call import Call


@dataclass(frozen=True)
class ResourceSurface:
    """Passes all operations of RESOURCES through; if callers are isolated, each sees only its own objects."""

    service: ResourceService
    to: Connections  # of the target that is asked, where an alias has several

    def send(self, route: Route, request: ResourceRequest, call: Call) -> Answer:
        """Return OCI's answer, untouched unless it names an owner; raise what ``UpstreamClient.send`` raises.

        Only the name of a model is translated.
        """
        with call.hints(route, None, "responses"):
            answer: Answer
            if isinstance(request, SpeechRequest):
                request = replace(request, body={**(request.body or {}), "model": route.model})
                answer = answer_of(ask_at(self.to.upstream, request, call))
            elif UPLOAD_FIELDS & (request.body or {}).keys() and request.operation.takes_form:
                # On first use, as the next: few files are too large for the platform.
                answer = load_row("resources.uploads:Uploads")(self.service).answer(request, call)
            elif call.owner is not None:
                answer = load_row("resources.owned:OwnedResources")(self.service, call, call.owner).send(request)
            else:
                answer = answer_of(ask(self.service, request, call))
            return answer
