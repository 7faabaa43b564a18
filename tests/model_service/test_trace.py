"""The one line that says who used what, how much, and where the time went."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from model_service.errors import ModelServiceError, SettingsError, StreamBroken, UpstreamError, UpstreamRefused
from model_service.fn.caller import Caller
from model_service.openai_api.chat import Chunk, Complete, Stream
from model_service.routing import resolve
from model_service.trace import Trace

USAGE = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
Written = Callable[..., dict[str, Any]]


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(record.getMessage()))


@pytest.fixture
def written() -> Iterator[Written]:
    """Writes a trace and gives back its line, which must be the only one."""
    logger, kept = logging.getLogger("model_service"), _Kept()
    level, logger.level = logger.level, logging.INFO
    logger.addHandler(kept)

    def write(trace: Trace, error: Any = None) -> dict[str, Any]:
        trace.write(error)
        (line,) = kept.lines
        return line

    yield write
    logger.removeHandler(kept)
    logger.setLevel(level)


def test_the_line_says_who_used_what_and_how_much(written: Written) -> None:
    trace = Trace("http", caller=Caller("ada", "search", "k1"))
    trace.route = resolve("xai.grok-4.3", aliases={})
    trace.note(Complete({"choices": [], "usage": USAGE}, opc_request_id="A/B/C"))
    line = written(trace)
    del line["time"], line["ms"], line["call_id"]
    assert line == {
        "event": "invocation",
        "trigger": "http",
        "doorway": "http",
        "caller": "ada",
        "team": "search",
        "key": "k1",
        "transport": "v1",
        "route": "xai.*",
        "model": "xai.grok-4.3",
        "stream": False,
        "status": 200,
        "error": None,
        "message": None,
        "usage": USAGE,
        "opc_request_id": "A/B/C",
    }


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (SettingsError("MODEL_SERVICE_TASKS", "line 3: unknown"), "MODEL_SERVICE_TASKS: line 3: unknown"),
        (UpstreamError("You said: my secret"), None),
    ],
)
def test_what_only_an_operator_can_mend_is_said_in_words_and_nothing_that_may_quote_a_prompt(
    written: Written, error: ModelServiceError, message: str | None
) -> None:
    assert written(Trace("connector_hub"), error)["message"] == message


def test_every_step_has_its_milliseconds_even_one_that_failed(written: Written) -> None:
    trace = Trace("direct")
    trace.begin("decode")
    trace.begin("call")
    line = written(trace, UpstreamRefused("no"))
    assert list(line["ms"]) == ["decode", "call", "total"]
    assert all(isinstance(ms, float) and ms >= 0 for ms in line["ms"].values())


def test_an_error_is_there_with_its_status_code_and_request_id(written: Written) -> None:
    line = written(Trace("direct"), UpstreamRefused("no", status=404, code="unknown", opc_request_id="A/B/C"))
    assert (line["status"], line["error"], line["opc_request_id"]) == (404, "unknown", "A/B/C")
    assert (line["transport"], line["route"], line["model"], line["usage"]) == (None, None, None, None)


def _stream(*chunks: Chunk, breaks: bool = False) -> Stream:
    def pieces() -> Iterator[Chunk]:
        yield from chunks
        if breaks:
            raise StreamBroken("gone", opc_request_id="A/B/C")

    return Stream(pieces(), opc_request_id="A/B/C")


def test_a_stream_passes_by_unchanged_and_its_usage_is_noted(written: Written) -> None:
    chunks = (
        {"choices": [{"delta": {"content": "hi"}}]},
        {"choices": [], "usage": USAGE},
        {"choices": [], "usage": None},
    )
    trace = Trace("direct")
    watched = trace.watch(_stream(*chunks))
    assert isinstance(watched, Stream)
    assert list(watched.chunks) == list(chunks)
    assert watched.opc_request_id == "A/B/C"
    line = written(trace)
    assert (line["stream"], line["usage"], line["status"], line["opc_request_id"]) == (True, USAGE, 200, "A/B/C")


def test_a_stream_that_breaks_is_no_success(written: Written) -> None:
    trace = Trace("direct")
    watched = trace.watch(_stream({"choices": []}, breaks=True))
    assert isinstance(watched, Stream)
    with pytest.raises(StreamBroken):
        list(watched.chunks)
    line = written(trace)
    assert (line["status"], line["error"], line["opc_request_id"]) == (502, "stream_broken", "A/B/C")


def test_no_prompt_and_no_answer_is_in_the_line(written: Written) -> None:
    trace = Trace("direct")
    trace.note(Complete({"choices": [{"message": {"content": "my secret answer"}}], "usage": USAGE}))
    assert "secret" not in json.dumps(written(trace, UpstreamRefused("my secret prompt is refused")))
