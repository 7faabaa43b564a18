"""API Gateway on this machine: one deployment in front of functions, with the policies of its specification."""

from __future__ import annotations

from mock_oci.fn.gateway.applied import applied_deployment
from mock_oci.fn.gateway.from_terraform import GatewayDeployment, read_deployment
from mock_oci.fn.gateway.gateway import LocalGateway, client_response, function_headers
from mock_oci.fn.gateway.issuer import LocalIssuer
from mock_oci.fn.gateway.policies import Policies

__all__ = [
    "GatewayDeployment",
    "LocalGateway",
    "LocalIssuer",
    "Policies",
    "applied_deployment",
    "client_response",
    "function_headers",
    "read_deployment",
]
