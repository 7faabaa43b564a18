from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import mock_oci
from mock_oci import MockOci
from mock_oci.__main__ import main
from mock_oci.demo.batch import put_prompts, run_batch
from mock_oci.demo.outcomes import endings, left, reason_lines
from mock_oci.services.streaming import Streaming

FOLDER = Path(__file__).parents[1] / "functions" / "answers_batch"
SOURCES = Path(mock_oci.__file__).parents[1]


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    held = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, how in held.items():
        signal.signal(number, how)


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_each_record_has_an_outcome_and_the_summary_says_what_it_cost(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ["--function", str(FOLDER), "--config", "ENDPOINT={endpoint}", "--batch", "120", "--out", str(tmp_path)]
    assert main(words) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[0].endswith("  120 of 120")
    rows = {line[2:16].strip(): line[16:] for line in lines[2:]}
    assert "\n  a result: " in captured.out
    assert "\n  a dead letter: " in captured.out
    assert captured.out.endswith(f"\n  all 120 of them: {tmp_path}\n")
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 120
    assert (rows["records"], rows["results"], rows["dead letters"]) == ("120", "118", "2") or rows[
        "dead letters"
    ] == "1"
    assert int(rows["results"]) + int(rows["dead letters"]) == 120
    assert rows["tokens"] == f"{3 * int(rows['results'])} in + {5 * int(rows['results'])} out"
    assert rows["batches"] == "2, 0 of them sent again"
    assert "records per second" in rows["time"]
    assert ("\r" in captured.out, captured.err.count("\n")) == (False, 1)
    assert captured.err.startswith("mock_oci: confined as in OCI Functions: ")


def test_a_terminal_sees_the_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mock_oci.demo.batch._LOOK_SECONDS", 0.01)
    out = Terminal()
    assert run_batch(FOLDER, 3, {"ENDPOINT": "{endpoint}"}, out=out) == 0
    shown = out.getvalue()
    assert "3 of 3" in shown
    assert "0 of 3" in shown
    assert "dead letters" in shown


def test_a_function_that_fails_is_given_up_and_its_log_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("mock_oci.demo.batch._ATTEMPTS", 1)
    assert run_batch(FOLDER, 2, {"BREAKS": "the reason is in the log"}) == 1
    captured = capsys.readouterr()
    assert "2 of 2 records have no outcome" in captured.err
    assert "the reason is in the log" in captured.err
    assert "0 of 2" in captured.out


def test_where_everything_fails_the_reason_is_told_and_it_has_failed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_batch(FOLDER, 3, {"FAILS": "{{ value.prompt }}: finds nothing", "ENDPOINT": "{endpoint}"}) == 1
    captured = capsys.readouterr()
    assert "  results       0\n  dead letters  3\n" in captured.out
    assert "\n  3 \N{MULTIPLICATION SIGN} template_error   {{ value.prompt }}: finds nothing\n" in captured.out
    assert captured.err.splitlines()[1:] == ["mock_oci: there is not one result"]


@pytest.mark.parametrize(("ending", "exit_code"), [("delivered", 0), ("ignored", 1)])
def test_of_records_that_leave_nothing_in_the_bucket_the_log_tells(
    ending: str, exit_code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    line = json.dumps({"event": "batch", "records": 2, ending: 2, "dead_letters": 0})
    assert run_batch(FOLDER, 2, {"LOGS": line}) == exit_code
    captured = capsys.readouterr()
    assert f"  its log says  2 {ending}\n" in captured.out
    assert "no outcome" not in captured.err


def test_a_function_that_does_nothing_and_says_nothing_leaves_records_without_an_outcome(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_batch(FOLDER, 2, {"LOGS": '"batch" is not JSON'}) == 1
    assert "2 of 2 records have no outcome" in capsys.readouterr().err


def test_the_batches_of_a_log_add_up() -> None:
    log = [
        '{"event": "invocation", "message": "batch"}',
        '{"event": "batch", "delivered": 98, "ignored": 1, "dead_letters": 1}',
        '"batch"',
        '{"event": "batch", "delivered": 40, "left": 60}',
    ]
    assert endings(log) == {"delivered": 138, "ignored": 1, "dead letters": 1}
    assert endings(["no line of ours"]) == {}


def test_what_made_records_come_again_is_told_in_place_of_the_whole_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("mock_oci.demo.batch._ATTEMPTS", 1)
    line = {"event": "record_left", "where": "results", "error": "BucketNotFound", "message": "There is none."}
    assert run_batch(FOLDER, 2, {"BREAKS": json.dumps(line)}) == 1
    captured = capsys.readouterr()
    assert captured.out.endswith("  1 \N{MULTIPLICATION SIGN} results: BucketNotFound   There is none.\n")
    assert captured.err.splitlines()[1:] == ["mock_oci: 2 of 2 records have no outcome"]
    assert left(['"record_left"', '{"event": "batch"}']) == {}


def test_five_reasons_are_told_the_most_frequent_first_none_longer_than_a_terminal() -> None:
    reasons = Counter({"a": 1, "b": 1, "c": 2, "d": 3, "e": 12, "f" * 200: 4})
    lines = reason_lines(reasons).splitlines()
    assert lines[:2] == ["  12 \N{MULTIPLICATION SIGN} e", f"   4 \N{MULTIPLICATION SIGN} {'f' * 112}…"]
    assert (len(lines), len(lines[1])) == (5, 120)
    assert f"   4 \N{MULTIPLICATION SIGN} {'f' * 200}" in reason_lines(reasons, width=None).splitlines()
    assert reason_lines(Counter({"größer": 2}), "ascii") == "  2 x gr??er\n"
    assert reason_lines(Counter()) == ""


def test_a_function_that_does_not_move_is_given_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("mock_oci.demo.batch._PATIENCE_SECONDS", 0.0)
    assert run_batch(FOLDER, 2, {"HANGS": "/dev/null", "ENDPOINT": "{endpoint}"}) == 1
    assert "of 2 records have no outcome" in capsys.readouterr().err


def test_a_folder_without_a_function_is_one_complaint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_batch(tmp_path, 2) == 1
    assert capsys.readouterr().err.startswith("mock_oci: 502 FunctionInvokeContainerInitFail")


def test_ctrl_c_ends_it_and_says_how_far_it_came(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    config = ["--config", "ENDPOINT={endpoint}", "--config", f"HANGS={begun}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "mock_oci", "--function", str(FOLDER), *config, "--batch", "5", "--confine", "no-tmp"],
        env={"PYTHONPATH": str(SOURCES)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            give_up = time.monotonic() + 20
            while not begun.exists() and time.monotonic() < give_up:
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            out, error = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (process.returncode, out) == (130, "")
    assert error.splitlines()[1:] == ["mock_oci: interrupted: 1 of 5 records have an outcome"]


def test_ctrl_c_leaves_the_line_of_the_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mock_oci.demo.batch.time.sleep", interrupt)
    out = Terminal()
    assert run_batch(FOLDER, 2, {"ENDPOINT": "{endpoint}"}, out=out) == 130
    assert out.getvalue().endswith(("", "\n", "\x1b[?25h"))
    assert capsys.readouterr().err.splitlines()[-1].startswith("mock_oci: interrupted: ")


def test_one_prompt_in_a_hundred_is_no_json() -> None:
    stream = MockOci().state_of(Streaming).create("prompts")
    put_prompts(stream, 200)
    broken = []
    for number, entry in enumerate(stream.entries()):
        try:
            assert json.loads(entry.value)["n"] == number
        except ValueError:
            broken.append(number)
    assert broken == [50, 150]


@pytest.mark.parametrize("count", ["0", "-1", "many", "1.5"])
def test_a_batch_is_a_number_of_records(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--function", str(FOLDER), "--batch", count])
    assert ended.value.code == 2
    assert "--batch" in capsys.readouterr().err
