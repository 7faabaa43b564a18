"""``/_mock/``: what a test in any language can ask of the emulator itself, and a page for people."""

from __future__ import annotations

from mock_oci.control.wire import OPERATIONS

__all__ = ["OPERATIONS"]
