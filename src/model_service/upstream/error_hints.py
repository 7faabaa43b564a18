"""What an error of OCI means: its status and words, what to do about it, and what it is called instead.

The words of Responses were recorded by jetuse (ADR-0007, AGT-06 §6.2, PORT-04); permissions: setup/iam.md there, and
https://docs.oracle.com/en-us/iaas/Content/generative-ai/projects.htm
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from model_service.errors import PreviousResponseNotFound, ProjectInvalid, ProjectRequired, UpstreamError


@dataclass(frozen=True)
class Asked:
    """What a request had that OCI may complain of; ``surface`` is ``responses`` for that API."""

    model: str = "the model"
    compartment_id: str | None = None
    project_id: str | None = None
    previous_response_id: str | None = None
    surface: str = ""


@dataclass(frozen=True)
class ErrorHint:
    """A row of HINTS: OCI's statuses and words, what the request must have been like, and the hint that goes with it.

    ``message`` and ``kind`` are what is raised instead, an error with a status and a code of its own; ``blame`` is the
    check of the doctor that it belongs to.
    """

    statuses: tuple[int, ...]
    says: str  # a pattern, compiled when OCI first refuses something: a cold start need not pay for it
    hint: str
    message: str = "{said}"
    param: str | None = None
    surface: str = ""
    fits: Callable[[Asked], Any] | None = None
    kind: type[UpstreamError] | None = None
    blame: str = "model"


def find_hint(error: UpstreamError, asked: Asked) -> ErrorHint | None:
    """Return the first row that fits what OCI said to what was asked; ``None`` where it means what it says."""
    said = f"{error.code} {error.message}"
    for row in HINTS:
        is_asked = row.surface in ("", asked.surface) and (row.fits is None or row.fits(asked))
        if error.status in row.statuses and is_asked and re.search(row.says, said, re.IGNORECASE):
            return row
    return None


def explained(error: UpstreamError, asked: Asked) -> UpstreamError:
    """Return the error that says what ``error`` means: itself with a hint, or one of another name."""
    row = find_hint(error, asked)
    if row is None:
        return error
    hint = row.hint.format(model=asked.model, compartment_id=asked.compartment_id or "<compartment OCID>")
    if row.kind is None:
        error.hint = error.hint or hint  # what is known of this very answer says more
        return error
    return row.kind(
        row.message.format(said=error.message),
        param=row.param or error.param,
        hint=hint,
        opc_request_id=error.opc_request_id,
        retry_after=error.retry_after,
    )


_NAME_A_PROJECT: Final = (
    "Send the header OpenAI-Project (project= of OpenAI's clients, project_id in the body) or set "
    "MODEL_SERVICE_PROJECT_ID: the OCID of a Generative AI project in the model's region."
)

# The first row that fits counts: those of one API stand before those of all.
HINTS: Final = (
    ErrorHint(
        (400, 404, 409, 502),  # 502: said in the middle of a stream, which has no status
        r"previous_response_not_found|\b(response|previous_response_id)\b.*\b(not (be )?found|not exist|expired)"
        r"|\bno response\b.*\bfound",
        "A response is kept for as long as its project says (responsesRetentionInHours), in that project and region "
        "only, and not at all when it was made with store=false.",
        "OCI does not have the response to continue from: {said} Start again: send the full history, without "
        "previous_response_id and provider_state.",
        "previous_response_id",
        surface="responses",
        fits=lambda asked: asked.previous_response_id,
        kind=PreviousResponseNotFound,
    ),
    ErrorHint(
        (400,),
        r"require[sd]? '?(openai-project|opc-conversation-store-id)",
        _NAME_A_PROJECT,
        param="project_id",
        surface="responses",
        kind=ProjectRequired,
    ),
    ErrorHint(
        (400,),
        "compartment id must be provided",
        "A compartment was sent; what OCI misses is the project. " + _NAME_A_PROJECT,
        "The project is missing, although OCI says: {said}",
        "project_id",
        surface="responses",
        fits=lambda asked: asked.compartment_id and not asked.project_id,
        kind=ProjectRequired,
    ),
    ErrorHint(
        (400,),
        "invalid openai.project",
        "A project works in its own region only: check that it is in that of {model} (OCI_REGION), and that it is an "
        "ocid1.generativeaiproject. One that has just been made is unknown to the models for up to three minutes.",
        param="project_id",
        surface="responses",
        kind=ProjectInvalid,
    ),
    ErrorHint(
        (404,),
        "not authorized|notauthorizedornotfound|authorization failed|project.*not found",
        "OCI answers 404 for all of these: a project younger than three minutes or in another region; {model} not "
        "being in this region; a response, conversation or item that does not exist (any more); and a missing "
        "permission: generative-ai-family does not cover generative-ai-response, generative-ai-conversation and "
        "generative-ai-project in compartment id {compartment_id}.",
        surface="responses",
        fits=lambda asked: asked.project_id,
    ),
    ErrorHint(
        (404,),
        "not authorized|notauthorizedornotfound|authorization failed",
        "No project was sent, which some models need. " + _NAME_A_PROJECT + " OCI answers 404 as well where a "
        "permission is missing: generative-ai-family does not cover generative-ai-response and generative-ai-project "
        "in compartment id {compartment_id}.",
        surface="responses",
        fits=lambda asked: not asked.project_id,
    ),
    ErrorHint(
        (400,),
        "unsupported openai operation",
        "OCI's OpenAI-compatible surface refuses {model} (it refuses every Cohere model). Leave LOCUS_OCI_TRANSPORT "
        "unset, or set it to sdk, so that the native SDK transport is used.",
    ),
    ErrorHint(
        (400,),
        "incorrect apiidentifier",
        "{model} is not served through Responses in this region: drop the prefix responses:, so that Chat Completions "
        "is used, or set OCI_REGION to a region that does.",
    ),
    ErrorHint(
        (400,),
        "compartment id must be provided",
        "No compartment reached OCI: send opc-compartment-id (or compartment_id in the body), or set "
        "OCI_COMPARTMENT_ID. OCI says the same when a Responses call lacks its OpenAI-Project.",
        blame="compartment",
    ),
    ErrorHint(
        (400,),
        r"correct format of request|does not support the apiformat|apiformat.*match",
        "OCI cannot read the request as one for {model}: a parameter that it does not take or, for a dedicated "
        "endpoint, MODEL_SERVICE_ENDPOINT_FAMILIES names the wrong family.",
    ),
    ErrorHint(
        (401,),
        "",
        "OCI does not accept our signature: an expired session (oci session authenticate), a clock that is more than "
        "five minutes off, or a key that was removed.",
        blame="signature",
    ),
    ErrorHint(
        (404,),
        "not authorized|notauthorizedornotfound|authorization failed",
        "OCI answers 404 where a permission is missing. Wanted: allow dynamic-group <the function's> to use "
        "generative-ai-family in compartment id {compartment_id} (the compartment of the request, not the function's). "
        "A change takes up to 15 minutes, as long as Functions caches its token. A compartment or a model id that does "
        "not exist, and a region that does not have {model}, look the same.",
        blame="policy",
    ),
    ErrorHint(
        (404,),
        "this local oci has",
        "A local OCI (mock_oci) answers here, and has the models that it names, not {model}.",
    ),
    ErrorHint(
        (404,),
        "entity with key|model.*not (found|supported)|unknown model",
        "This region does not have {model}, or no longer has it: see "
        "https://docs.oracle.com/en-us/iaas/Content/generative-ai/regions.htm, set OCI_REGION to one that does, or use "
        "a routing profile.",
    ),
    ErrorHint(
        (404,),
        "path doesn't map",
        "OCI does not serve this path at this address: check OCI_GENAI_ENDPOINT (host only, no path) and OCI_REGION.",
    ),
    ErrorHint(
        (429,),
        "",
        "OCI throttles on-demand models dynamically: wait with growing, random pauses, or use a dedicated AI cluster.",
    ),
)
