"""What is known of models that OCI's lists do not say: context, and abilities. FAMILIES at the end.

Sources: https://docs.oracle.com/en-us/iaas/Content/generative-ai/pretrained-models.htm and the pages of each model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

APIS_OF_CAPABILITY: Final = {
    "CHAT": ("chat", "completions", "responses"),
    "TEXT_EMBEDDINGS": ("embeddings",),
    "TEXT_RERANK": ("rerank",),
    "TEXT_TO_AUDIO": ("audio",),
}


@dataclass(frozen=True)
class Family:
    """What models whose id matches ``pattern`` have in common; ``context`` in tokens, ``None`` where it is unknown."""

    pattern: str
    context: int | None = None
    abilities: tuple[str, ...] = ()


def family_of(model: str) -> Family:
    """Return the first row of FAMILIES that a model id matches; the last one takes all."""
    return next(row for row in FAMILIES if fnmatchcase(model, row.pattern))


def apis_of(capabilities: Sequence[str]) -> list[str]:
    """Return the operations of this service that a model answers."""
    return list(dict.fromkeys(api for name in capabilities for api in APIS_OF_CAPABILITY.get(name, ())))


_USUAL: Final = ("tools", "structured_output")

FAMILIES: Final = (
    Family("cohere.command-a-vision*", 128_000, ("vision",)),
    Family("cohere.command-a-reasoning*", 256_000, (*_USUAL, "reasoning")),
    Family("cohere.command-a*", 256_000, _USUAL),
    Family("cohere.command-r*", 128_000, _USUAL),
    Family("cohere.embed-v4*", 128_000, ("vision",)),
    Family("cohere.*"),
    Family("meta.llama-4-maverick*", 512_000, (*_USUAL, "vision")),
    Family("meta.llama-4-scout*", 192_000, (*_USUAL, "vision")),
    Family("meta.llama-3.2-*-vision*", 128_000, ("vision",)),
    Family("meta.llama-3*", 128_000, _USUAL),
    Family("openai.gpt-oss*", 128_000, (*_USUAL, "reasoning")),
    Family("openai.gpt-5*", None, (*_USUAL, "vision", "reasoning")),
    Family("openai.*", None, _USUAL),
    Family("google.gemini-2.5*", 1_000_000, (*_USUAL, "vision", "reasoning")),
    Family("google.*", None, (*_USUAL, "vision")),
    Family("xai.grok-4.20-multi-agent*", None, ("reasoning",)),
    Family("xai.grok-4.3*", 1_000_000, (*_USUAL, "vision")),
    Family("xai.grok-tts*"),
    Family("xai.*", None, _USUAL),
    Family("*"),
)
