"""Two teams with keys, through the real gateway, function and OCI Cache: what each may do, spend and see."""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from mock_oci import LocalStack, MockOci
from mock_oci.services.apm import Apm
from model_service.cli import keys as keys_command
from model_service.cli import usage as usage_command

from .conftest import PASSWORD, RedisServer

ROOT = Path(__file__).resolve().parents[3]
LLAMA, COHERE, GPT = "meta.llama-3.3-70b-instruct", "cohere.command-a-03-2025", "openai.gpt-oss-120b"
HELLO: Any = [{"role": "user", "content": "Why do functions sleep?"}]
NAMES = {"id": "caller", "team": "team", "key": "key", "models": "models"}
HEADERS = {part: f"x-model-service-{name}" for part, name in NAMES.items()}
BUDGET = 2_000
FILE = {
    "models": {"aliases": {"prod": LLAMA}},
    "callers": {
        "teams": {
            "search": {"models": ["prod", GPT], "labels": {"cost_center": "42"}},
            "ads": {"models": ["meta.*", "openai.*"], "limits": {"tokens_per_day": BUDGET}},
            "vectors": {"operations": ["embeddings"]},
            "slow": {"limits": {"requests_per_minute": 1}},
            "poor": {"limits": {"cost_per_month": 0.000001}},
            "brief": {"max_tokens": 50},
            "paid": {"compartment_id": "ocid1.compartment.oc1..paid"},
        }
    },
    "prices": {"date": "2026-11-01", "models": {"meta.*": {"input": 1.0, "output": 2.0}}},
}


@dataclass
class Platform:
    """A platform team's view: its stack, its keys, and a clock that it can put forward."""

    stack: LocalStack
    document: Path
    ahead: list[float]
    clients: list[openai.OpenAI] = field(default_factory=list)

    def keys(self, *words: str) -> str:
        return _say(keys_command, "--at", str(self.document), *words)

    def client(self, key: str) -> openai.OpenAI:
        client = openai.OpenAI(base_url=self.stack.gateway_url, api_key=key, max_retries=0)
        self.clients.append(client)
        return client

    def usage(self, tmp_path: Path, *words: str) -> Any:
        log = tmp_path / "function.log"
        log.write_text("\n".join(line[line.find("{") :] for line in self.stack.log_lines()))
        return json.loads(_say(usage_command, "--from", str(log), "--json", *words))


def _say(command: Any, *words: str) -> str:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    out = io.StringIO()
    command.run(parser.parse_args(words), out)
    return out.getvalue().strip()


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, redis_server: RedisServer) -> Iterator[Platform]:
    folder, ahead = tmp_path_factory.mktemp("platform"), [0.0]
    document = folder / "keys.json"
    document.write_text("{}")
    (folder / "password").write_text(f"{PASSWORD}\n")
    oci = MockOci(clock=lambda: time.time() + ahead[0])
    config = {
        "MODEL_SERVICE_PROJECT_ID": "{project_id}",
        "MODEL_SERVICE_KEYS": str(document),
        "MODEL_SERVICE_CONFIG": json.dumps(FILE),
        "MODEL_SERVICE_CONFIG_SECONDS": "0",
        "MODEL_SERVICE_IDENTITY_HEADERS": json.dumps(HEADERS),
        "MODEL_SERVICE_COUNTER": redis_server.url,
        "MODEL_SERVICE_COUNTER_PASSWORD": str(folder / "password"),
        "MODEL_SERVICE_COUNTER_CA": redis_server.ca_file,
    }
    with LocalStack(ROOT, oci=oci, config=config, authentication="keys", tracing=True) as stack:
        platform = Platform(stack, document, ahead)
        yield platform
        for client in platform.clients:
            client.close()


def test_a_key_opens_and_none_or_a_wrong_one_does_not(platform: Platform) -> None:
    client = platform.client(platform.keys("create", "--owner", "ada", "--team", "search"))
    assert client.chat.completions.create(model="prod", messages=HELLO).choices
    for wrong in ("sk-something", "msk_0123456789_" + "a" * 38):
        with pytest.raises(openai.AuthenticationError):
            platform.client(wrong).chat.completions.create(model="prod", messages=HELLO)
    assert httpx.post(f"{platform.stack.gateway_url}/chat/completions", json={}).status_code == 401


def test_a_model_of_another_team_is_not_found(platform: Platform) -> None:
    client = platform.client(platform.keys("create", "--owner", "ada", "--team", "search"))
    with pytest.raises(openai.NotFoundError) as refused:
        client.chat.completions.create(model=COHERE, messages=HELLO)
    assert refused.value.code == "model_not_found"
    narrow = platform.client(platform.keys("create", "--owner", "bob", "--team", "search", "--models", GPT))
    with pytest.raises(openai.NotFoundError):
        narrow.chat.completions.create(model="prod", messages=HELLO)


