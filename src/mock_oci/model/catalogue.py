"""Which models there are, what they are asked through, and the regions that host them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from mock_oci.identity.tenancy import ocid

_HOST = re.compile(r"(?:inference\.)?generativeai\.([a-z0-9-]+)\.oci\.")


@dataclass(frozen=True)
class Model:
    """A model and the regions that host it on demand; none: dedicated clusters only, or ``retired``."""

    id: str
    regions: tuple[str, ...]
    capabilities: tuple[str, ...] = ("CHAT",)
    retired: str = ""

    @property
    def vendor(self) -> str:
        return self.id.partition(".")[0]


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
    """What a request's ``model`` stands for. ``selected_region`` is set by routing profiles only."""

    model: Model
    selected_region: str = ""
    endpoint: Endpoint | None = None


def region_of_host(host: str, default: str) -> str:
    """Return the region in a real Generative AI host name; ``default`` for any other host, such as 127.0.0.1."""
    match = _HOST.match(host)
    return match[1] if match else default


class Catalogue:
    """The models of the table below, plus the routing profiles and dedicated endpoints of one region."""

    def __init__(self, region: str) -> None:
        self._region = region
        self._models = {model.id: model for model in MODELS}
        self._profiles: dict[str, Target] = {}
        self._endpoints: dict[str, Endpoint] = {}

    @property
    def models(self) -> tuple[Model, ...]:
        return tuple(self._models.values())

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        return tuple(self._endpoints.values())

    def add(self, model: Model) -> None:
        self._models[model.id] = model

    def host(self, model_id: str, *regions: str) -> None:
        """Have these regions host a model on demand, and no others; none: as if it were retired."""
        self._models[model_id] = replace(self._models[model_id], regions=regions)

    def host_only(self, region: str, model_ids: Iterable[str]) -> None:
        """Have this region host exactly these models on demand; raise ValueError for one that there is not."""
        wanted = set(model_ids)
        if unknown := sorted(wanted - self._models.keys()):
            raise ValueError(f"there is no model {unknown[0]!r}")
        for model in self.models:
            others = tuple(name for name in model.regions if name != region)
            self.host(model.id, *others, *([region] if model.id in wanted else []))

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
        return Target(model) if model is not None and region in model.regions else None

    def chat_models(self, region: str) -> list[str]:
        """Return the ids of the models that ``region`` hosts for chat on demand."""
        return sorted(model.id for model in self.models if region in model.regions and "CHAT" in model.capabilities)

    def dedicated(self, endpoint_id: str, region: str) -> Target | None:
        """Return what the endpoint of this OCID serves, when it is one of ``region``."""
        endpoint = self._endpoints.get(endpoint_id)
        if endpoint is None or endpoint.region != region:
            return None
        return Target(endpoint.model, endpoint=endpoint)

    def model_with_ocid(self, model_ocid: str, region: str) -> Model | None:
        """Return the model that the control plane of ``region`` lists under this OCID."""
        return next((model for model in self.models if model_ocid == ocid_of(model, region)), None)


def ocid_of(model: Model, region: str) -> str:
    """Return the OCID of a model: one in each region."""
    return ocid("generativeaimodel", model.id, region)


STREAMING = ("sse", "refused", "plain")
TOOL_CALLS = ("native", "text")


@dataclass(frozen=True)
class Region:
    id: str
    key: str


# Regions with Generative AI, and their keys (docs: generative-ai/regions.htm).
REGIONS = {
    region.id: region
    for region in (
        Region("us-ashburn-1", "IAD"),
        Region("us-chicago-1", "ORD"),
        Region("us-phoenix-1", "PHX"),
        Region("sa-saopaulo-1", "GRU"),
        Region("eu-frankfurt-1", "FRA"),
        Region("uk-london-1", "LHR"),
        Region("me-riyadh-1", "RUH"),
        Region("me-dubai-1", "DXB"),
        Region("me-abudhabi-1", "AUH"),
        Region("ap-hyderabad-1", "HYD"),
        Region("ap-osaka-1", "KIX"),
    )
}

# Which region hosts which model is the emulator's approximation of model-endpoint-regions.htm: what is
# certain there is that Ashburn and Phoenix host neither Llama nor gpt-oss, that xAI is in the three US
# regions, and that Abu Dhabi and every region outside REGIONS host nothing on demand.
_US = ("us-ashburn-1", "us-chicago-1", "us-phoenix-1")
_GOOGLE = (*_US, "eu-frankfurt-1", "ap-osaka-1")
_HOSTED = tuple(region for region in REGIONS if region not in ("us-ashburn-1", "us-phoenix-1", "me-abudhabi-1"))
_CHICAGO = ("us-chicago-1",)
_DEDICATED: tuple[str, ...] = ()  # on a dedicated AI cluster only
_EMBED = ("TEXT_EMBEDDINGS",)
_RERANK = ("TEXT_RERANK",)
_SPEECH = ("TEXT_TO_AUDIO",)

MODELS = (
    Model("cohere.command-a-03-2025", _HOSTED),
    Model("cohere.command-a-vision-07-2025", _HOSTED),
    Model("cohere.command-a-reasoning-08-2025", _DEDICATED),
    Model("cohere.command-r-08-2024", _HOSTED),
    Model("cohere.command-r-plus-08-2024", _HOSTED),
    Model("cohere.embed-v4.0", _HOSTED, _EMBED),
    Model("cohere.embed-english-v3.0", _DEDICATED, _EMBED, "2026-09-30T00:00:00Z"),
    Model("cohere.embed-multilingual-v3.0", _DEDICATED, _EMBED, "2026-09-30T00:00:00Z"),
    Model("cohere.rerank.v3-5", _DEDICATED, _RERANK),
    Model("cohere.rerank-v3.5", _CHICAGO, _RERANK),
    Model("cohere.rerank-v4.0-fast", _CHICAGO, _RERANK),
    Model("qwen.qwen3-32b", _DEDICATED),  # stands for the imported models, whose real ids are OCIDs
    Model("meta.llama-4-maverick-17b-128e-instruct-fp8", _HOSTED),
    Model("meta.llama-4-scout-17b-16e-instruct", _HOSTED),
    Model("meta.llama-3.3-70b-instruct", _HOSTED),
    Model("meta.llama-3.2-90b-vision-instruct", _HOSTED),
    Model("openai.gpt-oss-120b", _HOSTED),
    Model("openai.gpt-oss-20b", _HOSTED),
    Model("openai.gpt-5", _CHICAGO),
    Model("openai.gpt-5-mini", _CHICAGO),
    Model("openai.gpt-5.5-pro", _CHICAGO),
    Model("openai.o3", _CHICAGO),
    Model("google.gemini-2.5-pro", _GOOGLE),
    Model("google.gemini-2.5-flash", _GOOGLE),
    Model("google.gemini-2.5-flash-lite", _GOOGLE),
    Model("google.gemini-3.5-flash", ("ap-osaka-1",)),
    Model("xai.grok-4.3", _US),
    Model("xai.grok-4.6", _US),
    Model("xai.grok-4.7", _US),
    Model("xai.grok-4.20-reasoning", _US),
    Model("xai.grok-4.20-non-reasoning", _US),
    Model("xai.grok-4.20-multi-agent", _US),
    Model("xai.grok-tts", _US, _SPEECH),
)
