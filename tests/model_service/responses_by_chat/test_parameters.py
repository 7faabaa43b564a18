"""Every parameter has a row, in the code and on the page, and every one that OpenAI's client sends is known."""

from __future__ import annotations

import re
from pathlib import Path

from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming

from model_service.responses_by_chat.parameters import NAMES, PARAMETERS, chat_parameters

PAGE = (Path(__file__).resolve().parents[3] / "docs/responses.md").read_text()
# What OpenAI's client can send and no row is for: left out by name, as whatever comes tomorrow.
LEFT_OUT = {
    "access_programs",
    "background_options",
    "context_management",
    "image",
    "moderation",
    "prompt_cache_options",
}


def test_the_page_has_every_row_once() -> None:
    table = PAGE.partition("## Responses by chat")[2].partition("\nAny other parameter")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"`([a-z_]+)`", row)]
    assert len(named) == len(set(named))
    assert set(named) == PARAMETERS.keys()


def test_every_parameter_of_openais_client_has_a_row_or_is_left_out_knowingly() -> None:
    known = ResponseCreateParamsNonStreaming.__annotations__.keys() | {"input"}
    parents = (base.__annotations__ for base in ResponseCreateParamsNonStreaming.__orig_bases__)  # type: ignore[attr-defined]
    for names in parents:
        known |= names.keys()
    assert known - PARAMETERS.keys() == LEFT_OUT


def test_what_no_row_knows_is_left_out_by_name_and_null_says_nothing() -> None:
    left: list[str] = []
    assert chat_parameters({"moderation": {}, "temperature": None, "top_p": 0.5}, left.append) == {"top_p": 0.5}
    assert left == ["moderation"]


def test_a_name_that_an_error_of_the_chat_has_is_one_that_a_row_makes() -> None:
    body = {
        "max_output_tokens": 1,
        "text": {"format": {"type": "json_object"}, "verbosity": "low"},
        "reasoning": {"effort": "low"},
        "include": ["message.output_text.logprobs"],
    }
    made = chat_parameters(body, lambda name: None).keys()
    assert made | {"max_completion_tokens", "messages"} == NAMES.keys()