@pytest.mark.parametrize(
    ("team", "more", "error", "code"),
    [
        ("search", {"model": COHERE}, openai.NotFoundError, "model_not_found"),
        ("vectors", {}, openai.PermissionDeniedError, "operation_not_allowed"),
        ("paid", {"extra_body": {"compartment_id": "{own}"}}, openai.PermissionDeniedError, "compartment_not_allowed"),
        ("brief", {"max_tokens": 51}, openai.BadRequestError, "invalid_request"),
        ("slow", {}, openai.RateLimitError, "rate_limit_exceeded"),
        ("poor", {}, openai.RateLimitError, "insufficient_quota"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_raises_what_openais_clients_raise_for_it(
    platform: Platform, team: str, more: Any, error: type[openai.APIStatusError], code: str, stream: bool
) -> None:
    client = platform.client(platform.keys("create", "--owner", f"{team}-{stream}", "--team", team))
    own = platform.stack.oci.tenancy.compartment_id
    more = json.loads(json.dumps(more).replace("{own}", own))
    with pytest.raises(error) as refused:
        for _ in range(3):  # more than one a minute, also where the minute ends meanwhile
            client.chat.completions.create(**{"model": LLAMA, "messages": HELLO, "stream": stream, **more})
    assert refused.value.code == code
    if error is openai.RateLimitError:
        assert int(refused.value.response.headers["retry-after"]) > 0
        should_retry = refused.value.response.headers.get("x-should-retry")
        assert should_retry == ("false" if code == "insufficient_quota" else None)
    if team == "slow":
        headers = refused.value.response.headers
        named = {name: headers[f"x-ratelimit-{name}-requests"] for name in ("limit", "remaining", "reset")}
        assert named == {"limit": "1", "remaining": "0", "reset": f"{headers['retry-after']}s"}


def test_eight_clients_at_once_stay_within_a_budget(platform: Platform) -> None:
    client = platform.client(platform.keys("create", "--owner", "eve", "--team", "ads"))

    def call(_: int) -> int | str | None:
        try:
            answer = client.chat.completions.create(model=LLAMA, messages=HELLO, max_tokens=100)
        except openai.RateLimitError as refused:
            if "x-should-retry" not in refused.response.headers:  # the platform's own: a function scales up no faster
                time.sleep(0.05)
                return call(_)
            return refused.code
        assert answer.usage is not None
        return answer.usage.total_tokens

    answers = [call(0)]  # the gateway knows the key then
    with ThreadPoolExecutor(8) as pool:
        answers += pool.map(call, range(120))
    taken = sum(answer for answer in answers if isinstance(answer, int))
    assert {answer for answer in answers if not isinstance(answer, int)} == {"insufficient_quota"}
    assert BUDGET - 200 <= taken <= BUDGET


def test_what_a_client_says_of_itself_changes_nothing(platform: Platform, tmp_path: Path) -> None:
    client = platform.client(platform.keys("create", "--owner", "ada", "--team", "search"))
    platforms = ("oci-subject-type", "fn-invoke-type", "fn-call-id")
    for name, value in dict.fromkeys((*HEADERS.values(), *platforms), "boss").items():
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(model=COHERE, messages=HELLO, extra_headers={name: value})
        client.chat.completions.create(model="prod", messages=HELLO, extra_headers={name: value})
    with pytest.raises(openai.BadRequestError) as refused:  # it would hide who called
        client.chat.completions.create(model="prod", messages=HELLO, extra_headers={"oci-subject-id": "boss"})
    assert refused.value.code == "reserved_header"
    assert "boss" not in {row["caller"] for row in platform.usage(tmp_path, "--by", "caller")}


def test_another_teams_response_is_not_found(platform: Platform) -> None:
    ada = platform.client(platform.keys("create", "--owner", "ada", "--team", "search"))
    mallory = platform.client(platform.keys("create", "--owner", "mallory", "--team", "others"))
    made = ada.responses.create(model=GPT, input="My name is Ada.")
    assert ada.responses.retrieve(made.id).id == made.id
    with pytest.raises(openai.NotFoundError):
        mallory.responses.retrieve(made.id)
    with pytest.raises(openai.NotFoundError):
        mallory.responses.delete(made.id)
    assert ada.responses.retrieve(made.id).id == made.id


def test_a_revoked_key_stops_within_the_time_that_a_verdict_is_kept(platform: Platform) -> None:
    key = platform.keys("create", "--owner", "ada", "--team", "search")
    client = platform.client(key)
    client.chat.completions.create(model="prod", messages=HELLO)
    platform.keys("revoke", key.split("_")[1])
    client.chat.completions.create(model="prod", messages=HELLO)  # the gateway has not asked again yet
    platform.ahead[0] += 61
    with pytest.raises(openai.AuthenticationError):
        client.chat.completions.create(model="prod", messages=HELLO)


def test_usage_adds_up_to_what_oci_reported(platform: Platform, tmp_path: Path) -> None:
    client = platform.client(platform.keys("create", "--owner", "counted", "--team", "search"))
    whole = client.chat.completions.create(model="prod", messages=HELLO).usage
    options: Any = {"model": "prod", "messages": HELLO, "stream": True}
    asked = list(client.chat.completions.create(**options, stream_options={"include_usage": True}))
    silent = list(client.chat.completions.create(**options))
    assert all(chunk.usage is None for chunk in silent)  # nobody asked for it
    streamed = asked[-1].usage
    assert whole is not None
    assert streamed is not None
    (row,) = [row for row in platform.usage(tmp_path, "--by", "caller,team,model") if row["caller"] == "counted"]
    assert (row["team"], row["model"], row["calls"], row["estimated"]) == ("search", LLAMA, 3, 0)
    assert row["input"] == 3 * whole.prompt_tokens
    assert row["output"] == whole.completion_tokens + 2 * streamed.completion_tokens
    assert row["cost"] == pytest.approx((row["input"] + 2 * row["output"]) / 1e6)


def test_metrics_and_spans_reach_oci_in_the_callers_trace(platform: Platform) -> None:
    client = platform.client(platform.keys("create", "--owner", "traced", "--team", "search"))
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    client.chat.completions.create(model="prod", messages=HELLO, extra_headers=headers)
    spans = [span for span in platform.stack.oci.state_of(Apm).spans if span["traceId"] == trace]
    (span,) = [span for span in spans if span["name"] == f"chat {LLAMA}"]
    assert (span["parentId"], span["tags"]["model_service.caller"]) == ("b7ad6b7169203331", "traced")
