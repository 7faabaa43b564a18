"""A local OCI for tests and for development: one backend, several doors."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mock_oci.backend import MockOci
from mock_oci.doors.interception import UnexpectedHost
from mock_oci.doors.server import LoopbackServer, serve
from mock_oci.wire import Disconnect, Request, Response

if TYPE_CHECKING:
    from mock_oci.doors.in_process import mock_oci as mock_oci
    from mock_oci.fn.stack import LocalStack as LocalStack

__all__ = [
    "Disconnect",
    "LocalStack",
    "LoopbackServer",
    "MockOci",
    "Request",
    "Response",
    "UnexpectedHost",
    "mock_oci",
    "serve",
]

# On first use: who serves needs no door in process, and few need the FDK.
_ON_FIRST_USE = {
    "LocalStack": "mock_oci.fn.stack",
    "mock_oci": "mock_oci.doors.in_process",
}


def __getattr__(name: str) -> Any:
    if name not in _ON_FIRST_USE:
        raise AttributeError(name)
    return getattr(import_module(_ON_FIRST_USE[name]), name)
