"""Token counts: read from the usage object of an API, or estimated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from model_service.light_dataclasses import dataclass
from model_service.service_file.shape import Price

BYTES_PER_TOKEN: Final = 4  # a rule of thumb for English; other languages have fewer
TOKENS_PER_IMAGE: Final = 1000
MAX_VALUES: Final = 100_000  # of a request that are looked at for an estimate
MILLION: Final = 1_000_000


@dataclass(frozen=True)
class Tokens:
    """``input`` includes ``cached``, ``output`` includes ``reasoning``, as in OpenAI's usage objects."""

    input: int = 0
    output: int = 0
    cached: int = 0
    reasoning: int = 0

    @property
    def total(self) -> int:
        return self.input + self.output

    def cost(self, price: Price, searches: int = 0) -> float:
        """Return the cost in the currency of the price."""
        cached_price = price.input if price.cached_input is None else price.cached_input
        paid = (self.input - self.cached) * price.input + self.cached * cached_price + self.output * price.output
        return paid / MILLION + searches * price.search / 1000


def tokens_of(usage: Any) -> Tokens | None:
    """Read the usage object of Chat Completions, embeddings or Responses; ``None`` if there is none."""
    if not isinstance(usage, dict):
        return None
    count_in = _count(usage.get("prompt_tokens"), usage.get("input_tokens"))
    count_out = _count(usage.get("completion_tokens"), usage.get("output_tokens"))
    cached = _detail(usage, "prompt_tokens_details", "input_tokens_details", "cached_tokens")
    reasoning = _detail(usage, "completion_tokens_details", "output_tokens_details", "reasoning_tokens")
    return Tokens(count_in, count_out, min(cached, count_in), min(reasoning, count_out))


def estimated_tokens(value: Any) -> int:
    """Return an estimate of the tokens of the strings in a JSON value; at most MAX_VALUES values are read."""
    total, waiting = 0, [value]
    for _ in range(MAX_VALUES):
        if not waiting:
            break
        item = waiting.pop()
        if isinstance(item, str):
            total += TOKENS_PER_IMAGE if item.startswith("data:") else len(item) // BYTES_PER_TOKEN + 1
        elif isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item[: MAX_VALUES - len(waiting)])
    return total


def _detail(usage: Mapping[str, Any], chat: str, responses: str, name: str) -> int:
    """Return a number from the token details of either API, or 0."""
    for details in (usage.get(chat), usage.get(responses)):
        if isinstance(details, dict):
            return _count(details.get(name))
    return 0


def _count(*values: Any) -> int:
    """Return the first of ``values`` that is a number of tokens, or 0."""
    for value in values:
        if type(value) is int:  # True is an int too, and no number of tokens
            return max(0, value)
    return 0
