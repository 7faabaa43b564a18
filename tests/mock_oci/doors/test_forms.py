"""Every form in which moto's decorator is used, and every client that a test may have."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import unittest
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import oci as sdk
import pytest
import requests
from oci.generative_ai_inference import models
from oci.generative_ai_inference.async_generative_ai_inference_client import AsyncGenerativeAiInferenceClient

from mock_oci import MockOci, UnexpectedHost, mock_oci
from mock_oci.services.object_storage import ObjectStorage

ENVIRONMENT = os.environ  # noqa: TID251 - a test looks at what a block puts there
FOLDERS = Path(__file__).parents[1] / "functions"
STORAGE = "https://objectstorage.us-chicago-1.oraclecloud.com"


def buckets() -> list[str]:
    """Make a bucket with the credentials that are found, and list all."""
    client = sdk.object_storage.ObjectStorageClient(sdk.config.from_file())
    namespace, home = client.get_namespace().data, ENVIRONMENT["OCI_COMPARTMENT_ID"]
    details = sdk.object_storage.models.CreateBucketDetails(name="b", compartment_id=home)
    client.create_bucket(namespace, details)
    return [bucket.name for bucket in client.list_buckets(namespace, home).data]


@mock_oci
def test_a_function() -> None:
    assert buckets() == ["b"]


@mock_oci()
def test_a_function_called_first() -> None:
    assert buckets() == ["b"]


def test_a_coroutine_function() -> None:
    @mock_oci
    async def run() -> list[str]:
        return buckets()

    assert asyncio.run(run()) == ["b"]


@pytest.fixture
@mock_oci
def made() -> Iterator[list[str]]:
    yield buckets()


def test_a_fixture_whose_door_is_open_as_long_as_its_test(made: list[str]) -> None:
    assert made == ["b"]
    client = sdk.object_storage.ObjectStorageClient(sdk.config.from_file())
    assert client.get_bucket(client.get_namespace().data, "b").data.name == "b"


def test_an_async_generator() -> None:
    @mock_oci
    async def steps() -> AsyncIterator[list[str]]:
        yield buckets()
        yield []

    async def run() -> list[list[str]]:
        return [item async for item in steps()]

    assert asyncio.run(run()) == [["b"], []]


@mock_oci
class TestPlainClass:
    def test_one(self) -> None:
        assert buckets() == ["b"]

    def test_another_has_a_backend_of_its_own(self) -> None:
        assert buckets() == ["b"]

    @staticmethod
    def helper() -> str:
        return "left alone"

    def test_what_is_no_test_is_left_alone(self) -> None:
        assert self.helper() == "left alone"


@mock_oci
class TestUnittest(unittest.TestCase):
    def setUp(self) -> None:
        self.made = buckets()

    def test_set_up_and_test_share_a_backend(self) -> None:
        client = sdk.object_storage.ObjectStorageClient(sdk.config.from_file())
        assert client.get_bucket(client.get_namespace().data, "b").data.name == "b"

    def test_and_the_next_has_another(self) -> None:
        assert self.made == ["b"]


@mock_oci
class TestWithSetup:
    def setup_method(self) -> None:
        self.made = buckets()

    def test_set_up(self) -> None:
        assert self.made == ["b"]

    def test_set_up_again(self) -> None:
        assert self.made == ["b"]


def test_with_and_async_with() -> None:
    with mock_oci() as cloud:
        assert buckets() == ["b"]
    assert [bucket.name for bucket in cloud.state_of(ObjectStorage).buckets()] == ["b"]

    async def run() -> list[str]:
        async with mock_oci():
            return buckets()

    assert asyncio.run(run()) == ["b"]


def test_start_and_stop() -> None:
    before = dict(ENVIRONMENT)
    door = mock_oci()
    cloud = door.start()
    assert buckets() == ["b"]
    door.stop()
    assert dict(ENVIRONMENT) == before
    assert cloud.requests
    with pytest.raises(RuntimeError, match="not started"):
        door.stop()


# --------------------------------------------------------------------------------------------------- credentials


def test_a_resource_principal_by_itself() -> None:
    with mock_oci(credentials="resource_principal") as cloud:
        signer = sdk.auth.signers.get_resource_principals_signer()
        client = sdk.object_storage.ObjectStorageClient({"region": cloud.region}, signer=signer)
        assert client.get_namespace().status == 200
        (request,) = cloud.requests
    assert 'keyId="ST$' in request.headers["authorization"]


def test_a_session_token_by_itself() -> None:
    with mock_oci(credentials="session_token") as cloud:
        config = sdk.config.from_file(profile_name=ENVIRONMENT["OCI_CONFIG_PROFILE"])
        token = Path(config["security_token_file"]).read_text()
        key = sdk.signer.load_private_key_from_file(config["key_file"])
        signer = sdk.auth.signers.SecurityTokenSigner(token, key)
        assert sdk.object_storage.ObjectStorageClient(config, signer=signer).get_namespace().status == 200
        assert 'keyId="ST$' in cloud.requests[-1].headers["authorization"]


def test_the_developers_own_credentials_are_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2")
    monkeypatch.setenv("OCI_CLI_PROFILE", "PRODUCTION")
    with mock_oci():
        assert "OCI_RESOURCE_PRINCIPAL_VERSION" not in ENVIRONMENT
        assert "OCI_CLI_PROFILE" not in ENVIRONMENT
    assert ENVIRONMENT["OCI_CLI_PROFILE"] == "PRODUCTION"


def test_credentials_of_a_kind_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="credentials must be one of api_key, session_token"):
        mock_oci(credentials="password")


# ------------------------------------------------------------------------------------------------------- clients


def chat(cloud: MockOci, *, stream: bool) -> models.ChatDetails:
    said = models.UserMessage(content=[models.TextContent(text="Hi")])
    request = models.GenericChatRequest(messages=[said], is_stream=stream)
    mode = models.OnDemandServingMode(model_id="meta.llama-3.3-70b-instruct")
    return models.ChatDetails(compartment_id=cloud.tenancy.compartment_id, serving_mode=mode, chat_request=request)


def test_the_sdks_async_client() -> None:
    async def run(cloud: MockOci) -> Any:
        async with AsyncGenerativeAiInferenceClient(sdk.config.from_file()) as client:
            return await client.chat(chat(cloud, stream=False))

    with mock_oci() as cloud:
        cloud.script.chat("One two")
        response = asyncio.run(run(cloud))
    assert response.data.chat_response.choices[0].message.content[0].text == "One two"
    assert cloud.requests[-1].headers["host"] == "inference.generativeai.us-chicago-1.oci.oraclecloud.com"


def test_aiohttp_itself_and_a_stream_of_it() -> None:
    async def run(cloud: MockOci) -> list[bytes]:
        secret = cloud.principals.generative_ai_api_key().secret
        headers = {"authorization": f"Bearer {secret}", "accept-encoding": "gzip"}
        body = {"model": "meta.llama-3.3-70b-instruct", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
        url = "https://inference.generativeai.us-chicago-1.oci.oraclecloud.com/openai/v1/chat/completions"
        async with aiohttp.ClientSession() as session, session.post(url, json=body, headers=headers) as response:
            assert response.status == 200
            return [line async for line in response.content]

    with mock_oci() as cloud:
        cloud.script.chat(["One ", "two"])
        lines = asyncio.run(run(cloud))
    assert lines[-2] == b"data: [DONE]\n"


def test_a_streamed_native_chat_is_read_as_it_comes() -> None:
    with mock_oci() as cloud:
        cloud.script.chat(["One ", "two"])
        client = sdk.generative_ai_inference.GenerativeAiInferenceClient(sdk.config.from_file())
        events = [event.data for event in client.chat(chat(cloud, stream=True)).data.events()]
    assert ['"One "' in events[0], '"two"' in events[1]] == [True, True]


def test_a_raw_body_has_read1_as_any_other() -> None:
    with mock_oci() as cloud:
        cloud.script.chat(["One ", "two"])
        secret = cloud.principals.generative_ai_api_key().secret
        headers = {"authorization": f"Bearer {secret}", "accept-encoding": "gzip"}
        body = {"model": "meta.llama-3.3-70b-instruct", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
        url = "https://inference.generativeai.us-chicago-1.oci.oraclecloud.com/openai/v1/chat/completions"
        response = requests.post(url, json=body, headers=headers, stream=True, timeout=10)
        pieces = list(iter(lambda: response.raw.read1(65_536), b""))
    assert len(pieces) > 3
    assert pieces[-1] == b"data: [DONE]\n\n"


def test_a_file_is_uploaded(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    with mock_oci() as cloud, (tmp_path / "file").open("rb") as file:
        client, storage = sdk.object_storage.ObjectStorageClient(sdk.config.from_file()), cloud.state_of(ObjectStorage)
        storage.create_bucket("b")
        client.put_object(storage.namespace, "b", "o", file)
    assert storage.get("b", "o").body == b"content"


@pytest.mark.parametrize("client", ["urllib", "aiohttp", "httpx", "requests"])
def test_another_host_fails_loudly_whatever_asks(client: str) -> None:
    async def with_aiohttp() -> None:
        async with aiohttp.ClientSession() as session:
            await session.get("https://example.com/")

    asks = {
        "urllib": lambda: urllib.request.urlopen("https://example.com/", timeout=1),
        "aiohttp": lambda: asyncio.run(with_aiohttp()),
        "httpx": lambda: httpx.get("https://example.com/"),
        "requests": lambda: requests.get("https://example.com/", timeout=1),
    }
    with mock_oci(), pytest.raises(UnexpectedHost, match="example"):
        asks[client]()


def test_a_client_that_is_not_answered_says_so() -> None:
    with mock_oci(), pytest.raises(UnexpectedHost, match="not on httpx, requests or aiohttp"):
        urllib.request.urlopen(f"{STORAGE}/n", timeout=1)


def test_a_client_that_is_imported_later_is_answered_too() -> None:
    code = """
