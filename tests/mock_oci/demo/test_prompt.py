import io
from collections.abc import Callable

import pytest

from mock_oci import LoopbackServer
from mock_oci.demo.prompt import DemoError, is_invocation, print_answer, trace_table
from mock_oci.wire import Request, Response

SUMMARY = {
    "event": "invocation",
    "trigger": "http",
    "transport": "v1",
    "route": "meta.*",
    "model": "meta.llama-3.3-70b-instruct",
    "status": 200,
    "usage": {"prompt_tokens": 12, "completion_tokens": 30, "total_tokens": 42},
    "ms": {"decode": 0.4, "resolve": 0.1, "call": 210.2, "encode": 1.0, "total": 212.1},
}


def told(*events: str, status: int = 200) -> str:
    """What the demo prints of a stream of ``events``."""
    body = "".join(f"data: {event}\n\n" for event in events).encode()

    def answer(request: Request) -> Response:
        return Response(status, {"content-type": "text/event-stream"}, body)

    out = io.StringIO()
    with LoopbackServer(answer) as server:
        print_answer(server.url, "Why?", out)
    return out.getvalue()


def piece(text: str) -> str:
    return '{"choices": [{"delta": {"content": "' + text + '"}}]}'


def test_the_answer_is_printed_word_by_word_under_the_prompt() -> None:
    assert told(piece("It"), piece(" is"), '{"choices": [], "usage": {}}', "[DONE]") == "\n  > Why?\n\n  It is\n\n"


def test_long_answers_stay_within_eighty_columns_and_lose_nothing() -> None:
    words = [f"word{number}" for number in range(60)]
    text = told(*(piece(f" {word}" if index else word) for index, word in enumerate(words)))
    assert max(map(len, text.splitlines())) <= 80
    assert text.split()[2:] == words


def test_the_answers_own_line_ends_are_kept() -> None:
    assert told(piece("one\\n\\ntwo")).splitlines()[-4:] == ["  one", "", "  two", ""]


@pytest.mark.parametrize(
    ("say", "expected"),
    [
        (lambda: told("nothing", status=500), "answered 500"),
        (lambda: told(piece("It"), '{"error": {"message": "lost"}}'), "lost"),
        (lambda: told("{broken"), "cannot be read"),
        (lambda: print_answer("http://127.0.0.1:1/v1", "Why?", io.StringIO()), "did not answer"),
    ],
)
def test_a_failure_says_what_happened(say: Callable[[], object], expected: str) -> None:
    with pytest.raises(DemoError, match=expected):
        say()


def test_the_trace_fits_eighty_columns_and_lines_up() -> None:
    lines = trace_table(SUMMARY).splitlines()
    assert lines[:5] == [
        "  trigger     http",
        "  route       meta.*",
        "  transport   v1",
        "  model       meta.llama-3.3-70b-instruct",
        "  tokens      12 in + 30 out = 42",
    ]
    assert [line.index(" ms") for line in lines[6:]] == [lines[6].index(" ms")] * 5
    assert lines[8] == "  call          210.2 ms   " + "#" * 36
    assert max(map(len, lines)) <= 80


def test_a_trace_without_tokens_or_steps_is_still_a_table() -> None:
    assert trace_table({"trigger": "json", "model": None, "usage": None}) == "  trigger   json\n\n"


@pytest.mark.parametrize("line", ["", "[]", "null", "not json", '{"event": "bug"}', '"invocation"'])
def test_other_log_lines_are_no_summary(line: str) -> None:
    assert not is_invocation(line)


def test_a_summary_is_recognised() -> None:
    assert is_invocation('{"event": "invocation"}')
