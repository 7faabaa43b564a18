"""``model-service smoke``: test a deployment with the URL and the key that its clients use."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TextIO

import httpx

from model_service.cli.findings import write_findings
from model_service.cli.options import seconds, settings_of
from model_service.doctor.checks import Check, Report
from model_service.doctor.context import CheckFailed, CheckSkipped
from model_service.doctor.gateway import REACH_GATEWAY
from model_service.errors import DeadlineExceeded, InvalidRequest
from model_service.fn.invocation import Deadline
from model_service.network.failures import in_words, unreachable
from model_service.openai_api.encoding import DONE
from model_service.openai_api.event_stream import read_events
from model_service.openai_api.operations import DOCTOR_MODEL
from model_service.settings import Settings
from model_service.upstream.sockets import Attempt, DeadlineTransport

if TYPE_CHECKING:
    import argparse

ABOUT: Final = (
    "Test a deployment through its gateway: health, list of models, a chat, a streamed chat and an embedding. The"
    " three model requests are small. Exit code 1 if a check failed."
)
EXAMPLES: Final = """\
  {prog} smoke https://<gateway>.apigateway.us-chicago-1.oci.customer-oci.com/v1 --key - < key.txt
  {prog} smoke http://127.0.0.1:8080/v1 --json"""
EMBEDDING_MODEL: Final = "cohere.embed-v4.0"
REFUSED: Final = frozenset({401, 403})
PROMPT: Final = "Say OK."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", metavar="URL", help="the base URL that clients use; it ends with /v1")
    parser.add_argument("--key", default="", help="key or token of a client; - reads it from standard input")
    parser.add_argument("--model", default=DOCTOR_MODEL, help="model id or alias for the chat (default: %(default)s)")
    parser.add_argument(
        "--embedding-model", default=EMBEDDING_MODEL, help="model id or alias for the embedding (default: %(default)s)"
    )
    parser.add_argument(
        "--timeout",
        type=seconds,
        default=60.0,
        metavar="SECONDS",
        help="time limit for each request (default: %(default)g)",
    )
    parser.add_argument("--json", action="store_true", help="write the report as JSON")


def run(options: argparse.Namespace, out: TextIO) -> int:
    """Write the report and return 1 if a check failed; raise ``InvalidRequest`` if the URL is invalid."""
    if not options.url.startswith(("https://", "http://")):
        raise InvalidRequest("URL: must begin with https:// (or http:// for a local gateway).", param="url")
    key = sys.stdin.readline() if options.key == "-" else options.key
    settings = settings_of(options)
    gateway = Gateway(options.url.rstrip("/"), key.strip(), options.timeout, settings)
    report = Report(_checks(gateway, options))
    if options.json:
        out.write(f"{json.dumps({**report.body(), 'object': 'smoke.report'}, indent=2)}\n")
    else:
        write_findings(report.checks, out, colour=settings.colour and not getattr(options, "no_color", False))
    return 0 if report.healthy else 1


class OutOfReachError(CheckFailed):
    """Raised when the gateway cannot be reached, so that no other check makes sense."""


def _checks(gateway: Gateway, options: argparse.Namespace) -> list[Check]:
    checks: list[Check] = []
    for name, look in CHECKS.items():
        try:
            checks.append(Check(name, "ok", look(gateway, options)))
        except CheckSkipped as reason:
            checks.append(Check(name, "skip", str(reason)))
        except CheckFailed as found:
            checks.append(Check(name, "fail", found.detail, found.remedy))
            if isinstance(found, OutOfReachError):
                rest = list(CHECKS)[len(checks) :]
                return checks + [Check(other, "skip", "the gateway is out of reach") for other in rest]
    return checks


@dataclass(frozen=True)
class Gateway:
    """A client of the deployment, with a key."""

    url: str
    key: str = field(repr=False)
    timeout: float
    settings: Settings

    def ask(self, path: str, body: Any = None) -> tuple[httpx.Response, list[float]]:
        """Return the complete response and, in seconds, when each of its pieces arrived; raise CheckFailed."""
        url, network = self.url + path, self.settings.network
        headers = {"authorization": f"Bearer {self.key}"} if self.key else {}
        attempt, started, moments = Attempt(Deadline.after(self.timeout)), time.perf_counter(), list[float]()
        try:
            transport = DeadlineTransport(url, network, httpx.Limits())
            with (
                attempt.on_the_wire(),
                httpx.Client(transport=transport, trust_env=False, timeout=attempt.seconds) as client,
                client.stream("GET" if body is None else "POST", url, json=body, headers=headers) as response,
            ):
                content = bytearray()
                for piece in response.iter_bytes():
                    moments.append(time.perf_counter() - started)
                    content += piece
                whole = httpx.Response(response.status_code, headers=_plain(response), content=bytes(content))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            found = unreachable(url, error, network)
            raise OutOfReachError(found.message, REACH_GATEWAY) from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, DeadlineExceeded) as error:
            raise CheckFailed(f"{url}: {in_words(str(error) or type(error).__name__)}", None) from error
        return whole, moments or [time.perf_counter() - started]

    def answer(self, path: str, body: Any = None) -> tuple[httpx.Response, list[float]]:
        """Return a successful response, as ``ask`` does; raise CheckFailed for any other."""
        response, moments = self.ask(path, body)
        if response.status_code in REFUSED:
            raise CheckFailed(
                f"{response.status_code}: the gateway refuses the key", "Check that --key is a key of this gateway."
            )
        if not response.is_success:
            error = _json(response).get("error")
            error = error if isinstance(error, dict) else {}
            message = str(error.get("message") or response.text[:200])
            remedy = error.get("hint") or (ROUTE if response.status_code == 404 else None)
            raise CheckFailed(f"{response.status_code}: {message.removesuffix(f' Hint: {remedy}')}", remedy)
        return response, moments


