"""Recorded from a mock_oci in another process, which checks signatures; replayed with nobody there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import oci as sdk
import pytest
import requests
from oci.generative_ai_inference import models
from oci.generative_ai_inference.async_generative_ai_inference_client import AsyncGenerativeAiInferenceClient
from tests.mock_oci.recording.conftest import Real

from mock_oci.recording import NotInRecording, read_recording, recording, replaying

HOST = "inference.generativeai.us-chicago-1.oci.oraclecloud.com"
CHAT = f"https://{HOST}/20231130/actions/chat"
Signer = Any


def details(compartment: str, *, stream: bool = False) -> models.ChatDetails:
    said = models.UserMessage(content=[models.TextContent(text="Hi")])
    request = models.GenericChatRequest(messages=[said], is_stream=stream)
    mode = models.OnDemandServingMode(model_id="meta.llama-3.3-70b-instruct")
    return models.ChatDetails(compartment_id=compartment, serving_mode=mode, chat_request=request)


def body(compartment: str, *, stream: bool = False) -> bytes:
    chat = {"apiFormat": "GENERIC", "messages": [{"role": "USER", "content": [{"type": "TEXT", "text": "Hi"}]}]}
    mode = {"servingType": "ON_DEMAND", "modelId": "meta.llama-3.3-70b-instruct"}
    return json.dumps(
        {"compartmentId": compartment, "servingMode": mode, "chatRequest": {**chat, "isStream": stream}}
    ).encode()


def headers(signer: Signer, content: bytes) -> dict[str, str]:
    """Sign with the SDK's signer for a client that is none of the SDK's."""
    request = sdk._vendor.requests.Request("POST", CHAT, {"content-type": "application/json"}, data=content).prepare()
    signer.do_request_sign(request)
    return {name: value for name, value in request.headers.items() if name.lower() != "content-length"}


def by_the_sdk(config: dict[str, Any], signer: Signer, compartment: str) -> str:
    client = sdk.generative_ai_inference.GenerativeAiInferenceClient(config, signer=signer)
    answer: str = client.chat(details(compartment)).data.chat_response.choices[0].message.content[0].text
    return answer


def by_the_async_sdk(config: dict[str, Any], signer: Signer, compartment: str) -> str:
    async def run() -> Any:
        async with AsyncGenerativeAiInferenceClient(config, signer=signer) as client:
            return await client.chat(details(compartment))

    answer: str = asyncio.run(run()).data.chat_response.choices[0].message.content[0].text
    return answer


def said(answer: Any) -> str:
    text: str = answer["chatResponse"]["choices"][0]["message"]["content"][0]["text"]
    return text


def by_httpx(_: dict[str, Any], signer: Signer, compartment: str) -> str:
    content = body(compartment)
    return said(httpx.post(CHAT, content=content, headers=headers(signer, content)).raise_for_status().json())


def by_httpx_async(_: dict[str, Any], signer: Signer, compartment: str) -> str:
    async def run() -> Any:
        content = body(compartment)
        async with httpx.AsyncClient() as client:
            return (await client.post(CHAT, content=content, headers=headers(signer, content))).json()

    return said(asyncio.run(run()))


def by_requests(_: dict[str, Any], signer: Signer, compartment: str) -> str:
    content = body(compartment)
    return said(requests.post(CHAT, data=content, headers=headers(signer, content), timeout=10).json())


def by_aiohttp(_: dict[str, Any], signer: Signer, compartment: str) -> str:
    async def run() -> Any:
        content = body(compartment)
        async with aiohttp.ClientSession() as session:
            url = CHAT.replace("https:", "http:")
            async with session.post(url, data=content, headers=headers(signer, content)) as answer:
                return await answer.json()

    return said(asyncio.run(run()))


CLIENTS = [by_the_sdk, by_the_async_sdk, by_httpx, by_httpx_async, by_requests, by_aiohttp]


@pytest.mark.parametrize("client", CLIENTS)
def test_what_a_client_asks_is_recorded_and_replayed_for_whoever_signs(
    client: Callable[..., str], real: Real, tmp_path: Path
) -> None:
    file = tmp_path / "chat.json"
    real.script(kind="chat", text="Because of Rayleigh scattering.")
    with recording(file, upstream=real.url):
        assert client(real.config, real.signer, real.compartment) == "Because of Rayleigh scattering."
    (exchange,) = read_recording(file)
    assert (exchange.host, exchange.status) == (HOST, 200)
    with replaying(file, all_used=True):
        config = sdk.config.from_file()
        signer = sdk.signer.Signer(config["tenancy"], config["user"], config["fingerprint"], config["key_file"])
        compartment = "ocid1.compartment.oc1..another"  # ids are compared by their kind
        assert client(config, signer, compartment) == "Because of Rayleigh scattering."


def test_a_recording_of_one_client_answers_another(real: Real, tmp_path: Path) -> None:
    file = tmp_path / "chat.json"
    with recording(file, upstream=real.url):
        answer = by_httpx({}, real.signer, real.compartment)
    with replaying(file):
        assert by_requests({}, real.signer, real.compartment) == answer


def test_a_stream_is_recorded_in_its_pieces(real: Real, tmp_path: Path) -> None:
    file, content = tmp_path / "stream.json", body(real.compartment, stream=True)

    def pieces() -> list[str]:
        with httpx.stream("POST", CHAT, content=content, headers=headers(real.signer, content)) as answer:
            return list(answer.iter_text())

    real.script(kind="chat", text=["Be", "cause", " of"])
    with recording(file, upstream=real.url):
        live = pieces()
    (exchange,) = read_recording(file)
    assert exchange.streamed
    assert len(exchange.pieces) > 2
    with replaying(file):
        replayed = pieces()
    assert len(replayed) == len(exchange.pieces)
    assert events("".join(replayed)) == events("".join(live))


def events(text: str) -> list[Any]:
    found = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
    return [line if line == "[DONE]" else json.loads(line) for line in found]


def test_a_cut_stream_is_cut_again(real: Real, tmp_path: Path) -> None:
    file, content = tmp_path / "cut.json", body(real.compartment, stream=True)

    def read() -> str:
        with httpx.stream("POST", CHAT, content=content, headers=headers(real.signer, content)) as answer:
            return "".join(answer.iter_text())

    real.script(kind="chat", text=["Be", "cause", " of"], cut_after=2)
    with recording(file, upstream=real.url), pytest.raises(httpx.RemoteProtocolError):
        read()
    with replaying(file), pytest.raises(httpx.RemoteProtocolError):
        read()


def store(config: dict[str, Any], compartment: str, name: str = "letters") -> list[bytes]:
    """Make a bucket, put an object twice, and read it each time: the same request has two answers."""
    client = sdk.object_storage.ObjectStorageClient(config)
    namespace = client.get_namespace().data
    made = sdk.object_storage.models.CreateBucketDetails(name=name, compartment_id=compartment)
    assert client.create_bucket(namespace, made).data.compartment_id == compartment
    read = []
    for content in (b"first \xff", b"second"):
        client.put_object(namespace, name, "a letter", content)
        read.append(client.get_object(namespace, name, "a letter").data.content)
    return read


def test_the_same_request_is_answered_as_it_was_each_time(real: Real, tmp_path: Path) -> None:
    file = tmp_path / "store.json"
    with recording(file, upstream=real.url):
        assert store(real.config, real.compartment) == [b"first \xff", b"second"]
    with replaying(file, in_order=True, all_used=True):
        mine = "ocid1.compartment.oc1..mine"  # and the answers name the compartment that is asked now
        assert store(sdk.config.from_file(), mine) == [b"first \xff", b"second"]


def test_a_recording_that_went_wrong_leaves_the_one_before(real: Real, tmp_path: Path) -> None:
    file = tmp_path / "chat.json"
    with recording(file, upstream=real.url):
        by_httpx({}, real.signer, real.compartment)
    before = file.read_bytes()
    with pytest.raises(ZeroDivisionError), recording(file, upstream=real.url):
        raise ZeroDivisionError
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_bounds_in_size_are_kept_and_said(real: Real, tmp_path: Path) -> None:
    file = tmp_path / "bounded.json"
    with recording(file, upstream=real.url, max_body=100) as recorded:
        by_httpx({}, real.signer, real.compartment)
    assert recorded.left_out == 0
    assert "Hi" not in file.read_text()
    with pytest.raises(NotInRecording, match=r"was recorded without its bodies: they had \d+ bytes"), replaying(file):
        by_httpx({}, real.signer, real.compartment)
    with recording(file, upstream=real.url, max_bytes=1000) as recorded:
        for _ in range(3):
            by_httpx({}, real.signer, real.compartment)
    assert (recorded.left_out, len(read_recording(file))) == (2, 1)
    assert json.loads(file.read_text())["left_out"] == 2


def test_a_recording_can_be_discarded(real: Real, tmp_path: Path) -> None:
    with recording(tmp_path / "chat.json", upstream=real.url) as recorded:
        by_httpx({}, real.signer, real.compartment)
        recorded.discard()
    assert list(tmp_path.iterdir()) == []


def test_other_hosts_and_loopback_are_not_recorded(real: Real, tmp_path: Path) -> None:
    file = tmp_path / "none.json"
    with recording(file, upstream=real.url):
        assert httpx.get(f"{real.url}/_mock/health", trust_env=False).status_code == 200
        with pytest.raises(httpx.ConnectError):  # it is looked up, as without a recording
            httpx.get("http://nowhere.invalid/", trust_env=False)
    assert read_recording(file) == []


def test_a_service_that_cannot_be_reached_is_the_clients_own_error(tmp_path: Path, real: Real) -> None:
    with recording(tmp_path / "none.json", upstream="http://127.0.0.1:9"), pytest.raises(httpx.TransportError):
        by_httpx({}, real.signer, real.compartment)


def test_functions_coroutines_and_generators_are_decorated(real: Real, tmp_path: Path) -> None:
    @recording(tmp_path / "one.json", upstream=real.url)
    def recorded() -> str:
        return by_httpx({}, real.signer, real.compartment)

    @replaying(tmp_path / "one.json")
    async def replayed() -> str:
        content = body(real.compartment)
        async with httpx.AsyncClient() as client:
            return said((await client.post(CHAT, content=content, headers=headers(real.signer, content))).json())

    assert recorded() == asyncio.run(replayed())
