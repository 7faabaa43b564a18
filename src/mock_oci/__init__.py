"""A local OCI for tests and for development: one backend, several doors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mock_oci.backend import MockOci
from mock_oci.faults import Disconnect
from mock_oci.interception import UnexpectedHost
from mock_oci.server import LoopbackServer, serve
from mock_oci.wire import Request, Response

if TYPE_CHECKING:
    from mock_oci.in_process import mock_oci as mock_oci

__all__ = [
    "Disconnect",
    "LoopbackServer",
    "MockOci",
    "Request",
    "Response",
    "UnexpectedHost",
    "mock_oci",
    "serve",
]


def __getattr__(name: str) -> Any:
    # On first use: only tests have what the in-process door is built on (responses), and servers do without.
    if name == "mock_oci":
        from mock_oci.in_process import mock_oci  # noqa: PLC0415 - see above

        return mock_oci
    raise AttributeError(name)
