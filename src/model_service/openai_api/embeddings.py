"""OpenAI's embeddings request and answer, and what OCI's embedText wants of the one for the other.

Sources: https://platform.openai.com/docs/api-reference/embeddings/create and
https://docs.oracle.com/en-us/iaas/api/#/en/generative-ai-inference/20231130/datatypes/EmbedTextDetails
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from itertools import groupby
from typing import Any, Final

from model_service.errors import UpstreamError
from model_service.light_dataclasses import dataclass
from model_service.openai_api.embedding_vectors import (
    ENCODERS,
    MAX_LIST_NUMBERS,
    EmbeddingsPart,
    encoded,
    floats,
    packed_floats,
    tokens_of,
)
from model_service.openai_api.validation import (
    invalid_field,
    optional_bool,
    optional_compartment,
    optional_count,
    optional_region,
    optional_string,
    reject_unknown_fields,
    require_string,
)
from model_service.routing import Route, resolve

MAX_CALL_INPUTS: Final = 96  # of texts in one call; of images it is one
MAX_REQUEST_INPUTS: Final = 2048  # OpenAI's own limit; each 96 are a call that is paid for
IMAGE: Final = "IMAGE"


@dataclass(frozen=True)
class Input:
    """A string, or the data URL of an image."""

    value: str = field(repr=False)
    is_image: bool = False


@dataclass(frozen=True)
class EmbeddingsRequest:
    """One request that has been checked. ``input_type`` and ``truncate`` are OCI's, in capitals.

    ``embedding_type`` is one of EMBEDDING_TYPES, where the request names one.
    """

    model: str
    inputs: tuple[Input, ...] = field(repr=False)
    encoding_format: str = "float"
    dimensions: int | None = None
    input_type: str | None = None
    truncate: str | None = None
    embedding_type: str | None = None
    is_echo: bool | None = None
    compartment_id: str | None = None
    region: str | None = None
    project_id: None = None  # embeddings belong to no project
    user: str | None = None  # for the log

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> EmbeddingsRequest:
        """Return the checked request.

        Raise ``InvalidRequest`` that names the first field that is wrong, and never its value.
        """
        reject_unknown_fields(body, FIELDS)
        encoding_format = optional_string(body, "encoding_format") or "float"
        if encoding_format not in ENCODERS:
            raise invalid_field("encoding_format", f"must be one of {', '.join(ENCODERS)}.")
        return cls(
            model=require_string(body, "model"),
            inputs=_inputs(body),
            encoding_format=encoding_format,
            dimensions=optional_count(body, "dimensions"),
            input_type=(optional_string(body, "input_type") or "").upper() or None,
            truncate=(optional_string(body, "truncate") or "").upper() or None,
            embedding_type=_embedding_type(body),
            is_echo=optional_bool(body, "isEcho"),
            compartment_id=optional_compartment(body),
            user=name if isinstance(name := body.get("user"), str) else None,
            region=optional_region(body),
        )

    def route(self, aliases: Mapping[str, str]) -> Route:
        """Return the route to the model; embeddings are on OCI's own API only."""
        return resolve(self.model, aliases=aliases, override="sdk")

    def native_requests(self) -> list[dict[str, Any]]:
        """Return the fields of as many EmbedTextDetails as OCI's limits ask for, in the order of the inputs."""
        requests = []
        for is_image, group in groupby(self.inputs, key=lambda item: item.is_image):
            inputs, size = list(group), 1 if is_image else MAX_CALL_INPUTS
            requests += [self._native_request(inputs[at : at + size]) for at in range(0, len(inputs), size)]
        return requests

    def _native_request(self, batch: Sequence[Input]) -> dict[str, Any]:
        native = {
            "inputs": [item.value for item in batch],
            "inputType": IMAGE if batch[0].is_image else self.input_type,
            "truncate": self.truncate,
            "outputDimensions": self.dimensions,
            "embeddingTypes": self.embedding_type and [self.embedding_type],
            "isEcho": self.is_echo,
        }
        return {name: value for name, value in native.items() if value is not None}

    def answer(self, model: str, results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return OpenAI's list of embeddings from the EmbedTextResults.

        Raise ``UpstreamError`` where an embedding is missing, or is not what was asked for.
        """
        return self.joined(model, [self.part(result) for result in results])

    def part(self, result: Mapping[str, Any]) -> EmbeddingsPart:
        """Return what one EmbedTextResult holds, encoded; raise ``UpstreamError`` for what is no embedding."""
        vectors = self._vectors(result)
        encode = ENCODERS[self.encoding_format]
        dimensions = len(vectors[0]) if vectors and isinstance(vectors[0], list) else 0
        if encode is floats and len(self.inputs) * dimensions > MAX_LIST_NUMBERS and self.embedding_type is None:
            encode = packed_floats
        inputs = tuple(result.get("inputs") or ()) if self.is_echo else ()
        return EmbeddingsPart(
            encoded(vectors, encode, is_packed=self.embedding_type == "base64"), tokens_of(result), inputs
        )

    def joined(self, model: str, parts: Sequence[EmbeddingsPart]) -> dict[str, Any]:
        """Return OpenAI's list of embeddings; raise ``UpstreamError`` where one is missing."""
        vectors = [vector for part in parts for vector in part.vectors]
        if len(vectors) != len(self.inputs):
            raise UpstreamError(f"OCI answered {len(self.inputs)} inputs with {len(vectors)} embeddings.")
        entries = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)]
        tokens = sum(part.tokens for part in parts)
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        answer = {"object": "list", "data": entries, "model": model, "usage": usage}
        return answer | {"inputs": [text for part in parts for text in part.inputs]} if self.is_echo else answer

    def _vectors(self, result: Mapping[str, Any]) -> list[Any]:
        """Return the vectors of the one type that was asked for; OCI packs some of them in base64 itself."""
        by_type = result.get("embeddingsByType")
        by_type = by_type if isinstance(by_type, Mapping) else {}
        vectors = by_type.get(self.embedding_type or "float")
        if self.embedding_type in (None, "float"):
            vectors = result.get("embeddings") or vectors
        return vectors if isinstance(vectors, list) else []