ROUTE: Final = "Does the URL end with the path prefix of the deployment, as /v1?"


def _plain(response: httpx.Response) -> list[tuple[str, str]]:
    """Return the headers without those that describe the encoding and the length of the body."""
    packing = {"content-encoding", "content-length", "transfer-encoding"}
    return [(name, value) for name, value in response.headers.multi_items() if name not in packing]


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        value = json.loads(response.content)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _health(gateway: Gateway, _options: argparse.Namespace) -> str:
    response, moments = gateway.ask("/health")
    if response.status_code == 404:
        raise CheckSkipped("the gateway has no /health route (Terraform: enable_status)")
    status = _json(gateway.answer("/health")[0]).get("status")
    if status != "alive":
        raise CheckFailed(f"/health answers {response.text[:200]}", ROUTE)
    return f"answered after {_milliseconds(moments[-1])}"


def _models(gateway: Gateway, _options: argparse.Namespace) -> str:
    response, _ = gateway.ask("/models")
    if response.status_code == 404:
        raise CheckSkipped("the gateway has no /models route (Terraform: enable_models)")
    models = _json(gateway.answer("/models")[0]).get("data")
    if not isinstance(models, list) or not models:
        raise CheckFailed(
            "the list of models is empty", "Does the key's team have models, and the region Generative AI?"
        )
    return f"{len(models)} models, for example {', '.join(str(model.get('id')) for model in models[:3])}"


def _chat(gateway: Gateway, options: argparse.Namespace) -> str:
    response, moments = gateway.answer("/chat/completions", _body(options))
    completion = _json(response)
    text = next((choice.get("message", {}).get("content") for choice in completion.get("choices") or []), None)
    if not text:
        raise CheckFailed(f"the answer has no content: {response.text[:200]}", None)
    return f"{_milliseconds(moments[-1])}{_tokens(completion.get('usage') or {})}, {_served_by(response)}"


def _stream(gateway: Gateway, options: argparse.Namespace) -> str:
    response, moments = gateway.answer("/chat/completions", {**_body(options), "stream": True})
    events = list(read_events([response.content]))
    if not events or events[-1] != DONE:
        raise CheckFailed(f"the stream did not end properly: {response.text[-200:]}", None)
    came = "in pieces" if len(moments) > 1 and moments[-1] > moments[0] + 0.005 else "all at once"
    return f"{len(events) - 1} chunks, {came}, the first after {_milliseconds(moments[0])}, {_served_by(response)}"


def _embedding(gateway: Gateway, options: argparse.Namespace) -> str:
    body = {"model": options.embedding_model, "input": ["OK"], "encoding_format": "float"}
    response, moments = gateway.answer("/embeddings", body)
    vectors = [item.get("embedding") for item in _json(response).get("data") or []]
    if len(vectors) != 1 or not vectors[0]:
        raise CheckFailed(f"the answer has no embedding: {response.text[:200]}", None)
    return f"{len(vectors[0])} numbers, {_milliseconds(moments[-1])}, {_served_by(response)}"


def _body(options: argparse.Namespace) -> dict[str, Any]:
    return {"model": options.model, "messages": [{"role": "user", "content": PROMPT}], "max_tokens": 16}


def _milliseconds(spent: float) -> str:
    return f"{spent * 1000:.0f} ms"


def _tokens(usage: dict[str, Any]) -> str:
    sent, received = usage.get("prompt_tokens"), usage.get("completion_tokens")
    return "" if None in (sent, received) else f", {sent} tokens in, {received} out"


def _served_by(response: httpx.Response) -> str:
    model, route = (response.headers.get(f"x-model-service-{name}", "?") for name in ("model", "route"))
    return f"served by {model} (route {route}), request {response.headers.get('x-request-id', '?')}"


CHECKS: Final = {
    "health": _health,
    "models": _models,
    "chat": _chat,
    "stream": _stream,
    "embedding": _embedding,
}