import sys
from mock_oci import mock_oci
with mock_oci() as cloud:
    assert not {"requests", "httpx", "aiohttp"} & set(sys.modules)
    import requests, httpx
    for client in (requests, httpx):
        assert client.get("https://objectstorage.us-chicago-1.oraclecloud.com/n").status_code == 401
print(len(cloud.requests), httpx.__spec__.loader is httpx.__loader__)
"""
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (seen.stdout, seen.stderr) == ("2 True\n", "")


# ------------------------------------------------------------------------------------------- the pytest plugin

TESTS = """
import httpx, oci as sdk, pytest

def test_oci(oci):
    client = sdk.object_storage.ObjectStorageClient(sdk.config.from_file())
    assert client.get_namespace().status == 200
    assert len(oci.requests) == 1

@pytest.mark.mock_oci(credentials="resource_principal", region="eu-frankfurt-1")
def test_marked(oci):
    assert oci.region == "eu-frankfurt-1"
    signer = sdk.auth.signers.get_resource_principals_signer()
    assert sdk.object_storage.ObjectStorageClient({}, signer=signer).get_namespace().status == 200

def test_function(oci_function):
    function = oci_function("FOLDER", config={"GREETING": "hello"})
    assert function.deployment.config["GREETING"] == "hello"

@pytest.mark.mock_oci(confine="files")
def test_confined(oci_function, oci):
    function = oci_function("SAYS", memory=1024)
    assert (function.deployment.name, function.deployment.memory) == ("reads-object", 1024)
    function.warm()
    assert [set(container.confined().on) for container in function.containers] == [{"files"}]

