"""mock_oci as the other side: a tenancy of its own for each question, with what OCI was given."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from mock_oci.backend import MockOci
from mock_oci.fn.functions import LocalFunctions
from mock_oci.fn.gateway import LocalGateway
from mock_oci.fn.gateway.from_terraform import GatewayDeployment
from mock_oci.live.credentials import Credentials
from mock_oci.verify.service import AskedService
from mock_oci.wire import Handler, Request, Response

_GATEWAY = "https://gateway.example.com/verify"
_APM = "https://apm.example.com"
# A route as the one that --given gateway names: it takes GET, and shares with every origin.
_DEPLOYMENT = GatewayDeployment(
    "/",
    {
        "requestPolicies": {"cors": {"allowedOrigins": ["*"], "allowedMethods": ["GET"]}},
        "routes": [
            {
                "path": "/verify",
                "methods": ["GET"],
                "backend": {"type": "STOCK_RESPONSE_BACKEND", "status": 200, "body": "here"},
            }
        ],
    },
)


def local_service(region: str, change: Callable[[Handler], Handler] = lambda answer: answer) -> AskedService:
    """Return a new mock_oci to ask, whose waits take no time. ``change`` wraps it: a test lets it answer otherwise."""
    cloud = MockOci(region=region, sleep=lambda _: None)
    user = cloud.principals.api_key_user()
    signer_module = importlib.import_module("oci.signer")
    signer = signer_module.Signer(
        user.tenancy_id, user.user_id, user.fingerprint, None, private_key_content=user.private_pem
    )
    answer = change(cloud.answer)

    def through_gateway(request: Request) -> Response:
        with LocalFunctions(cloud, "https://none.example.com") as functions:
            return LocalGateway(functions, _DEPLOYMENT).answer(request)

    gateway = change(through_gateway)
    return AskedService(
        send=answer,
        credentials=Credentials(signer, region, cloud.tenancy.tenancy_id),
        compartment_id=cloud.tenancy.compartment_id,
        given={
            "gateway": _GATEWAY,
            "apm": _APM,
            "api_key_file": cloud.principals.generative_ai_api_key().secret,
            "other_compartment": cloud.tenancy.tenancy_id,
            "project": cloud.projects.default.id,
            "endpoint": cloud.catalogue.add_endpoint("meta.llama-3.3-70b-instruct"),
        },
        wait=cloud.clock.advance,
        now=cloud.clock,
        fetch_from=lambda url: gateway if url.startswith(_GATEWAY) else answer,
    )
