"""What ``usage`` adds up is what OCI has counted: by team and model, whole, streamed and cancelled."""

from __future__ import annotations

import argparse
import io
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openai
import pytest

from mock_oci import LocalStack, MockOci, Request, Response
from mock_oci.services.object_storage import ObjectStorage
from model_service.app import App
from model_service.callers.keys import KeyRing, new_key
from model_service.cli import usage as usage_command
from model_service.fn.invocation import Deadline, Invocation

ROOT = Path(__file__).resolve().parents[3]
LLAMA, GPT, COHERE = "meta.llama-3.3-70b-instruct", "openai.gpt-oss-120b", "cohere.command-a-03-2025"
EMBED = "cohere.embed-v4.0"
ASKED = ("/chat/completions", "/responses", "/actions/chat", "/actions/embedText")
HELLO: Any = [{"role": "user", "content": "Why do functions sleep?"}]
NAMES = {"id": "caller", "team": "team", "key": "key", "models": "models"}
PRICES = {"date": "2026-11-01", "models": {"*": {"input": 1.0, "output": 2.0}}}


class CountingOci(MockOci):
    """A local OCI that adds up what its own answers say of usage, by model, as they leave it."""

    def __init__(self) -> None:
        super().__init__()
        self.counted: dict[str, Counter[str]] = {}

    def answer(self, request: Request) -> Response:
        response = super().answer(request)
        if request.method != "POST" or not request.path.endswith(ASKED) or response.status != 200:
            return response
        body = json.loads(request.body)
        sums = self.counted.setdefault(body.get("model") or body["servingMode"]["modelId"], Counter(calls=0))
        sums["calls"] += 1
        if isinstance(response.body, bytes):
            self._count(sums, response.body)
            return response
        return replace(response, body=self._watched(sums, response.body))

    def _watched(self, sums: Counter[str], pieces: Iterable[bytes]) -> Iterator[bytes]:
        sent = b""
        for piece in pieces:
            sent += piece
            yield piece
        self._count(sums, sent)

    @staticmethod
    def _count(sums: Counter[str], sent: bytes) -> None:
        lines = [line.removeprefix(b"data: ") for line in sent.split(b"\n")]
        found = [usage for line in lines if line.startswith(b"{") for usage in usages(json.loads(line))]
        usage = found[-1]
        names = {"input": ("prompt_tokens", "input_tokens", "promptTokens"),
                 "output": ("completion_tokens", "output_tokens", "completionTokens")}  # fmt: skip
        for name, spellings in names.items():
            sums[name] += next((usage[one] for one in spellings if one in usage), 0)


