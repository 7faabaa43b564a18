from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import httpx2
import oci as sdk
import openai
import pytest
import requests
from oci_genai_auth import OciUserPrincipalAuth  # type: ignore[import-untyped]  # it ships no types
from pydantic import BaseModel

from mock_oci import MockOci, Response, UnexpectedHost, mock_oci, serve
from mock_oci.scripts import Step
from mock_oci.services.generative_ai.responses.response_store import ResponseStore

HOST = "https://inference.generativeai.us-chicago-1.oci.oraclecloud.com"
MODEL = "openai.gpt-oss-120b"
CHAT: Any = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}
WAIT = 10.0
ENVIRONMENT = os.environ  # noqa: TID251 - a test looks at what a block puts there
# Where zstd is installed, clients offer it, which a streaming client must not: the surface refuses it.
WITHOUT_ZSTD = {"accept-encoding": "gzip, deflate"}


@dataclass(frozen=True)
class Door:
    """A backend, and the URL at which a client finds it."""

    cloud: MockOci
    url: str

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.cloud.principals.generative_ai_api_key().secret}", **WITHOUT_ZSTD}

    def openai(self, kind: Any = openai.OpenAI) -> Any:
        """OpenAI's client, unmodified, with a Generative AI API key and a project."""
        return kind(
            base_url=f"{self.url}/openai/v1",
            api_key=self.cloud.principals.generative_ai_api_key().secret,
            project=self.cloud.projects.default.id,
            max_retries=0,
            default_headers=WITHOUT_ZSTD,
        )

    def inference(self) -> Any:
        """The SDK's client, with an API signing key."""
        user = self.cloud.principals.api_key_user()
        config = {"user": user.user_id, "tenancy": user.tenancy_id, "fingerprint": user.fingerprint}
        return sdk.generative_ai_inference.GenerativeAiInferenceClient(
            {**config, "key_content": user.private_pem, "region": self.cloud.region},
            retry_strategy=sdk.retry.NoneRetryStrategy(),
            circuit_breaker_strategy=sdk.circuit_breaker.NoCircuitBreakerStrategy(),
            service_endpoint=self.url,
        )


@pytest.fixture(params=["server", "in process"])
def door(request: pytest.FixtureRequest, live: MockOci) -> Iterator[Door]:
    with ExitStack() as stack:
        if request.param == "server":
            yield Door(live, stack.enter_context(serve(live)).url)
        else:
            yield Door(stack.enter_context(mock_oci(live)), HOST)


@pytest.fixture
def client(door: Door) -> Iterator[Any]:
    with door.openai() as made:
        yield made


@pytest.fixture
def background(live: MockOci) -> ResponseStore:
    """Runs in the background end when the test moves their end to the past, not when time goes by."""
    store = live.state_of(ResponseStore)
    store.queued_seconds, store.running_seconds = 0, 3600
    return store


def _native(cloud: MockOci, *, stream: bool = False) -> Any:
    models = sdk.generative_ai_inference.models
    said = models.UserMessage(content=[models.TextContent(text="Hi")])
    return models.ChatDetails(
        compartment_id=cloud.tenancy.compartment_id,
        serving_mode=models.OnDemandServingMode(model_id="meta.llama-3.3-70b-instruct"),
        chat_request=models.GenericChatRequest(messages=[said], is_stream=stream),
    )


def test_a_response_is_created_retrieved_listed_and_deleted(client: Any) -> None:
    response = client.responses.create(model=MODEL, input="Hi")
    assert response.output_text.startswith('You asked: "Hi"')
    assert client.responses.retrieve(response.id).output_text == response.output_text
    (item,) = client.responses.input_items.list(response.id)
    assert item.content[0].text == "Hi"
    client.responses.delete(response.id)
    with pytest.raises(openai.NotFoundError, match="not found"):
        client.responses.retrieve(response.id)


def test_a_response_is_streamed(client: Any) -> None:
    with client.responses.stream(model=MODEL, input="Hi") as stream:
        deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
        final = stream.get_final_response()
    assert len(deltas) > 3
    assert "".join(deltas) == final.output_text
    assert final.usage.output_tokens == len(deltas)


class City(BaseModel):
    name: str
    people: int


