"""Responses as api.openai.com and OCI send them: whole (``*.json``), and as the events of a stream (``*.sse``)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PAYLOADS = Path(__file__).parent / "payloads"


@pytest.fixture
def response() -> Callable[[str], dict[str, Any]]:
    def load(name: str) -> dict[str, Any]:
        value: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
        return value

    return load


@pytest.fixture
def events() -> Callable[[str], bytes]:
    return lambda name: (PAYLOADS / f"{name}.sse").read_bytes()
