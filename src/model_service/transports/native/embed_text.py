"""OCI's native embedText through its SDK: as many calls as the inputs need, some of them at the same time.

Source: https://docs.oracle.com/en-us/iaas/api/#/en/generative-ai-inference/20231130/EmbedTextResult/EmbedText
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from threading import Lock, Thread
from typing import Any, Final

from model_service.openai_api.chat import Complete
from model_service.openai_api.embedding_vectors import EmbeddingsPart, answer_bytes, likely_answer_bytes
from model_service.openai_api.embeddings import EmbeddingsRequest
from model_service.routing import Route
from model_service.transports.call import Call
from model_service.transports.native.surface import NativeSurface
from model_service.upstream.response import read_object

MAX_CALLS_AT_ONCE: Final = 4  # on-demand models are throttled, and more would only wait for each other

Result = tuple[EmbeddingsPart, str | None]
"""What an EmbedTextResult held, and the request id that came with it."""


@dataclass(frozen=True)
class OCIEmbeddingModel:
    """A model behind ``/20231130/actions/embedText``, spoken to in OpenAI's embeddings."""

    route: Route
    native: NativeSurface

    def embed(self, request: EmbeddingsRequest, call: Call) -> Complete:
        """Return the answer, with the request id of the first call.

        Raise ``AnswerTooLarge``, or ``RequestTooLarge`` for what does not even fit into memory, as soon as that is
        known: what cannot be delivered is not paid for.
        """
        inputs, dimensions = len(request.inputs), _dimensions(request, self.route)
        least, most = 0, None
        if dimensions is not None:
            least, most = answer_bytes(inputs, dimensions, request.encoding_format)
        call.require_room(least, "input")

        def ask(content: dict[str, Any]) -> Result:
            response = self.native.post("embedText", self.route, content, call)
            with call.hints(self.route):
                part = request.part(read_object(response))
            call.require_room(likely_answer_bytes(inputs, part), "input")
            return part, response.opc_request_id

        # Where it may not have room, the first answer alone is paid for, and tells.
        is_sure = call.max_answer_bytes is None or (most is not None and most <= call.max_answer_bytes)
        results = _Calls(ask, request.native_requests(), first_alone=not is_sure).results()
        with call.hints(self.route):
            answer = request.joined(self.route.model, [part for part, _ in results])
        return Complete(answer, results[0][1])


def _dimensions(request: EmbeddingsRequest, route: Route) -> int | None:
    """Return how many numbers there are to an input; ``None`` for a model of which that is not known."""
    usual = next((number for pattern, number in DIMENSIONS.items() if fnmatchcase(route.model, pattern)), None)
    numbers = request.dimensions or usual
    # Eight of the binary types are one number.
    return numbers // 8 if numbers and request.embedding_type in ("binary", "ubinary") else numbers


@dataclass
class _Calls:
    """Calls that are made some at a time, by the thread that asks and by as many others as there are to be had.

    A container may have none left.
    """

    ask: Callable[[dict[str, Any]], Result]
    contents: Sequence[dict[str, Any]]
    first_alone: bool = False
    _lock: Lock = field(default_factory=Lock)
    _results: dict[int, Result] = field(default_factory=dict)
    _failures: dict[int, Exception] = field(default_factory=dict)

    def results(self) -> list[Result]:
        """Return what each call answered, in order; raise the failure of the first that failed."""
        waiting = iter(enumerate(self.contents))
        if self.first_alone:
            index, content = next(waiting)
            self._results[index] = self.ask(content)
        threads = [
            # Each in a context of its own, in which the log knows the invocation.
            Thread(target=copy_context().run, args=(self._work, waiting), name=f"embed-{number}", daemon=True)
            for number in range(1, min(MAX_CALLS_AT_ONCE, len(self.contents)))
        ]
        with suppress(RuntimeError):  # "can't start new thread"
            for thread in threads:
                thread.start()
        self._work(waiting)
        for thread in threads:
            if thread.ident is not None:
                thread.join()
        if self._failures:
            raise self._failures[min(self._failures)]
        return [self._results[index] for index in range(len(self.contents))]

    def _work(self, waiting: Iterator[tuple[int, dict[str, Any]]]) -> None:
        while True:
            with self._lock:
                index, content = next(waiting, (-1, {}))
            if index < 0 or self._failures:  # after a failure the rest would be paid for in vain
                return
            try:
                self._results[index] = self.ask(content)
            except Exception as error:  # noqa: BLE001 - it is raised by the thread that asked
                self._failures[index] = error
                return


# Of models on demand, where a request does not say it.
# Source: https://docs.oracle.com/en-us/iaas/Content/generative-ai/cohere-embed-4.htm and cohere-embed-3.htm
DIMENSIONS: Final[Mapping[str, int]] = {
    "cohere.embed-v4*": 1536,
    "cohere.embed-*light*": 384,
    "cohere.embed-*-v3*": 1024,
}
