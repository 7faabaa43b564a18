"""Each mistake that everybody makes once has its hint, and what is no such mistake has none."""

from __future__ import annotations

import pytest

from model_service.errors import UpstreamError
from model_service.upstream.error_hints import HINTS, Asked, ErrorHint, explained

COMPARTMENT = "ocid1.compartment.oc1..aaaaaaaaexample"


def _hint(status: int, message: str, compartment_id: str | None = COMPARTMENT) -> str | None:
    asked = Asked("cohere.command-a-03-2025", compartment_id)
    return explained(UpstreamError(message, status=status), asked).hint


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
def test_what_means_what_it_says_has_no_hint(status: int, message: str) -> None:
    assert _hint(status, message) is None


def test_a_model_id_full_of_braces_is_only_text() -> None:
    error = UpstreamError("unsupported openai operation", status=400)
    assert "refuses {model.__class__} {0} (" in (explained(error, Asked("{model.__class__} {0}")).hint or "")


@pytest.mark.parametrize("row", HINTS, ids=lambda row: row.says[:30])
def test_every_hint_can_be_filled_in(row: ErrorHint) -> None:
    assert "{" not in row.hint.format(model="m", compartment_id="c")


def test_a_hint_that_an_error_has_stays_where_there_is_no_other() -> None:
    error = UpstreamError("too large", hint="Ask for less.")
    assert explained(error, Asked()).hint == "Ask for less."
