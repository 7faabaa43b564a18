"""The core that every trigger, the command line and ``get_model`` share: from a request to an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from model_service.auth import Credential, credential_for
from model_service.errors import InvalidRequest, SettingsError
from model_service.fn.invocation import Deadline
from model_service.oci_names import inference_endpoint
from model_service.openai_api.chat import Answer, ChatRequest, Complete
from model_service.openai_api.embeddings import EmbeddingsRequest
from model_service.openai_api.rerank import RerankRequest
from model_service.routing import Route, resolve
from model_service.settings import Settings
from model_service.transports import (
    EMBEDDINGS,
    RERANK,
    RESPONSES,
    EmbeddingModel,
    RerankModel,
    ResponsesSurface,
    chat_model,
)
from model_service.transports.call import Call
from model_service.transports.native.endpoint_families import EndpointFamilies
from model_service.transports.native.surface import NativeSurface
from model_service.upstream.client import UpstreamClient
from model_service.upstream.request_log import LogPolicy

if TYPE_CHECKING:
    from model_service.oci_services.clients import RegionServices
    from model_service.oci_services.large_payloads import Overflow, StoredRequests
    from model_service.oci_services.object_storage import ObjectStorage
    from model_service.openai_api.operations import ModelRequest, RoutedRequest


@dataclass(frozen=True)
class Service:
    """Nothing is read from disk or opened before the first call needs it, and then it is kept."""

    settings: Settings

    def resolve(self, request: ChatRequest | RoutedRequest) -> Route | None:
        """Return the route to the model of ``request``; ``None`` where there is none, as for a batch of records."""
        if isinstance(request, ChatRequest):
            return resolve(request.model, aliases=self.settings.aliases, override=self.settings.transport)
        return request.route(self.settings.aliases)

    def call(self, route: Route | None, request: ModelRequest, deadline: Deadline) -> Answer:
        """Return the answer of the model at the end of ``route``, a stream with its first chunk at hand."""
        assert route is not None  # noqa: S101 - a model answers
        call = Call(
            deadline,
            compartment_id=request.compartment_id or self.compartment_id,
            project_id=request.project_id or self.settings.project_id,
            may_store=self.settings.responses_store,
        )
        answer = ANSWERS.get(type(request), _responses)(self, route, request, call)
        if isinstance(answer, Complete):
            return answer
        # What fails before the first chunk is still an error with a status.
        first = next(answer.chunks, None)
        return replace(answer, chunks=answer.chunks if first is None else chain([first], answer.chunks))

    def check_payer(self, request: Any) -> None:
        """Raise ``InvalidRequest`` (403) where a model's request names a compartment or project that it may not."""
        if request.compartment_id not in (None, *self.settings.allowed_compartments, self.compartment_id):
            raise _not_allowed("compartment", "MODEL_SERVICE_COMPARTMENTS")
        if request.project_id not in (None, *self.settings.allowed_projects, self.settings.project_id):
            raise _not_allowed("project", "MODEL_SERVICE_PROJECTS")

    @cached_property
    def credential(self) -> Credential:
        return credential_for(self.settings)

    @cached_property
    def compartment_id(self) -> str | None:
        return self.settings.compartment_id or self.credential.tenancy_id

    @cached_property
    def upstream(self) -> UpstreamClient:
        return UpstreamClient(self.settings.genai_endpoint or self._regional_endpoint(), self.credential, self._log)

    @cached_property
    def native(self) -> NativeSurface:
        return NativeSurface(self.credential, self.settings.region, self.settings.genai_endpoint, self._log)

    @cached_property
    def region_services(self) -> RegionServices:
        # Imported on first use, as all that follows here: most calls have no use for it.
        from model_service.oci_services.clients import RegionServices  # noqa: PLC0415 - see above

        return RegionServices(self.credential, self.settings.region, self.settings.oci_endpoint, self._log)

    @cached_property
    def object_storage(self) -> ObjectStorage:
        from model_service.oci_services.object_storage import ObjectStorage  # noqa: PLC0415 - see above

        return ObjectStorage(self.region_services)

    @cached_property
    def overflow(self) -> Overflow | None:
        """Return where answers go that the platform would not let out; ``None`` where no bucket is set for them."""
        if self.settings.overflow_bucket is None:
            return None
        from model_service.oci_services.large_payloads import Overflow  # noqa: PLC0415 - see above

        return Overflow(self.object_storage, self.settings.overflow_bucket)

    @cached_property
    def stored_requests(self) -> StoredRequests:
        from model_service.oci_services.large_payloads import StoredRequests  # noqa: PLC0415 - see above

        return StoredRequests(self.object_storage, self.settings.request_buckets)

    @cached_property
    def families(self) -> EndpointFamilies:
        return EndpointFamilies(self.settings.endpoint_families, self.native.describe)

    def open_connections(self) -> None:
        """Make what threads share before there are threads: two that come first would make two of it."""
        for name in ("credential", "compartment_id", "upstream", "native", "families", "object_storage", "overflow"):
            getattr(self, name)

    def close(self) -> None:
        """Close the connections, if there are any; the next call opens new ones."""
        for name in ("native", "region_services"):
            if name in self.__dict__:
                getattr(self, name).close()
        upstream = self.__dict__.pop("upstream", None)
        if upstream is not None:
            upstream.close()

    @property
    def _log(self) -> LogPolicy:
        return LogPolicy(self.settings.log_requests, self.settings.log_content)

    def _regional_endpoint(self) -> str:
        region = self.settings.region or self.credential.region
        if region is None:
            raise SettingsError("OCI_REGION", "is not set, and neither the profile nor the principal names a region")
        return inference_endpoint(region)


def _not_allowed(what: str, variable: str) -> InvalidRequest:
    return InvalidRequest(
        f"{what}_id: this {what} may not be named here.",
        param=f"{what}_id",
        code=f"{what}_not_allowed",
        status=403,
        hint=f"{variable} lists those that may be; leave it out, and the configured one is used.",
    )


def _chat(service: Service, route: Route, request: ChatRequest, call: Call) -> Answer:
    model = chat_model(route, service)
    if request.relay is not None:
        from model_service.relay.relay import publisher_for, relayed  # noqa: PLC0415 - on first use, as above

        allowed = service.settings.relay_destinations
        publisher = publisher_for(request.relay, allowed, service.region_services, service.overflow, call.deadline)
        return relayed(publisher, request, lambda streamed: model.stream(streamed, call))
    return model.stream(request, call) if request.stream else model.complete(request, call)


def _embeddings(service: Service, route: Route, request: EmbeddingsRequest, call: Call) -> Answer:
    model: EmbeddingModel = EMBEDDINGS.open(route, service)
    return model.embed(request, call)


def _rerank(service: Service, route: Route, request: RerankRequest, call: Call) -> Answer:
    model: RerankModel = RERANK.open(route, service)
    return model.rerank(request, call)


def _responses(service: Service, route: Route, request: Any, call: Call) -> Answer:
    surface: ResponsesSurface = RESPONSES.open(route, service)
    return surface.send(request, call)


# Any other request is one of the Responses API's own, whose class is not imported for others.
ANSWERS: Final[Mapping[type, Callable[[Service, Route, Any, Call], Answer]]] = {
    ChatRequest: _chat,
    EmbeddingsRequest: _embeddings,
    RerankRequest: _rerank,
}
