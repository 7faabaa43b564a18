"""What every test shares: costs that say nothing about the code under test are paid once in each process."""

from __future__ import annotations

import functools
import importlib
import importlib.util
from collections.abc import Iterator

import oci.signer
import pytest


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
