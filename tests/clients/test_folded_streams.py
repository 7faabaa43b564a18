"""Two thousand random native answers a format, folded by OpenAI's own client."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ANSWERS = 2000


@pytest.mark.parametrize("api_format", ["GENERIC", "COHERE", "COHEREV2"])
def test_a_stream_folded_by_openais_client_is_the_whole_answer(api_format, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "src"))
    path = ROOT / "tests/model_service/transports/native/formats/test_folded_streams.py"
    spec = importlib.util.spec_from_file_location("folded_streams", path)
    folded_streams = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, folded_streams)
    spec.loader.exec_module(folded_streams)

    folded_streams.check(api_format, folded_streams.MAKERS[api_format], ANSWERS)
