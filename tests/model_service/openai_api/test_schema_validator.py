"""The validator without the module that describes schemas, and that module for whoever asks for it after all."""

from __future__ import annotations

import subprocess
import sys

AFTER_ALL = """
import sys
from model_service.openai_api.validation import CHAT_REQUEST
assert "pydantic_core.core_schema" not in sys.modules, "loaded"
import pydantic_core
assert not hasattr(pydantic_core, "no_such_name")
from pydantic_core import CoreConfig, CoreSchema, core_schema
import pydantic_core.core_schema
assert CoreSchema is core_schema.CoreSchema is pydantic_core.CoreSchema is not None
import pydantic
class Point(pydantic.BaseModel):
    x: int
assert Point(x="1").x == 1
assert CHAT_REQUEST.validate_python({"model": "m", "messages": [{"role": "user", "content": "x"}]}, strict=True)
"""


def test_pydantic_is_whole_for_whoever_asks_for_more_of_it() -> None:
    subprocess.run([sys.executable, "-c", AFTER_ALL], check=True, timeout=60)