def test_a_response_is_parsed(client: Any) -> None:
    parsed = client.responses.parse(model=MODEL, input="How big is Oslo?", text_format=City).output_parsed
    assert isinstance(parsed, City)
    assert parsed.name == "Oslo"


def test_a_background_response_is_polled(client: Any, background: ResponseStore) -> None:
    response = client.responses.create(model=MODEL, input="Hi", background=True)
    assert response.status == "queued"
    assert client.responses.retrieve(response.id).status == "in_progress"
    assert client.responses.cancel(response.id).status == "cancelled"
    background.running_seconds = -1
    ended = client.responses.create(model=MODEL, input="Hi", background=True)
    assert client.responses.retrieve(ended.id).output_text.startswith("You asked")


def test_three_turns_by_the_previous_response(client: Any) -> None:
    previous = None
    for text in ("I am Ada", "I live in Oslo", "Who am I?"):
        response = client.responses.create(model=MODEL, input=text, previous_response_id=previous)
        previous = response.id
    assert 'Before that: "I am Ada", "I live in Oslo".' in response.output_text


def test_three_turns_without_a_trace(client: Any) -> None:
    history: list[Any] = []
    for text in ("I am Ada", "I live in Oslo", "Who am I?"):
        history.append({"type": "message", "role": "user", "content": text})
        response = client.responses.create(model=MODEL, input=history, store=False)
        history += [item.model_dump(exclude_none=True) for item in response.output]
    assert 'Before that: "I am Ada", "I live in Oslo".' in response.output_text
    with pytest.raises(openai.BadRequestError, match="not found"):
        client.responses.create(model=MODEL, input="Hi", previous_response_id=response.id)


