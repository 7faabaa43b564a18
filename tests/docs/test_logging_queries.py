"""The queries of the pages for OCI Logging: each is run over lines as the function writes them."""

from __future__ import annotations

import io
import json
import logging
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import pytest
from tests.docs.logging_queries import WrongQuery, found_by, queries_in
from tests.docs.pages import ROOT

from model_service.cli.usage import add_arguments, run
from model_service.logs import log

PAGES = ("callers.md", "operate.md")
QUERIES = [
    pytest.param(query, id=f"{page}-{number}")
    for page in PAGES
    for number, query in enumerate(queries_in((ROOT / "docs" / page).read_text()))
]


def usage(team: str | None, model: str, tokens: int, cost: float | None) -> dict[str, Any]:
    return {
        "event": "usage",
        "time": "2026-11-27T12:00:00Z",
        "team": team,
        "model": model,
        "tokens": {"input": tokens, "output": 2, "cached": 0, "reasoning": 0},
        "cost": cost,
        "currency": None if cost is None else "USD",
    }


USAGE = [
    usage("search", "meta.llama", 10, 0.5),
    usage("search", "meta.llama", 20, 0.25),
    usage("search", "xai.grok", 5, None),
    usage(None, "meta.llama", 1, 0.25),
]
# A line of each kind that a query of the pages asks for, and one that none does.
LINES: list[dict[str, Any]] = [
    *USAGE,
    {"event": "invocation", "status": 200, "call_id": "01HXA"},
    {"event": "invocation", "status": 503, "call_id": "01HXB"},
    {"event": "budget_refused", "scope": "team", "limit": "tokens_per_day", "call_id": "01HXB"},
    {"event": "budget_refused", "scope": "team", "limit": "tokens_per_day"},
    *({"event": name} for name in ("dead_letter", "record_left", "config_stale", "setting_ignored", "bug")),
    {"event": "upstream_retry"},
]


@pytest.fixture
def texts(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The same lines as the function writes them."""
    logger = logging.getLogger("model_service")
    monkeypatch.setattr(logger, "handlers", [])
    monkeypatch.setattr(logger, "propagate", True)
    with caplog.at_level(logging.INFO, "model_service"):
        for line in LINES:
            log.write(**line)
    return [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize("query", QUERIES)
def test_each_query_finds_its_lines_and_no_others(query: str, texts: list[str]) -> None:
    as_texts, as_objects = found_by(query.replace("01HX…", "01HXB"), texts), found_by(query, LINES)
    found = as_texts or as_objects
    assert found
    assert len(found) < len(LINES)
    assert not (as_texts and as_objects)  # the pages have one of each pair


def test_calls_and_tokens_by_team_and_model_are_those_of_the_report(tmp_path: Path, texts: list[str]) -> None:
    (query,) = (text for text in queries_in((ROOT / "docs/callers.md").read_text()) if "sum(data.message.cost)" in text)
    (tmp_path / "function.log").write_text("\n".join(texts))
    parser, out = ArgumentParser(), io.StringIO()
    add_arguments(parser)
    run(parser.parse_args(["--from", str(tmp_path), "--by", "team,model", "--json"]), out)
    report = {
        (row["team"], row["model"]): (row["calls"], row["input"], row["output"], row["cost"] or 0)
        for row in json.loads(out.getvalue())
    }
    logging = {
        (row["data.message.team"] or "-", row["data.message.model"]): (
            row["count()"],
            row["sum(data.message.tokens.input)"],
            row["sum(data.message.tokens.output)"],
            row["sum(data.message.cost)"],
        )
        for row in found_by(query, LINES)
    }
    assert logging == report


@pytest.mark.parametrize(
    "query",
    [
        "data.message.event = 'usage'",
        "search \"<log>\" | filter data.message.event = 'usage'",
        "search \"<log>\" | where data.message.event == 'usage'",
        'search "<log>" | where data.message.event = "usage"',
        'search "<log>" | summarize count(data.message.team)',
        'search "<log>" | summarize total(data.message.cost)',
    ],
)
def test_what_the_language_has_not_is_found(query: str) -> None:
    with pytest.raises(WrongQuery):
        found_by(query, LINES)
