"""The core that every trigger, the command line and ``get_model`` share: from a request to an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from model_service.auth import Credential, credential_for
from model_service.auth.service_endpoints import ServiceEndpoints
from model_service.errors import InvalidRequest
from model_service.fn.caller import NOWHERE, Origin
from model_service.fn.invocation import Deadline
from model_service.fn.limits import Limits
from model_service.fn.reply import MAX_REPLY_BYTES
from model_service.light_dataclasses import dataclass
from model_service.openai_api.chat import Answer, ChatRequest, Complete, Stream
from model_service.routing import Route
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
from model_service.upstream.client import UpstreamClient
from model_service.upstream.request_log import LogPolicy

if TYPE_CHECKING:
    from model_service.callers.accounts import Accounts
    from model_service.oci_services.clients import RegionServices
    from model_service.oci_services.large_payloads import Overflow, StoredRequests
    from model_service.oci_services.object_storage import ObjectStorage
    from model_service.openai_api.embeddings import EmbeddingsRequest
    from model_service.openai_api.operations import ModelRequest, RoutedRequest
    from model_service.openai_api.rerank import RerankRequest
    from model_service.service_file.documents import Refreshed
    from model_service.service_file.shape import ServiceFile
    from model_service.transports.native.endpoint_families import EndpointFamilies
    from model_service.transports.native.surface import NativeSurface


@dataclass(frozen=True)
class Service:
    """Nothing is read from disk or opened before the first call needs it, and then it is kept."""

    settings: Settings

    def resolve(self, request: ChatRequest | RoutedRequest) -> Route | None:
        """Return the route to the model of ``request``; ``None`` where there is none, as for a batch of records."""
        request = getattr(request, "chat", request)  # a completion is asked as a chat
        if isinstance(request, ChatRequest):
            return request.route(self.aliases, override=self.settings.transport)
        return request.route(self.aliases)

    def call(
        self,
        route: Route | None,
        request: ModelRequest,
        deadline: Deadline,
        origin: Origin = NOWHERE,
    ) -> Answer:
        """Return the answer of the model at the end of ``route``, a stream with its first chunk at hand."""
        assert route is not None  # noqa: S101 - a model answers
        if self.accounts is None:
            return self._ask(route, request, deadline, origin, None)
        return self.accounts.call(
            origin, route, request, deadline, lambda shaped, owner: self._ask(route, shaped, deadline, origin, owner)
        )

    def end(self, deadline: Deadline) -> None:
        """Send what was measured, where it is time to; for invocations that end with something else than a model."""
        if self.accounts is not None:
            self.accounts.end(deadline)

    def check_payer(self, request: Any) -> None:
        """Raise ``InvalidRequest`` (403) where a model's request names a compartment or project that it may not."""
        if request.compartment_id not in (None, *self.settings.allowed_compartments, self.compartment_id):
            raise _not_allowed("compartment", "MODEL_SERVICE_COMPARTMENTS")
        if request.project_id not in (None, *self.settings.allowed_projects, self.settings.project_id):
            raise _not_allowed("project", "MODEL_SERVICE_PROJECTS")

    def _ask(
        self, route: Route, request: ModelRequest, deadline: Deadline, origin: Origin, owner: str | None
    ) -> Answer:
        is_reply = origin.has_reply and self.settings.overflow_bucket is None
        call = Call(
            deadline,
            compartment_id=request.compartment_id or self.compartment_id,
            project_id=request.project_id or self.settings.project_id,
            may_store=self.settings.responses_store,
            owner=owner,
            max_answer_bytes=MAX_REPLY_BYTES if is_reply else self.settings.limits.stored_answer_bytes,
            refuses_unsupported=(getattr(request, "unsupported", None) or self.settings.unsupported) == "refuse",
        )
        if "upstream" not in self.__dict__:
            self.endpoints.prepare(deadline)
        answer = ANSWERS.get(type(request).__name__, _responses)(self, route, request, call)
        if isinstance(answer, Complete):
            return answer
        # What fails before the first chunk is still an error with a status.
        first = next(answer.chunks, None)
        return replace(answer, chunks=answer.chunks if first is None else chain([first], answer.chunks))

    @property
    def aliases(self) -> Mapping[str, str]:
        """Return the aliases of the service file, under those of the settings."""
        if self.service_file is None:
            return self.settings.aliases
        return {**self.service_file.current().aliases, **self.settings.aliases}

    @cached_property
    def service_file(self) -> Refreshed[ServiceFile] | None:
        """Return the service file, which is read again every now and then; ``None`` where there is none."""
        if self.settings.config is None:
            return None
        from model_service.service_file.documents import refreshed  # noqa: PLC0415 - on first use
        from model_service.service_file.reading import VARIABLE, read_service_file  # noqa: PLC0415 - as above

        return refreshed(VARIABLE, self.settings.config, self, self.settings.config_seconds, read_service_file)

    @cached_property
    def accounts(self) -> Accounts | None:
        """Return what allows, limits and writes down calls; ``None`` where nobody has asked for it."""
        if not self.settings.keeps_accounts:
            return None
        from model_service.callers.opening import open_accounts  # noqa: PLC0415 - on first use, as above

        return open_accounts(self, self.service_file)

    @cached_property
    def credential(self) -> Credential:
        return credential_for(self.settings)

    @cached_property
    def endpoints(self) -> ServiceEndpoints:
        return ServiceEndpoints(self.settings, lambda: self.credential)

    @cached_property
    def compartment_id(self) -> str | None:
        return self.settings.compartment_id or self.credential.tenancy_id

    @cached_property
    def upstream(self) -> UpstreamClient:
        endpoint = self.endpoints.of("inference", Deadline.after(10.0))
        return UpstreamClient(endpoint, self.credential, *self._policies, network=self.settings.network)

    @cached_property
    def native(self) -> NativeSurface:
        # Imported on first use, as all that follows here: most calls have no use for it.
        from model_service.transports.native.surface import NativeSurface  # noqa: PLC0415 - see above

        return NativeSurface(self.endpoints, *self._policies)

    @cached_property
    def region_services(self) -> RegionServices:
        from model_service.oci_services.clients import RegionServices  # noqa: PLC0415 - see above

        return RegionServices(self.endpoints, *self._policies)

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

        return StoredRequests(self.object_storage, self.settings.request_buckets, self.settings.limits)

    @cached_property
    def families(self) -> EndpointFamilies:
        from model_service.transports.native.endpoint_families import EndpointFamilies  # noqa: PLC0415 - see above

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
        if upstream := self.__dict__.pop("upstream", None):
            upstream.close()

    @property
    def _policies(self) -> tuple[LogPolicy, Limits]:
        return LogPolicy(self.settings.log_requests, self.settings.log_content), self.settings.limits


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
    streamed = request.stream
    if streamed:
        request = request.with_usage()
    if request.relay is not None:
        from model_service.relay.relay import publisher_for, relayed  # noqa: PLC0415 - on first use, as above

        allowed = service.settings.relay_destinations
        publisher = publisher_for(request.relay, allowed, service.region_services, service.overflow, call.deadline)
        answer = relayed(publisher, request, lambda streamed: model.stream(streamed, call))
    else:
        answer = model.stream(request, call) if streamed else model.complete(request, call)
    return replace(answer, hides_usage=request.hides_usage) if isinstance(answer, Stream) else answer


def _embeddings(service: Service, route: Route, request: EmbeddingsRequest, call: Call) -> Answer:
    model: EmbeddingModel = EMBEDDINGS.open(route, service)
    return model.embed(request, call)


def _rerank(service: Service, route: Route, request: RerankRequest, call: Call) -> Answer:
    model: RerankModel = RERANK.open(route, service)
    return model.rerank(request, call)


def _responses(service: Service, route: Route, request: Any, call: Call) -> Answer:
    surface: ResponsesSurface = RESPONSES.open(route, service)
    return surface.send(request, call)


# By the name of the request's type, which is loaded no sooner than a caller sends one. Any other request is one of the
# Responses API's own.
ANSWERS: Final[Mapping[str, Callable[[Service, Route, Any, Call], Answer]]] = {
    "ChatRequest": _chat,
    "EmbeddingsRequest": _embeddings,
    "RerankRequest": _rerank,
}
