"""``/_mock/``: what a test in any language can ask of the emulator itself, and a page for people."""

from __future__ import annotations

from mock_oci.control import page, wire

OPERATIONS = (*page.OPERATIONS, *wire.OPERATIONS)
