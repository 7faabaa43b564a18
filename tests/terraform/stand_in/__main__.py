"""Serves the stand-in until stdin closes: ``python -m tests.terraform.stand_in`` prints TF_REATTACH_PROVIDERS.

Terraform then takes this process for registry.terraform.io/oracle/oci and asks no registry. Source of the wiring:
https://developer.hashicorp.com/terraform/plugin/debugging#starting-a-provider-in-debug-mode
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from tests.terraform.stand_in.control_plane import ControlPlane, Plane
from tests.terraform.stand_in.provider import StandIn
from tf.gen import grpc_controller_pb2 as controller
from tf.gen import grpc_controller_pb2_grpc as controller_rpc
from tf.gen import grpc_stdio_pb2_grpc as stdio_rpc
from tf.gen import tfplugin_pb2_grpc as rpc

NAME = "registry.terraform.io/oracle/oci"


class Controller(controller_rpc.GRPCControllerServicer):  # type: ignore[misc]  # tf ships no types
    def Shutdown(self, request: Any, context: Any) -> Any:  # noqa: N802 - go-plugin's name
        """Terraform says it at the end of each run; others may still be attached."""
        return controller.Empty()


class Stdio(stdio_rpc.GRPCStdioServicer):  # type: ignore[misc]  # tf ships no types
    def StreamStdio(self, request: Any, context: Any) -> Any:  # noqa: N802 - go-plugin's name
        """Ends at once: a stream that waits would hold a thread for every run there ever was."""
        return iter(())


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="standin-") as folder:
        socket = f"{folder}/provider.sock"
        server = grpc.server(ThreadPoolExecutor(max_workers=16))
        rpc.add_ProviderServicer_to_server(StandIn(_plane()), server)
        controller_rpc.add_GRPCControllerServicer_to_server(Controller(), server)
        stdio_rpc.add_GRPCStdioServicer_to_server(Stdio(), server)
        server.add_insecure_port(f"unix://{socket}")
        server.start()
        print(json.dumps({NAME: _address(socket)}), flush=True)
        sys.stdin.read()
        server.stop(grace=0).wait()


def _plane() -> Plane:
    """Return the toy; with a URL on the command line mock_oci there, and the SDK's config is stdin's first line."""
    if len(sys.argv) == 1:
        return ControlPlane()
    from tests.terraform.stand_in.emulated_plane import EmulatedPlane

    return EmulatedPlane(json.loads(sys.stdin.readline()), sys.argv[1])


def _address(socket: str) -> dict[str, Any]:
    unix = {"Network": "unix", "String": socket}
    return {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": os.getpid(), "Test": True, "Addr": unix}


if __name__ == "__main__":
    main()
