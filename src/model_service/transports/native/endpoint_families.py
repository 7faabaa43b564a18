"""What a dedicated endpoint speaks: nothing in its OCID says so, the settings or the control plane do.

Source: https://docs.oracle.com/en-us/iaas/api/#/en/generative-ai/20231130/Endpoint/GetEndpoint and …/Model/GetModel
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from threading import Lock
from typing import Any, Final

from model_service.errors import DeadlineExceeded, ModelServiceError, UpstreamError
from model_service.fn.invocation import Deadline

Describe = Callable[[str, str, Deadline], Mapping[str, Any]]
"""What the control plane says of one of a collection (``endpoints``, ``models``): its name, an OCID, the deadline."""

CURE: Final = (
    'Set MODEL_SERVICE_ENDPOINT_FAMILIES to {{"{endpoint}": "generic"}} (or "cohere"), or allow the function to '
    "inspect generative-ai-endpoint and generative-ai-model."
)


class EndpointFamilies:
    """The family of each endpoint, asked for once; what failed is asked for again. Threads may share it."""

    def __init__(self, configured: Mapping[str, str], describe: Describe) -> None:
        self._known = dict(configured)
        self._describe = describe
        self._lock = Lock()

    def family(self, endpoint: str, deadline: Deadline) -> str:
        """Return ``cohere``, ``cohere_v2`` or ``generic``.

        Raise a ``ModelServiceError`` that says what to set where nobody knows.
        """
        known = self._known.get(endpoint)
        if known is not None:
            return known
        if not self._lock.acquire(timeout=deadline.require()):
            raise DeadlineExceeded("The family of the endpoint was not known before the deadline.")
        try:
            return self._known.get(endpoint) or self._ask(endpoint, deadline)
        finally:
            self._lock.release()

    def _ask(self, endpoint: str, deadline: Deadline) -> str:
        try:
            self._known[endpoint] = family = self._looked_up(endpoint, deadline)
        except ModelServiceError as error:
            error.hint = CURE.format(endpoint=endpoint)
            raise
        return family

    def _looked_up(self, endpoint: str, deadline: Deadline) -> str:
        model = self._describe("endpoints", endpoint, deadline).get("modelId")
        if not isinstance(model, str):
            raise UpstreamError(f"OCI does not say which model {endpoint} serves.")
        if model.startswith(IMPORTED_MODEL):
            return "generic"  # it has to speak /v1/chat/completions to be imported at all
        return _family_of(self._describe("models", model, deadline))


def _family_of(model: Mapping[str, Any]) -> str:
    vendor, name = (str(model.get(key) or "").lower() for key in ("vendor", "displayName"))
    if not vendor:
        raise UpstreamError(f"OCI does not say whose model {model.get('id')} is.")
    return next(
        family for whose, called, family in FAMILIES if fnmatchcase(vendor, whose) and fnmatchcase(name, called)
    )


IMPORTED_MODEL: Final = "ocid1.generativeaiimportedmodel."

# Patterns of a model's vendor and of its display name, which for a base model is its id on demand.
FAMILIES: Final = (
    ("cohere", "cohere.command-a-vision*", "cohere_v2"),
    ("cohere", "*", "cohere"),
    ("*", "*", "generic"),
)