def usages(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every usage object in a JSON value."""
    if isinstance(value, dict):
        if isinstance(value.get("usage"), dict):
            yield value["usage"]
        for one in value.values():
            yield from usages(one)


@pytest.fixture(scope="module")
def counting() -> CountingOci:
    return CountingOci()


@pytest.fixture(scope="module")
def keys() -> dict[str, str]:
    """Return a key for each team, filled as the stack is made."""
    return {}


@pytest.fixture(scope="module")
def stack(
    counting: CountingOci, keys: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalStack]:
    made = {team: new_key(f"of-{team}", team, now=datetime.now(UTC)) for team in ("search", "ads")}
    keys.update({team: text for team, (text, _) in made.items()})
    document = tmp_path_factory.mktemp("keys") / "keys.json"
    document.write_text(json.dumps(KeyRing(key for _, key in made.values()).document()))
    config = {
        "MODEL_SERVICE_PROJECT_ID": "{project_id}",
        "MODEL_SERVICE_KEYS": str(document),
        "MODEL_SERVICE_CONFIG": json.dumps({"prices": PRICES}),
        "MODEL_SERVICE_IDENTITY_HEADERS": json.dumps({part: f"x-model-service-{name}" for part, name in NAMES.items()}),
    }
    with LocalStack(ROOT, oci=counting, config=config, authentication="keys", live=True) as stack:
        yield stack


def used(stack: LocalStack, folder: Path, *words: str) -> list[dict[str, Any]]:
    """Return what ``model-service usage`` prints of the function's log."""
    log = folder / "function.log"
    log.write_text("\n".join(line[line.find("{") :] for line in stack.log_lines()))
    parser, out = argparse.ArgumentParser(), io.StringIO()
    usage_command.add_arguments(parser)
    usage_command.run(parser.parse_args(["--from", str(log), "--json", *words]), out)
    rows: list[dict[str, Any]] = json.loads(out.getvalue())
    return rows


def test_the_sums_are_those_of_oci(
    stack: LocalStack, counting: CountingOci, keys: dict[str, str], tmp_path: Path
) -> None:
    by_team: Counter[tuple[str, str]] = Counter()
    for team, times in (("search", 1), ("ads", 2)):
        with openai.OpenAI(base_url=stack.gateway_url, api_key=keys[team], max_retries=0) as client:
            for _ in range(times):
                for model in (LLAMA, COHERE, f"responses:{GPT}"):
                    options: Any = {"model": model, "messages": HELLO}
                    client.chat.completions.create(**options)
                    list(client.chat.completions.create(**options, stream=True))
                    list(client.chat.completions.create(**options, stream=True, stream_options={"include_usage": True}))
                client.responses.create(model=GPT, input="Hello")
                list(client.responses.create(model=GPT, input="Hello", stream=True))
                client.embeddings.create(model=EMBED, input=["one", "two"])
                for model, calls in ((LLAMA, 3), (COHERE, 3), (GPT, 5), (EMBED, 1)):
                    by_team[team, model] += calls
    rows = {row["model"]: row for row in used(stack, tmp_path, "--by", "model")}
    found = {model: {name: row[name] for name in ("calls", "input", "output")} for model, row in rows.items()}
    assert found == {model: {"input": 0, "output": 0, **sums} for model, sums in counting.counted.items()}
    assert all(row["estimated"] == 0 and row["unpriced"] == 0 for row in rows.values())
    for row in rows.values():
        assert row["cost"] == pytest.approx((row["input"] + 2 * row["output"]) / 1e6)
    teams = {(row["team"], row["model"]): row["calls"] for row in used(stack, tmp_path, "--by", "team,model")}
    assert teams == by_team
    total = used(stack, tmp_path, "--by", "team")
    assert sum(row["input"] for row in total) == sum(sums["input"] for sums in counting.counted.values())


def test_a_stream_that_its_reader_leaves_is_counted_and_says_that_it_is_an_estimate(
    stack: LocalStack, counting: CountingOci, keys: dict[str, str], tmp_path: Path
) -> None:
    model = "xai.grok-4.3"
    counting.script.chat("One two three four five. " * 40, times=2, chunk_delay=0.03)
    with openai.OpenAI(base_url=stack.gateway_url, api_key=keys["search"], max_retries=0) as client:
        whole = client.chat.completions.create(model=model, messages=HELLO).usage
        stream = client.chat.completions.create(model=model, messages=HELLO, stream=True)
        for _, _chunk in zip(range(20), stream, strict=False):
            pass
        stream.close()
    assert whole is not None
    for _ in range(200):
        rows = [row for row in used(stack, tmp_path, "--by", "model,error") if row["model"] == model]
        if len(rows) == 2:
            break
        time.sleep(0.05)
    broken = next(row for row in rows if row["error"] == "reader_gone")
    assert (broken["calls"], broken["estimated"]) == (1, 1)
    assert 0 < broken["output"] < whole.completion_tokens
    assert 0 < broken["input"] <= 2 * whole.prompt_tokens
    counting.script.clear()


def test_each_record_of_a_batch_has_its_usage(
    environment: dict[str, str], oci: MockOci, log_lines: list[dict[str, Any]]
) -> None:
    tasks = {
        "sinks": {"results": {"bucket": "results", "name": "{{ id }}.json"}},
        "dead_letters": "results",
        "tasks": [
            {
                "name": "all",
                "match": {"source": "streaming"},
                "request": {"model": LLAMA, "messages": [{"role": "user", "content": "{{ text }}"}], "user": "u-7"},
                "sink": "results",
            }
        ],
    }
    oci.state_of(ObjectStorage).create_bucket("results")
    more = {
        "MODEL_SERVICE_TASKS": json.dumps(tasks),
        "MODEL_SERVICE_OCI_ENDPOINT": environment["OCI_GENAI_ENDPOINT"],
        "MODEL_SERVICE_CONFIG": json.dumps({"callers": {"callers": {"streaming:prompts": {"team": "night"}}}}),
    }
    app = App({**environment, **more})
    record = {"stream": "prompts", "partition": "0", "key": None, "value": "SGVsbG8=", "timestamp": 1595884800000}
    body = json.dumps([record | {"offset": number} for number in range(3)]).encode()
    with closing(app.service):
        reply = app.answer(Invocation(body, Deadline.after(30), headers={"oci-subject-id": "ocid1.connector.oc1..c"}))
    batch = json.loads(reply.whole())
    assert batch["delivered"] == 3
    lines = [line for line in log_lines if line["event"] == "usage"]
    assert {(line["caller"], line["team"], line["trigger"], line["user"]) for line in lines} == {
        ("streaming:prompts", "night", "streaming", "u-7")
    }
    assert len(lines) == 3
    assert sum(line["tokens"]["input"] for line in lines) == batch["usage"]["prompt_tokens"]
    assert sum(line["tokens"]["output"] for line in lines) == batch["usage"]["completion_tokens"]