def test_a_conversation_is_held_by_the_service(client: Any) -> None:
    item = {"type": "message", "role": "user", "content": "I am Ada"}
    conversation = client.conversations.create(items=[item], metadata={"a": "b"})
    response = client.responses.create(model=MODEL, input="Who am I?", conversation=conversation.id)
    assert '"I am Ada"' in response.output_text
    items = list(client.conversations.items.list(conversation.id, order="asc"))
    assert [one.role for one in items] == ["user", "user", "assistant"]
    client.conversations.items.create(conversation.id, items=[item])
    client.conversations.items.delete(items[0].id, conversation_id=conversation.id)
    assert client.conversations.items.retrieve(items[1].id, conversation_id=conversation.id).content[0].text
    assert client.conversations.update(conversation.id, metadata={"c": "d"}).metadata == {"c": "d"}
    assert client.conversations.delete(conversation.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.conversations.retrieve(conversation.id)


def test_an_async_client_is_served(door: Door) -> None:
    async def ask() -> tuple[str, str]:
        async with door.openai(openai.AsyncOpenAI) as client:
            complete = await client.responses.create(model=MODEL, input="Hi")
            stream = await client.chat.completions.create(**CHAT, stream=True)
            said = [chunk.choices[0].delta.content or "" async for chunk in stream]
        return complete.output_text, "".join(said)

    assert len(set(asyncio.run(ask()))) == 1


def test_the_sdk_is_served_complete_and_streamed(door: Door) -> None:
    client = door.inference()
    complete = client.chat(_native(door.cloud)).data.chat_response.choices[0].message.content[0].text
    events = list(client.chat(_native(door.cloud, stream=True)).data.events())
    assert "Hi" in complete
    assert len(events) > 3


def test_a_signed_httpx_client_is_served(door: Door, tmp_path: Any) -> None:
    user = door.cloud.principals.api_key_user()
    (tmp_path / "key.pem").write_text(user.private_pem)
    place = f"tenancy={user.tenancy_id}\nregion={door.cloud.region}\nkey_file={tmp_path / 'key.pem'}\n"
    (tmp_path / "config").write_text(f"[DEFAULT]\nuser={user.user_id}\nfingerprint={user.fingerprint}\n{place}")
    headers = {
        "opc-compartment-id": door.cloud.tenancy.compartment_id,
        "openai-project": door.cloud.projects.default.id,
    }
    auth = OciUserPrincipalAuth(config_file=str(tmp_path / "config"))
    with httpx.Client(auth=auth, headers=headers, trust_env=False) as client:
        body = {"model": MODEL, "input": "Ünïcode"}
        assert client.post(f"{door.url}/openai/v1/responses", json=body).status_code == 200
        reply = client.get(f"{door.url}/openai/v1/responses/resp_%20x?include=a%2Fb")
        assert reply.status_code == 404
    assert door.cloud.refusals == type(door.cloud.refusals)()


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_each_piece_arrives_before_the_next_is_made(door: Door, library: Any) -> None:
    received = threading.Semaphore(0)

    def sleep(_seconds: float) -> None:
        assert received.acquire(timeout=WAIT)

    door.cloud.sleep = sleep
    door.cloud.script.delay(between=1)
    body = {**CHAT, "stream": True}
    pieces = []
    url = f"{door.url}/openai/v1/chat/completions"
    with (
        library.Client(headers=door.headers, trust_env=False) as client,
        client.stream("POST", url, json=body) as reply,
    ):
        for piece in reply.iter_raw():
            pieces.append(piece)
            received.release()
    assert len(pieces) > 3
    assert pieces[-1] == b"data: [DONE]\n\n"


def test_each_piece_reaches_the_sdk_before_the_next_is_made(door: Door) -> None:
    received = threading.Semaphore(0)

    def sleep(_seconds: float) -> None:
        assert received.acquire(timeout=WAIT)

    door.cloud.sleep = sleep
    door.cloud.script.delay(between=1)
    count = 0
    for _event in door.inference().chat(_native(door.cloud, stream=True)).data.events():
        received.release()
        count += 1
    assert count > 3


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_a_disconnect_is_httpxs_own_error(door: Door, library: Any) -> None:
    url = f"{door.url}/openai/v1/chat/completions"
    door.cloud.script.disconnect()
    door.cloud.script.delay(cut_after=2)
    with library.Client(headers=door.headers, trust_env=False) as client:
        with pytest.raises(library.RemoteProtocolError, match="without sending a response"):
            client.post(url, json=CHAT)
        with client.stream("POST", url, json={**CHAT, "stream": True}) as reply:
            pieces = []
            with pytest.raises(library.RemoteProtocolError, match="incomplete chunked read"):
                pieces.extend(reply.iter_raw())
    assert len(pieces) == 2


def test_a_disconnect_is_an_async_clients_own_error(door: Door) -> None:
    url = f"{door.url}/openai/v1/chat/completions"
    door.cloud.script.disconnect()
    door.cloud.script.delay(cut_after=2)

    async def ask() -> int:
        pieces = []
        async with httpx.AsyncClient(headers=door.headers, trust_env=False) as client:
            with pytest.raises(httpx.RemoteProtocolError):
                await client.post(url, json=CHAT)
            async with client.stream("POST", url, json={**CHAT, "stream": True}) as reply:
                with pytest.raises(httpx.RemoteProtocolError):
                    async for piece in reply.aiter_raw():
                        pieces.append(piece)  # noqa: PERF401 - what came before the error is kept
        return len(pieces)

    assert asyncio.run(ask()) == 2


def test_a_disconnect_is_the_sdks_own_error(door: Door) -> None:
    door.cloud.script.disconnect()
    with pytest.raises(sdk.exceptions.RequestException):
        door.inference().chat(_native(door.cloud))
    door.cloud.script.delay(cut_after=2)
    seen = []
    with pytest.raises(sdk._vendor.requests.exceptions.ChunkedEncodingError):
        seen.extend(door.inference().chat(_native(door.cloud, stream=True)).data.events())
    assert len(seen) == 2


def test_requests_is_served(door: Door) -> None:
    url = f"{door.url}/openai/v1/chat/completions"
    with requests.Session() as session:
        session.trust_env = False
        assert session.post(url, json=CHAT, headers=door.headers).json()["object"] == "chat.completion"
        chunked = session.post(url, data=iter([json.dumps(CHAT).encode()]), headers=door.headers)
        assert chunked.status_code == 200
        with session.post(url, json={**CHAT, "stream": True}, headers=door.headers, stream=True) as reply:
            assert max(len(piece) for piece in reply.iter_content(7)) == 7
        head = session.head(url, headers=door.headers)
        assert (head.status_code, head.content) == (404, b"")


def test_leaving_a_stream_closes_it(door: Door) -> None:
    closed = threading.Event()

    class Watched:
        def __iter__(self) -> Iterator[bytes]:
            while True:
                yield b"data: {}\n\n"

        def close(self) -> None:
            closed.set()

    door.cloud.script.add(Step(response=Response(200, {}, Watched())))
    with (
        httpx.Client(headers=door.headers, trust_env=False) as client,
        client.stream("POST", f"{door.url}/openai/v1/chat/completions", json=CHAT) as reply,
    ):
        next(reply.iter_raw())
    assert closed.wait(WAIT)


def test_both_doors_give_the_same_bytes() -> None:
    def ask(cloud: MockOci, url: str) -> list[Any]:
        seen: list[Any] = []
        headers = {**Door(cloud, url).headers, "openai-project": cloud.projects.default.id}
        with httpx.Client(base_url=url, headers=headers, trust_env=False) as client:
            for path, body in (("chat/completions", CHAT), ("responses", {"model": MODEL, "input": "Hi"})):
                for stream in (False, True):
                    reply = client.post(f"/openai/v1/{path}", json={**body, "stream": stream})
                    seen.append((reply.status_code, dict(reply.headers), reply.content))
            seen.append(client.get("/openai/v1/models").content)
        return seen

    served = MockOci(clock=lambda: 1_790_000_000.0)
    with serve(served) as server:
        through_a_socket = ask(served, server.url)
    with mock_oci(MockOci(clock=lambda: 1_790_000_000.0)) as cloud:
        assert ask(cloud, HOST) == through_a_socket


# What follows is about the in-process door alone.


def test_an_instance_principal_comes_from_the_real_addresses() -> None:
    with mock_oci() as cloud:
        signer = sdk.auth.signers.InstancePrincipalsSecurityTokenSigner()
        client = sdk.generative_ai.GenerativeAiClient({"region": cloud.region}, signer=signer)
        assert client.list_generative_ai_projects(cloud.tenancy.compartment_id).data.items
    assert {request.headers["host"] for request in cloud.requests} == {
        "169.254.169.254",
        "auth.us-chicago-1.oraclecloud.com",
        "generativeai.us-chicago-1.oci.oraclecloud.com",
    }


@pytest.mark.parametrize("ask", [httpx.get, httpx2.get, requests.get, sdk._vendor.requests.get])
def test_any_other_host_fails_loudly_and_by_name(ask: Callable[..., Any]) -> None:
    with mock_oci(), pytest.raises(UnexpectedHost, match=r"'api\.example\.com' \(GET /v1/x\)") as failure:
        ask("https://me:hidden@api.example.com/v1/x?key=hidden")
    assert "hidden" not in str(failure.value)


@pytest.mark.parametrize(
    "host", ["oraclecloud.com", "generativeai.us-chicago-1.oci.oraclecloud.com.evil.example", "10.0.0.1"]
)
def test_a_host_that_only_looks_like_ocis_is_another_host(host: str) -> None:
    with mock_oci(), pytest.raises(UnexpectedHost):
        httpx.get(f"https://{host}/")


def test_an_async_client_fails_loudly_too() -> None:
    async def ask() -> None:
        async with httpx.AsyncClient() as client:
            await client.get("https://api.example.com/")

    with mock_oci(), pytest.raises(UnexpectedHost):
        asyncio.run(ask())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_goes_to_real_sockets(live: MockOci, host: str) -> None:
    with serve(live) as server, mock_oci() as cloud:
        url = f"http://{host}:{server.port}/openai/v1/models"
        with httpx.Client(trust_env=False) as client:
            assert client.get(url).status_code == 404
        with requests.Session() as session:
            session.trust_env = False
            assert session.get(url).status_code == 404

        async def ask() -> int:
            async with httpx.AsyncClient(trust_env=False) as client:
                return (await client.get(url)).status_code

        assert asyncio.run(ask()) == 404
    assert (len(live.requests), len(cloud.requests)) == (3, 0)


def _ask() -> httpx.Response:
    with httpx.Client(trust_env=False) as client:
        return client.get(f"{HOST}/openai/v1/models")


def test_the_innermost_door_answers() -> None:
    with mock_oci() as outer:
        _ask()
        with mock_oci() as inner:
            _ask()
        _ask()
    assert (len(outer.requests), len(inner.requests)) == (2, 1)


def test_a_door_can_be_entered_again_and_then_has_the_same_backend() -> None:
    door = mock_oci()
    with door as outer:
        with door as inner:
            assert inner is outer
        _ask()
    with door as fresh:
        assert fresh is not outer
    assert len(outer.requests) == 1


def test_doors_may_be_left_in_any_order() -> None:
    first, second = mock_oci(), mock_oci()
    before = httpx.HTTPTransport.handle_request
    first.__enter__()
    cloud = second.__enter__()
    first.__exit__(None, None, None)
    _ask()
    assert len(cloud.requests) == 1
    second.__exit__(None, None, None)
    assert httpx.HTTPTransport.handle_request is before


def test_a_door_closes_behind_an_error() -> None:
    send, vendored = requests.adapters.HTTPAdapter.send, sdk._vendor.requests.adapters.HTTPAdapter.send
    with pytest.raises(ZeroDivisionError), mock_oci():
        _ = 1 / 0
    assert requests.adapters.HTTPAdapter.send is send
    assert sdk._vendor.requests.adapters.HTTPAdapter.send is vendored


def test_threads_share_a_door() -> None:
    with mock_oci() as cloud:
        threads = [threading.Thread(target=_ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT)
    assert len(cloud.requests) == 8


def test_an_async_delay_holds_up_nobody_else() -> None:
    waiting, served = threading.Event(), threading.Event()

    def sleep(_seconds: float) -> None:
        waiting.set()
        assert served.wait(WAIT)

    async def ask(client: httpx.AsyncClient, model: str) -> int:
        body = {**CHAT, "model": model}
        return (await client.post(f"{HOST}/openai/v1/chat/completions", json=body)).status_code

    async def both(cloud: MockOci) -> list[int]:
        async with httpx.AsyncClient(headers=Door(cloud, HOST).headers, trust_env=False) as client:
            slow = asyncio.create_task(ask(client, MODEL))
            while not waiting.is_set():
                await asyncio.sleep(0)
            quick = await ask(client, "xai.grok-4.3")
            served.set()
            return [quick, await slow]

    with mock_oci(MockOci(sleep=sleep)) as cloud:
        cloud.script.delay(before=1, model=MODEL)
        assert asyncio.run(both(cloud)) == [200, 200]


@mock_oci
def test_it_decorates(tmp_path: Any) -> None:
    assert tmp_path.is_dir()
    assert _ask().status_code == 404


def test_it_decorates_with_a_backend_and_coroutines(live: MockOci) -> None:
    @mock_oci(live)
    async def ask() -> int:
        async with httpx.AsyncClient() as client:
            return (await client.get(f"{HOST}/openai/v1/models")).status_code

    assert asyncio.run(ask()) == 404
    assert len(live.requests) == 1


def test_credentials_are_in_the_environment_of_the_block_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / ".oci").mkdir()
    (tmp_path / ".oci" / "config").write_text("[DEFAULT]\nregion=us-real-1\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    before = dict(ENVIRONMENT)
    with mock_oci(credentials=False):
        assert dict(ENVIRONMENT) == before
    with mock_oci() as cloud:
        config = sdk.config.from_file()
        assert sdk.config.from_file("~/.oci/config", "DEFAULT") == config  # as many programs write it
        client = sdk.generative_ai.GenerativeAiClient(config)
        assert client.list_generative_ai_projects(ENVIRONMENT["OCI_COMPARTMENT_ID"]).status == 200
        assert (config["region"], ENVIRONMENT["OCI_REGION"]) == (cloud.region, cloud.region)
        folder = ENVIRONMENT["HOME"]
    assert dict(ENVIRONMENT) == before
    assert not Path(folder).exists()


def test_the_package_alone_imports_nothing_of_the_tests() -> None:
    code = "import sys; from mock_oci import mock_oci\nwith mock_oci(): pass\n"
    code += "print({'responses', 'httpx', 'requests', 'aiohttp', 'anyio', 'pytest', 'oci', 'fdk'} & set(sys.modules))"
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert seen.stdout == "set()\n"
