"""Which models there are, what they are asked through, and the regions that host them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from mock_oci.identity.tenancy import ocid
from mock_oci.model.known_models import MODELS, REGIONS, Model

_HOST = re.compile(r"(?:inference\.)?generativeai\.([a-z0-9-]+)\.oci\.")


@dataclass(frozen=True)
class Endpoint:
    """A model on a dedicated AI cluster.

    ``streaming``: ``sse``, ``refused`` (a 400 that says so) or ``plain`` (complete JSON to a request for a
    stream). ``tool_calls``: ``native``, or ``text`` as Qwen writes them. All have been met by others
    (oracle/langchain-oracle, test_dac_endpoint.py; locus, docs/how-to/oci-dac.md).
    """

    id: str
    name: str
    model: Model
    region: str
    streaming: str = "sse"
    tool_calls: str = "native"


@dataclass(frozen=True)
class Target:
    """What a request's ``model`` stands for. ``selected_region`` is set by routing profiles only.

    ``retirement`` says of a deprecated model since when it is one, and when it is retired.
    """

    model: Model
    selected_region: str = ""
    endpoint: Endpoint | None = None
    retirement: str = ""


def region_of_host(host: str, default: str) -> str:
    """Return the region in a real Generative AI host name; ``default`` for any other host, such as 127.0.0.1."""
    match = _HOST.match(host)
    return match[1] if match else default


class Catalogue:
    """The models of the table, and what is added; plus the routing profiles and dedicated endpoints of one region."""

    def __init__(self, region: str, clock: Callable[[], float]) -> None:
        self._region = region
        self._clock = clock
        self._models = {model.id: model for model in MODELS}
        self._profiles: dict[str, Target] = {}
        self._endpoints: dict[str, Endpoint] = {}
        self._made: set[str] = set()

    @property
    def models(self) -> tuple[Model, ...]:
        return tuple(self._models.values())

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        return tuple(self._endpoints.values())

    def add(self, *models: Model | str, regions: Iterable[str] = (), **about: Any) -> None:
        """Add models, each whole or by its id, in place of those of the same ids.

        Of ids: ``regions`` host them on demand (this one, when none is named), and ``about`` are the other fields of
        a Model.
        """
        for model in models:
            whole = Model(model, tuple(regions) or (self._region,), **about) if isinstance(model, str) else model
            self._models[whole.id] = whole

    def remove(self, model_id: str) -> None:
        """Forget a model, if it is there."""
        self._models.pop(model_id, None)

    def host(self, model_id: str, *regions: str) -> None:
        """Have these regions host a model on demand, and no others, retired or not; none: as if it were."""
        model = self._models[model_id]
        self._models[model_id] = replace(model, regions=regions, retired="" if regions else model.retired)

    def host_only(self, region: str, model_ids: Iterable[str]) -> None:
        """Have this region host exactly these models on demand; raise ValueError for one that there is not."""
        wanted = set(model_ids)
        if unknown := sorted(wanted - self._models.keys()):
            raise ValueError(f"there is no model {unknown[0]!r}")
        for model in self.models:
            others = tuple(name for name in model.regions if name != region)
            if model.id in wanted:
                self.host(model.id, *others, region)
            else:
                self._models[model.id] = replace(model, regions=others)

    def enter_endpoint(self, endpoint: Endpoint) -> None:
        """Have an endpoint serve that the control plane has made; ``leave`` and ``forget_made`` end it."""
        self._made.add(endpoint.id)
        self._endpoints[endpoint.id] = endpoint

    def enter_model(self, model: Model) -> None:
        """Have a model to be had that the control plane has made."""
        self._made.add(model.id)
        self._models[model.id] = model

    def enter_profile(self, profile_id: str, model_id: str, regions: tuple[str, ...]) -> None:
        """Have a routing profile stand for a model, in the first of these regions (none: any) that hosts it."""
        self._made.add(profile_id)
        hosts = next((region for region in regions or REGIONS if self.on_demand(model_id, region)), "")
        if hosts:
            self._profiles[profile_id] = Target(self._models[model_id], hosts)
        else:
            self._profiles.pop(profile_id, None)

    def leave(self, resource_id: str) -> None:
        """Have an endpoint, an imported model or a routing profile serve no more."""
        self._made.discard(resource_id)
        self._models.pop(resource_id, None)
        self._endpoints.pop(resource_id, None)
        self._profiles.pop(resource_id, None)

    def forget_made(self) -> None:
        """Forget what the control plane has made; what was added by hand stays."""
        for resource_id in tuple(self._made):
            self.leave(resource_id)

    def add_routing_profile(self, model_id: str, region: str) -> str:
        """Add a routing profile that sends ``model_id`` to ``region``; return its OCID."""
        profile = ocid("generativeairoutingprofile", f"{model_id} in {region}", self._region)
        self._profiles[profile] = Target(self._models[model_id], region)
        return profile

    def add_endpoint(
        self, model_id: str, *, name: str = "", streaming: str = "sse", tool_calls: str = "native", region: str = ""
    ) -> str:
        """Add a dedicated endpoint for ``model_id``, in this region or another; return its OCID. See ``Endpoint``.

        The same ``name`` (the model id when none is given) replaces the endpoint.
        """
        if streaming not in STREAMING or tool_calls not in TOOL_CALLS:
            raise ValueError(f"streaming is one of {STREAMING}, tool_calls one of {TOOL_CALLS}")
        name = name or model_id
        region = region or self._region
        model, endpoint = self._models[model_id], ocid("generativeaiendpoint", name, region)
        self._endpoints[endpoint] = Endpoint(endpoint, name, model, region, streaming, tool_calls)
        return endpoint

    def find(self, name: str, region: str) -> Target | None:
        """Return what ``name`` (a model id, or an OCID of a profile or an endpoint) stands for in ``region``."""
        return self.dedicated(name, region) or self.on_demand(name, region)

    def on_demand(self, name: str, region: str) -> Target | None:
        """Return what ``name`` (a model id, or an OCID of a profile) stands for in ``region``."""
        if name in self._profiles:
            return self._profiles[name]
        model = self._models.get(name)
        if model is None or region not in model.regions or model.is_retired(self._clock()):
            return None
        return Target(model, retirement=_announced(model) if model.is_deprecated(self._clock()) else "")

    def chat_models(self, region: str) -> list[str]:
        """Return the ids of the models that ``region`` hosts for chat on demand."""
        hosted = (model for model in self.models if self.on_demand(model.id, region) is not None)
        return sorted(model.id for model in hosted if "CHAT" in model.capabilities)

    def dedicated(self, endpoint_id: str, region: str) -> Target | None:
        """Return what the endpoint of this OCID serves, when it is one of ``region``."""
        endpoint = self._endpoints.get(endpoint_id)
        if endpoint is None or endpoint.region != region:
            return None
        return Target(endpoint.model, endpoint=endpoint)

    def model_with_ocid(self, model_ocid: str, region: str) -> Model | None:
        """Return the model that the control plane of ``region`` lists under this OCID."""
        return next((model for model in self.models if model_ocid == ocid_of(model, region)), None)


def _announced(model: Model) -> str:
    """Return what an answer of a deprecated model says of it; its words are unverified (verify: retirement-header)."""
    ends = f", timeOnDemandRetired={model.retired}" if model.retired else ""
    return f"timeDeprecated={model.deprecated or model.retired}{ends}"


def ocid_of(model: Model, region: str) -> str:
    """Return the OCID of a model: one in each region."""
    return model.id if model.imported else ocid("generativeaimodel", model.id, region)


STREAMING = ("sse", "refused", "plain")
TOOL_CALLS = ("native", "text")
