"""The command that adds up usage records, from a log as it is and from what OCI makes of one."""

from __future__ import annotations

import argparse
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest

from model_service.cli.usage import add_arguments, run
from model_service.errors import InvalidRequest


def record(team: str | None, model: str, tokens: int, cost: float | None, **more: Any) -> dict[str, Any]:
    counted = {"input": tokens, "output": 1, "cached": 0, "reasoning": 0}
    priced = {"cost": cost, "currency": None if cost is None else "USD"}
    return {
        "event": "usage",
        "time": "2026-11-27T12:00:00Z",
        "team": team,
        "model": model,
        "tokens": counted,
        **priced,
        **more,
    }


RECORDS = [
    record("search", "meta.llama", 10, 0.5),
    record("search", "meta.llama", 20, 0.25, estimated=True),
    record("ads", "xai.grok", 5, None, time="2026-12-01T00:00:00Z"),
    record(None, "meta.llama", 1, 0.1),
]


def usage(source: Path, *words: str) -> str:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    out = io.StringIO()
    run(parser.parse_args(["--from", str(source), *words]), out)
    return out.getvalue()


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """The same records as a log has them, in OCI Logging's envelope, in an array, and compressed."""
    first, second, third, fourth = RECORDS
    lines = [json.dumps(first), "no JSON", json.dumps({"event": "invocation"}), "[1, null]"]
    (tmp_path / "function.log").write_text("\n".join(lines))
    (tmp_path / "hub").mkdir()
    entries = [{"data": {"message": json.dumps(second)}, "type": "com.oraclecloud.functions"}]
    (tmp_path / "hub" / "array.json").write_text(json.dumps(entries))
    wrapped = [{"logContent": {"data": {"message": json.dumps(third)}}}, {"data": {"message": fourth}}]
    (tmp_path / "hub" / "lines.log.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, wrapped)).encode()))
    return tmp_path


def test_records_are_found_in_every_envelope_and_added_up(logs: Path) -> None:
    table = {(row["team"], row["model"]): row for row in json.loads(usage(logs, "--json"))}
    assert table.keys() == {("search", "meta.llama"), ("ads", "xai.grok"), ("-", "meta.llama")}
    search = table["search", "meta.llama"]
    assert (search["calls"], search["input"], search["output"], search["estimated"]) == (2, 30, 2, 1)
    assert (search["cost"], search["currency"], search["unpriced"]) == (0.75, "USD", 0)
    assert table["ads", "xai.grok"]["unpriced"] == 1


def test_the_most_expensive_comes_first_and_all_of_it_last(logs: Path) -> None:
    lines = usage(logs, "--by", "team").splitlines()
    assert [line.split()[0] for line in lines] == ["team", "search", "-", "ads", "all"]
    assert lines[-1].split()[1:] == ["4", "36", "4", "0", "0.85", "1", "1", "USD"]


def test_days_and_months_are_groups_too(logs: Path) -> None:
    assert [row["day"] for row in json.loads(usage(logs, "--by", "day", "--json"))] == ["2026-11-27", "2026-12-01"]
    assert usage(logs, "--by", "month", "--csv").splitlines()[1].startswith("2026-11,3,31,3,0,0.85,")


def test_a_log_without_records_is_an_empty_table(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_text("")
    assert usage(tmp_path / "x.log").splitlines()[1].split() == ["all", "0", "0", "0", "0", "0.0", "0", "0"]


@pytest.mark.parametrize(
    ("words", "problem"), [(("--by", "tem"), "--by: must be one or more of"), ((), "no such file or folder")]
)
def test_what_cannot_be_read_is_named(tmp_path: Path, words: tuple[str, ...], problem: str) -> None:
    with pytest.raises(InvalidRequest, match=problem):
        usage(tmp_path / "nowhere", *words)
