"""Log probabilities, from the two native shapes into OpenAI's.

Source: oci.generative_ai_inference.models.Logprobs (GENERIC) and .LogProbability (COHEREV2)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any, Final

from model_service.formats.answers import mapping, objects, text_in

Logprobs = list[dict[str, Any]]
"""What OpenAI has under ``logprobs.content``: one object for each token."""

NEVER: Final = -9999.0  # what OpenAI says for a token that is all but impossible; JSON has no -inf


def generic_logprobs(native: Any) -> Logprobs:
    """Of ``{tokens, tokenLogprobs, topLogprobs: [{token: "-0.1"}]}``."""
    said = mapping(native)
    columns = (_listed(said.get(name)) for name in ("tokens", "tokenLogprobs", "topLogprobs"))
    return [
        {**_token(token, number), "top_logprobs": [_token(*one) for one in mapping(top).items()]}
        for token, number, top in zip_longest(*columns)
    ]


def cohere_logprobs(native: Any) -> Logprobs:
    """Of ``[{text, logProbabilities, tokenIds}]``: a text of several tokens has the sum of theirs."""
    return [{**_token(text_in(one.get("text")), _sum(one)), "top_logprobs": []} for one in objects(native)]


def _sum(one: Mapping[str, Any]) -> float:
    return sum(_number(number) for number in _listed(one.get("logProbabilities")))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _token(token: Any, logprob: Any) -> dict[str, Any]:
    text = text_in(token)
    return {"token": text, "logprob": _number(logprob), "bytes": list(text.encode("utf-8", "replace"))}


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return NEVER
    return number if math.isfinite(number) else NEVER
