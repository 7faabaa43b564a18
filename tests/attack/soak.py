"""Calls of every kind to one real function process: its memory, threads and files stay what they were."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

from tests.attack.place import ROOT
from tests.attack.report import Report

from mock_oci.fn.fdk_socket import exchange
from mock_oci.fn.stack import LocalStack

MAX_GROWTH_MB = 14
MESSAGES = [{"role": "user", "content": "Hello"}]
BODIES: tuple[dict[str, Any], ...] = (
    {"model": "meta.llama-3.3-70b-instruct", "messages": MESSAGES},
    {"model": "meta.llama-3.3-70b-instruct", "messages": MESSAGES, "stream": True},
    {"model": "cohere.command-a-03-2025", "messages": MESSAGES},
    {"model": "cohere.command-a-03-2025", "messages": MESSAGES, "stream": True},
    {"model": "responses:openai.gpt-oss-120b", "messages": MESSAGES},
    {"model": "cohere.embed-v4.0", "input": ["a"] * 20},
    {"model": "meta.llama-9", "messages": [{"role": "user", "content": "x" * 300_000}]},
    {"model": "meta.llama-3.3-70b-instruct", "messages": 7, "user": "x" * 300_000},
)


def attack(count: int, random: Random) -> Report:
    report = Report()
    with LocalStack(ROOT, config={"MODEL_SERVICE_PROJECT_ID": "{project_id}"}, confine="no-freeze") as stack:
        stack.function.warm()
        container = stack.function.containers[0]
        warm_up = min(count // 2, 400)
        for number in range(warm_up + count):
            body = json.dumps(random.choice(BODIES)).encode()
            answer = exchange(Path(container.socket), {"fn-call-id": f"{number}"}, body)
            if answer.status != 200 or b'"internal_error"' in answer.body:
                report.fault("a failed call", answer.body[:300])
            stack.oci.requests.clear()
            if number == warm_up:
                before = state_of(container.pid)
        after = state_of(container.pid)
    if after["MB"] > before["MB"] + MAX_GROWTH_MB or after["threads"] > before["threads"]:
        report.fault("growth", f"{before} became {after}")
    if after["files"] > before["files"] + 4:
        report.fault("growth", f"{before} became {after}")
    report.figures |= {"calls": count, "before": before, "after": after}
    return report


def state_of(pid: int) -> dict[str, int]:
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return {"MB": int(status["VmRSS"].split()[0]) // 1024, "threads": int(status["Threads"]), "files": files}
