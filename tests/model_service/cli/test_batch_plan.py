"""The sum of a large batch, as docs/batches.md has it."""

from __future__ import annotations

import argparse
import io
import json

import pytest

from model_service.cli.batch import add_arguments, run


def plan(*words: str) -> list[list[str]]:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    out = io.StringIO()
    assert run(parser.parse_args(["plan", *words]), out) == 0
    return [line.split() for line in out.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("seconds", "connectors", "concurrency", "time"),
    [
        ("0.5", "1", "8", "21.7 h"),
        ("0.5", "16", "64", "10.2 min"),
        ("2", "1", "8", "3.6 d"),
        ("10", "4", "32", "27.1 h"),
    ],
)
def test_a_million_records_take_what_the_page_says(seconds: str, connectors: str, concurrency: str, time: str) -> None:
    words = ["--records", "1_000_000", "--seconds", seconds, "--connectors", connectors, "--concurrency", concurrency]
    heading, row, _ = plan(*words)
    assert heading[0] == "connectors"
    assert row[:4] == [connectors, concurrency, *time.split()]


def test_without_a_choice_there_is_a_row_for_each() -> None:
    rows = plan("--records", "1000000", "--seconds", "3")
    assert [row[:2] for row in rows[1:-1]] == [[a, b] for a in ("1", "4", "16") for b in ("8", "32")]


def test_memory_is_of_every_container() -> None:
    for connectors in ("1", "16"):
        row = plan("--records", "8", "--seconds", "80", "--connectors", connectors, "--concurrency", "8")[1]
        assert row[-2] == "50"  # 100 s of half a GB, however many share them


@pytest.mark.parametrize("words", [["--records", "0"], ["--records", "many"], ["--seconds", "-3"]])
def test_what_is_no_number_is_wrong_usage(words: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        plan("--records", "5", "--seconds", "3", *words)


def test_money_is_of_the_function_and_of_the_models() -> None:
    words = ["--records", "1_000_000", "--seconds", "3", "--connectors", "4", "--concurrency", "32"]
    _, row, models = plan(*words, "--tokens", "500,200", "--price", "0.72,0.72")
    gb_seconds = 1_000_000 * 3 * 1.25 / 32 / 2
    assert row[-1] == f"${gb_seconds * 0.00001417 + 10_000 * 0.0000002:.2f}"
    assert " ".join(models) == "Models: $504.00 for 1,000,000 x (500 tokens in, 200 out)."
    assert "--price" in plan(*words)[2]


def test_json_has_the_numbers_as_they_are() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    out = io.StringIO()
    words = ["plan", "--records", "8", "--seconds", "80", "--json", "--price", "1,2", "--tokens", "10,20"]
    assert run(parser.parse_args(words), out) == 0
    plans = json.loads(out.getvalue())
    assert [(one["connectors"], one["concurrency"]) for one in plans] == [(a, b) for a in (1, 4, 16) for b in (8, 32)]
    assert plans[0]["seconds"] == 100
    assert plans[0]["models_usd"] == pytest.approx(8 * (10 + 40) / 1_000_000)


@pytest.mark.parametrize("words", [["--price", "1"], ["--price", "-1,2"], ["--tokens", "a,b"], ["--tokens", "nan,1"]])
def test_what_is_no_pair_of_numbers_is_wrong_usage(words: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        plan("--records", "5", "--seconds", "3", *words)
