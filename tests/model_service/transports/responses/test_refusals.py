"""OCI's words for what is missing, as they were recorded, and the names that they get."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from model_service.errors import (
    PreviousResponseNotFound,
    ProjectInvalid,
    ProjectRequired,
    UpstreamError,
    UpstreamRefused,
)
from model_service.upstream.error_hints import Asked, explained

COMPARTMENT = "ocid1.compartment.oc1..c"
PROJECT = "ocid1.generativeaiproject.oc1.us-chicago-1.p"
NOT_FOUND = "Authorization failed or requested resource not found."


def named(error: UpstreamRefused, asked: Asked) -> UpstreamError:
    return explained(error, replace(asked, surface="responses"))


def refusal(status: int, message: str, code: str | None = None) -> UpstreamRefused:
    return UpstreamRefused(message, status=status, code=code, opc_request_id="A/B/C")


@pytest.mark.parametrize(
    ("status", "message", "asked", "kind"),
    [
        (400, "Compartment ID must be provided.", Asked("m", COMPARTMENT), ProjectRequired),
        (
            400,
            "Non-OpenAI models require 'OpenAI-Project' or 'opc-conversation-store-id' header",
            Asked(),
            ProjectRequired,
        ),
        (400, "Non-OpenAI models require 'OpenAI-Project'", Asked("m", COMPARTMENT, PROJECT), ProjectRequired),
        (400, "Invalid OpenAI project.", Asked("m", COMPARTMENT, PROJECT), ProjectInvalid),
        (
            400,
            "Previous response with id 'resp_1' not found.",
            Asked(previous_response_id="resp_1"),
            PreviousResponseNotFound,
        ),
        (404, "Response with id resp_1 not found.", Asked(previous_response_id="resp_1"), PreviousResponseNotFound),
        (404, "The response could not be found", Asked(previous_response_id="resp_1"), PreviousResponseNotFound),
        (404, NOT_FOUND, Asked("m", COMPARTMENT, PROJECT), UpstreamRefused),
        (404, NOT_FOUND, Asked("m", COMPARTMENT), UpstreamRefused),
    ],
)
def test_a_disguise_is_seen_through(status: int, message: str, asked: Asked, kind: type[Any]) -> None:
    error = named(refusal(status, message), asked)
    assert type(error) is kind
    assert (error.status, error.opc_request_id) == (status if kind is UpstreamRefused else 400, "A/B/C")
    assert message.rstrip(".") in error.message
    assert error.hint


@pytest.mark.parametrize(
    ("status", "message", "asked"),
    [
        (400, "Compartment ID must be provided.", Asked("m", None)),
        (400, "Compartment ID must be provided.", Asked("m", COMPARTMENT, PROJECT)),
        (404, "Response with id resp_1 not found.", Asked("m", COMPARTMENT)),
        (404, "Path doesn't map to a registered service", Asked("m", COMPARTMENT, PROJECT)),
        (400, "Unsupported parameter: temperature", Asked("m", COMPARTMENT, PROJECT, "resp_1")),
        (400, "previous_response_id is not supported with conversation", Asked(previous_response_id="resp_1")),
        (400, "Invalid 'previous_response_id': expected letters and dashes", Asked(previous_response_id="resp_1")),
        (404, "Entity with key m not found", Asked("m", COMPARTMENT, PROJECT, "resp_1")),
        (500, "Internal Server Error.", Asked("m", COMPARTMENT, PROJECT, "resp_1")),
    ],
)
def test_what_means_what_it_says_keeps_its_name(status: int, message: str, asked: Asked) -> None:
    error = refusal(status, message)
    assert named(error, asked) is error


def test_a_code_is_enough_to_know_an_unknown_id() -> None:
    error = named(refusal(400, "missing parent", "previous_response_not_found"), Asked(previous_response_id="resp_1"))
    assert isinstance(error, PreviousResponseNotFound)
    assert (error.code, error.param) == ("previous_response_not_found", "previous_response_id")
    assert "Start again" in error.message


def test_a_missing_project_says_how_to_send_one() -> None:
    error = named(refusal(400, "Compartment ID must be provided."), Asked("m", COMPARTMENT))
    assert error.hint is not None
    assert all(way in error.hint for way in ("OpenAI-Project", "project_id", "MODEL_SERVICE_PROJECT_ID"))
    assert (error.code, error.param) == ("project_required", "project_id")


def test_a_404_with_a_project_names_all_that_it_can_mean() -> None:
    error = named(refusal(404, NOT_FOUND, "NotAuthorizedOrNotFound"), Asked("m", COMPARTMENT, PROJECT))
    assert error.hint is not None
    assert all(cause in error.hint for cause in ("three minutes", "generative-ai-response", COMPARTMENT))
    assert error.code == "NotAuthorizedOrNotFound"


def test_a_403_style_message_with_braces_is_no_template() -> None:
    error = named(refusal(400, "Invalid OpenAI project. {model} {0}"), Asked("m{x}", COMPARTMENT, PROJECT))
    assert error.message == "Invalid OpenAI project. {model} {0}"
