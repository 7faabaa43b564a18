"""The fixtures that come with the package: ``oci``, ``oci_function``, ``oci_gateway`` and ``oci_tenancy``.

``@pytest.mark.mock_oci(credentials="resource_principal")`` says which credentials are found, and passes anything else
to ``MockOci``. ``@pytest.mark.oci_live`` is for tests that hold on OCI too: see ``mock_oci.doors.live_tests``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mock_oci.backend import MockOci
    from mock_oci.doors.live_tests import OciTenancy
    from mock_oci.fn.local_function import LocalFunction
    from mock_oci.fn.stack import LocalStack

MOCK_OCI = "mock_oci(credentials='api_key', confine='all', **backend): how the fixtures are made"
OCI_LIVE = (
    "oci_live(recording=None, credentials='api_key', **backend): a test that --oci-live runs on OCI itself; elsewhere"
    " it runs on the recording, if that is there, or on mock_oci"
)
# Each with its default, and what --help says.
LIVE_OPTIONS: tuple[tuple[str, Any, str], ...] = (
    ("oci-live", False, "run them on OCI, with credentials of one's own"),
    ("oci-live-if-possible", False, "the same, where there are credentials"),
    ("oci-record", False, "write what they ask of OCI into their recordings"),
    ("oci-auth", "profile", "profile (the default), resource_principal or instance_principal"),
    ("oci-profile", "DEFAULT", "of the config file (DEFAULT)"),
    ("oci-config-file", None, "the config file (~/.oci/config)"),
    ("oci-region", None, "in place of that of the credentials"),
    ("oci-compartment", None, "the OCID of where they make things (OCI_COMPARTMENT_ID, else the root compartment)"),
    ("oci-endpoint", None, "a URL that answers in place of OCI's hosts"),
)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MOCK_OCI)
    config.addinivalue_line("markers", OCI_LIVE)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("mock_oci", "tests marked oci_live")
    for name, default, purpose in LIVE_OPTIONS:
        action: Any = "store_true" if default is False else "store"
        group.addoption(f"--{name}", action=action, default=default, help=purpose)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Have a marked test use the fixture, whether it names it or not."""
    names = getattr(item, "fixturenames", None)
    if names is not None and item.get_closest_marker("oci_live") is not None and "oci_tenancy" not in names:
        names.insert(0, "oci_tenancy")


def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> None:
    """Note that a marked test has failed, which is no reason to record it."""
    if call.excinfo is not None and item.get_closest_marker("oci_live") is not None:
        from mock_oci.doors.live_tests import FAILED  # noqa: PLC0415 - a run that uses no fixture loads nothing

        item.stash[FAILED] = True


@pytest.fixture
def oci_tenancy(request: pytest.FixtureRequest) -> Iterator[OciTenancy]:
    """Yield whose tenancy a test asks: OCI's where --oci-live says so, else a local one or a recording."""
    from mock_oci.doors.live_tests import entered  # noqa: PLC0415 - a run that uses no fixture loads nothing

    marker = request.node.get_closest_marker("oci_live")
    # Where the fixture is imported and the plugin is not installed, there are no options.
    given = {name: request.config.getoption(f"--{name}", default) for name, default, _ in LIVE_OPTIONS}
    with entered(request.node, given, dict(marker.kwargs) if marker is not None else {}) as tenancy:
        yield tenancy


@pytest.fixture
def oci(request: pytest.FixtureRequest) -> Iterator[MockOci]:
    """Yield a backend that answers OCI's hosts for the length of a test, with credentials for it."""
    from mock_oci import MockOci, mock_oci  # noqa: PLC0415 - a run that uses no fixture loads nothing

    marker = request.node.get_closest_marker("mock_oci")
    about = dict(marker.kwargs) if marker is not None else {}
    credentials = about.pop("credentials", True)
    about.pop("confine", None)
    with mock_oci(MockOci(**about), credentials=credentials) as cloud:
        yield cloud


@pytest.fixture
def oci_function(request: pytest.FixtureRequest, oci: MockOci) -> Iterator[Callable[..., LocalFunction]]:
    """Yield what deploys a folder with a ``func.py`` in a real FDK process; keywords are those of ``deploy``."""
    from mock_oci.doors.server import LoopbackServer  # noqa: PLC0415 - as above
    from mock_oci.fn.environment import HOSTS  # noqa: PLC0415 - as above
    from mock_oci.fn.functions import LocalFunctions  # noqa: PLC0415 - as above

    with LoopbackServer(oci.answer) as server, LocalFunctions(oci, server.url, **_confine(request)) as functions:

        def deploy(folder: str | Path, **details: Any) -> LocalFunction:
            config = {**HOSTS, **details.pop("config", {})}
            return functions.deploy(Path(folder), **details, config=config)

        yield deploy


@pytest.fixture
def oci_gateway(request: pytest.FixtureRequest, oci: MockOci) -> Iterator[Callable[..., LocalStack]]:
    """Yield what starts a folder with a ``func.py`` behind a gateway; keywords are those of ``LocalStack``."""
    from mock_oci.fn.environment import HOSTS  # noqa: PLC0415 - as above
    from mock_oci.fn.stack import LocalStack  # noqa: PLC0415 - as above

    with ExitStack() as running:

        def start(folder: str | Path, **details: Any) -> LocalStack:
            config = {**HOSTS, **details.pop("config", {})}
            given = {**_confine(request), **details}
            return running.enter_context(LocalStack(Path(folder), oci=oci, config=config, **given))

        yield start


def _confine(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return what containers must do without, where the marker says so."""
    marker = request.node.get_closest_marker("mock_oci")
    return {name: marker.kwargs[name] for name in ("confine",) if marker is not None and name in marker.kwargs}
