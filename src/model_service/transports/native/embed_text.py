"""OCI's native embedText through its SDK: as many calls as the inputs need, some of them at the same time.

Source: https://docs.oracle.com/en-us/iaas/api/#/en/generative-ai-inference/20231130/EmbedTextResult/EmbedText
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Any, Final

from model_service.errors import AnswerTooLarge, RequestTooLarge
from model_service.fn.reply import MAX_REPLY_BYTES
from model_service.openai_api.chat import Complete
from model_service.openai_api.embedding_vectors import EmbeddingsPart, likely_answer_bytes, min_answer_bytes
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
        inputs = len(request.inputs)
        if request.dimensions is not None:
            _require_room(min_answer_bytes(inputs, request.dimensions, request.encoding_format), call)

        def ask(content: dict[str, Any]) -> Result:
            response = self.native.post("embedText", self.route, content, call)
            with call.hints(self.route):
                part = request.part(read_object(response))
            _require_room(likely_answer_bytes(inputs, part), call)
            return part, response.opc_request_id

        results = _Calls(ask, request.native_requests()).results()
        with call.hints(self.route):
            answer = request.joined(self.route.model, [part for part, _ in results])
        return Complete(answer, results[0][1])


def _require_room(size: int, call: Call) -> None:
    if call.max_answer_bytes is None or size <= call.max_answer_bytes:
        return
    said = f"The answer would have more than {size} bytes; {call.max_answer_bytes} can be delivered."
    if call.max_answer_bytes == MAX_REPLY_BYTES:
        raise AnswerTooLarge(said)
    raise RequestTooLarge(said, param="input", hint="Send fewer inputs at once.")


@dataclass
class _Calls:
    """Calls that are made some at a time, by the thread that asks and by as many others as there are to be had.

    A container may have none left.
    """

    ask: Callable[[dict[str, Any]], Result]
    contents: Sequence[dict[str, Any]]
    _lock: Lock = field(default_factory=Lock)
    _results: dict[int, Result] = field(default_factory=dict)
    _failures: dict[int, Exception] = field(default_factory=dict)

    def results(self) -> list[Result]:
        """Return what each call answered, in order; raise the failure of the first that failed."""
        waiting = iter(enumerate(self.contents))
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