def test_gateway(oci_gateway):
    stack = oci_gateway("FOLDER")
    assert httpx.post(stack.gateway_url, content=b"x", trust_env=False).json()["body"] == "x"
"""


def test_the_plugin_has_fixtures(tmp_path: Path) -> None:
    (tmp_path / "test_plugin.py").write_text(
        TESTS.replace("FOLDER", str(FOLDERS / "echo")).replace("SAYS", str(FOLDERS / "reads_object"))
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "mock_oci.doors.pytest_plugin", "-p", "no:cacheprovider"]
    # Named by -p here, whether the package is installed or not.
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # noqa: TID251 - a person's shell, as it is
    words = [*command, "--strict-markers", str(tmp_path)]
    seen = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path, env=alone)
    assert "5 passed" in seen.stdout, seen.stdout + seen.stderr


# -------------------------------------------------------------------------------------- a function of one's own


def test_a_handler_is_called_in_process() -> None:
    def handler(ctx: Any, data: Any = None) -> str:
        client = sdk.object_storage.ObjectStorageClient(sdk.config.from_file())
        return f"{client.get_namespace().data} {data.getvalue().decode()} {ctx.Config()['A']} {ctx.CallID()[:2]}"

    with mock_oci() as cloud:
        answer = cloud.invoke(handler, {"n": 1}, config={"A": "b"})
        namespace = cloud.state_of(ObjectStorage).namespace
    assert (answer.status, answer.body) == (200, f'{namespace} {{"n": 1}} b 01'.encode())


def test_a_handler_that_raises_is_a_bad_gateway() -> None:
    def handler(ctx: Any, data: Any = None) -> str:
        raise ValueError("the reason")

    assert MockOci().invoke(handler).status == 502
