"""Embeddings of many inputs: some calls at a time, with what threads there are, and none for what has no way out."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from mock_oci import MockOci
from model_service.errors import AnswerTooLarge, ModelServiceError, RequestTooLarge, UpstreamError
from model_service.fn.caller import Origin
from model_service.fn.invocation import Deadline
from model_service.fn.limits import MEBIBYTE
from model_service.fn.reply import MAX_REPLY_BYTES
from model_service.openai_api.chat import Complete
from model_service.openai_api.embeddings import EmbeddingsRequest
from model_service.routing import Route
from model_service.service import Service
from model_service.transports.call import Call
from model_service.transports.native.embed_text import OCIEmbeddingModel

EMBED = "cohere.embed-v4.0"
PATH = "/20231130/actions/embedText"


def embed(service: Service, oci: MockOci, inputs: int, *, limit: int | None = None, **fields: Any) -> dict[str, Any]:
    body = {"model": EMBED, "input": [f"text {number}" for number in range(inputs)], **fields}
    request = EmbeddingsRequest.parse(body)
    route = request.route({})
    assert isinstance(route, Route)
    call = Call(Deadline.after(30), oci.tenancy.compartment_id, max_answer_bytes=limit)
    answer = OCIEmbeddingModel(route, service.native).embed(request, call)
    assert isinstance(answer, Complete)
    return answer.completion


def test_without_a_thread_to_be_had_the_calls_are_made_one_after_the_other(
    service: Service, oci: MockOci, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start

    def refused(thread: threading.Thread) -> None:
        if thread.name.startswith("embed"):
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refused)
    assert [entry["index"] for entry in embed(service, oci, 200, dimensions=256)["data"]] == list(range(200))
    assert len(oci.requests) == 3


def test_after_a_failure_the_rest_is_not_asked_for(service: Service, oci: MockOci) -> None:
    oci.script.error(400, message="no", path=PATH, times=99)
    with pytest.raises(UpstreamError, match="no"):
        embed(service, oci, 2000)
    assert len(oci.requests) <= 4


def test_what_cannot_be_delivered_is_not_asked_for(service: Service, oci: MockOci) -> None:
    with pytest.raises(AnswerTooLarge):
        embed(service, oci, 2048, limit=MAX_REPLY_BYTES, dimensions=1536, encoding_format="base64")
    assert not oci.requests


@pytest.mark.parametrize(
    ("model", "encoding_format", "inputs"),
    [
        ("cohere.embed-v4.0", "float", 2016),
        ("cohere.embed-v4.0", "base64", 2016),
        ("cohere.embed-english-v3.0", "base64", 2016),
        ("cohere.embed-multilingual-light-v3.0", "base64", 2948),
    ],
)
def test_of_a_model_whose_dimensions_are_known_nothing_is_asked_in_vain(
    service: Service, oci: MockOci, model: str, encoding_format: str, inputs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model_service.openai_api.embeddings.MAX_REQUEST_INPUTS", 4096)
    with pytest.raises(AnswerTooLarge):
        embed(service, oci, inputs, limit=MAX_REPLY_BYTES, model=model, encoding_format=encoding_format)
    assert not oci.requests


@pytest.mark.parametrize("model", ["cohere.embed-english-v3.0", "ocid1.generativeaimodel.oc1..own"])
def test_where_the_size_is_not_known_the_first_answer_alone_tells(service: Service, oci: MockOci, model: str) -> None:
    answer = json.dumps({"embeddings": [[0.123456789] * 1024] * 96}).encode()
    oci.script.raw(answer, content_type="application/json", path=PATH, times=99)
    with pytest.raises(AnswerTooLarge):
        embed(service, oci, 2016, limit=MAX_REPLY_BYTES, model=model)
    assert len(oci.requests) == 1


def test_of_binary_types_eight_dimensions_are_one_number(service: Service, oci: MockOci) -> None:
    answer = json.dumps({"embeddingsByType": {"ubinary": [[255] * 192] * 96}}).encode()
    oci.script.raw(answer, content_type="application/json", path=PATH, times=99)
    found = embed(service, oci, 2016, limit=MAX_REPLY_BYTES, dimensions=1536, embedding_types=["ubinary"])
    assert len(found["data"]) == 2016
    assert len(oci.requests) == 21


def test_what_can_be_delivered_is(service: Service, oci: MockOci) -> None:
    assert len(embed(service, oci, 97, limit=MAX_REPLY_BYTES, encoding_format="base64")["data"]) == 97


@pytest.mark.parametrize(
    ("variables", "trigger", "kind"),
    [
        ({}, "http", AnswerTooLarge),
        ({"MODEL_SERVICE_OVERFLOW_BUCKET": "ns/large", "FN_MEMORY": "128"}, "http", RequestTooLarge),
        ({"FN_MEMORY": "128"}, "", RequestTooLarge),
    ],
)
def test_the_bound_is_that_of_where_the_answer_goes(
    environment: dict[str, str], variables: dict[str, str], trigger: str, kind: type[ModelServiceError]
) -> None:
    from model_service.settings import Settings

    service = Service(Settings.load({**environment, **variables}))
    wanted = {"model": EMBED, "input": ["a"] * 2048, "dimensions": 8192, "encoding_format": "base64"}
    request = EmbeddingsRequest.parse(wanted)
    with pytest.raises(kind) as caught:
        service.call(
            service.resolve(request), request, Deadline.after(30), Origin(trigger=trigger, has_reply=bool(trigger))
        )
    assert caught.value.status == (413 if kind is RequestTooLarge else 500)
    assert service.settings.limits.stored_answer_bytes >= 25 * MEBIBYTE
