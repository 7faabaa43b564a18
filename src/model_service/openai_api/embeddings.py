"""OpenAI's embeddings request and answer, and what OCI's embedText wants of the one for the other.

Sources: https://platform.openai.com/docs/api-reference/embeddings/create and
https://docs.oracle.com/en-us/iaas/api/#/en/generative-ai-inference/20231130/datatypes/EmbedTextDetails
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

from model_service.errors import UpstreamError
from model_service.openai_api.validation import (
    check_names,
    compartment,
    optional_count,
    optional_text,
    refuse,
    required_text,
)
from model_service.routing import Route, resolve

MOST_INPUTS: Final = 96  # of texts in one call; of images it is one
MOST_INPUTS_OF_A_REQUEST: Final = 2048  # OpenAI's own limit; each 96 are a call that is paid for
IMAGE: Final = "IMAGE"


@dataclass(frozen=True)
class Input:
    """A text, or the data URL of an image."""

    said: str = field(repr=False)
    is_image: bool = False


@dataclass(frozen=True)
class EmbeddingsRequest:
    """One request that has been checked. ``input_type`` and ``truncate`` are OCI's, in capitals."""

    model: str
    inputs: tuple[Input, ...] = field(repr=False)
    encoding_format: str = "float"
    dimensions: int | None = None
    input_type: str | None = None
    truncate: str | None = None
    compartment_id: str | None = None
    project_id: None = None  # embeddings belong to no project

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> EmbeddingsRequest:
        """Raises ``InvalidRequest`` that names the first field that is wrong, and never its value."""
        check_names(body, NAMES)
        encoding_format = optional_text(body, "encoding_format") or "float"
        if encoding_format not in ENCODING_FORMATS:
            refuse("encoding_format", f"must be one of {', '.join(ENCODING_FORMATS)}.")
        return cls(
            model=required_text(body, "model"),
            inputs=_inputs(body.get("input")),
            encoding_format=encoding_format,
            dimensions=optional_count(body, "dimensions"),
            input_type=(optional_text(body, "input_type") or "").upper() or None,
            truncate=(optional_text(body, "truncate") or "").upper() or None,
            compartment_id=compartment(body),
        )

    def route(self, aliases: Mapping[str, str]) -> Route:
        return resolve(self.model, aliases=aliases, override="sdk")

    def native_requests(self) -> list[dict[str, Any]]:
        """As many as OCI's limits ask for, in the order of the inputs: what is particular to an EmbedTextDetails."""
        batches: Iterator[list[Input]] = (
            batch
            for is_image, alike in groupby(self.inputs, key=lambda one: one.is_image)
            for batch in _batches(list(alike), 1 if is_image else MOST_INPUTS)
        )
        return [self._native_request(batch) for batch in batches]

    def _native_request(self, batch: Sequence[Input]) -> dict[str, Any]:
        native = {
            "inputs": [one.said for one in batch],
            "inputType": IMAGE if batch[0].is_image else self.input_type,
            "truncate": self.truncate,
            "outputDimensions": self.dimensions,
        }
        return {name: value for name, value in native.items() if value is not None}

    def answer(self, model: str, results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """OpenAI's list of embeddings from the EmbedTextResults; raises ``UpstreamError`` where one is missing."""
        vectors = [vector for result in results for vector in _vectors(result)]
        if len(vectors) != len(self.inputs):
            raise UpstreamError(f"OCI answered {len(self.inputs)} inputs with {len(vectors)} embeddings.")
        encode = ENCODING_FORMATS[self.encoding_format]
        entries = [{"object": "embedding", "index": at, "embedding": encode(one)} for at, one in enumerate(vectors)]
        return {"object": "list", "data": entries, "model": model, "usage": _usage(results)}


def _inputs(value: Any) -> tuple[Input, ...]:
    if isinstance(value, str | Mapping):
        return (_input("input", value),)
    if not isinstance(value, list) or not value:
        refuse("input", "must be a text, or a list of texts that is not empty.")
    if len(value) > MOST_INPUTS_OF_A_REQUEST:
        refuse("input", f"has {len(value)} entries; {MOST_INPUTS_OF_A_REQUEST} are allowed.")
    if any(isinstance(one, int | list) for one in value):
        # As langchain_openai sends them unless check_embedding_ctx_length=False.
        refuse("input", "is a list of tokens. OCI takes texts: tokens of OpenAI's mean nothing to its models.")
    return tuple(_input(f"input.{at}", one) for at, one in enumerate(value))


def _input(path: str, value: Any) -> Input:
    """A text; or an image as in a chat, ``{"type": "image_url", "image_url": {"url": "data:…"}}``."""
    if isinstance(value, str):
        return Input(value)
    if not isinstance(value, Mapping):
        refuse(path, "must be a text or an object.")
    if value.get("type") == "text" and isinstance(value.get("text"), str):
        return Input(value["text"])
    image = value.get("image_url") if value.get("type") == "image_url" else None
    url = image.get("url") if isinstance(image, Mapping) else image
    if not isinstance(url, str) or not url.startswith("data:image/"):
        refuse(path, 'must be {"type": "image_url", "image_url": {"url": "data:image/…;base64,…"}} or a text.')
    return Input(url, is_image=True)


def _batches(inputs: Sequence[Input], most: int) -> Iterator[list[Input]]:
    for start in range(0, len(inputs), most):
        yield list(inputs[start : start + most])


def _vectors(result: Mapping[str, Any]) -> list[list[float]]:
    vectors = result.get("embeddings") or (result.get("embeddingsByType") or {}).get("float")
    return vectors if isinstance(vectors, list) else []


def _usage(results: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Summed; of an answer without ``usage`` the tokens of the texts are what there is to count."""
    total = sum(_tokens(result) for result in results)
    return {"prompt_tokens": total, "total_tokens": total}


def _tokens(result: Mapping[str, Any]) -> int:
    usage = result.get("usage") or {}
    counted: int | None = usage.get("promptTokens") or usage.get("totalTokens")
    return counted or sum(result.get("inputTextTokenCounts") or [])


def _floats(vector: list[float]) -> list[float]:
    return vector


def _base64(vector: list[float]) -> str:
    """Of little-endian 32-bit floats, as OpenAI's clients unpack them."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


ENCODING_FORMATS: Final = {"float": _floats, "base64": _base64}

NAMES: Final = frozenset(
    {
        "model",
        "input",
        "encoding_format",
        "dimensions",
        "input_type",
        "truncate",
        "compartment_id",
        "project_id",  # of the header; nothing to an embedding
        "user",  # OpenAI's label for its own abuse reports: harmless
    }
)
