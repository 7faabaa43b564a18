"""The fixtures that come with the package: ``oci``, ``oci_function`` and ``oci_gateway``.

``@pytest.mark.mock_oci(credentials="resource_principal")`` says which credentials are found, and passes anything else
to ``MockOci``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mock_oci.backend import MockOci
    from mock_oci.fn.local_function import LocalFunction
    from mock_oci.fn.stack import LocalStack


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "mock_oci(credentials='api_key', **backend): how the fixture oci is made")


@pytest.fixture
def oci(request: pytest.FixtureRequest) -> Iterator[MockOci]:
    """Yield a backend that answers OCI's hosts for the length of a test, with credentials for it."""
    from mock_oci import MockOci, mock_oci  # noqa: PLC0415 - a run that uses no fixture loads nothing

    marker = request.node.get_closest_marker("mock_oci")
    about = dict(marker.kwargs) if marker is not None else {}
    credentials = about.pop("credentials", True)
    with mock_oci(MockOci(**about), credentials=credentials) as cloud:
        yield cloud


@pytest.fixture
def oci_function(oci: MockOci) -> Iterator[Callable[..., LocalFunction]]:
    """Yield what deploys a folder with a ``func.py`` in a real FDK process; keywords are those of ``deploy``."""
    from mock_oci.doors.server import LoopbackServer  # noqa: PLC0415 - as above
    from mock_oci.fn.functions import LocalFunctions  # noqa: PLC0415 - as above

    with LoopbackServer(oci.answer) as server, LocalFunctions(oci, server.url) as functions:

        def deploy(folder: str | Path, **details: Any) -> LocalFunction:
            path = Path(folder)
            return functions.deploy(path, **{"name": path.resolve().name, **details})

        yield deploy


@pytest.fixture
def oci_gateway(oci: MockOci) -> Iterator[Callable[..., LocalStack]]:
    """Yield what starts a folder with a ``func.py`` behind a gateway; keywords are those of ``LocalStack``."""
    from mock_oci.fn.stack import LocalStack  # noqa: PLC0415 - as above

    with ExitStack() as running:

        def start(folder: str | Path, **details: Any) -> LocalStack:
            return running.enter_context(LocalStack(Path(folder), oci=oci, **details))

        yield start
