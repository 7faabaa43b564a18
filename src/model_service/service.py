"""The core that every trigger, the command line and ``get_model`` share: from a request to an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, cast

from model_service.auth import Credential, credential_for
from model_service.auth.service_endpoints import ServiceEndpoints
from model_service.errors import ModelNotFound
from model_service.fn.caller import NOWHERE, Origin
from model_service.fn.invocation import Deadline
from model_service.fn.limits import Limits
from model_service.fn.reply import MAX_REPLY_BYTES
from model_service.light_dataclasses import dataclass
from model_service.openai_api.chat import Answer, ChatRequest, Complete
from model_service.routing import Route, asked_name, load_row
from model_service.settings import Settings
from model_service.transports import Connections, answer_of
from model_service.transports.call import Call, check_region, may_not_be_named
from model_service.upstream.client import UpstreamClient
from model_service.upstream.request_log import LogPolicy

if TYPE_CHECKING:
    from model_service.callers.accounts import Accounts
    from model_service.oci_services.clients import RegionServices
    from model_service.oci_services.large_payloads import Overflow, StoredRequests
    from model_service.oci_services.object_storage import ObjectStorage
    from model_service.openai_api.operations import ModelRequest, RoutedRequest
    from model_service.service_file.documents import Refreshed
    from model_service.service_file.shape import ServiceFile
    from model_service.service_file.targets import TargetPool
    from model_service.targets.targets import Targets
    from model_service.transports.native.endpoint_families import EndpointFamilies
    from model_service.transports.native.surface import NativeSurface


@dataclass(frozen=True)
class Service:
    """Nothing is read from disk or opened before the first call needs it, and then it is kept."""

    settings: Settings

    def resolve(self, request: ChatRequest | RoutedRequest) -> Route | None:
        """Return the route to the model of ``request``; ``None`` where there is none, as for a batch of records."""
        asked: Any = getattr(request, "chat", request)  # a completion is asked as a chat, and a response may be
        is_chat = isinstance(asked, ChatRequest) or getattr(asked, "creates_response", False)
        route: Route | None = asked.route(self.aliases, **({"override": self.settings.transport} if is_chat else {}))
        if route is None or self.service_file is None or (name := asked_name(asked)) not in self.pools:
            return route
        return replace(route, pool=name)

    def call(self, route: Route | None, request: ModelRequest, deadline: Deadline, origin: Origin = NOWHERE) -> Answer:
        """Return the answer of the model at the end of ``route``, a stream with its first chunk at hand."""
        assert route is not None  # noqa: S101 - a model answers
        if route.pool is not None:
            return self._call_pool(route, self.pools[route.pool], request, deadline, origin)
        if request.region is not None:
            check_region(request.region, self.endpoints.model_region(deadline), self.settings.regions)
        if self.accounts is None:
            return self.ask(route, request, deadline, origin)
        return self.accounts.call(
            origin,
            route,
            request,
            deadline,
            lambda shaped, owner: self.ask(route, shaped, deadline, origin, owner=owner),
        )

    def _call_pool(self, route: Route, pool: TargetPool, request: Any, deadline: Deadline, origin: Origin) -> Answer:
        if getattr(request, "relay", None) is None or not isinstance(request, ChatRequest):
            return self.targets.call(pool, request, deadline, origin)
        if self.accounts is not None and not self.accounts.may_call(origin.caller, request.model, route):
            raise ModelNotFound(request.model)
        # What is relayed is published once, whichever target answers.
        request = request.with_usage() if request.stream else request
        return self._relayed(
            request, deadline, lambda streamed: self.targets.call(pool, replace(streamed, relay=None), deadline, origin)
        )

    def end(self, deadline: Deadline) -> None:
        """Send what was measured, where it is time to; for invocations that end with something else than a model."""
        if self.accounts is not None:
            self.accounts.end(deadline)

    def check_payer(self, request: Any) -> None:
        """Raise ``InvalidRequest`` (403) where a model's request names a compartment or project that it may not."""
        if request.compartment_id not in (None, *self.settings.allowed_compartments, self.compartment_id):
            raise may_not_be_named("compartment")
        if request.project_id not in (None, *self.settings.allowed_projects, self.settings.project_id):
            raise may_not_be_named("project")

    def ask(
        self,
        route: Route,
        request: ModelRequest,
        deadline: Deadline,
        origin: Origin,
        *,
        owner: str | None = None,
        to: Connections | None = None,
    ) -> Answer:
        """Return what the model answers, over connections ``to`` it; ``owner`` is whose what OCI stores is."""
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
        answer = self._answer(route, request, call, to or self)
        if isinstance(answer, Complete):
            return answer
        # What fails before the first chunk is still an error with a status.
        first = next(answer.chunks, None)
        return replace(answer, chunks=answer.chunks if first is None else chain([first], answer.chunks))

    def _answer(self, route: Route, request: Any, call: Call, to: Connections) -> Answer:
        if call.owner is not None:
            load_row("resources.references:check_references")(self, request, call)
        if type(request).__name__ in PASSED_THROUGH:
            return cast("Answer", load_row("resources.surface:ResourceSurface")(self, to).send(route, request, call))
        if type(request).__name__ == "SurfaceRequest" and request.is_by_chat(route, self.settings, call.project_id):
            by_chat: Callable[..., Answer] = load_row("responses_by_chat.answering:answer_by_chat")
            return by_chat(self, route, request, call, lambda chat: self._answer(route, chat, call, to))
        if getattr(request, "relay", None) is None or not isinstance(request, ChatRequest):
            return answer_of(route, request, call, to)
        request = request.with_usage() if request.stream else request
        return self._relayed(
            request, call.deadline, lambda streamed: answer_of(route, replace(streamed, relay=None), call, to)
        )

    def _relayed(self, request: ChatRequest, deadline: Deadline, ask: Callable[[ChatRequest], Any]) -> Answer:
        from model_service.relay.relay import publisher_for, relayed  # noqa: PLC0415 - on first use

        assert request.relay is not None  # noqa: S101 - whoever asks has seen it
        allowed = self.settings.relay_destinations
        publisher = publisher_for(request.relay, allowed, self.region_services, self.overflow, deadline)
        return relayed(publisher, request, ask)

    @property
    def aliases(self) -> Mapping[str, str]:
        """Return the aliases of the service file, under those of the settings."""
        if self.service_file is None:
            return self.settings.aliases
        return {**self.service_file.current().aliases, **self.settings.aliases}

    @property
    def pools(self) -> Mapping[str, TargetPool]:
        """Return the aliases of the service file that have several targets, under those of the settings."""
        pools, aliases = {} if self.service_file is None else self.service_file.current().pools, self.settings.aliases
        return {name: pool for name, pool in pools.items() if name not in aliases} if pools and aliases else pools

    @cached_property
    def targets(self) -> Targets:
        """Return what asks the targets of an alias, one after the other if need be, and remembers how each is."""
        from model_service.targets.targets import open_targets  # noqa: PLC0415 - most services have none

        assert self.service_file is not None  # noqa: S101 - it has the targets
        return open_targets(self, self.service_file.current())

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
        return UpstreamClient(endpoint, self.credential, *self.policies, network=self.settings.network)

    @cached_property
    def native(self) -> NativeSurface:
        # Imported on first use, as all that follows here: most calls have no use for it.
        from model_service.transports.native.surface import NativeSurface  # noqa: PLC0415 - see above

        return NativeSurface(self.endpoints, *self.policies)

    @cached_property
    def region_services(self) -> RegionServices:
        from model_service.oci_services.clients import RegionServices  # noqa: PLC0415 - see above

        return RegionServices(self.endpoints, *self.policies)

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
        for name in ("native", "region_services", "targets"):
            if name in self.__dict__:
                getattr(self, name).close()
        if upstream := self.__dict__.pop("upstream", None):
            upstream.close()

    @property
    def policies(self) -> tuple[LogPolicy, Limits]:
        """Return what holds for every connection: what is logged, and how much memory there is."""
        return LogPolicy(self.settings.log_requests, self.settings.log_content), self.settings.limits


PASSED_THROUGH: Final = frozenset({"ResourceRequest", "SpeechRequest"})  # by name: their module is loaded on first use
