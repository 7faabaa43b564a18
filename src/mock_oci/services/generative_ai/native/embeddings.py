"""POST /20231130/actions/embedText: unit vectors made from the text alone (docs: EmbedTextDetails, EmbedTextResult)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mock_oci.model.replies import words_of
from mock_oci.operations import Call, Operation, json_response, refusing
from mock_oci.services.generative_ai.native.refusal import bad_request, check_shape
from mock_oci.services.generative_ai.native.serving import body_of, target_of
from mock_oci.services.shapes import (
    each,
    mapping,
    one_by,
    one_of,
    record,
    text,
    texts,
    truth,
    whole,
)
from mock_oci.wire import Body, Response

MAX_INPUTS = 96
Vector = list[float]


@refusing
def embed(call: Call) -> Response:
    """Answer one vector per input. Equal texts have equal vectors; similar ones need not be near."""
    body = body_of(call)
    model = target_of(call, body, "TEXT_EMBEDDINGS").model.id
    check_shape(_DETAILS, body, "body")
    kind = next(kind for kind in KINDS if re.match(kind.models, model))
    inputs = _inputs(kind, body)
    size = body.get("outputDimensions") or kind.dimensions
    if size not in (kind.dimensions, *kind.also):
        raise bad_request(f"outputDimensions {size} is not supported by {model}.")  # the emulator's wording
    vectors = [_vector(model, item, kind.dimensions, size) for item in inputs]
    return json_response(200, _result(call, model, body, inputs, vectors))


@dataclass(frozen=True)
class _Input:
    """``said`` is a text, or an image's data URL."""

    said: str
    is_image: bool

    @property
    def tokens(self) -> int:
        return 1 if self.is_image else len(words_of(self.said))


def _inputs(kind: Kind, body: Body) -> list[_Input]:
    given = body.get("inputs") or body.get("embedContents") or []
    if not 0 < len(given) <= MAX_INPUTS:
        # As seen by users of langchain's OCIGenAIEmbeddings (langchain-ai/langchain#22986); 96 itself is taken.
        raise bad_request("Inputs must be provided, support inputs array size less than 96.")
    inputs = [_input(item, body.get("inputType") == "IMAGE") for item in given]
    images = [item for item in inputs if item.is_image]
    if len(images) > 1 and body.get("inputs"):
        raise bad_request(
            "Only one image is supported per request."
        )  # "one base64 encoded image" (the SDK's docstring)
    for image in images:
        _check_image(image.said)
    return [_truncated(item, kind.most_tokens, body.get("truncate") or "NONE") for item in inputs]


def _input(item: Any, is_image: bool) -> _Input:
    if isinstance(item, str):
        return _Input(item, is_image)
    return _Input(item["imageUrl"]["url"], True) if item["type"] == "IMAGE" else _Input(item["text"], False)


def _check_image(url: str) -> None:
    found = re.fullmatch(r"data:image/[a-z+]+;base64,(.+)", url)
    try:
        base64.b64decode(found[1] if found else "?", validate=True)
    except binascii.Error as error:
        raise bad_request("An image must be a data URL of base64: data:image/png;base64,…") from error


def _truncated(item: _Input, most: int, where: str) -> _Input:
    words = words_of(item.said)
    if item.is_image or len(words) <= most:
        return item
    if where == "NONE":
        raise bad_request(f"Input has {len(words)} tokens; the most is {most}.")  # the emulator's wording
    return _Input("".join(words[:most] if where == "END" else words[-most:]), False)


def _vector(model: str, item: _Input, dimensions: int, size: int) -> Vector:
    """Return the first ``size`` of the model's ``dimensions``, of length 1: how Embed 4 shortens its vectors."""
    digest = hashlib.shake_256(f"{model}/{item.said}".encode("utf-8", "surrogatepass")).digest(2 * dimensions)
    numbers = [number / 32768 for number in struct.unpack(f"<{dimensions}h", digest)][:size]
    length = math.sqrt(sum(number * number for number in numbers))
    return [number / length for number in numbers]


def _result(call: Call, model: str, body: Body, inputs: list[_Input], vectors: list[Vector]) -> Body:
    kinds = body.get("embeddingTypes") or []
    counts = [item.tokens for item in inputs]
    result: Body = {
        "id": hashlib.sha256(f"embed/{call.cloud.next_serial()}".encode()).hexdigest()[:32],
        "embeddings": vectors if "float" in kinds or not kinds else [],
        "modelId": model,
        "modelVersion": "1.0",
        "inputTextTokenCounts": counts,
        "usage": {"promptTokens": sum(counts), "completionTokens": 0, "totalTokens": sum(counts)},
    }
    if kinds:
        result["embeddingsByType"] = {kind: [ENCODINGS[kind](vector) for vector in vectors] for kind in kinds}
    if body.get("isEcho"):
        echoed = "inputs" if body.get("inputs") else "embedContents"
        result[echoed] = body[echoed]
    return result


def _int8(vector: Vector) -> list[int]:
    """Scale a unit vector's numbers, which are small, so that the largest fills the byte."""
    largest = max(abs(number) for number in vector)
    return [round(127 * number / largest) for number in vector]


def _ubinary(vector: Vector) -> list[int]:
    """Write one bit for each number's sign, eight to a byte."""
    bits = "".join("1" if number > 0 else "0" for number in vector)
    return [int(bits[start : start + 8], 2) for start in range(0, len(bits), 8)]


ENCODINGS: dict[str, Callable[[Vector], Any]] = {
    "float": lambda vector: vector,
    "int8": _int8,
    "uint8": lambda vector: [number + 128 for number in _int8(vector)],
    "binary": lambda vector: [number - 128 for number in _ubinary(vector)],
    "ubinary": _ubinary,
    "base64": lambda vector: base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode(),
}


@dataclass(frozen=True)
class Kind:
    """What a family of embedding models gives and takes; ``also`` are the sizes that may be asked for."""

    models: str
    dimensions: int
    also: tuple[int, ...]
    most_tokens: int


# docs: generative-ai/cohere-embed-4.htm and cohere-embed-3.htm.
KINDS = (
    Kind(r"cohere\.embed-v4", 1536, (256, 512, 1024), 128_000),
    Kind(r"cohere\.embed-.*light", 384, (), 512),
    Kind(r"", 1024, (), 512),
)

_IMAGE = record({"type": text, "imageUrl": record({"url": text, "detail": text}, ["url"])}, ["imageUrl"])
_DETAILS = record(
    {
        "compartmentId": text,
        "servingMode": mapping,
        "inputs": texts,
        "embedContents": each(
            one_by("type", {"TEXT": record({"type": text, "text": text}, ["text"]), "IMAGE": _IMAGE})
        ),
        "isEcho": truth,
        "embeddingTypes": each(one_of(*ENCODINGS)),
        "outputDimensions": whole(1),
        "truncate": one_of("NONE", "START", "END"),
        "inputType": one_of("SEARCH_DOCUMENT", "SEARCH_QUERY", "CLASSIFICATION", "CLUSTERING", "IMAGE"),
    }
)

# Not asks_model: a scripted chat reply is not meant for it; scripts name this path.
OPERATIONS = (Operation("POST", "/20231130/actions/embedText", embed),)
