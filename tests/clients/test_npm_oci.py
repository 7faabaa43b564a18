"""The OCI SDK for TypeScript, from npm, with the lines that ``mock-oci env`` prints. Needs Node and `npm ci` there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

OF_MOCK_OCI = "`oci-*` of npm, the SDK for TypeScript"
PACKAGE = "oci-common"
FOLDER = Path(__file__).with_name("npm-oci")
SOURCES = Path(__file__).parents[2] / "src"
JOURNEYS = re.findall(r"^  (\w+): async ", (FOLDER / "sdk.mjs").read_text(), re.MULTILINE)


@pytest.fixture(scope="module")
def outcomes(emulator: Any, shell: dict[str, str]) -> dict[str, dict[str, Any]]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no Node: the SDK for TypeScript is not asked")
    assert (FOLDER / "node_modules").exists(), f"npm ci in {FOLDER}, as `make test-clients` does it"
    (FOLDER / "build").mkdir(exist_ok=True)
    (FOLDER / "build/clients.mjs").write_text(clients(emulator.url))
    words = [node, "sdk.mjs"]
    done = subprocess.run(words, cwd=FOLDER, env=shell, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"journey"')]
    return {one["journey"]: one for one in found}


def clients(url: str) -> str:
    """Return what ``mock-oci env`` prints as a module of JavaScript: these packages are CommonJS, and have no names."""
    command = [sys.executable, "-m", "mock_oci", "env", "--url", url, "--for", "typescript"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=SOURCES).stdout
    printed = re.sub(r"import \{ (.*) \} from (\S+);", r"const { \1 } = require(\2);", printed)
    names = ", ".join(re.findall(r"^const (\w+Client) = new ", printed, re.MULTILINE))
    head = 'import { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);\n'
    return f"{head}{printed}export const clients = {{ {names} }};\n"


@pytest.mark.parametrize("journey", JOURNEYS)
def test_npm_oci(
    outcomes: dict[str, dict[str, Any]], journey: str, record_property: Callable[[str, object], None]
) -> None:
    record_property("version", outcomes[journey]["version"])
    assert outcomes[journey]["failure"] is None
