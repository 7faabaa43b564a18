"""Tokens and their cost, from every usage object that OCI sends and from those that are odd."""

from __future__ import annotations

from typing import Any

import pytest

from model_service.service_file.shape import Price, Prices
from model_service.usage.tokens import Tokens, estimated_tokens, tokens_of


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": 8, "completion_tokens": 13, "total_tokens": 21}, Tokens(8, 13)),
        (
            {
                "prompt_tokens": 8,
                "completion_tokens": 13,
                "prompt_tokens_details": {"cached_tokens": 5},
                "completion_tokens_details": {"reasoning_tokens": 3},
            },
            Tokens(8, 13, 5, 3),
        ),
        (
            {
                "input_tokens": 8,
                "output_tokens": 13,
                "input_tokens_details": {"cached_tokens": 5},
                "output_tokens_details": {"reasoning_tokens": 3},
            },
            Tokens(8, 13, 5, 3),
        ),
        ({"prompt_tokens": 4, "total_tokens": 4}, Tokens(4)),
        ({"prompt_tokens": None, "completion_tokens": "many", "prompt_tokens_details": []}, Tokens()),
        ({"prompt_tokens": -4, "completion_tokens": True}, Tokens()),
        ({"prompt_tokens": 4, "prompt_tokens_details": {"cached_tokens": 9}}, Tokens(4, 0, 4)),
    ],
)
def test_a_usage_object_says_how_many_tokens(usage: dict[str, Any], tokens: Tokens) -> None:
    assert tokens_of(usage) == tokens


@pytest.mark.parametrize("usage", [None, [], "8", 8])
def test_what_is_no_usage_object_says_nothing(usage: Any) -> None:
    assert tokens_of(usage) is None


def test_cached_tokens_have_a_price_of_their_own() -> None:
    tokens = Tokens(1_000_000, 500_000, 400_000)
    assert tokens.cost(Price(input=1.0, output=4.0, cached_input=0.1)) == pytest.approx(0.6 + 0.04 + 2.0)
    assert tokens.cost(Price(input=1.0, output=4.0)) == pytest.approx(3.0)
    assert Tokens().cost(Price(search=2.0), searches=1) == pytest.approx(0.002)


def test_the_first_price_that_matches_counts_and_an_unknown_model_has_none() -> None:
    prices = Prices(models={"xai.grok-4*": Price(input=1), "xai.*": Price(input=2)})
    assert prices.of("xai.grok-4.3") == Price(input=1)
    assert prices.of("xai.grok-3") == Price(input=2)
    assert prices.of("meta.llama") is None


def test_an_estimate_looks_at_strings_and_takes_a_bounded_time() -> None:
    assert 2 <= estimated_tokens([{"role": "user", "content": "Hello"}]) <= 5
    assert estimated_tokens([{"content": [{"image_url": {"url": "data:image/png;base64," + "A" * 4000}}]}]) == 1000
    deep: Any = "x"
    for _ in range(50_000):
        deep = [deep]
    assert estimated_tokens(deep) == 1
    assert estimated_tokens(["aaaa"] * 1_000_000) <= 200_000
