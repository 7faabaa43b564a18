"""What any client gets is the same through both doors: status, headers, bytes, and its own error where there is one."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
import httpx
import httpx2
import oci as sdk
import pytest
import requests
from oci.generative_ai_inference.async_generative_ai_inference_client import AsyncGenerativeAiInferenceClient
from tests.doors import PROCESS, SERVER, open_door

from mock_oci import MockOci
from mock_oci.services.object_storage import ObjectStorage

CHAT: Final = {"model": "openai.gpt-oss-120b", "messages": [{"role": "user", "content": "Hi"}]}
PATH: Final = "/openai/v1/chat/completions"
TIMEOUT: Final = 0.4  # seconds, of the cases in which nothing comes; others have time
PATIENT: Final = 20.0
BIG: Final = bytes(range(256)) * 4000  # 1 MB
SAID: Final = "Grüße 😀 " * 100
PLAIN: Final = {"content-type": "application/octet-stream"}


@dataclass
class Seen:
    """What a client got. ``error``: the names of its class and of those below it, and what it says."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    pieces: list[bytes] = field(default_factory=list)
    error: str = ""

    def head(self, status: int, headers: Iterable[tuple[str, str]]) -> None:
        kept = {name.lower(): value for name, value in headers}
        self.status = status
        self.headers = {name: value for name, value in kept.items() if name not in ("date", "opc-request-id")}

    def outcome(self) -> tuple[Any, ...]:
        content = b"".join(self.pieces)
        return self.status, self.headers, content if len(content) < 5000 else _digest(content), self.error


def _digest(content: bytes) -> tuple[int, str]:
    """Stand for much content, of which nobody reads the difference."""
    return len(content), hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Asking:
    """A backend, and where clients find it."""

    cloud: MockOci
    url: str
    timeout: float
    stream: bool

    @property
    def headers(self) -> dict[str, str]:
        secret = self.cloud.principals.generative_ai_api_key().secret
        return {"authorization": f"Bearer {secret}", "accept-encoding": "gzip", "accept": "*/*"}

    @property
    def config(self) -> dict[str, str]:
        user = self.cloud.principals.api_key_user()
        place = {"tenancy": user.tenancy_id, "region": self.cloud.region, "fingerprint": user.fingerprint}
        return {**place, "user": user.user_id, "key_content": user.private_pem}

    @property
    def client_options(self) -> dict[str, Any]:
        breaker = sdk.circuit_breaker.NoCircuitBreakerStrategy()
        quiet = {"retry_strategy": sdk.retry.NoneRetryStrategy(), "circuit_breaker_strategy": breaker}
        return {**quiet, "service_endpoint": self.url, "timeout": (PATIENT, self.timeout)}


def _httpx(library: Any) -> Callable[[Asking, Seen], None]:
    def ask(asking: Asking, seen: Seen) -> None:
        with (
            library.Client(headers=asking.headers, trust_env=False, timeout=asking.timeout) as client,
            client.stream("POST", asking.url + PATH, json=CHAT) as answer,
        ):
            seen.head(answer.status_code, answer.headers.items())
            for piece in answer.iter_bytes() if asking.stream else [answer.read()]:
                seen.pieces.append(piece)

    return ask


def _httpx_lines(asking: Asking, seen: Seen) -> None:
    with (
        httpx.Client(headers=asking.headers, trust_env=False, timeout=asking.timeout) as client,
        client.stream("POST", asking.url + PATH, json=CHAT) as answer,
    ):
        seen.head(answer.status_code, answer.headers.items())
        for line in answer.iter_lines():
            seen.pieces.append(line.encode())


def _async_httpx(asking: Asking, seen: Seen) -> None:
    async def ask() -> None:
        async with (
            httpx.AsyncClient(headers=asking.headers, trust_env=False, timeout=asking.timeout) as client,
            client.stream("POST", asking.url + PATH, json=CHAT) as answer,
        ):
            seen.head(answer.status_code, answer.headers.items())
            if not asking.stream:
                seen.pieces.append(await answer.aread())
            else:
                async for piece in answer.aiter_bytes():
                    seen.pieces.append(piece)

    asyncio.run(ask())


def _requests(read: Callable[[Any], Iterable[Any]]) -> Callable[[Asking, Seen], None]:
    def ask(asking: Asking, seen: Seen) -> None:
        with requests.Session() as session:
            session.trust_env = False
            timeout = (PATIENT, asking.timeout)
            answer = session.post(asking.url + PATH, json=CHAT, headers=asking.headers, stream=True, timeout=timeout)
            with answer:
                seen.head(answer.status_code, answer.headers.items())
                for piece in read(answer) if asking.stream else [answer.content]:
                    seen.pieces.append(piece)

    return ask


