"""oci-genai-auth with OpenAI's client, and oci-openai, as they are published."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import oci_genai_auth
import oci_openai
import openai
import pytest

LLAMA = "meta.llama-3.3-70b-instruct"
GPT_5 = "openai.gpt-5"
HI = [{"role": "user", "content": "Hi there"}]
PATH = "/openai/v1"
# The service sends each chunk as a zstd frame of its own to who offers zstd, which httpx cannot read; mock_oci refuses.
ENCODINGS = {"accept-encoding": "gzip, deflate"}
PROFILES = {"DEFAULT": "OciUserPrincipalAuth", "SESSION": "OciSessionAuth"}
CLIENTS = {"oci-genai-auth, with `openai`": oci_genai_auth, "oci-openai": oci_openai}


def signer(package: Any, emulator: Any, profile: str) -> httpx.Auth:
    return getattr(package, PROFILES[profile])(config_file=str(emulator.config), profile_name=profile)


def client(name: str, emulator: Any, profile: str, kind: str = "") -> Any:
    auth, url = signer(CLIENTS[name], emulator, profile), emulator.url + PATH
    if name == "oci-openai":
        made = getattr(oci_openai, f"{kind}OciOpenAI")
        return made(auth=auth, base_url=url, compartment_id=emulator.compartment_id, default_headers=ENCODINGS)
    headers = {"CompartmentId": emulator.compartment_id, "opc-compartment-id": emulator.compartment_id, **ENCODINGS}
    http = getattr(httpx, f"{kind}Client")(auth=auth)
    return getattr(openai, f"{kind}OpenAI")(api_key="unused", base_url=url, http_client=http, default_headers=headers)


@pytest.fixture
def project(emulator: Any) -> Iterator[str]:
    made = {"projects": [{"name": "signers"}]}
    answer = httpx.post(f"{emulator.url}/_mock/seed", content=json.dumps(made), trust_env=False)
    yield answer.json()["projects"][0]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("of_mock_oci", CLIENTS)
def test_chat(emulator: Any, of_mock_oci: str, profile: str) -> None:
    with client(of_mock_oci, emulator, profile) as asking:
        answer = asking.chat.completions.create(model=LLAMA, messages=HI).choices[0].message.content
        chunks = asking.chat.completions.create(model=LLAMA, messages=HI, stream=True)
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == answer


@pytest.mark.parametrize("of_mock_oci", CLIENTS)
def test_chat_async(emulator: Any, of_mock_oci: str) -> None:
    async def ask() -> str:
        async with client(of_mock_oci, emulator, "DEFAULT", "Async") as asking:
            return (await asking.chat.completions.create(model=LLAMA, messages=HI)).choices[0].message.content

    assert "Hi there" in asyncio.run(ask())


@pytest.mark.parametrize("of_mock_oci", CLIENTS)
def test_responses(emulator: Any, of_mock_oci: str, project: str) -> None:
    with client(of_mock_oci, emulator, "DEFAULT") as asking:
        named = {"OpenAI-Project": project}
        first = asking.responses.create(model=GPT_5, input="Hi there", extra_headers=named)
        assert "Hi there" in first.output_text
        told = asking.responses.create(
            model=GPT_5, input="And now?", previous_response_id=first.id, extra_headers=named
        )
        assert told.previous_response_id == first.id


@pytest.mark.parametrize("of_mock_oci", CLIENTS)
def test_errors(emulator: Any, of_mock_oci: str) -> None:
    with client(of_mock_oci, emulator, "DEFAULT") as asking, pytest.raises(openai.NotFoundError):
        asking.chat.completions.create(model="nobody.nothing", messages=HI)
