"""A local OCI for tests and for development: one backend, several doors."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mock_oci.backend import MockOci as MockOci
    from mock_oci.doors.in_process import mock_oci as mock_oci
    from mock_oci.doors.interception import UnexpectedHost as UnexpectedHost
    from mock_oci.doors.server import LoopbackServer as LoopbackServer
    from mock_oci.doors.server import serve as serve
    from mock_oci.fn.stack import LocalStack as LocalStack
    from mock_oci.wire import Disconnect as Disconnect
    from mock_oci.wire import Request as Request
    from mock_oci.wire import Response as Response

__all__ = [
    "Disconnect",
    "LocalStack",
    "LoopbackServer",
    "MockOci",
    "Request",
    "Response",
    "UnexpectedHost",
    "__version__",
    "mock_oci",
    "serve",
]

__version__ = "0.1.0"

# Each on first use: a test run that has the package's pytest plugin loads nothing of it until it uses a fixture.
_ON_FIRST_USE = {
    "Disconnect": "mock_oci.wire",
    "LocalStack": "mock_oci.fn.stack",
    "LoopbackServer": "mock_oci.doors.server",
    "MockOci": "mock_oci.backend",
    "Request": "mock_oci.wire",
    "Response": "mock_oci.wire",
    "UnexpectedHost": "mock_oci.doors.interception",
    "mock_oci": "mock_oci.doors.in_process",
    "serve": "mock_oci.doors.server",
}


def __getattr__(name: str) -> Any:
    if name not in _ON_FIRST_USE:
        raise AttributeError(name)
    return getattr(import_module(_ON_FIRST_USE[name]), name)