def _read1(answer: Any) -> Iterable[bytes]:
    return iter(lambda: answer.raw.read1(70_000, decode_content=True), b"")


def _raw(answer: Any) -> Iterable[bytes]:
    return iter(lambda: answer.raw.read(1000, decode_content=True), b"")


def _aiohttp(asking: Asking, seen: Seen) -> None:
    async def ask() -> None:
        timeout = aiohttp.ClientTimeout(sock_read=asking.timeout)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(asking.url + PATH, json=CHAT, headers=asking.headers) as answer,
        ):
            seen.head(answer.status, answer.headers.items())
            if not asking.stream:
                seen.pieces.append(await answer.read())
            else:
                async for piece in answer.content.iter_any():
                    seen.pieces.append(piece)

    asyncio.run(ask())


def _sdk(asking: Asking, seen: Seen) -> None:
    """Read an object: what comes is scripted, whatever the body."""
    client = sdk.object_storage.ObjectStorageClient(asking.config, **asking.client_options)
    try:
        answer = client.get_object(asking.cloud.state_of(ObjectStorage).namespace, "b", "o")
        seen.head(answer.status, answer.headers.items())
        data = answer.data
        for piece in data.raw.stream(1000, decode_content=True) if asking.stream else [data.content]:
            seen.pieces.append(piece)
    finally:
        client.base_client.session.close()


CLIENTS: Final[dict[str, Callable[[Asking, Seen], None]]] = {
    "httpx": _httpx(httpx),
    "httpx lines": _httpx_lines,
    "httpx2": _httpx(httpx2),
    "httpx async": _async_httpx,
    "requests content": _requests(lambda answer: answer.iter_content(777)),
    "requests lines": _requests(lambda answer: answer.iter_lines()),
    "requests read1": _requests(_read1),
    "requests read": _requests(_raw),
    "aiohttp": _aiohttp,
    "sdk": _sdk,
}


@dataclass(frozen=True)
class Case:
    """What a script answers. ``waits``: nothing comes for longer than the client waits."""

    body: bytes | tuple[bytes, ...] = b'{"a": 1}'
    headers: dict[str, str] = field(default_factory=lambda: PLAIN)
    status: int = 200
    how: dict[str, Any] = field(default_factory=dict)
    waits: bool = False


def _cut(content: bytes, size: int) -> tuple[bytes, ...]:
    return tuple(content[start : start + size] for start in range(0, len(content), size))


GZIPPED: Final = {**PLAIN, "content-encoding": "gzip"}
CASES: Final = {
    "whole": Case(),
    "whole and empty": Case(b""),
    "whole and big": Case(BIG),
    "whole and gzip": Case(gzip.compress(BIG, mtime=0), GZIPPED),
    "an error with headers": Case(b'{"code": "429", "message": "x"}', {**PLAIN, "retry-after": "7"}, 429),
    "a 404": Case(b'{"code": "404", "message": "x"}', {"content-type": "application/json"}, 404),
    "a 500 of no JSON": Case(b"<html>", {"content-type": "text/html"}, 500),
    "a header beyond ASCII": Case(headers={**PLAIN, "x-name": "Grüße"}),
    "no content": Case(b"", {}, 204),
    "a status of its own": Case(status=299),
    "pieces": Case(_cut(SAID.encode(), 7)),
    "pieces and empty": Case(()),
    "pieces and big": Case(_cut(BIG, 65_536)),
    "pieces and one big": Case((BIG,)),
    "pieces and gzip": Case(_cut(gzip.compress(BIG, mtime=0), 500), GZIPPED),
    "pieces of lines": Case(_cut(b"data: a\r\n\r\ndata: \xf0\x9f\x98\x80\n\ndata: [DONE]\n\n", 5)),
    "pieces of an error": Case((b'{"code": "503",', b' "message": "x"}'), PLAIN, 503),
    "cut before": Case(how={"disconnect": True}),
    "cut after the head": Case((b"abc", b"def"), how={"cut_after": 0}),
    "cut within": Case((b"abc", b"def", b"ghi"), how={"cut_after": 2}),
    "cut within gzip": Case(_cut(gzip.compress(BIG, mtime=0), 500), GZIPPED, how={"cut_after": 3}),
    "reset before": Case(how={"odd": "reset"}),
    "a length too long": Case(b"x" * 100, how={"odd": "length-too-long"}),
    "a length too short": Case(b"x" * 100, how={"odd": "length-too-short"}),
    "late": Case(how={"delay": 30.0}, waits=True),
    "stalled after the head": Case((b"abc", b"def"), how={"stall_after": 0, "stall": 30.0}, waits=True),
    "stalled within": Case((b"abc", b"def"), how={"stall_after": 1, "stall": 30.0}, waits=True),
}
# Oddities of what models answer, so of no object.
OF_MODELS: Final = frozenset({"reset before", "a length too long", "a length too short"})


