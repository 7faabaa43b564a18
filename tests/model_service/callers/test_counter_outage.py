"""The counter is killed and comes back, empty, in the middle of a load: through the real gateway and function."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import redis

from mock_oci import LocalStack
from model_service.callers.keys import KeyRing, new_key

from .conftest import PASSWORD, RedisServer, start_redis

ROOT = Path(__file__).resolve().parents[3]
LLAMA = "meta.llama-3.3-70b-instruct"
DEADLINE_SECONDS = 6.0  # the platform ends a call then, and its container
CLIENTS = 6
FILE = {"callers": {"teams": {"load": {"limits": {"tokens_per_day": 10**9, "requests_per_minute": 10**6}}}}}
NAMES = {"id": "caller", "team": "team", "key": "key", "models": "models"}


@dataclass(frozen=True)
class Call:
    status: int
    code: str | None
    tokens: int
    seconds: float


@contextmanager
def serving(folder: Path, server: RedisServer, failure: str) -> Iterator[Callable[[], Call]]:
    """Yield a call of the function by a caller with a key; what a scaling platform refuses is asked again."""
    text, key = new_key("ada", "load", now=datetime.now(UTC))
    (folder / "keys.json").write_text(json.dumps(KeyRing([key]).document()))
    (folder / "password").write_text(PASSWORD)
    config = {
        "MODEL_SERVICE_KEYS": str(folder / "keys.json"),
        "MODEL_SERVICE_CONFIG": json.dumps(FILE),
        "MODEL_SERVICE_IDENTITY_HEADERS": json.dumps({part: f"x-model-service-{name}" for part, name in NAMES.items()}),
        "MODEL_SERVICE_COUNTER": server.url,
        "MODEL_SERVICE_COUNTER_PASSWORD": str(folder / "password"),
        "MODEL_SERVICE_COUNTER_CA": server.ca_file,
        "MODEL_SERVICE_COUNTER_FAILURE": failure,
    }
    body = {"model": LLAMA, "messages": [{"role": "user", "content": "Why do functions sleep?"}]}
    with (
        LocalStack(ROOT, config=config, authentication="keys", timeout=DEADLINE_SECONDS) as stack,
        httpx.Client(base_url=stack.gateway_url, headers={"authorization": f"Bearer {text}"}, timeout=60) as client,
    ):

        def call() -> Call:
            while True:
                started = time.monotonic()
                answer = client.post("/chat/completions", json=body)
                seconds = time.monotonic() - started
                value = answer.json()
                if answer.status_code == 429 and "error" not in value:
                    time.sleep(0.05)
                    continue
                code = (value.get("error") or {}).get("code")
                return Call(answer.status_code, code, (value.get("usage") or {}).get("total_tokens", 0), seconds)

        yield call


def counted(server: RedisServer) -> int:
    """Return what the counter of the day holds for the team."""
    with closing(
        redis.Redis.from_url(server.url, password=PASSWORD, ssl_ca_certs=server.ca_file, decode_responses=True)
    ) as client:
        names = list(client.scan_iter("*team:load:tokens_per_day*"))
        return sum(int(client.hget(name, "total") or 0) for name in names)


@pytest.mark.slow
@pytest.mark.parametrize("failure", ["refuse", pytest.param("allow", marks=pytest.mark.wide)])
def test_a_counter_that_is_killed_in_the_middle_of_a_load_loses_nothing_and_holds_nobody_up(
    failure: str, tmp_path: Path
) -> None:
    calls: list[Call] = []
    is_over = threading.Event()
    with start_redis(tmp_path) as server, serving(tmp_path, server, failure) as call:

        def client() -> None:
            while not is_over.is_set():
                calls.append(call())

        calls.append(call())  # the gateway knows the key then
        with ThreadPoolExecutor(CLIENTS) as pool:
            running = [pool.submit(client) for _ in range(CLIENTS)]
            wait_for(lambda: len(calls) >= 30)
            server.kill()
            without = len(calls)
            wait_for(lambda: len(calls) >= without + 40)
            server.start()  # with nothing in it
            again = len(calls)
            wait_for(lambda: len(calls) >= again + 40)
            is_over.set()
            for one in running:
                one.result()

            def is_told() -> bool:
                calls.extend(pool.map(lambda _: call(), range(CLIENTS)))  # each container tells with its next call
                return counted(server) >= answered(calls)

            wait_for(is_told, seconds=40)
        assert counted(server) == answered(calls)
    refused = [one for one in calls if one.status != 200]
    assert {(one.status, one.code) for one in refused} <= {(503, "counter_unavailable")}
    assert bool(refused) == (failure == "refuse")
    assert max(one.seconds for one in calls) < DEADLINE_SECONDS


def answered(calls: list[Call]) -> int:
    return sum(one.tokens for one in calls)


def wait_for(is_so: Callable[[], bool], seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.02)
