"""OCI's native surface, ``/20231130``: each call goes to the region that serves its model, in its serving mode.

Source: https://docs.oracle.com/en-us/iaas/api/#/en/generative-ai-inference/20231130/ and
oci.generative_ai_inference.models.ServingMode
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from model_service.auth.service_endpoints import ServiceEndpoints
from model_service.errors import InvalidRequest
from model_service.fn.invocation import Deadline
from model_service.fn.limits import Limits
from model_service.light_dataclasses import dataclass
from model_service.routing import Route, Target
from model_service.transports.call import Call
from model_service.upstream.request_log import LogPolicy
from model_service.upstream.response import UpstreamResponse, read_object
from model_service.upstream.retries import Retries

if TYPE_CHECKING:  # it brings oci
    from model_service.upstream.sdk_client import SdkClient


@dataclass
class NativeSurface:
    """The models that are called natively, each in the region that it names or else where ``endpoints`` says."""

    endpoints: ServiceEndpoints
    log: LogPolicy = field(default_factory=LogPolicy)
    limits: Limits = field(default_factory=Limits.for_memory)
    retries: Retries = field(default_factory=Retries)

    def __post_init__(self) -> None:
        self._lock = Lock()  # threads of a batch come here first together

    def post(self, action: str, route: Route, content: Mapping[str, Any], call: Call) -> UpstreamResponse:
        """Return OCI's answer to an ``action``: ``chat``, ``embedText`` or ``rerankText``, each with its ``content``.

        Raises ``InvalidRequest`` without a compartment, and what ``SdkClient.send`` raises, with a hint.
        """
        body = {"compartmentId": _compartment(call), "servingMode": _serving_mode(route), **content}
        endpoint = self.endpoints.of("inference", call.deadline, ocid=route.model)
        with call.hints(route):
            return self._client.send("POST", endpoint, f"/actions/{action}", body, call.deadline)

    def describe(self, collection: str, ocid: str, deadline: Deadline) -> dict[str, Any]:
        """Return what the control plane says of one of its ``endpoints`` or ``models``."""
        endpoint = self.endpoints.of("control_plane", deadline, ocid=ocid)
        response = self._client.send("GET", endpoint, f"/{collection}/{quote(ocid, safe='')}", None, deadline)
        return read_object(response)

    def close(self) -> None:
        """Close the connections, if there are any; the next call opens new ones."""
        client: SdkClient | None = self.__dict__.pop("_made", None)
        if client is not None:
            client.close()

    @property
    def _client(self) -> SdkClient:
        with self._lock:
            return self._made

    @cached_property
    def _made(self) -> SdkClient:
        # oci takes 0.2 s to import, for which no other transport is to wait.
        from model_service.upstream.sdk_client import SdkClient  # noqa: PLC0415

        credential, network = self.endpoints.credential(), self.endpoints.settings.network
        return SdkClient(credential, self.log, self.retries, self.limits, network=network)


def _compartment(call: Call) -> str:
    if call.compartment_id is None:
        raise InvalidRequest(
            "compartment_id: this model needs the compartment that the call is charged to.",
            param="compartment_id",
            code="compartment_required",
            hint="Send opc-compartment-id (or compartment_id in the body), or set OCI_COMPARTMENT_ID.",
        )
    return call.compartment_id


def _serving_mode(route: Route) -> dict[str, str]:
    serving_type, key = SERVING_MODES[route.target]
    return {"servingType": serving_type, key: route.model}


# A model's OCID is served on demand too: https://docs.oracle.com/en-us/iaas/api/#/en/generative-ai-inference/20231130/
# datatypes/OnDemandServingMode
SERVING_MODES: Final[Mapping[Target, tuple[str, str]]] = {
    "on_demand": ("ON_DEMAND", "modelId"),
    "dedicated": ("DEDICATED", "endpointId"),
}