def _said(error: BaseException) -> str:
    """Name an error and its causes among a client's own classes, without what differs from run to run."""
    kinds = [kind.__name__ for kind in type(error).__mro__ if kind.__module__.split(".")[0] != "builtins"]
    text = re.sub(r"0x[0-9a-f]+|'opc-request-id': '[^']*'|'timestamp': '[^']*'|'date': '[^']*'", "…", str(error))
    text = re.sub(r"https?://[^/'\" ]+|HTTPS?ConnectionPool\([^)]*\)|(?<=host=)'[^']*'|[Pp]ort=\d+", "…", text)
    text = text.replace("The read operation timed out", "timed out")  # it says so over TLS, as in process
    return f"{' '.join(kinds)}: {text}"


def _outcome(kind: str, ask: Callable[[Asking, Seen], None], case: Case, stream: bool) -> tuple[Any, ...]:
    cloud, seen = MockOci(), Seen()
    cloud.projects, cloud.quotas  # noqa: B018 - made before the clients' time runs
    storage = cloud.state_of(ObjectStorage)
    storage.create_bucket("b")
    path = f"/n/{storage.namespace}/b/b/o/o" if ask is _sdk else PATH
    about = {name: value for name, value in case.headers.items() if name != "content-type"}
    label = {"content_type": case.headers.get("content-type", "text/plain")}
    cloud.script.raw(case.body, status=case.status, headers=about, path=path, **label, **case.how)
    with open_door(kind, cloud) as door:
        try:
            ask(Asking(cloud, door.url, TIMEOUT if case.waits else PATIENT, stream), seen)
        except Exception as error:  # noqa: BLE001 - a client's own error is what is compared
            seen.error = _said(error)
    assert len(cloud.script) == 0, "the script was not used"
    return seen.outcome()


@pytest.mark.parametrize(
    ("name", "client"),
    [(name, client) for name in CASES for client in CLIENTS if client != "sdk" or name not in OF_MODELS],
)
def test_a_client_gets_the_same_through_both_doors(name: str, client: str) -> None:
    case, ask = CASES[name], CLIENTS[client]
    for stream in (False, True):
        through_a_socket = _outcome(SERVER, ask, case, stream)
        assert _outcome(PROCESS, ask, case, stream) == through_a_socket
        if name in ("whole", "pieces"):
            assert (through_a_socket[0], through_a_socket[3]) == (200, "")
            assert through_a_socket[2] == (case.body if isinstance(case.body, bytes) else b"".join(case.body))


def test_the_sdks_async_client_gets_the_same_through_both_doors() -> None:
    models = sdk.generative_ai_inference.models

    def outcome(kind: str, status: int) -> Any:
        cloud = MockOci()
        said = models.UserMessage(content=[models.TextContent(text="Hi")])
        details = models.ChatDetails(
            compartment_id=cloud.tenancy.compartment_id,
            serving_mode=models.OnDemandServingMode(model_id="meta.llama-3.3-70b-instruct"),
            chat_request=models.GenericChatRequest(messages=[said], is_stream=False),
        )
        if status != 200:
            cloud.script.error(status, "TooManyRequests", "slow down")

        async def ask(asking: Asking) -> Any:
            async with AsyncGenerativeAiInferenceClient(asking.config, service_endpoint=asking.url) as client:
                return await client.chat(details, retry_strategy=sdk.retry.NoneRetryStrategy())

        with open_door(kind, cloud) as door:
            try:
                answer = asyncio.run(ask(Asking(cloud, door.url, PATIENT, False)))
            except sdk.exceptions.ServiceError as error:
                return error.status, error.code, error.message
        return answer.status, json.loads(str(answer.data.chat_response.choices))

    for status in (200, 429):
        assert outcome(PROCESS, status) == outcome(SERVER, status)
