"""Probe OCI's own list of models, of which reports contradict each other: what is found is said, nothing depends on it.

Source: a 404 in June 2026 (jetuse, SPIKE-01), while https://docs.oracle.com/iaas/Content/generative-ai/ tells of one.
"""

from __future__ import annotations

from typing import Final

from model_service.doctor.context import PROBE_SECONDS, CheckSkipped, DoctorContext
from model_service.errors import ModelServiceError, UpstreamError
from model_service.transports.call import Call
from model_service.upstream.response import read_object

PATH: Final = "/openai/v1/models"


def look_at_models(context: DoctorContext) -> str:
    """Return what OCI answers; raise ``CheckSkipped`` where it answers nothing."""
    deadline = context.deadline.within(PROBE_SECONDS)
    headers = Call(deadline, compartment_id=context.compartment_id).compartment_headers
    try:
        listed = read_object(context.service.upstream.send("GET", PATH, None, headers, deadline)).get("data")
    except UpstreamError as error:
        return f"OCI's own {PATH} answers {error.status}; ours is made of model discovery, and needs it for nothing"
    except ModelServiceError as error:
        raise CheckSkipped(f"OCI's own {PATH} did not answer: {error.message}") from error
    number = len(listed) if isinstance(listed, list) else 0
    return f"OCI's own {PATH} lists {number} models; ours is made of model discovery, and needs it for nothing"
