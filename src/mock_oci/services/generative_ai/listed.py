"""What the control plane lists, row by row; a name with an underscore is compared but not shown."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mock_oci.identity.tenancy import ocid
from mock_oci.model.catalogue import ocid_of
from mock_oci.model.known_models import REGIONS, Model
from mock_oci.operations import Call
from mock_oci.wire import Body

_CREATED = "2025-06-01T00:00:00.000Z"


def models_of(call: Call, region: str) -> Iterator[Body]:
    """Yield ModelSummary rows; ``displayName`` is the on-demand id. A model stands here once for each use it has."""
    for model in call.cloud.catalogue.models:
        if model.imported or (model.regions and region not in model.regions):
            continue
        yield _model(model, ocid_of(model, region), model.capabilities)
        if re.match(_FINE_TUNED, model.id):
            yield _model(model, ocid("generativeaimodel", f"{model.id} for fine-tuning", region), ("FINE_TUNE",))


def _model(model: Model, model_ocid: str, capabilities: tuple[str, ...]) -> Body:
    return {
        "id": model_ocid,
        "compartmentId": None,
        "capabilities": list(capabilities),
        "lifecycleState": "ACTIVE",
        "displayName": model.id,
        "vendor": model.vendor,
        "version": "1.0",
        "type": "BASE",
        "isLongTermSupported": False,
        "timeCreated": _CREATED,
        **_ends(model),
    }


def _ends(model: Model) -> Body:
    """Return when a model was deprecated and is retired, where that is known."""
    times = {"timeDeprecated": model.deprecated or model.retired, "timeOnDemandRetired": model.retired}
    return {name: time for name, time in times.items() if time}


def discovered(call: Call, region: str) -> Iterator[Body]:
    """Yield ModelDiscovery rows; every region's models, wherever it is asked (docs: model-discovery-tutorial.htm)."""
    del region
    for model in call.cloud.catalogue.models:
        if not model.imported:
            yield {**_discovery(model), **_compared(model, call.cloud.clock())}


def _discovery(model: Model) -> Body:
    sees = re.search(_SEEING, model.id) is not None
    shown = [{"input": "TEXT", "output": "TEXT"}, *([{"input": "IMAGE", "output": "TEXT"}] if sees else [])]
    return {
        "modelId": model.id,
        "vendor": model.vendor,
        "capabilities": list(model.capabilities),
        # Empty for what the OpenAI-compatible surface does not serve; the names are those of Oracle's OME.
        "apiCapability": [api for models, api in _APIS if "CHAT" in model.capabilities and re.match(models, model.id)],
        "modalitySupport": shown,
        "modelAccess": "PROXY" if model.vendor in _PROXIED else "HOSTED",
        "parameters": [],
        "availability": [
            {"realm": "oc1", "region": region, "servingModes": _modes(model), **_ends(model)}
            for region in _places(model)
        ],
    }


def _places(model: Model) -> list[str]:
    """List the regions: a model that none hosts on demand can be had on a dedicated AI cluster in each."""
    return list(model.regions or REGIONS)


def _modes(model: Model) -> list[str]:
    modes = [("ON_DEMAND", bool(model.regions)), ("DEDICATED", model.vendor not in _PROXIED)]
    return [mode for mode, served in modes if served]


def _compared(model: Model, now: float) -> Body:
    return {
        "_realms": ["oc1"],
        "_regions": _places(model),
        "_servingModes": _modes(model),
        "_isDeprecated": model.is_deprecated(now),
        "_isOnDemandRetired": model.is_retired(now),
        "_isDedicatedRetired": False,
    }


_FINE_TUNED = r"meta\.llama-3\.3|cohere\.command-r-08"
_SEEING = r"vision|llama-4|gemini|grok-4|gpt-5|embed-v4"
_PROXIED = frozenset({"google", "xai"})
_APIS = (
    (r"(?!cohere\.|qwen\.|openai\.gpt-5\.5-pro)", "OPENAI_V1_CHAT_COMPLETIONS"),
    (r"(?!cohere\.|qwen\.)", "OPENAI_V1_RESPONSES"),
)