def _embedding_type(body: Mapping[str, Any]) -> str | None:
    """Return the one type that OpenAI's answer has room for, by OCI's name or by Cohere's."""
    name = "embedding_types" if body.get("embeddingTypes") is None else "embeddingTypes"
    types = body.get(name)
    if types is None:
        return None
    if not isinstance(types, list) or len(types) != 1 or types[0] not in EMBEDDING_TYPES:
        raise invalid_field(name, f"must be an array with one of {', '.join(EMBEDDING_TYPES)}.")
    return str(types[0])


def _inputs(body: Mapping[str, Any]) -> tuple[Input, ...]:
    if body.get("embedContents") is not None:
        return _contents(body)
    value = body.get("input")
    if isinstance(value, str | Mapping):
        return (_input("input", value),)
    if not isinstance(value, list) or not value:
        raise invalid_field("input", "must be a string or a non-empty array of strings.")
    if len(value) > MAX_REQUEST_INPUTS:
        raise invalid_field("input", f"must have at most {MAX_REQUEST_INPUTS} entries, and has {len(value)}.")
    if any(isinstance(item, int | list) for item in value):
        # As langchain_openai sends them unless check_embedding_ctx_length=False.
        raise invalid_field(
            "input", "must be an array of strings, and not of tokens: tokens of OpenAI's mean nothing to OCI's models."
        )
    return tuple(_input(f"input.{index}", item) for index, item in enumerate(value))


def _contents(body: Mapping[str, Any]) -> tuple[Input, ...]:
    """Return the inputs of OCI's own ``embedContents``, each ``{"type": "TEXT", "text"}`` or with an ``imageUrl``."""
    contents = body["embedContents"]
    if body.get("input") is not None or not isinstance(contents, list) or not contents:
        raise invalid_field("embedContents", "must be a non-empty array, in the place of input.")
    if len(contents) > MAX_REQUEST_INPUTS:
        raise invalid_field(
            "embedContents", f"must have at most {MAX_REQUEST_INPUTS} entries, and has {len(contents)}."
        )
    return tuple(_input(f"embedContents.{index}", _chat_part(content)) for index, content in enumerate(contents))


def _chat_part(content: Any) -> Any:
    if not isinstance(content, Mapping):
        return content
    kind = {"TEXT": "text", "IMAGE": "image_url"}.get(str(content.get("type")))
    return {"type": kind, "text": content.get("text"), "image_url": content.get("imageUrl")}


def _input(path: str, value: Any) -> Input:
    """Return the input of a string, or of an image part as in a chat, whose URL has to be a data URL."""
    if isinstance(value, str):
        return Input(value)
    if not isinstance(value, Mapping):
        raise invalid_field(path, "must be a string or an object.")
    if value.get("type") == "text" and isinstance(value.get("text"), str):
        return Input(value["text"])
    image = value.get("image_url") if value.get("type") == "image_url" else None
    url = image.get("url") if isinstance(image, Mapping) else image
    if not isinstance(url, str) or not url.startswith("data:image/"):
        raise invalid_field(
            path, 'must be {"type": "image_url", "image_url": {"url": "data:image/…;base64,…"}} or a string.'
        )
    return Input(url, is_image=True)


EMBEDDING_TYPES: Final = ("float", "int8", "uint8", "binary", "ubinary", "base64")

FIELDS: Final = frozenset(
    {
        "model",
        "input",
        "encoding_format",
        "dimensions",
        "input_type",
        "truncate",
        "embedding_types",  # as Cohere's clients call them
        "embeddingTypes",
        "embedContents",
        "isEcho",
        "compartment_id",
        "region",
        "project_id",  # of the header; nothing to an embedding
        "user",  # OpenAI's label for its own abuse reports: harmless
    }
)
