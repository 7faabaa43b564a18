"""Bent payloads and headers at every trigger: a clear reply in time, never a bug, never another trigger's reply."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path
from random import Random
from typing import Any

from tests.attack.mutations import VALUES, mutate
from tests.attack.place import Place, attacked
from tests.attack.report import Report, check_reply, watched

from model_service.fn.invocation import Deadline, HttpRequest, Invocation

EVENTS = Path(__file__).resolve().parents[1] / "events"
SECONDS = 4.0  # of each call
MAX_GROWTH_MB = 60  # from the first hundred calls to the last; what the results in the local buckets take counts too
MODELS = (
    "meta.llama-3.3-70b-instruct",
    "cohere.command-a-03-2025",
    "responses:openai.gpt-oss-120b",
    "google.gemini-2.5-flash",
)
TOOL = {
    "name": "find",
    "description": "d",
    "parameters": {"type": "object", "properties": {"a": {"type": ["string", "null"]}}},
}
HEADERS = (
    "accept",
    "content-encoding",
    "opc-compartment-id",
    "openai-project",
    "authorization",
    "x-model-service-unsupported",
)


def attack(count: int, random: Random) -> Report:
    report = Report()
    with attacked() as place, watched(report) as triggers:
        seeds = seeds_of(place)
        for name in seeds:
            bombard(report, place, name, seeds[name], count, random, before=triggers)
        report.figures |= {"doors": len(seeds), "calls": sum(triggers.values()), "triggers": len(triggers)}
    return report


def bombard(
    report: Report, place: Place, name: str, seeds: list[Invocation], count: int, random: Random, before: Any
) -> None:
    slowest, base = 0.0, 0
    for number in range(count):
        invocation = bent(random.choice(seeds), random)
        started, counted = time.monotonic(), dict(before)
        reply = place.app.answer(invocation)
        check_reply(report, reply, f"{name}: {invocation.body[:300]!r} {invocation.headers} {invocation.http}")
        seconds = time.monotonic() - started
        slowest = max(slowest, seconds)
        if seconds > SECONDS + 1:
            report.fault("a late reply", f"{name}: {seconds:.1f} s, {invocation.body[:300]!r}")
        recognised = {trigger for trigger, times in before.items() if trigger and times > counted.get(trigger, 0)}
        if invocation.http is not None and recognised - {"http"}:
            report.fault("another trigger", f"{name}: {recognised} {invocation.body[:300]!r}")
        if number % 50 == 49:
            place.oci.requests.clear()
            place.oci.script.clear()
        if number == 99:
            base = resident()
    grown = resident() - base if base else 0
    if count >= 1_000 and grown > MAX_GROWTH_MB:
        report.fault("growth", f"{name}: {grown} MB in {count} calls")
    report.figures["slowest"] = f"{max(slowest, float(str(report.figures.get('slowest', '0')).split()[0])):.2f} s"


def resident() -> int:
    """Return how many megabytes this process has in memory."""
    return int(Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0]) // 1024


def bent(seed: Invocation, random: Random) -> Invocation:
    body = mutate(seed.body, random)
    headers, http = dict(seed.headers), seed.http
    if random.random() < 0.2:
        body = gzip.compress(body)[: random.choice((10**9, 30))]
        headers["content-encoding"] = random.choice(("gzip", "GZIP", "deflate", "zstd", "br", "gzip, gzip"))
    if http is not None:
        own = {
            **http.headers,
            **({"content-encoding": headers.pop("content-encoding")} if "content-encoding" in headers else {}),
        }
        if random.random() < 0.2:
            own[random.choice(HEADERS)] = str(random.choice(VALUES))
        url = http.url if random.random() < 0.9 else mutate(http.url.encode(), random).decode("utf-8", "replace")
        method = http.method if random.random() < 0.95 else random.choice(("GET", "DELETE", "HEAD", "\x00"))
        http = HttpRequest(method, url, own)
    elif random.random() < 0.1:
        headers[random.choice(("fn-invoke-type", "x-oci-ns-messagetype", "x-oci-ns-messageid", "fn-intent"))] = (
            "detached"
        )
    return Invocation(body, Deadline.after(SECONDS), f"01{random.randrange(10**9)}", headers, http)


def seeds_of(place: Place) -> dict[str, list[Invocation]]:
    """Return what arrives at each door when nobody means any harm."""
    notification = json.loads((EVENTS / "notification_headers.json").read_text())
    bodies = {path.stem: path.read_bytes() for path in EVENTS.iterdir() if not path.stem.endswith("headers")}
    hub = [body for name, body in bodies.items() if name.startswith("connector_hub")]
    chats = [chat(model, place) for model in MODELS]
    surfaces = [{"model": "openai.gpt-oss-120b", "input": [{"role": "user", "content": "x"}], "stream": True}]
    vectors = [
        {"model": "cohere.embed-v4.0", "input": ["a", "b"]},
        {"model": "cohere.embed-v4.0", "input": "a", "encoding_format": "base64"},
    ]
    ranks = [{"model": "cohere.rerank-v3.5", "query": "q", "documents": ["a", {"text": "b"}], "top_n": 1}]
    stored = [{"body_from": {"bucket": "requests", "object": "o"}, "seed": 1}]
    detached, notified = (
        {"fn-invoke-type": "detached"},
        {name.lower(): str(value) for name, value in notification.items()},
    )
    return {
        "chat over HTTP": over_http("/v1/chat/completions", chats),
        "responses over HTTP": over_http("/v1/responses", surfaces),
        "embeddings over HTTP": over_http("/v1/embeddings", vectors),
        "rerank over HTTP": over_http("/v2/rerank", ranks),
        "stored over HTTP": over_http("/v1/chat/completions", stored),
        "direct": invoked([*chats, *surfaces, *vectors, *ranks, {"operation": "chat", **chats[0]}], {}),
        "detached": invoked(chats, detached),
        "schedule": [Invocation(b"", Deadline.after(1), headers=detached)],
        "connector hub": [Invocation(body, Deadline.after(1)) for body in hub],
        "event": [Invocation(body, Deadline.after(1)) for name, body in bodies.items() if name.startswith("event")],
        "notification": [
            Invocation(body, Deadline.after(1), headers=notified)
            for name, body in bodies.items()
            if name.startswith("notification") and "confirmation" not in name
        ],
        "authorizer": invoked(
            [{"type": "TOKEN", "token": "Bearer x"}, {"type": "USER_DEFINED", "data": {"k": "v"}}], {}
        ),
    }


def chat(model: str, place: Place) -> dict[str, Any]:
    call = {"id": "c", "type": "function", "function": {"name": "find", "arguments": '{"a": "b"}'}}
    messages = [
        {"role": "system", "content": "s"},
        {"role": "user", "content": [{"type": "text", "text": "x"}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "y"},
    ]
    tools = [{"type": "function", "function": TOOL}]
    relay = {"queue": place.queue, "channel": "c"}
    return {"model": model, "messages": messages, "tools": tools, "stream": True, "max_tokens": 5, "relay": relay}


def over_http(path: str, bodies: list[dict[str, Any]]) -> list[Invocation]:
    http = HttpRequest("POST", path, {"host": "gateway", "accept": "*/*"})
    return [Invocation(json.dumps(body).encode(), Deadline.after(1), http=http) for body in bodies]


def invoked(bodies: list[dict[str, Any]], headers: dict[str, str]) -> list[Invocation]:
    return [Invocation(json.dumps(body).encode(), Deadline.after(1), headers=headers) for body in bodies]
