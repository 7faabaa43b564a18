"""What every operation below /openai/v1 has in common: whose compartment, which model, and how it refuses."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any

from mock_oci.model.catalogue import Target, ocid_of
from mock_oci.operations import Call, Refused, not_found, oci_error
from mock_oci.services.generative_ai.openai_errors import missing_parameter, openai_error
from mock_oci.wire import Body


def check_compartment(call: Call, *headers: str) -> None:
    """Raise Refused unless one of ``headers`` names a compartment that the caller may use.

    A Generative AI API key needs no compartment header (oci-openai's README).
    """
    cloud = call.cloud
    compartment = next((call.request.headers[name] for name in headers if call.request.headers.get(name)), "")
    if call.principal.kind == "generativeaiapikey":
        compartment = compartment or cloud.tenancy.compartment_id
    if not compartment:
        raise Refused(oci_error(400, "Compartment ID must be provided"))
    if not call.may(compartment, _model_asked(call)):
        raise Refused(not_found())


def _model_asked(call: Call) -> dict[str, tuple[str, ...]]:
    """Return the variable that names the model, by its id and its OCID (docs: generative-ai/limit-model-access.htm)."""
    try:
        body = json.loads(call.request.body or b"null")
    except (ValueError, RecursionError):
        return {}
    target = target_of(call, body.get("model")) if isinstance(body, dict) else None
    return model_variable(call, target)


def model_variable(call: Call, target: Target | None) -> dict[str, tuple[str, ...]]:
    """Return ``target.model.id`` of a model that is there."""
    return {} if target is None else {"target.model.id": (target.model.id, ocid_of(target.model, call.region))}


def body_of(call: Call, empty: bytes = b"") -> Body:
    """Return the request's JSON object; ``empty`` is what an empty body stands for. Raises Refused."""
    try:
        body = json.loads(call.request.body or empty)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise openai_error("We could not parse the JSON body of your request.")
    return body


def target_of(call: Call, model: Any) -> Target | None:
    """Return what ``model`` stands for in the region that was asked; None for what it does not host."""
    return call.cloud.catalogue.find(model, call.region) if isinstance(model, str) else None


def no_such_model(call: Call, model: Any) -> Refused:
    """Refuse a model that the region does not host; what OCI does not say is which models it does."""
    if not isinstance(model, str) or not model:
        return missing_parameter("model")
    if model.startswith("cohere."):
        return native_only()
    hosted = ", ".join(call.cloud.catalogue.chat_models(call.region))
    return Refused(oci_error(404, f"Entity with key {model} not found (this local OCI has {hosted})"))


def native_only() -> Refused:
    """Refuse a Cohere model: each of them, known or not and in whatever region."""
    return Refused(oci_error(400, "Unsupported OpenAI operation"))


def check_encoding(call: Call, body: Body) -> None:
    """Raise Refused for a stream in zstd: each chunk would be a frame of its own, which httpx cannot read."""
    if body.get("stream") and "zstd" in call.request.headers.get("accept-encoding", "").lower():
        raise openai_error(
            "mock_oci: this streaming client advertises zstd; the real service then sends every chunk as its own"
            " zstd frame and httpx fails. Send 'Accept-Encoding: gzip, deflate'.",
            "accept-encoding",
            "zstd_advertised",
        )


def region_headers(target: Target) -> dict[str, str]:
    """Tell which region a routing profile chose (docs: generative-ai/routing-profile-tutorial.htm).

    And that a model is deprecated (docs: releasenotes/generative-ai/retire-announcements.htm).
    """
    told = {"x-genai-selected-region": target.selected_region, "model-retirement-info": target.retirement}
    return {name: text for name, text in told.items() if text}


def id_of(prefix: str, model: str, serial: int) -> str:
    """Make the id of an answer; xAI's are bare UUIDs."""
    digest = hashlib.sha256(f"{model}/{serial}".encode()).hexdigest()[:32]
    return str(uuid.UUID(digest)) if model.startswith("xai.") else f"{prefix}{digest}"
