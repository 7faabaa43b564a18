"""What every test shares: costs that say nothing about the code under test are paid once in each process."""

from __future__ import annotations

import functools
import importlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import oci.signer
import pytest

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _is_slow(item):
            item.add_marker("slow")


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
    """Read each private key of the SDK's signers once (40 ms), and the certificates of httpx's clients once (30 ms)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(oci.signer, "load_private_key", functools.cache(oci.signer.load_private_key))
        for client in filter(importlib.util.find_spec, ("httpx", "httpx2")):
            module = importlib.import_module(f"{client}._transports.default")
            patch.setattr(module, "create_ssl_context", _cached_without_environment(module.create_ssl_context))
        yield


def _cached_without_environment(create: object) -> object:
    """Cache what depends on the arguments alone: with ``trust_env`` variables such as SSL_CERT_FILE count too."""
    assert callable(create)
    cached = functools.cache(create)
    return lambda verify=True, cert=None, trust_env=True: (create if trust_env else cached)(
        verify=verify, cert=cert, trust_env=trust_env
    )
