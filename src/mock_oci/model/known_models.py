"""What a model is, which there are, and the regions with Generative AI (docs: generative-ai/regions.htm)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Model:
    """A model and the regions that host it on demand; none: dedicated clusters only, or ``retired``.

    ``deprecated`` and ``retired`` are times in RFC 3339; from ``retired`` on nobody gets it on demand. ``by`` is its
    vendor where its id does not begin with it. ``imported``: its id is an imported model's OCID, which no
    list of models has.
    """

    id: str
    regions: tuple[str, ...]
    capabilities: tuple[str, ...] = ("CHAT",)
    retired: str = ""
    deprecated: str = ""
    by: str = ""
    imported: bool = False

    @property
    def vendor(self) -> str:
        return self.by or self.id.partition(".")[0]

    def is_retired(self, now: float) -> bool:
        """Tell whether it is no longer to be had on demand, at a time in Unix seconds."""
        return bool(self.retired) and seconds_of(self.retired) <= now

    def is_deprecated(self, now: float) -> bool:
        """Tell whether its end has been announced by a time in Unix seconds."""
        announced = self.deprecated or self.retired
        return bool(announced) and seconds_of(announced) <= now


def seconds_of(time: str) -> float:
    """Return a time in RFC 3339 as Unix seconds. Raises ValueError."""
    moment = datetime.fromisoformat(time)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


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
_MAY = "2026-05-15T00:00:00Z"  # when the older Grok and Llama models were deprecated
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
    Model("cohere.embed-english-light-v3.0", _DEDICATED, _EMBED, "2026-09-30T00:00:00Z"),
    Model("cohere.embed-multilingual-light-v3.0", _DEDICATED, _EMBED, "2026-09-30T00:00:00Z"),
    Model("cohere.rerank.v3-5", _DEDICATED, _RERANK),
    Model("cohere.rerank-v3.5", _CHICAGO, _RERANK),
    Model("cohere.rerank-v4.0-fast", _CHICAGO, _RERANK),
    Model("qwen.qwen3-32b", _DEDICATED),  # stands for the imported models, whose real ids are OCIDs
    Model("meta.llama-4-maverick-17b-128e-instruct-fp8", _HOSTED),
    Model("meta.llama-4-scout-17b-16e-instruct", _HOSTED),
    Model("meta.llama-3.3-70b-instruct", _HOSTED),
    Model("meta.llama-3.2-90b-vision-instruct", _HOSTED, deprecated=_MAY),
    Model("meta.llama-3.2-11b-vision-instruct", _DEDICATED, deprecated=_MAY),
    Model("meta.llama-3.1-405b-instruct", _HOSTED),
    Model("openai.gpt-oss-120b", _HOSTED),
    Model("openai.gpt-oss-20b", _HOSTED),
    Model("openai.gpt-5", _CHICAGO),
    Model("openai.gpt-5-mini", _CHICAGO),
    Model("openai.gpt-5.5-pro", _CHICAGO),
    Model("openai.o3", _CHICAGO),
    Model("google.gemini-2.5-pro", _GOOGLE),
    Model("google.gemini-2.5-flash", _GOOGLE),
    Model("google.gemini-2.5-flash-lite", _GOOGLE),
    Model("google.gemini-3.1-flash-lite", ("ap-osaka-1",)),
    Model("google.gemini-3.5-flash", ("ap-osaka-1",)),
    Model("xai.grok-3", _US, deprecated=_MAY),
    Model("xai.grok-3-fast", _US, deprecated=_MAY),
    Model("xai.grok-3-mini", _US, deprecated=_MAY),
    Model("xai.grok-3-mini-fast", _US, deprecated=_MAY),
    Model("xai.grok-4", _US, deprecated=_MAY),
    Model("xai.grok-4-fast-reasoning", _US, deprecated=_MAY),
    Model("xai.grok-4-fast-non-reasoning", _US, deprecated=_MAY),
    Model("xai.grok-4-1-fast-reasoning", _US, deprecated=_MAY),
    Model("xai.grok-4-1-fast-non-reasoning", _US, deprecated=_MAY),
    Model("xai.grok-code-fast-1", _US, deprecated=_MAY),
    Model("xai.grok-4.3", _US),
    Model("xai.grok-4.6", _US),
    Model("xai.grok-4.7", _US),
    Model("xai.grok-4.20-reasoning", _US),
    Model("xai.grok-4.20-non-reasoning", _US),
    Model("xai.grok-4.20-multi-agent", _US),
    Model("xai.grok-tts", _US, _SPEECH),
)
