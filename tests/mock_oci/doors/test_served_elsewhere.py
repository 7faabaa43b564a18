"""What a function's process asks of OCI's own hosts is answered by the backend that is served elsewhere."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator

import pytest

from mock_oci import Disconnect, LoopbackServer, MockOci, Request, Response
from mock_oci.doors.served_elsewhere import ServedElsewhere
from mock_oci.fn.environment import HOSTS
from mock_oci.fn.functions import LocalFunctions

HOST = "inference.generativeai.us-chicago-1.oci.oraclecloud.com"
# What a function of somebody else does, in each client: it names OCI's own hosts, and nothing else.
FUNCTION = """
import io, json
import oci

signer = oci.auth.signers.get_resource_principals_signer()
HOST = "https://objectstorage.us-chicago-1.oraclecloud.com/n/"
CHAT = "https://inference.generativeai.us-chicago-1.oci.oraclecloud.com"
ASK = {"model": "meta.llama-3.3-70b-instruct", "messages": [{"role": "user", "content": "Hi"}]}

def handler(ctx, data=None):
    return json.dumps(globals()[data.getvalue().decode()]())

def sdk():
    return oci.object_storage.ObjectStorageClient({}, signer=signer).get_namespace().data

def streamed():
    from openai import OpenAI
    from oci_genai_auth import OciResourcePrincipalAuth
    import httpx
    headers = {"CompartmentId": ctx_compartment(), "accept-encoding": "gzip"}
    http = httpx.Client(auth=OciResourcePrincipalAuth(), headers=headers)
    client = OpenAI(api_key="none", base_url=CHAT + "/openai/v1", http_client=http)
    return "".join(chunk.choices[0].delta.content or "" for chunk in client.chat.completions.create(**ASK, stream=True))

def ctx_compartment():
    import os
    return os.environ["OCI_COMPARTMENT_ID"]

def aio():
    import asyncio, threading
    from oci.generative_ai_inference import models
    from oci.generative_ai_inference.async_generative_ai_inference_client import AsyncGenerativeAiInferenceClient
    async def ask():
        text = models.TextContent(text="Hi")
        chat = models.GenericChatRequest(messages=[models.UserMessage(content=[text])])
        mode = models.OnDemandServingMode(model_id=ASK["model"])
        details = models.ChatDetails(compartment_id=ctx_compartment(), serving_mode=mode, chat_request=chat)
        async with AsyncGenerativeAiInferenceClient({}, signer=signer) as client:
            return (await client.chat(details)).data.chat_response.choices[0].message.content[0].text
    told = []
    thread = threading.Thread(target=lambda: told.append(asyncio.run(ask())))  # the FDK's own loop runs here
    thread.start()
    thread.join()
    return told[0]
"""


@pytest.fixture
def asked() -> list[Request]:
    return []


@pytest.fixture
def elsewhere(asked: list[Request]) -> Iterator[Callable[[Response | Disconnect], ServedElsewhere]]:
    """Serves one answer, and keeps what it was asked."""
    servers = []

    def serve(reply: Response | Disconnect) -> ServedElsewhere:
        def answer(request: Request) -> Response:
            asked.append(request)
            if isinstance(reply, Disconnect):
                raise reply
            return reply

        servers.append(LoopbackServer(answer).start())
        return ServedElsewhere(servers[-1].url)

    yield serve
    for server in servers:
        server.close()


REQUEST = Request("PUT", "/n/a%2Fb?x=%20", {"host": HOST, "date": "now", "expect": "100-continue"}, b"body")


def test_a_request_arrives_as_it_stands(elsewhere, asked) -> None:
    response = elsewhere(Response(201, {"etag": "1"}, b"made")).answer(REQUEST)
    assert (response.status, response.headers["etag"], response.body) == (201, "1", b"made")
    (seen,) = asked
    assert (seen.method, seen.target, seen.body) == (REQUEST.method, REQUEST.target, REQUEST.body)
    assert seen.headers == {**REQUEST.headers, "content-length": "4"}


def test_a_head_says_how_long_the_body_would_be(elsewhere) -> None:
    response = elsewhere(Response(200, {}, b"12345")).answer(Request("HEAD", "/", {"host": HOST}))
    assert (response.content_length, response.body) == (5, b"")


def test_a_stream_comes_in_pieces_and_is_cut_where_it_is(elsewhere) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"so far"
        raise Disconnect

    rest = iter(elsewhere(Response(200, {}, pieces())).answer(REQUEST).body)
    assert next(rest) == b"so far"
    with pytest.raises(Disconnect):
        next(rest)


def test_no_answer_is_a_disconnect(elsewhere) -> None:
    with pytest.raises(Disconnect):
        elsewhere(Disconnect()).answer(REQUEST)
    with pytest.raises(Disconnect):
        ServedElsewhere("http://127.0.0.1:1").answer(REQUEST)


@pytest.fixture
def functions(live: MockOci) -> Iterator[LocalFunctions]:
    with LoopbackServer(live.answer) as server, LocalFunctions(live, server.url) as functions:
        yield functions


def test_a_functions_clients_find_ocis_own_hosts_at_the_local_oci(functions, live, tmp_path) -> None:
    (tmp_path / "func.py").write_text(textwrap.dedent(FUNCTION))
    function = functions.deploy(tmp_path, name="somebody-elses", config=HOSTS)
    assert functions.invoke(function.id, b"sdk").body == b'"axmockoci123"', function.logs
    assert b"You asked" in functions.invoke(function.id, b"streamed").body, function.logs
    assert b"You asked" in functions.invoke(function.id, b"aio").body, function.logs
    assert {record.principal.resource_type for record in live.calls} == {"fnfunc"}
    assert {record.request.headers["host"].partition(".")[0] for record in live.calls} == {"objectstorage", "inference"}


def test_a_function_that_is_not_told_so_asks_real_hosts(functions, tmp_path) -> None:
    (tmp_path / "func.py").write_text("import os\ndef handler(ctx, data=None):\n    return os.environ['PYTHONPATH']\n")
    function = functions.deploy(tmp_path, name="told-nothing")
    assert functions.invoke(function.id).body == str(tmp_path).encode()
