"""What every operation below /openai/v1 has in common: whose compartment, which model, and how it refuses."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any

from mock_oci.model.catalogue import Target, region_of_host
from mock_oci.operations import Call, Refused, not_found, oci_error
from mock_oci.services.generative_ai.chat.rules import openai_error
from mock_oci.wire import Body, Response


def refuse(refusal: Response | None) -> None:
    """Raises Refused when there is something to refuse with."""
    if refusal is not None:
        raise Refused(refusal)


def barred(call: Call, *headers: str) -> Response | None:
    """The compartment check: one of ``headers`` names it.

    A Generative AI API key needs no compartment header (oci-openai's README).
    """
    cloud = call.cloud
    compartment = next((call.request.headers[name] for name in headers if call.request.headers.get(name)), "")
    if call.principal.kind == "generativeaiapikey":
        compartment = compartment or cloud.tenancy.compartment_id
    if not compartment:
        return oci_error(400, "Compartment ID must be provided")
    return None if cloud.permissions.permit(call.principal, compartment) else not_found()


def body_of(call: Call) -> Body | None:
    try:
        body = json.loads(call.request.body)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def region_of(call: Call) -> str:
    return region_of_host(call.request.headers.get("host", ""), call.cloud.region)


def target_of(call: Call, model: Any) -> Target | None:
    """What ``model`` stands for in the region that was asked; None for what it does not host."""
    return call.cloud.catalogue.find(model, region_of(call)) if isinstance(model, str) else None


def no_such_model(model: Any) -> Response:
    if not isinstance(model, str) or not model:
        return openai_error("Missing required parameter: 'model'.", "model", "missing_required_parameter")
    if model.startswith("cohere."):
        return native_only()
    return oci_error(404, f"Entity with key {model} not found")


def native_only() -> Response:
    """What every Cohere model answers here, known or not and in whatever region."""
    return oci_error(400, "Unsupported OpenAI operation")


def unreadable(call: Call, body: Body) -> Response | None:
    """The real service would compress each chunk as a zstd frame of its own, which httpx cannot read."""
    if not body.get("stream") or "zstd" not in call.request.headers.get("accept-encoding", "").lower():
        return None
    return openai_error(
        "mock_oci: this streaming client advertises zstd; the real service then sends every chunk as its own"
        " zstd frame and httpx fails. Send 'Accept-Encoding: gzip, deflate'.",
        "accept-encoding",
        "zstd_advertised",
    )


def region_headers(target: Target) -> dict[str, str]:
    """Which region a routing profile chose (docs: generative-ai/routing-profile-tutorial.htm)."""
    return {"x-genai-selected-region": target.selected_region} if target.selected_region else {}


def id_of(prefix: str, model: str, serial: int) -> str:
    """The id of an answer; xAI's are bare UUIDs."""
    digest = hashlib.sha256(f"{model}/{serial}".encode()).hexdigest()[:32]
    return str(uuid.UUID(digest)) if model.startswith("xai.") else f"{prefix}{digest}"
