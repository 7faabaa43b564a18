from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mock_oci.fn.compiled import compile_function


def test_a_functions_own_modules_are_compiled_before_a_container_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "src/package").mkdir(parents=True)
    (tmp_path / "func.py").write_text("import json, beside\nfrom package.part import x\n")
    for name in ("beside.py", "unused.py", "src/package/__init__.py", "src/package/part.py"):
        (tmp_path / name).touch()
    compile_function(tmp_path, "func.py")
    compiled = {path.name.partition(".")[0] for path in tmp_path.rglob("*.pyc")}
    assert compiled == {"func", "beside", "__init__", "part"}


@pytest.mark.parametrize("text", ["def", "import nowhere_to_be_found", "\0"])
def test_what_cannot_be_compiled_is_left_to_the_function(text: str, tmp_path: Path) -> None:
    (tmp_path / "func.py").write_text(text)
    compile_function(tmp_path, "func.py")
    compile_function(tmp_path, "missing.py")
