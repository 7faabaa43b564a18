"""The rerank request that Cohere's and Jina's clients send, and the answer that both understand.

Sources: https://docs.cohere.com/reference/rerank, https://jina.ai/reranker/ and
https://docs.oracle.com/en-us/iaas/api/#/en/generative-ai-inference/20231130/datatypes/RerankTextDetails
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from math import isfinite
from typing import Any, Final

from model_service.errors import UpstreamError
from model_service.light_dataclasses import dataclass
from model_service.openai_api.encoding import write_json
from model_service.openai_api.validation import (
    invalid_field,
    optional_bool,
    optional_compartment,
    optional_count,
    optional_region,
    reject_unknown_fields,
    require_string,
)
from model_service.routing import Route, resolve

MIN_RESULT_BYTES: Final = 32  # {"index":0,"relevance_score":0},


@dataclass(frozen=True)
class RerankRequest:
    """One request that has been checked."""

    model: str
    query: str = field(repr=False)
    documents: tuple[str | Mapping[str, Any], ...] = field(repr=False)
    top_n: int | None = None
    max_chunks_per_doc: int | None = None
    max_tokens_per_doc: int | None = None
    return_documents: bool = False
    compartment_id: str | None = None
    region: str | None = None
    project_id: None = None  # a rerank belongs to no project
    user: str | None = None  # for the log

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> RerankRequest:
        """Return the checked request.

        Raise ``InvalidRequest`` that names the first field that is wrong, and never its value.
        """
        reject_unknown_fields(body, FIELDS)
        return cls(
            model=require_string(body, "model"),
            query=require_string(body, "query"),
            documents=_documents(body.get("documents")),
            top_n=optional_count(body, "top_n"),
            max_chunks_per_doc=optional_count(body, "max_chunks_per_doc"),
            max_tokens_per_doc=optional_count(body, "max_tokens_per_doc"),
            return_documents=bool(optional_bool(body, "return_documents")),
            compartment_id=optional_compartment(body),
            user=name if isinstance(name := body.get("user"), str) else None,
            region=optional_region(body),
        )

    def route(self, aliases: Mapping[str, str]) -> Route:
        """Return the route to the model; rerank is on OCI's own API only."""
        return resolve(self.model, aliases=aliases, override="sdk")

    def native_request(self) -> dict[str, Any]:
        """Return the fields of a RerankTextDetails."""
        native = {
            "input": self.query,
            "documents": [_text(document) for document in self.documents],
            "topN": self.top_n,
            "maxChunksPerDocument": self.max_chunks_per_doc,
            "maxTokensPerDocument": self.max_tokens_per_doc,
        }
        return {name: value for name, value in native.items() if value is not None}

    @property
    def min_answer_bytes(self) -> int:
        """Return the bytes that the answer has at least, before there is any of it."""
        results = min(self.top_n or len(self.documents), len(self.documents))
        returned = self.documents if self.return_documents and results == len(self.documents) else ()
        return results * MIN_RESULT_BYTES + (len(write_json(returned)) if returned else 0)

    def answer(self, model: str, result: Mapping[str, Any]) -> dict[str, Any]:
        """Return ``{id, model, results: [{index, relevance_score, document?}], meta, usage}``, the best first.

        Raise ``UpstreamError`` where OCI ranked something else.

        ``id`` and ``meta`` are Cohere's, ``model`` and ``usage`` are Jina's. OCI says nothing of tokens, which Jina's
        clients count: 0.
        """
        ranks = result.get("documentRanks")
        if not isinstance(ranks, list):
            raise UpstreamError("OCI answered with something other than a ranking.")
        return {
            "id": result.get("id"),
            "object": "list",
            "model": model,
            "results": [self._result(rank) for rank in ranks],
            "meta": {"api_version": {"version": "2"}},
            "usage": {"total_tokens": 0, "prompt_tokens": 0},
        }

    def _result(self, rank: Any) -> dict[str, Any]:
        index, score = (rank.get("index"), rank.get("relevanceScore")) if isinstance(rank, Mapping) else (None, None)
        if not isinstance(score, int | float) or isinstance(score, bool) or not isfinite(score):
            raise UpstreamError("OCI answered with a rank that is not an object with a score.")
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(self.documents):
            raise UpstreamError("OCI ranked a document that was not sent.")
        result: dict[str, Any] = {"index": index, "relevance_score": score}
        if self.return_documents:
            # What was sent is at hand, with all its fields: OCI need not send it back (isEcho).
            document = self.documents[index]
            result["document"] = dict(document) if isinstance(document, Mapping) else {"text": document}
        return result


def _documents(value: Any) -> tuple[str | Mapping[str, Any], ...]:
    if not isinstance(value, list) or not value:
        raise invalid_field("documents", "must be a non-empty array.")
    for index, document in enumerate(value):
        if not isinstance(_text(document), str):
            raise invalid_field(f"documents.{index}", 'must be a string or an object with a string in "text".')
    return tuple(value)


def _text(document: Any) -> Any:
    return document.get("text") if isinstance(document, Mapping) else document


FIELDS: Final = frozenset(
    {
        "model",
        "query",
        "documents",
        "top_n",
        "max_chunks_per_doc",
        "max_tokens_per_doc",
        "return_documents",
        "compartment_id",
        "region",
        "project_id",  # of the header; nothing to a rerank
        "priority",  # Cohere's own queue: harmless
        "user",
    }
)
