"""What every inference operation has around its request: a compartment and a serving mode."""

from __future__ import annotations

import json

from mock_oci.model.catalogue import Target
from mock_oci.operations import Call, Refused, not_found, oci_error
from mock_oci.services.generative_ai.native.refusal import bad_request, check_shape, misshapen
from mock_oci.services.generative_ai.openai_surface import model_variable
from mock_oci.services.oci_surface import permitted
from mock_oci.services.shapes import one_by, record, text
from mock_oci.wire import Body


def body_of(call: Call) -> Body:
    """Return the request's JSON object. Raises Refused; with 413 for more than ``max_native_body``, if there is one."""
    limit = call.cloud.max_native_body
    if limit is not None and len(call.request.body) > limit:
        raise Refused(oci_error(413, "Request entity too large", "RequestEntityTooLarge"))
    try:
        body = json.loads(call.request.body)
    except (ValueError, RecursionError) as error:
        raise misshapen("the body is not JSON") from error
    if not isinstance(body, dict):
        raise misshapen("the body is not a JSON object")
    return body


def target_of(call: Call, body: Body, capability: str) -> Target:
    """Return the model that the body's ``servingMode`` names, when its caller may ask it for this. Raises Refused.

    Wrong region, wrong compartment and unknown model are one and the same 404 (docs: apierrors.htm).
    """
    for name in ("compartmentId", "servingMode"):
        if body.get(name) is None:
            raise misshapen(f"{name} is missing")
    check_shape(text, body["compartmentId"], "compartmentId")
    check_shape(SERVING_MODE, body["servingMode"], "servingMode")
    target = _served(call, body["servingMode"])
    permitted(call, body["compartmentId"], target=model_variable(call, target))
    if target is None:
        raise Refused(not_found())
    if capability not in target.model.capabilities:
        raise bad_request(f"Model {target.model.id} does not support this operation.")  # the emulator's wording
    return target


def _served(call: Call, mode: Body) -> Target | None:
    catalogue = call.cloud.catalogue
    if mode["servingType"] == "DEDICATED":
        return catalogue.dedicated(mode["endpointId"], call.region)
    model = catalogue.model_with_ocid(mode["modelId"], call.region)
    return catalogue.on_demand(model.id if model else mode["modelId"], call.region)


_NAMED = {"servingType": text}
SERVING_MODE = one_by(
    "servingType",
    {
        "ON_DEMAND": record({**_NAMED, "modelId": text}, ["modelId"]),
        "DEDICATED": record({**_NAMED, "endpointId": text}, ["endpointId"]),
    },
)
