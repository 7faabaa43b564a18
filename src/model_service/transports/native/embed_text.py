"""OCI's native embedText through its SDK: as many calls as the inputs need, some of them at the same time.

Source: https://docs.oracle.com/en-us/iaas/api/#/en/generative-ai-inference/20231130/EmbedTextResult/EmbedText
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, Final

from model_service.openai_api.chat import Complete
from model_service.openai_api.embeddings import EmbeddingsRequest
from model_service.routing import Route
from model_service.transports.call import Call
from model_service.transports.native.surface import NativeSurface
from model_service.upstream.response import read_object

AT_ONCE: Final = 4  # calls; on-demand models are throttled, and more would only wait for each other

Result = tuple[dict[str, Any], str | None]
"""An EmbedTextResult, and the request id that came with it."""


@dataclass(frozen=True)
class OCIEmbeddingModel:
    """A model behind ``/20231130/actions/embedText``, spoken to in OpenAI's embeddings."""

    route: Route
    native: NativeSurface

    def embed(self, request: EmbeddingsRequest, call: Call) -> Complete:
        """The answer has the request id of the first call."""
        results = self._results(request.native_requests(), call)
        with call.hints(self.route):
            answer = request.answer(self.route.model, [result for result, _ in results])
        return Complete(answer, results[0][1])

    def _results(self, contents: Sequence[dict[str, Any]], call: Call) -> list[Result]:
        if len(contents) == 1:
            return [self._result(contents[0], call)]
        pool = ThreadPoolExecutor(min(AT_ONCE, len(contents)), thread_name_prefix="embed")
        try:
            # Each in a context of its own, in which the log knows the invocation.
            coming = [pool.submit(copy_context().run, self._result, content, call) for content in contents]
            return [one.result() for one in coming]
        finally:
            pool.shutdown(cancel_futures=True)  # after a failure the rest would be paid for in vain

    def _result(self, content: dict[str, Any], call: Call) -> Result:
        response = self.native.post("embedText", self.route, content, call)
        with call.hints(self.route):
            return read_object(response), response.opc_request_id
