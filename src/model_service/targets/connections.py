"""The ways to the targets: endpoint, region and credential of each, signed for the host that is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from threading import RLock
from typing import TYPE_CHECKING, Final, TypeVar

from model_service.auth import Credential, credential_for
from model_service.auth.service_endpoints import ServiceEndpoints
from model_service.errors import CredentialError, ModelServiceError
from model_service.fn.invocation import Deadline
from model_service.fn.limits import Limits
from model_service.light_dataclasses import dataclass
from model_service.service_file.targets import ModelTarget
from model_service.settings import Settings
from model_service.upstream.client import UpstreamClient
from model_service.upstream.request_log import LogPolicy
from model_service.upstream.retries import Retries

if TYPE_CHECKING:
    from model_service.transports.native.endpoint_families import EndpointFamilies
    from model_service.transports.native.surface import NativeSurface

T = TypeVar("T")

CONNECT_SECONDS: Final = 3.0  # for one address: there are other targets to go to
LOOK_UP_SECONDS: Final = 10.0  # for our own region


@dataclass(eq=False)
class TargetConnections:
    """What a transport needs of one target, each made on first use. Threads share it."""

    target: ModelTarget
    settings: Settings
    own_credential: Callable[[], Credential]
    log: LogPolicy
    limits: Limits
    _made: dict[str, object] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    @property
    def upstream(self) -> UpstreamClient:
        """To the OpenAI-compatible surface."""
        return self._once("upstream", self._upstream)

    @property
    def native(self) -> NativeSurface:
        return self._once("native", self._native)

    @property
    def families(self) -> EndpointFamilies:
        return self._once("families", self._families)

    @property
    def credential(self) -> Credential:
        """Return who signs: the service, or the profile that the target names."""
        return self._once("credential", self._credential)

    @property
    def endpoints(self) -> ServiceEndpoints:
        """Return where this target is; raise ``CredentialError`` where our signature is worth nothing there."""
        return self._once("endpoints", self._endpoints)

    def region(self, deadline: Deadline) -> str:
        """Return the region that is asked: that of the endpoint's host, of the OCID, the target's, or the service's.

        It is the order in which ``ServiceEndpoints`` chooses the host.
        """
        regions, endpoint = self.settings.regions, self.target.url or self.settings.genai_endpoint
        named = regions.of_endpoint(endpoint) if endpoint else regions.of_ocid(self.target.model)
        return (
            named or self.target.region or regions.of_ocid(self.target.model) or self.endpoints.model_region(deadline)
        )

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        with self._lock:
            made, self._made = self._made, {}
        for name in ("upstream", "native"):
            if name in made:
                made[name].close()  # type: ignore[attr-defined]  # both have it

    def _once(self, name: str, make: Callable[[], T]) -> T:
        found = self._made.get(name)
        if found is None:
            with self._lock:
                found = self._made.get(name)
                if found is None:
                    found = self._made[name] = make()
        return found  # type: ignore[return-value]  # what `make` has made before

    def _credential(self) -> Credential:
        if self.target.profile is None:
            return self.own_credential()
        profile = self.target.profile
        return credential_for(replace(self.settings, auth_type=None, injected_principal=None, profile=profile))

    def _endpoints(self) -> ServiceEndpoints:
        target, settings = self.target, self.settings
        if target.region and not (target.url or settings.genai_endpoint or target.profile):
            self._check_realm(target.region)
        endpoint = target.url or settings.genai_endpoint
        region = target.region or settings.region
        return ServiceEndpoints(replace(settings, genai_endpoint=endpoint, region=region), lambda: self.credential)

    def _check_realm(self, region: str) -> None:
        """Raise ``CredentialError`` for a region of another realm, whose tenancies and keys are others."""
        regions = self.settings.regions
        try:
            own = ServiceEndpoints(self.settings, self.own_credential).own_region(Deadline.after(LOOK_UP_SECONDS))
        except ModelServiceError:
            return  # OCI itself will say
        if regions.domain(own) != regions.domain(region):
            raise CredentialError(
                f"{self.target.name}: {region} is in another realm ({regions.domain(region)}) than {own}.",
                hint="A credential is good in its own realm alone: name a profile of that realm in the target.",
                code="other_realm",
            )

    def _upstream(self) -> UpstreamClient:
        deadline = Deadline.after(LOOK_UP_SECONDS)
        endpoint = self.endpoints.of("inference", deadline, ocid=self.target.model)
        network = self.settings.network
        return UpstreamClient(
            endpoint, self.credential, self.log, self.limits, network=network, connect_seconds=CONNECT_SECONDS
        )

    def _native(self) -> NativeSurface:
        from model_service.transports.native.surface import NativeSurface  # noqa: PLC0415 - on first use

        return NativeSurface(self.endpoints, self.log, self.limits, retries=Retries(more_tries=0))

    def _families(self) -> EndpointFamilies:
        from model_service.transports.native.endpoint_families import EndpointFamilies  # noqa: PLC0415 - as above

        return EndpointFamilies(self.settings.endpoint_families, self.native.describe)
