"""Writes docs/clients.md from what came of the tests: ``python table.py clients.md OUTCOMES …``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

FAMILIES = ("Llama", "gpt-oss", "gpt-5", "Grok", "Gemini", "Cohere")
CHECKS = {
    "chat": "chat",
    "stream": "stream",
    "tools": "tools",
    "streamed_tool": "streamed tool call",
    "forced_tool": "forced tool",
    "structured_output": "structured output",
    "errors": "each error class",
    "responses": "Responses API",
    "responses_stream": "Responses, streamed",
    "responses_tools": "Responses, tools",
    "responses_structured": "Responses, structured output",
    "models": "list of models",
    "completions": "completions",
    "files": "files",
    "vector_stores": "vector stores",
    "containers": "containers",
    "speech": "speech",
    "langchain-tests": "`ChatModelIntegrationTests`",
}
HEAD = """\
# Clients

<!-- Written by `make test-clients`. -->

`make test-clients` points clients that nobody here wrote, as they are published, at the function behind a local
gateway (mock_oci, with its local models). They are told the `base_url` and nothing else. For each family of models:
chat, stream, tools with their results, a tool that is forced, structured output, and the error classes of each client.
**yes** is a test that passed; a number is a test that fails for a reason of the client's or of the local model's, given
at the end; an empty cell was not asked: most clients are asked for errors with one family only. The Responses API is
OCI's own for gpt-oss, gpt-5 and Grok, and [a chat in its shape](responses.md#responses-by-chat) for the others.
What has no model (files, vector stores, containers), and speech, stand in the first column.
"""

SUITE = """\
## langchain-oci's own integration tests

`python tests/clients/langchain_oci_suite.py CHECKOUT`, with a checkout of oracle/langchain-oracle, runs them on
mock_oci in one process, as they name OCI's own hosts; `make test-clients` does not. Of langchain-oci {version}:
{passed} passed, {failed} failed for the reasons below, and {skipped} skip themselves (databases, a dedicated endpoint).

| failed | because |
|---|---|"""
SUITE_OUTCOMES = Path(__file__).with_name("langchain_oci_suite.json")

OF_MOCK_OCI = """\
## Of OCI itself, against mock_oci

Clients of OCI, as they are published, over a socket and with signatures, told by what `mock-oci --write-config` writes
and `mock-oci env` prints: no function of ours is between. The SDKs and the command line make a journey through each
service. A number says why a test fails that has to.

| client | version | asked for | passed |
|---|---|---|---|"""

Row = dict[str, Any]


def main(page: Path, files: Sequence[Path]) -> None:
    rows = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    failed = [row for row in rows if row["outcome"] == "failed"]
    if not rows or failed:
        raise SystemExit(f"{page} is not written: {len(failed)} of {len(rows)} tests failed")
    reasons: list[str] = []
    lines = [HEAD]
    for client in dict.fromkeys(row["client"] for row in rows if "client" in row):
        lines += _section([row for row in rows if row.get("client") == client], reasons)
    lines += _of_mock_oci([row for row in rows if "of_mock_oci" in row], reasons)
    lines += _suite(json.loads(SUITE_OUTCOMES.read_text()))
    lines += [
        "## Why",
        "",
        *(f"{number}. {reason[0].upper()}{reason[1:]}." for number, reason in enumerate(reasons, 1)),
    ]
    page.write_text("\n".join(lines) + "\n")


def _section(rows: Sequence[Row], reasons: list[str]) -> Iterator[str]:
    yield f"## {rows[0]['client']} ({rows[0]['version']})"
    yield ""
    yield f"| | {' | '.join(FAMILIES)} |"
    yield f"|---|{'---|' * len(FAMILIES)}"
    for check, name in CHECKS.items():
        of_check = [row for row in rows if row["check"] == check]
        if of_check:
            cells = (_cell([row for row in of_check if row["family"] == family], reasons) for family in FAMILIES)
            yield f"| {name} | {' | '.join(cells)} |"
    yield ""


def _of_mock_oci(rows: Sequence[Row], reasons: list[str]) -> Iterator[str]:
    yield OF_MOCK_OCI
    for client in dict.fromkeys(row["of_mock_oci"] for row in rows):
        asked = [row for row in rows if row["of_mock_oci"] == client and row["outcome"] != "skipped"]
        passed = sum(row["outcome"] == "passed" for row in asked)
        checks = ", ".join(dict.fromkeys(row["check"] for row in asked))
        came = f"{passed} of {len(asked)} {_numbers(asked, reasons)}".rstrip()
        yield f"| {client} | {asked[0]['version']} | {checks} | {came} |"
    yield ""


def _suite(outcomes: Row) -> Iterator[str]:
    yield SUITE.format_map(outcomes)
    for reason, count in outcomes["reasons"].items():
        yield f"| {count} | {reason} |"
    yield ""


def _numbers(rows: Sequence[Row], reasons: list[str]) -> str:
    whys = dict.fromkeys(row["reason"] for row in rows if row["outcome"] == "xfailed")
    reasons.extend(why for why in whys if why not in reasons)
    return " ".join(f"[{reasons.index(why) + 1}](#why)" for why in whys)


def _cell(rows: Sequence[Row], reasons: list[str]) -> str:
    asked = [row for row in rows if row["outcome"] != "skipped"]
    if not asked:
        return ""
    numbers = _numbers(asked, reasons)
    passed = sum(row["outcome"] == "passed" for row in asked)
    if len(asked) > 20:  # a suite
        return f"{passed} of {len(asked)} {numbers}".rstrip()
    return numbers or "yes"


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
