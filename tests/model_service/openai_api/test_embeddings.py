"""Embeddings from OpenAI's request to OpenAI's answer: by themselves, and against the local OCI."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import openai
import pytest

from mock_oci import MockOci
from mock_oci.fn.stack import LocalStack
from model_service.app import App
from model_service.errors import InvalidRequest, ModelServiceError, UpstreamError
from model_service.fn.invocation import Deadline, HttpRequest, Invocation
from model_service.openai_api.chat import Complete
from model_service.openai_api.embeddings import EmbeddingsRequest
from model_service.service import Service

EMBED = "cohere.embed-v4.0"
PATH = "/20231130/actions/embedText"
PNG = "data:image/png;base64,iVBORw0KGgo="
IMAGE = {"type": "image_url", "image_url": {"url": PNG}}


def parse(**fields: Any) -> EmbeddingsRequest:
    return EmbeddingsRequest.parse({"model": EMBED, "input": "Hello", **fields})


def embed(service: Service, given: Any, **fields: Any) -> dict[str, Any]:
    request = parse(input=given, **fields)
    answer = service.call(service.resolve(request), request, Deadline.after(30))
    assert isinstance(answer, Complete)
    return answer.completion


def vectors(answer: dict[str, Any]) -> list[list[float]]:
    return [entry["embedding"] for entry in answer["data"]]


def sent(oci: MockOci) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in oci.requests]


def test_a_text_becomes_one_embedding_in_openai_s_answer(service: Service, oci: MockOci) -> None:
    answer = embed(service, "Hello world")
    assert answer["object"] == "list" and answer["model"] == EMBED
    assert answer["data"][0]["object"] == "embedding" and answer["data"][0]["index"] == 0
    assert answer["usage"]["prompt_tokens"] == answer["usage"]["total_tokens"] > 0
    (body,) = sent(oci)
    assert body == {
        "compartmentId": oci.tenancy.compartment_id,
        "servingMode": {"servingType": "ON_DEMAND", "modelId": EMBED},
        "inputs": ["Hello world"],
    }


def test_more_inputs_than_one_call_takes_are_several_calls_in_order(service: Service, oci: MockOci) -> None:
    texts = [f"text {number}" for number in range(500)]
    answer = embed(service, texts)
    assert sorted(len(body["inputs"]) for body in sent(oci)) == [20, 96, 96, 96, 96, 96]
    assert [entry["index"] for entry in answer["data"]] == list(range(500))
    alone = vectors(embed(service, texts[333]))
    assert vectors(answer)[333] == alone[0]
    assert vectors(answer)[334] != alone[0]


def test_usage_is_the_sum_over_all_calls(service: Service) -> None:
    one = embed(service, ["word"] * 10)["usage"]["total_tokens"]
    assert embed(service, ["word"] * 200)["usage"]["total_tokens"] == 20 * one


def test_base64_is_the_same_numbers_as_little_endian_floats(service: Service) -> None:
    plain = vectors(embed(service, "Hello"))[0]
    (packed,) = vectors(embed(service, "Hello", encoding_format="base64"))
    assert isinstance(packed, str)
    numbers = struct.unpack(f"<{len(plain)}f", base64.b64decode(packed))
    assert numbers == pytest.approx(plain, rel=1e-6)


def test_the_native_parameters_go_out_under_their_native_names(service: Service, oci: MockOci) -> None:
    answer = embed(service, "Hello", dimensions=256, input_type="search_query", truncate="end", user="u1")
    assert len(vectors(answer)[0]) == 256
    (body,) = sent(oci)
    assert (body["outputDimensions"], body["inputType"], body["truncate"]) == (256, "SEARCH_QUERY", "END")
    assert "user" not in body


def test_images_go_out_one_by_one_and_come_back_in_their_place(service: Service, oci: MockOci) -> None:
    answer = embed(service, ["a", IMAGE, IMAGE, "b", "c"], input_type="clustering")
    bodies = sorted(sent(oci), key=lambda body: body["inputs"])
    assert [body["inputs"] for body in bodies] == [["a"], ["b", "c"], [PNG], [PNG]]
    assert [body["inputType"] for body in bodies] == ["CLUSTERING", "CLUSTERING", "IMAGE", "IMAGE"]
    found = vectors(answer)
    assert found[1] == found[2] == vectors(embed(service, IMAGE))[0]
    assert found[3] == vectors(embed(service, "b"))[0]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": [1, 2, 3]}, "input"),
        ({"input": [[1, 2], [3]]}, "input"),
        ({"input": []}, "input"),
        ({"input": None}, "input"),
        ({"input": 7}, "input"),
        ({"input": ["a", None]}, "input.1"),
        ({"input": [{"type": "image_url", "image_url": {"url": "https://example.com/x.png"}}]}, "input.0"),
        ({"input": [{"type": "hologram"}]}, "input.0"),
        ({"model": ""}, "model"),
        ({"model": 5}, "model"),
        ({"encoding_format": "int8"}, "encoding_format"),
        ({"dimensions": "256"}, "dimensions"),
        ({"dimensions": 0}, "dimensions"),
        ({"dimensions": True}, "dimensions"),
        ({"truncate": 1}, "truncate"),
        ({"compartment_id": "mine"}, "compartment_id"),
        ({"temperature": 0.5}, "temperature"),
    ],
)
def test_what_is_wrong_is_named_and_not_quoted(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse(**fields)
    assert caught.value.param == param
    assert "example.com" not in caught.value.message


def test_tokens_are_refused_with_the_reason() -> None:
    with pytest.raises(InvalidRequest, match="not of tokens"):
        parse(input=[[101, 102]])


def test_parameters_that_say_nothing_change_nothing() -> None:
    assert parse(dimensions=None, encoding_format=None, unknown=None) == parse()


def test_a_dedicated_endpoint_serves_embeddings_too(service: Service, oci: MockOci) -> None:
    endpoint = oci.catalogue.add_endpoint(EMBED)
    answer = embed(service, "Hello", model=endpoint)
    assert answer["model"] == endpoint
    (body,) = sent(oci)
    assert body["servingMode"] == {"servingType": "DEDICATED", "endpointId": endpoint}


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ({"embeddings": []}, "1 inputs with 0"),
        ({}, "1 inputs with 0"),
        ({"embeddings": [[1.0], [2.0]]}, "1 inputs with 2"),
    ],
)
def test_an_embedding_that_is_missing_is_an_error(service: Service, oci: MockOci, result: Any, said: str) -> None:
    oci.script.raw(json.dumps(result).encode(), content_type="application/json", path=PATH)
    with pytest.raises(UpstreamError, match=said):
        embed(service, "Hello")


@pytest.mark.parametrize(
    ("result", "tokens"),
    [
        ({"embeddings": [[1.0]]}, 0),
        ({"embeddings": [[1.0]], "inputTextTokenCounts": [3]}, 3),
        ({"embeddings": [[1.0]], "usage": {"totalTokens": 5}}, 5),
        ({"embeddingsByType": {"float": [[1.0]]}, "usage": {"promptTokens": 4, "totalTokens": 5}}, 4),
    ],
)
def test_usage_is_read_from_whatever_says_it(result: dict[str, Any], tokens: int) -> None:
    answer = parse().answer("m", [result])
    assert answer["usage"] == {"prompt_tokens": tokens, "total_tokens": tokens}
    assert vectors(answer) == [[1.0]]


def test_one_call_that_fails_fails_the_request_and_the_rest_is_not_asked_for(service: Service, oci: MockOci) -> None:
    oci.script.error(400, message="bad input", times=99, path=PATH)
    with pytest.raises(ModelServiceError, match="bad input"):
        embed(service, ["text"] * 96 * 21)
    assert len(oci.requests) < 21


def http(path: str, body: dict[str, Any]) -> Invocation:
    return Invocation(json.dumps(body).encode(), Deadline.after(30), http=HttpRequest("POST", path, {}))


@pytest.mark.parametrize("doorway", ["http", "direct", "named"])
def test_every_doorway_takes_embeddings(environment: dict[str, str], doorway: str) -> None:
    body = {"model": EMBED, "input": ["a", "b"]}
    invocation = {
        "http": http("/v1/embeddings", body),
        "direct": Invocation(json.dumps(body).encode(), Deadline.after(30)),
        "named": Invocation(json.dumps({**body, "operation": "embeddings"}).encode(), Deadline.after(30)),
    }[doorway]
    app = App(environment)
    reply = app.answer(invocation)
    assert reply.status == 200
    assert [entry["index"] for entry in json.loads(reply.body)["data"]] == [0, 1]
    app.service.close()


def test_openai_s_own_client_embeds_through_the_whole_path(stack: LocalStack) -> None:
    with openai.OpenAI(base_url=stack.gateway_url, api_key="not-used", max_retries=0) as client:
        answer = client.embeddings.create(model=EMBED, input=["a", "b"], dimensions=256)  # as base64, unless told
        plain = client.embeddings.create(model=EMBED, input=["a", "b"], dimensions=256, encoding_format="float")
        with pytest.raises(openai.BadRequestError, match="not of tokens"):
            client.embeddings.create(model=EMBED, input=[[1, 2, 3]])
    assert [entry.index for entry in answer.data] == [0, 1]
    assert answer.data[1].embedding == pytest.approx(plain.data[1].embedding, rel=1e-6)


@pytest.mark.parametrize(
    "result",
    [
        {"embeddings": ["text"]},
        {"embeddings": [None]},
        {"embeddings": [{"a": 1.0}]},
        {"embeddings": [[0.5, None]]},
        {"embeddings": [[0.5, "1"]]},
        {"embeddings": [[[0.5]]]},
        {"embeddings": [[0.5, float("nan")]]},
        {"embeddings": [[10**400]]},
        {"embeddings": {"float": [[1.0]]}},
        {"embeddings": None, "embeddingsByType": [1]},
        {"embeddingsByType": {"float": "text"}},
    ],
)
@pytest.mark.parametrize("encoding_format", ["float", "base64"])
def test_an_embedding_of_the_wrong_type_is_oci_s_fault(result: dict[str, Any], encoding_format: str) -> None:
    with pytest.raises(UpstreamError):
        parse(input="a", encoding_format=encoding_format).answer("m", [result])


@pytest.mark.parametrize(
    "counts",
    [
        {"usage": "text"},
        {"usage": {"promptTokens": "3"}},
        {"usage": {"promptTokens": [3], "totalTokens": None}},
        {"inputTextTokenCounts": [None, 2, "3", 1.5]},
        {"inputTextTokenCounts": 7},
    ],
)
def test_counts_that_are_no_numbers_count_nothing(counts: dict[str, Any]) -> None:
    usage = parse(input="a").answer("m", [{"embeddings": [[1.0]], **counts}])["usage"]
    assert usage["prompt_tokens"] == usage["total_tokens"]
    assert usage["total_tokens"] in (0, 2)


@pytest.mark.parametrize("name", ["embedding_types", "embeddingTypes"])
def test_one_type_of_embedding_is_asked_for_by_either_name(name: str) -> None:
    request = parse(input="a", **{name: ["int8"]})
    assert request.native_requests() == [{"inputs": ["a"], "embeddingTypes": ["int8"]}]
    result = {"embeddings": None, "embeddingsByType": {"float": [[0.5]], "int8": [[3, -4]]}}
    assert vectors(request.answer("m", [result])) == [[3, -4]]


@pytest.mark.parametrize("types", [[], ["int8", "float"], ["int9"], "int8", [1]])
def test_types_of_which_openai_s_answer_has_no_room_are_refused(types: Any) -> None:
    with pytest.raises(InvalidRequest, match="embedding_types: must be an array with one of float, int8"):
        parse(input="a", embedding_types=types)


def test_the_contents_of_oci_s_own_request_are_inputs() -> None:
    picture = "data:image/png;base64,iVBORw0KGgo="
    contents = [{"type": "TEXT", "text": "a"}, {"type": "IMAGE", "imageUrl": {"url": picture}}]
    request = parse(input=None, embedContents=contents, isEcho=True)
    assert request.native_requests() == [
        {"inputs": ["a"], "isEcho": True},
        {"inputs": [picture], "inputType": "IMAGE", "isEcho": True},
    ]
    results = [{"embeddings": [[1.0]], "inputs": ["a"]}, {"embeddings": [[2.0]]}]
    assert request.answer("m", results)["inputs"] == ["a"]


@pytest.mark.parametrize("contents", [[], "a", ["a", 1], [{"type": "AUDIO"}], [{"type": "TEXT", "text": 1}]])
def test_contents_that_are_none_are_refused_by_name(contents: Any) -> None:
    with pytest.raises(InvalidRequest, match="embedContents"):
        parse(input=None, embedContents=contents)
