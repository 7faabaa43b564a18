"""The core that every doorway, the command line and ``get_model`` share: from a request to an answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from model_service.auth import Credential, credential_for
from model_service.chat import Answer, ChatRequest, Stream
from model_service.endpoints import inference_endpoint
from model_service.errors import SettingsError
from model_service.invocation import Deadline
from model_service.operations import Request
from model_service.routing import Route, resolve
from model_service.settings import Settings
from model_service.traffic_log import LogPolicy
from model_service.transports import chat_model, responses_surface
from model_service.transports.call import Call
from model_service.upstream import Upstream


@dataclass(frozen=True)
class Service:
    """Nothing is read from disk or opened before the first call needs it, and then it is kept."""

    settings: Settings

    def resolve(self, request: Request) -> Route:
        if isinstance(request, ChatRequest):
            return resolve(request.model, aliases=self.settings.aliases, override=self.settings.transport)
        return request.route(self.settings.aliases)

    def call(self, route: Route, request: Request, deadline: Deadline) -> Answer:
        call = Call(
            deadline,
            compartment_id=request.compartment_id or self.compartment_id,
            project_id=request.project_id or self.settings.project_id,
            may_store=self.settings.responses_store,
        )
        answer = self._answer(route, request, call)
        return _begun(answer) if isinstance(answer, Stream) else answer

    def _answer(self, route: Route, request: Request, call: Call) -> Answer:
        if isinstance(request, ChatRequest):
            model = chat_model(route, self.upstream)
            return model.stream(request, call) if request.stream else model.complete(request, call)
        return responses_surface(route, self.upstream).send(request, call)

    @cached_property
    def credential(self) -> Credential:
        return credential_for(self.settings)

    @cached_property
    def compartment_id(self) -> str | None:
        return self.settings.compartment_id or self.credential.tenancy_id

    @cached_property
    def upstream(self) -> Upstream:
        log = LogPolicy(self.settings.log_requests, self.settings.log_content)
        return Upstream(self.settings.genai_endpoint or self._regional_endpoint(), self.credential, log)

    def close(self) -> None:
        """Close the connections, if there are any; the next call opens new ones."""
        upstream = self.__dict__.pop("upstream", None)
        if upstream is not None:
            upstream.close()

    def _regional_endpoint(self) -> str:
        region = self.settings.region or self.credential.region
        if region is None:
            raise SettingsError("OCI_REGION", "is not set, and neither the profile nor the principal names a region")
        return inference_endpoint(region)


def _begun(stream: Stream) -> Stream:
    """The same stream with its first chunk at hand: what fails before that is still an error with a status."""
    first = next(stream.chunks, None)
    return replace(stream, chunks=_again(first, stream.chunks))


def _again(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    if first is not None:
        yield first
    yield from rest
