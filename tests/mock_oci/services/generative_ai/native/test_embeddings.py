from __future__ import annotations

import base64
import json
import math
import struct
from collections.abc import Callable
from typing import Any

import oci.generative_ai_inference.models as m
import pytest

from mock_oci import MockOci, Response

EMBED_4 = "cohere.embed-v4.0"
PNG = "data:image/png;base64," + base64.b64encode(b"png").decode()
Ask = Callable[..., Response]
Read = Callable[[Response], Any]
Refused = Callable[..., str]


@pytest.fixture
def embed(act: Ask) -> Ask:
    """Embeds the inputs, by default with Embed 4."""
    return lambda *inputs, model=EMBED_4, **fields: act("embedText", model, inputs=list(inputs), **fields)


def test_the_sdk_reads_the_vectors(live: MockOci, sdk: Any) -> None:
    details = m.EmbedTextDetails(
        inputs=["a", "b"],
        serving_mode=m.OnDemandServingMode(model_id=EMBED_4),
        compartment_id=live.tenancy.compartment_id,
        input_type="SEARCH_QUERY",
        is_echo=True,
    )
    answer = sdk.embed_text(details).data
    assert (answer.model_id, answer.inputs, len(answer.embeddings)) == (EMBED_4, ["a", "b"], 2)
    assert answer.usage.prompt_tokens == 2


def test_vectors_are_of_length_1_and_the_same_for_the_same_text(embed: Ask, said: Read) -> None:
    first, again, other = said(embed("a", "a", "b"))["embeddings"]
    assert (len(first), first) == (1536, again)
    assert first != other
    assert math.isclose(sum(number * number for number in first), 1)


@pytest.mark.parametrize("size", [256, 512, 1024, 1536])
def test_embed_4_gives_the_beginning_of_its_vectors(embed: Ask, said: Read, size: int) -> None:
    whole = said(embed("a"))["embeddings"][0][:size]
    short = said(embed("a", outputDimensions=size))["embeddings"][0]
    assert len(short) == size
    assert math.isclose(short[0] / short[1], whole[0] / whole[1])


def test_other_dimensions_are_refused(embed: Ask, oci: MockOci, refused: Refused) -> None:
    assert "outputDimensions 100" in refused(embed("a", outputDimensions=100))
    third = oci.catalogue.add_endpoint("cohere.embed-english-v3.0")
    assert "outputDimensions 256" in refused(embed("a", model=third, outputDimensions=256))


def test_embed_3_has_1024_dimensions_and_is_retired_on_demand(embed: Ask, oci: MockOci, said: Read) -> None:
    assert embed("a", model="cohere.embed-english-v3.0").status == 404
    third = oci.catalogue.add_endpoint("cohere.embed-english-v3.0")
    assert len(said(embed("a", model=third))["embeddings"][0]) == 1024


def test_each_embedding_type_says_the_same(embed: Ask, said: Read) -> None:
    kinds = ["float", "int8", "uint8", "binary", "ubinary", "base64"]
    body = said(embed("a", embeddingTypes=kinds))
    found = {kind: vectors[0] for kind, vectors in body["embeddingsByType"].items()}
    assert found["float"] == body["embeddings"][0]
    packed = struct.unpack("<1536f", base64.b64decode(found["base64"]))
    assert all(math.isclose(ours, theirs, rel_tol=1e-6) for ours, theirs in zip(packed, found["float"], strict=True))
    assert [number + 128 for number in found["int8"]] == found["uint8"]
    assert [number + 128 for number in found["binary"]] == found["ubinary"]
    assert len(found["ubinary"]) == 192
    signs = "".join("1" if number > 0 else "0" for number in found["float"][:8])
    assert f"{found['ubinary'][0]:08b}" == signs
    assert max(map(abs, found["int8"])) == 127


def test_without_the_type_float_there_are_no_plain_embeddings(embed: Ask, said: Read) -> None:
    body = said(embed("a", embeddingTypes=["int8"]))
    assert (body["embeddings"], list(body["embeddingsByType"])) == ([], ["int8"])


def test_96_inputs_are_the_most(embed: Ask, said: Read, refused: Refused) -> None:
    assert len(said(embed(*map(str, range(96)), outputDimensions=256))["embeddings"]) == 96
    message = "Inputs must be provided, support inputs array size less than 96."
    assert refused(embed(*map(str, range(97)))) == refused(embed()) == message


def test_long_inputs_are_refused_or_truncated(embed: Ask, oci: MockOci, said: Read, refused: Refused) -> None:
    third = oci.catalogue.add_endpoint("cohere.embed-english-v3.0")
    words = [f"w{number}" for number in range(513)]
    text = " ".join(words)
    assert "513 tokens" in refused(embed(text, model=third))
    cut = said(embed(text, " ".join(words[:512]), model=third, truncate="END"))
    assert cut["embeddings"][0] == cut["embeddings"][1]
    assert cut["inputTextTokenCounts"] == [512, 512]
    assert said(embed(text, model=third, truncate="START"))["embeddings"][0] != cut["embeddings"][0]


def test_images_are_embedded_one_by_one(embed: Ask, act: Ask, said: Read, refused: Refused) -> None:
    image = said(embed(PNG, inputType="IMAGE"))["embeddings"][0]
    contents = [{"type": "TEXT", "text": "a"}, {"type": "IMAGE", "imageUrl": {"url": PNG}}]
    mixed = said(act("embedText", EMBED_4, embedContents=contents, isEcho=True))
    assert (mixed["embeddings"][1], mixed["embedContents"]) == (image, contents)
    assert "one image" in refused(embed(PNG, PNG, inputType="IMAGE"))
    assert "data URL" in refused(embed("https://example.com/a.png", inputType="IMAGE"))


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"inputs": "a"}, "inputs is not an array"),
        ({"inputs": [[1, 2]]}, "inputs[0] is not a string"),
        ({"inputType": "QUERY"}, "inputType"),
        ({"embeddingTypes": ["double"]}, "embeddingTypes[0]"),
        ({"truncate": "MIDDLE"}, "truncate"),
        ({"dimensions": 256}, "dimensions is not known"),
    ],
)
def test_a_request_of_the_wrong_shape_is_refused(act: Ask, refused: Refused, fields: Any, where: str) -> None:
    assert where in refused(act("embedText", EMBED_4, **{"inputs": ["a"], **fields}))


def test_a_chat_model_does_not_embed(embed: Ask, refused: Refused) -> None:
    assert "does not support" in refused(embed("a", model="meta.llama-3.3-70b-instruct"))


def test_a_scripted_chat_reply_is_not_meant_for_embeddings(embed: Ask, oci: MockOci) -> None:
    oci.script.chat("for a chat")
    oci.script.error(429, path="/20231130/actions/embedText")
    assert (embed("a").status, embed("a").status, len(oci.script)) == (429, 200, 1)


def test_the_token_counts_are_per_input(embed: Ask, said: Read) -> None:
    body = said(embed("one", "one two three"))
    assert body["inputTextTokenCounts"] == [1, 3]
    assert json.dumps(body["usage"]) == '{"promptTokens": 4, "completionTokens": 0, "totalTokens": 4}'
