"""What a doorway makes of a body and the platform's headers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from model_service.batch.record import BatchRequest, Record
from model_service.envelopes import Envelope, open_envelope
from model_service.fn.invocation import Deadline, Invocation

Opened = Callable[..., Envelope]
Records = Callable[..., tuple[Record, ...]]


@pytest.fixture
def opened() -> Opened:
    def opened(body: bytes, **headers: str) -> Envelope:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return open_envelope(Invocation(body, Deadline.after(30), "01CALL", named))

    return opened


@pytest.fixture
def records(opened: Opened) -> Records:
    """The records of a body that has nothing but records."""

    def records(body: bytes, **headers: Any) -> tuple[Record, ...]:
        request = opened(body, **headers).decode()
        assert isinstance(request, BatchRequest)
        return request.records

    return records
