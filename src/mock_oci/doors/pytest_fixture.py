"""The in-process door as a pytest fixture: ``from mock_oci import in_process_oci`` in a conftest."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mock_oci.backend import MockOci
from mock_oci.doors.in_process import mock_oci


@pytest.fixture
def in_process_oci() -> Iterator[MockOci]:
    """Yield a backend that answers OCI's hosts for the length of a test, with credentials for it."""
    with mock_oci(credentials=True) as oci:
        yield oci
