"""Clients from npm: OpenAI's, and Vercel's AI SDK with its two providers. Needs Node and `npm ci` in npm/."""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from questions import FAMILIES

FOLDER = Path(__file__).with_name("npm")
CHECKS = ("chat", "stream", "tools", "forced_tool", "structured_output", "errors")
SCRIPTS = {
    "openai (npm)": "openai.mjs",
    "ai, @ai-sdk/openai-compatible": "ai.mjs",
    "ai, @ai-sdk/openai": "ai.mjs",
}
RESPONSES = {
    "openai (npm)": ("responses", "responses_stream", "responses_tools"),
    "ai, @ai-sdk/openai": ("responses", "responses_stream", "responses_tools", "responses_structured"),
}
ASKED = [
    (client, check, family)
    for client in SCRIPTS
    for check in (*CHECKS, *RESPONSES.get(client, ()))
    for family in FAMILIES
]
ITEM_REFERENCE = (
    "the AI SDK names a reasoning item of the turn before by item_reference, which mock_oci refuses; "
    "whether OCI takes it is not known"
)
FAILS = {("ai, @ai-sdk/openai", "responses_tools", "gpt-5"): ITEM_REFERENCE}
Outcomes = dict[tuple[str, str, str], dict[str, str | None]]


@pytest.fixture(scope="session", autouse=True)
def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("there is no Node: the clients from npm are not asked")
    assert (FOLDER / "node_modules").exists(), f"npm ci in {FOLDER}, as `make test-clients` does it"
    return found


@functools.cache
def outcomes(node: str, script: str, gateway: str) -> Outcomes:
    """Return what a script says of each client, check and family."""
    words = [node, script, gateway, json.dumps(dict(FAMILIES))]
    done = subprocess.run(words, cwd=FOLDER, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {(one["client"], one["check"], one["family"]): one for one in found}


def parameters() -> Iterator[Any]:
    for asked in ASKED:
        yield pytest.param(
            *asked, marks=[pytest.mark.xfail(strict=True, reason=FAILS[asked])] if asked in FAILS else []
        )


@pytest.mark.parametrize(("client", "check", "family"), parameters())
def test_npm(
    node: str, gateway: str, client: str, check: str, family: str, record_property: Callable[[str, object], None]
) -> None:
    outcome = outcomes(node, SCRIPTS[client], gateway)[client, check, family]
    record_property("version", outcome["version"])
    assert outcome["failure"] is None
