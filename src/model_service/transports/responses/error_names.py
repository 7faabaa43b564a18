"""What OCI says when a Responses request lacks something, often in the wrong words: recognised, and named.

Recorded by jetuse (ADR-0007, AGT-06 §6.2, PORT-04); permissions: setup/iam.md there, and
https://docs.oracle.com/en-us/iaas/Content/generative-ai/projects.htm
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from model_service.errors import (
    PreviousResponseNotFound,
    ProjectInvalid,
    ProjectRequired,
    UpstreamError,
    UpstreamRefused,
)


@dataclass(frozen=True)
class Asked:
    """What a request had that OCI may complain of."""

    model: str = "the model"
    compartment_id: str | None = None
    project_id: str | None = None
    previous_response_id: str | None = None


@dataclass(frozen=True)
class Refusal:
    """OCI's statuses and words, what the request must have been like, and what is raised instead.

    An error with a status and a code of its own, or ``UpstreamRefused``, which keeps OCI's.
    """

    statuses: tuple[int, ...]
    says: str  # a pattern, compiled when OCI first refuses something: a cold start need not pay for it
    fits: Callable[[Asked], Any]
    kind: type[UpstreamError]
    hint: str
    message: str = "{said}"
    param: str | None = None


def named(error: UpstreamError, asked: Asked) -> UpstreamError | None:
    """Return the error that says what ``error`` means; ``None`` where it means what it says."""
    said = f"{error.code} {error.message}"
    for refusal in REFUSALS:
        if error.status in refusal.statuses and re.search(refusal.says, said, re.IGNORECASE) and refusal.fits(asked):
            return _as(refusal, error, asked)
    return None


def _as(refusal: Refusal, error: UpstreamError, asked: Asked) -> UpstreamError:
    only_a_hint = refusal.kind is UpstreamRefused
    return refusal.kind(
        refusal.message.format(said=error.message),
        param=refusal.param or error.param,
        hint=refusal.hint.format(model=asked.model, compartment_id=asked.compartment_id or "<compartment OCID>"),
        code=error.code if only_a_hint else None,
        status=error.status if only_a_hint else None,
        opc_request_id=error.opc_request_id,
        retry_after=error.retry_after,
    )


_NAME_A_PROJECT: Final = (
    "Send the header OpenAI-Project (project= of OpenAI's clients, project_id in the body) or set "
    "MODEL_SERVICE_PROJECT_ID: the OCID of a Generative AI project in the model's region."
)

REFUSALS: Final = (
    Refusal(
        (400, 404, 409, 502),  # 502: said in the middle of a stream, which has no status
        r"previous_response_not_found|\b(response|previous_response_id)\b.*\b(not (be )?found|not exist|expired)"
        r"|\bno response\b.*\bfound",
        lambda asked: asked.previous_response_id,
        PreviousResponseNotFound,
        "A response is kept for as long as its project says (responsesRetentionInHours), in that project and region "
        "only, and not at all when it was made with store=false.",
        "OCI does not have the response to continue from: {said} Start again: send the full history, without "
        "previous_response_id and provider_state.",
        "previous_response_id",
    ),
    Refusal(
        (400,),
        r"require[sd]? '?(openai-project|opc-conversation-store-id)",
        lambda asked: True,  # noqa: ARG005 - a row of a table whose other rows look at the request
        ProjectRequired,
        _NAME_A_PROJECT,
        param="project_id",
    ),
    Refusal(
        (400,),
        "compartment id must be provided",
        lambda asked: asked.compartment_id and not asked.project_id,
        ProjectRequired,
        "A compartment was sent; what OCI misses is the project. " + _NAME_A_PROJECT,
        "The project is missing, although OCI says: {said}",
        "project_id",
    ),
    Refusal(
        (400,),
        "invalid openai.project",
        lambda asked: True,  # noqa: ARG005 - as above
        ProjectInvalid,
        "A project works in its own region only: check that it is in that of {model} (OCI_REGION), and that it is an "
        "ocid1.generativeaiproject. One that has just been made is unknown to the models for up to three minutes.",
        param="project_id",
    ),
    Refusal(
        (404,),
        "not authorized|notauthorizedornotfound|authorization failed|project.*not found",
        lambda asked: asked.project_id,
        UpstreamRefused,
        "OCI answers 404 for all of these: a project younger than three minutes or in another region; {model} not "
        "being in this region; a response, conversation or item that does not exist (any more); and a missing "
        "permission: generative-ai-family does not cover generative-ai-response, generative-ai-conversation and "
        "generative-ai-project in compartment id {compartment_id}.",
    ),
    Refusal(
        (404,),
        "not authorized|notauthorizedornotfound|authorization failed",
        lambda asked: not asked.project_id,
        UpstreamRefused,
        "No project was sent, which some models need. " + _NAME_A_PROJECT + " OCI answers 404 as well where a "
        "permission is missing: generative-ai-family does not cover generative-ai-response and generative-ai-project "
        "in compartment id {compartment_id}.",
    ),
)
