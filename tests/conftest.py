"""What every test shares: costs that say nothing about the code under test are paid once in each process."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import oci.signer
import pytest
from tests.doors import PROCESS, SERVER, OpenDoor, open_door

from mock_oci.identity import tokens

TESTS: Final = Path(__file__).parent

# What `make check` leaves out: whole processes, waits, and thousands of generated inputs.
SLOW_FIXTURES = frozenset({"stack", "terraform", "tree"})
SLOW_PATHS = (
    "iam/",
    "docs/test_relay_follow",
    "docs/test_snippets",
    "mock_oci/commands/test_record",
    "mock_oci/commands/test_verify",
    "mock_oci/demo/",
    "mock_oci/doors/test_doors",
    "mock_oci/fn/",
    "mock_oci/live/test_oci_live",
    "mock_oci/test_command_line",
    "model_service/auth/test_an_hour",
    "model_service/auth/test_instance_principal",
    "model_service/auth/test_torn_rotations",
    "model_service/batch/sinks/test_every_sink",
    "model_service/batch/test_arrivals",
    "model_service/batch/test_batch",
    "model_service/batch/test_bulk",
    "model_service/batch/test_every_fault",
    "model_service/batch/test_hostile_arrivals",
    "model_service/batch/test_outages",
    "model_service/callers/test_end_to_end",
    "model_service/cli/test_command_line",
    "model_service/envelopes/test_events_fuzz",
    "model_service/fn/",
    "model_service/oci_services/test_large_payloads",
    "model_service/relay/",
    "model_service/targets/test_every_failure",
    "model_service/targets/test_storm",
    "model_service/test_hostile_input",
    "model_service/test_ways_in",
    "model_service/transports/native/formats/test_folded_streams",
    "model_service/transports/native/formats/test_linear_work",
    "model_service/transports/test_contract",
    "model_service/upstream/test_connections",
    "model_service/upstream/test_sdk_client",
    "packaging/",
    "terraform/test_broken_corpus",
    "test_readme",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    about = "run the tests that go through a door of mock_oci, and no others, through this one"
    parser.addoption("--door", choices=(PROCESS, SERVER), help=f"{about}; without it: every test, these by the server")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "not_through(*doors, why): a test that cannot go through these doors of --door")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    met: dict[str, set[object]] = defaultdict(set)
    for item in items:
        if _is_slow(item):
            item.add_marker("slow")
        rows = _rows(item)
        if len(rows) > 1 and rows <= met[item.nodeid.partition("[")[0]]:
            item.add_marker("wide")
        met[item.nodeid.partition("[")[0]] |= rows
    door = config.getoption("--door")
    if door is not None:
        config.hook.pytest_deselected(items=[item for item in items if not _goes_through(item, door)])
        items[:] = [item for item in items if _goes_through(item, door)]


def _rows(item: pytest.Item) -> set[object]:
    """Return the rows of its tables that a test is about, one of each table.

    Of the product of two tables `make test` has each row at least once, and `make test-wide` the other pairs.
    """
    values = getattr(getattr(item, "callspec", None), "params", {})
    names = [mark.args[0] for mark in item.iter_markers("parametrize")]
    tables = [tuple(re.split(r", *", name)) if isinstance(name, str) else tuple(name) for name in names]
    tables += [(name,) for name in values if not any(name in table for table in tables)]  # of fixtures
    return {(table, *(id(values[name]) for name in table if name in values)) for table in tables}


def _goes_through(item: pytest.Item, door: str) -> bool:
    has_a_door = "door_to" in getattr(item, "fixturenames", ())
    return has_a_door and not any(door in marker.args for marker in item.iter_markers("not_through"))


@pytest.fixture
def door_to(request: pytest.FixtureRequest) -> Iterator[Callable[[Any], OpenDoor]]:
    """Opens the door that ``--door`` names to a backend, for the length of a test."""
    kind = request.config.getoption("--door") or SERVER
    with ExitStack() as opened:
        yield lambda backend: opened.enter_context(open_door(kind, backend))


def _is_slow(item: pytest.Item) -> bool:
    return (
        _is_in_slow_path(item.path)
        or not SLOW_FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))
        or hasattr(getattr(item, "obj", None), "hypothesis")
    )


@functools.cache
def _is_in_slow_path(path: Path) -> bool:
    return path.relative_to(TESTS).as_posix().startswith(SLOW_PATHS)


@pytest.fixture(scope="session", autouse=True)
def paid_once() -> Iterator[None]:
    """Read each private key of the SDK's signers once (40 ms), and the certificates of httpx's clients once (30 ms).

    What mock_oci's identity service signs twice is signed once.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(oci.signer, "load_private_key", functools.cache(oci.signer.load_private_key))
        patch.setattr(tokens, "issue", _issued_once(tokens.issue))
        for client in filter(importlib.util.find_spec, ("httpx", "httpx2")):
            module = importlib.import_module(f"{client}._transports.default")
            patch.setattr(module, "create_ssl_context", _cached_without_environment(module.create_ssl_context))
        yield


def _issued_once(issue: Callable[[Any, Any], str]) -> Callable[[Any, Any], str]:
    """Cache by what is signed: a new MockOci gives out the same token as the one before it in the same second."""
    cached = functools.cache(lambda text, key: issue(json.loads(text), key))
    return lambda claims, key: cached(json.dumps(claims), key)


def _cached_without_environment(create: object) -> object:
    """Cache what depends on the arguments alone: with ``trust_env`` variables such as SSL_CERT_FILE count too."""
    assert callable(create)
    cached = functools.cache(create)
    return lambda verify=True, cert=None, trust_env=True: (create if trust_env else cached)(
        verify=verify, cert=cert, trust_env=trust_env
    )
