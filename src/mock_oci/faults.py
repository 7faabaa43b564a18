"""What an answer raises when the fault to show is not a response."""

from __future__ import annotations


class Disconnect(Exception):
    """Cut the connection: before the response when ``answer`` raises it, mid-body when a stream does."""
