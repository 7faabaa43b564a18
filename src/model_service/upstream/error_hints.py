"""The mistakes that everybody makes once: what OCI says, what it means, and what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class ErrorHint:
    """An answer of OCI (its status and a pattern of its message) and the hint that goes with it."""

    status: int
    says: re.Pattern[str]
    hint: str


def hint_for(status: int, message: str, *, model: str, compartment_id: str | None) -> str | None:
    for gotcha in GOTCHAS:
        if gotcha.status == status and gotcha.says.search(message):
            return gotcha.hint.format(model=model, compartment_id=compartment_id or "<compartment OCID>")
    return None


def _says(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


GOTCHAS: Final = (
    ErrorHint(
        400,
        _says("unsupported openai operation"),
        "OCI's OpenAI-compatible surface refuses {model} (it refuses every Cohere model). Leave LOCUS_OCI_TRANSPORT "
        "unset, or set it to sdk, so that the native SDK transport is used.",
    ),
    ErrorHint(
        400,
        _says("incorrect apiidentifier"),
        "{model} is not served through Responses in this region: drop the prefix responses:, so that Chat Completions "
        "is used, or set OCI_REGION to a region that does.",
    ),
    ErrorHint(
        400,
        _says("compartment id must be provided"),
        "No compartment reached OCI: send opc-compartment-id (or compartment_id in the body), or set "
        "OCI_COMPARTMENT_ID. OCI says the same when a Responses call lacks its OpenAI-Project.",
    ),
    ErrorHint(
        400,
        _says(r"correct format of request|does not support the apiformat|apiformat.*match"),
        "OCI cannot read the request as one for {model}: a parameter that it does not take or, for a dedicated "
        "endpoint, MODEL_SERVICE_ENDPOINT_FAMILIES names the wrong family.",
    ),
    ErrorHint(
        401,
        _says(""),
        "OCI does not accept our signature: an expired session (oci session authenticate), a clock that is more than "
        "five minutes off, or a key that was removed.",
    ),
    ErrorHint(
        404,
        _says("not authorized|notauthorizedornotfound|authorization failed"),
        "OCI answers 404 where a permission is missing. Wanted: allow dynamic-group <the function's> to use "
        "generative-ai-family in compartment id {compartment_id} (the compartment of the request, not the function's). "
        "A change takes up to 15 minutes, as long as Functions caches its token. A compartment or a model id that does "
        "not exist, and a region that does not have {model}, look the same.",
    ),
    ErrorHint(
        404,
        _says("this local oci has"),
        "A local OCI (mock_oci) answers here, and has the models that it names, not {model}.",
    ),
    ErrorHint(
        404,
        _says("entity with key|model.*not (found|supported)|unknown model"),
        "This region does not have {model}, or no longer has it: see "
        "https://docs.oracle.com/en-us/iaas/Content/generative-ai/regions.htm, set OCI_REGION to one that does, or use "
        "a routing profile.",
    ),
    ErrorHint(
        404,
        _says("path doesn't map"),
        "OCI does not serve this path at this address: check OCI_GENAI_ENDPOINT (host only, no path) and OCI_REGION.",
    ),
    ErrorHint(
        429,
        _says(""),
        "OCI throttles on-demand models dynamically: wait with growing, random pauses, or use a dedicated AI cluster.",
    ),
)
