"""A local OCI for tests and for development: one backend, several doors."""

from mock_oci.backend import MockOci
from mock_oci.faults import Disconnect
from mock_oci.server import LoopbackServer, serve
from mock_oci.wire import Request, Response

__all__ = ["Disconnect", "LoopbackServer", "MockOci", "Request", "Response", "serve"]
