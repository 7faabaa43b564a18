"""Log probabilities of tokens, from the native formats' shapes into OpenAI's."""

from __future__ import annotations

import math
from itertools import zip_longest
from typing import Any, Final

from model_service.transports.native.formats.openai_answers import mapping, objects, text_in

TokenLogprobs = list[dict[str, Any]]
"""What OpenAI has under ``logprobs.content``: one object for each token."""

NEVER: Final = -9999.0  # what OpenAI says for a token that is all but impossible; JSON has no -inf


def generic_logprobs(native: Any) -> TokenLogprobs:
    """Return the tokens of ``{tokens, tokenLogprobs, topLogprobs: [{token: "-0.1"}]}``."""
    said = mapping(native)
    columns = (_listed(said.get(name)) for name in ("tokens", "tokenLogprobs", "topLogprobs"))
    return [
        {**_token(token, number), "top_logprobs": [_token(*one) for one in mapping(top).items()]}
        for token, number, top in zip_longest(*columns)
    ]


def cohere_logprobs(native: Any) -> TokenLogprobs:
    """Return the texts of ``[{text, logProbabilities, tokenIds}]``: one of several tokens has the sum of theirs."""
    return [
        {
            **_token(one.get("text"), sum(_number(number) for number in _listed(one.get("logProbabilities")))),
            "top_logprobs": [],
        }
        for one in objects(native)
    ]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _token(token: Any, logprob: Any) -> dict[str, Any]:
    text = text_in(token)
    return {"token": text, "logprob": _number(logprob), "bytes": list(text.encode("utf-8", "replace"))}


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return NEVER
    return number if math.isfinite(number) else NEVER
