"""Each mistake that everybody makes once has its hint, and what is no such mistake has none."""

from __future__ import annotations

import pytest

from model_service.upstream.error_hints import GOTCHAS, hint_for

COMPARTMENT = "ocid1.compartment.oc1..aaaaaaaaexample"


def _hint(status: int, message: str, compartment_id: str | None = COMPARTMENT) -> str | None:
    return hint_for(status, message, model="cohere.command-a-03-2025", compartment_id=compartment_id)


@pytest.mark.parametrize(
    ("status", "message", "says"),
    [
        (400, "Unsupported OpenAI operation", "refuses cohere.command-a-03-2025"),
        (400, "Compartment ID must be provided", "OCI_COMPARTMENT_ID"),
        (400, "Please pass in correct format of request", "MODEL_SERVICE_ENDPOINT_FAMILIES"),
        (401, "NotAuthenticated The required information to complete authentication was not provided", "clock"),
        (404, "Authorization failed or requested resource not found.", f"in compartment id {COMPARTMENT}"),
        (404, "NotAuthorizedOrNotFound None", "to use generative-ai-family"),
        (404, "Entity with key cohere.command-a-03-2025 not found", "This region does not have cohere"),
        (404, "None Path doesn't map to a registered service", "OCI_GENAI_ENDPOINT"),
        (429, "TooManyRequests", "throttles"),
    ],
)
def test_an_answer_of_oci_has_its_hint(status: int, message: str, says: str) -> None:
    assert says in (_hint(status, message) or "")


def test_the_hint_for_a_missing_permission_names_the_statement_and_the_cache() -> None:
    hint = _hint(404, "Authorization failed or requested resource not found.") or ""
    assert f"allow dynamic-group <the function's> to use generative-ai-family in compartment id {COMPARTMENT}" in hint
    assert "15 minutes" in hint


def test_an_unknown_compartment_is_left_for_the_reader_to_fill_in() -> None:
    assert "compartment id <compartment OCID>" in (_hint(404, "Authorization failed", compartment_id=None) or "")


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "Authorization failed"),
        (400, "messages.0.content: too long"),
        (404, "Response resp_1 gone"),
        (500, "Unsupported OpenAI operation"),
        (503, ""),
    ],
)
def test_what_is_no_gotcha_has_no_hint(status: int, message: str) -> None:
    assert _hint(status, message) is None


def test_a_model_id_full_of_braces_is_only_text() -> None:
    hint = hint_for(400, "unsupported openai operation", model="{model.__class__} {0}", compartment_id=None)
    assert "refuses {model.__class__} {0} (" in (hint or "")


@pytest.mark.parametrize("gotcha", GOTCHAS)
def test_every_hint_can_be_filled_in(gotcha: object) -> None:
    hint = gotcha.hint.format(model="m", compartment_id="c")  # type: ignore[attr-defined]
    assert "{" not in hint
