"""What is asked is charged once, on every transport and for every operation: an answer that is cut off is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from tests.model_service.upstream.conftest import Peer, peer_that, says

from mock_oci import MockOci
from model_service.batch.pacing import is_passing
from model_service.errors import ModelServiceError
from model_service.fn.invocation import Deadline
from model_service.openai_api.chat import ChatRequest, Stream
from model_service.openai_api.embeddings import EmbeddingsRequest
from model_service.openai_api.operations import responses_request
from model_service.openai_api.rerank import RerankRequest
from model_service.service import Service
from model_service.settings import Settings

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
TORN = {
    "inside the head": b"HTTP/1.1 200 OK\r\ncontent-ty",
    "before the end of the head": HEAD,
    "before its length": HEAD + b'content-length: 99\r\n\r\n{"choices": [',
    "inside its JSON": HEAD + b'\r\n{"choices": [{"index": 0, "mess',
    "before anything": HEAD + b"content-length: 0\r\n\r\n",
}


def chat(model: str, *, stream: bool = False) -> ChatRequest:
    return ChatRequest.parse({"model": model, "messages": [{"role": "user", "content": "Hi"}], "stream": stream})


REQUESTS = {
    "V1": chat("meta.llama-3.3-70b-instruct"),
    "V1, streamed": chat("meta.llama-3.3-70b-instruct", stream=True),
    "Responses": chat("responses:openai.gpt-oss-120b"),
    "Responses, streamed": chat("responses:openai.gpt-oss-120b", stream=True),
    "Responses, passed through": responses_request({"model": "openai.gpt-oss-120b", "input": "Hi"}),
    "COHERE": chat("cohere.command-a-03-2025"),
    "COHERE, streamed": chat("cohere.command-a-03-2025", stream=True),
    "COHEREV2": chat("cohere.command-a-vision-07-2025"),
    "GENERIC": chat("ocid1.generativeaimodel.oc1.us-chicago-1.m"),
    "GENERIC, streamed": chat("ocid1.generativeaimodel.oc1.us-chicago-1.m", stream=True),
    "embeddings": EmbeddingsRequest.parse({"model": "cohere.embed-v4.0", "input": "Hi"}),
    "rerank": RerankRequest.parse({"model": "cohere.rerank-v3.5", "query": "Hi", "documents": ["Ho"]}),
}


@contextmanager
def asked(environment: dict[str, str], oci: MockOci, answer: bytes) -> Iterator[tuple[Service, Peer]]:
    with peer_that(says(answer)) as peer:
        variables = {"OCI_GENAI_ENDPOINT": peer.url, "MODEL_SERVICE_PROJECT_ID": oci.projects.default.id}
        with closing(Service(Settings.load({**environment, **variables}))) as service:
            yield service, peer


def read(service: Service, request: Any) -> None:
    answer = service.call(service.resolve(request), request, Deadline.after(30))
    if isinstance(answer, Stream):
        for _ in answer.chunks:
            pass


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("torn", TORN)
def test_an_answer_that_is_cut_off_is_asked_for_once(
    environment: dict[str, str], oci: MockOci, name: str, torn: str
) -> None:
    with asked(environment, oci, TORN[torn]) as (service, peer):
        with pytest.raises(ModelServiceError) as caught:
            read(service, REQUESTS[name])
        assert peer.requests == [0]
    assert caught.value.code in ("connection_lost", "stream_broken")
    assert not is_passing(caught.value)


@pytest.mark.parametrize("name", [name for name in REQUESTS if "streamed" in name])
def test_a_stream_that_says_nothing_is_asked_for_once(environment: dict[str, str], oci: MockOci, name: str) -> None:
    with asked(environment, oci, STREAM) as (service, peer):
        with pytest.raises(ModelServiceError) as caught:
            read(service, REQUESTS[name])
        assert peer.requests == [0]
    assert not is_passing(caught.value)
