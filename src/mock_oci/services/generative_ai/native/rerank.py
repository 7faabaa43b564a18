"""POST /20231130/actions/rerankText: the more of the input's words a document has, the more relevant it is."""

from __future__ import annotations

import hashlib
import re

from mock_oci.operations import Call, Operation, json_response, refusing
from mock_oci.services.generative_ai.native.refusal import check_shape, misshapen
from mock_oci.services.generative_ai.native.serving import body_of, target_of
from mock_oci.services.shapes import mapping, record, text, texts, truth, whole
from mock_oci.wire import Response


@refusing
def rerank(call: Call) -> Response:
    """Answer the ``topN`` most relevant documents, the best first, by their index (docs: RerankTextResult)."""
    body = body_of(call)
    model = target_of(call, body, "TEXT_RERANK").model.id
    check_shape(_DETAILS, body, "body")
    if not body["documents"]:
        raise misshapen("body.documents is empty")
    scores = [_relevance(body["input"], document) for document in body["documents"]]
    best = sorted(range(len(scores)), key=lambda index: -scores[index])[: body.get("topN")]
    return json_response(
        200,
        {
            "id": hashlib.sha256(f"rerank/{call.cloud.next_serial()}".encode()).hexdigest()[:32],
            "modelId": model,
            "modelVersion": "1.0",
            "documentRanks": [
                {
                    "index": index,
                    "relevanceScore": scores[index],
                    **({"document": {"text": body["documents"][index]}} if body.get("isEcho") else {}),
                }
                for index in best
            ],
        },
    )


def _relevance(query: str, document: str) -> float:
    """Return the share of the query's words that the document has, a little less for a long document: 0 to 1."""
    asked, present = _words(query), _words(document)
    shared = len(asked & present) / len(asked) if asked else 0.0
    return round(0.9 * shared + 0.1 * len(asked & present) / len(asked | present), 6) if asked else 0.0


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


_DETAILS = record(
    {
        "compartmentId": text,
        "servingMode": mapping,
        "input": text,
        "documents": texts,
        "topN": whole(1),
        "isEcho": truth,
        "maxChunksPerDocument": whole(1),
        "maxTokensPerDocument": whole(1),
    },
    ["input", "documents"],
)

# Not asks_model: a scripted chat reply is not meant for it; scripts name this path.
OPERATIONS = (Operation("POST", "/20231130/actions/rerankText", rerank),)
