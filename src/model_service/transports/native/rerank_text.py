"""OCI's native rerankText through its SDK.

Source: https://docs.oracle.com/en-us/iaas/api/#/en/generative-ai-inference/20231130/RerankTextResult/RerankText
"""

from __future__ import annotations

from dataclasses import dataclass

from model_service.openai_api.chat import Complete
from model_service.openai_api.rerank import RerankRequest
from model_service.routing import Route
from model_service.transports.call import Call
from model_service.transports.native.surface import NativeSurface
from model_service.upstream.response import read_object


@dataclass(frozen=True)
class OCIRerankModel:
    """A model behind ``/20231130/actions/rerankText``, spoken to in Cohere's and Jina's rerank."""

    route: Route
    native: NativeSurface

    def rerank(self, request: RerankRequest, call: Call) -> Complete:
        """Return the ranking; raise ``AnswerTooLarge`` where it could not be delivered, which is known before."""
        call.require_room(request.min_answer_bytes, "documents")
        response = self.native.post("rerankText", self.route, request.native_request(), call)
        with call.hints(self.route):
            answer = request.answer(self.route.model, read_object(response))
        return Complete(answer, response.opc_request_id)
