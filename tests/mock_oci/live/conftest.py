"""What the installed package brings by itself: here it is imported from the sources."""

from __future__ import annotations

import pytest

from mock_oci.doors.pytest_plugin import OCI_LIVE, oci_tenancy, pytest_itemcollected, pytest_runtest_makereport

__all__ = ["oci_tenancy", "pytest_itemcollected", "pytest_runtest_makereport"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", OCI_LIVE)
