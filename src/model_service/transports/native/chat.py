"""OCI's native chat through its SDK: every Cohere model, dedicated endpoints, and models by their OCID.

Source: https://docs.oracle.com/en-us/iaas/api/#/en/generative-ai-inference/20231130/ChatResult/Chat
"""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final
from uuid import uuid4

from model_service.errors import UpstreamError
from model_service.logs import log
from model_service.openai_api.chat import ChatRequest, Chunk, Complete, Completion, Stream, chunk_of
from model_service.openai_api.encoding import read_events
from model_service.routing import Route
from model_service.transports.call import Call, bearing
from model_service.transports.native.endpoint_families import EndpointFamilies
from model_service.transports.native.formats import FORMATS, Format, Identity, offered_tools
from model_service.transports.native.surface import NativeSurface
from model_service.upstream.response import END_SECONDS, USAGE_SECONDS, UpstreamResponse, read_object

# A refusal to stream is known by its words alone: no status means just that, and a second try costs a second answer.
REFUSES_TO_STREAM: Final = re.compile(
    r"(?i)\b(is_?)?stream(ing|ed|s)?\b.{0,60}\b(not|n't|un)\s*(be\s+)?(support|allow|enabl|availab|implement)"
    r"|\b(not|n't|un)\s*(be\s+)?(support|allow|enabl|availab|implement)\w*\b.{0,60}\b(is_?)?stream(ing|ed|s)?\b"
)
STATUSES_OF_REFUSALS: Final = frozenset({400, 405, 406, 415, 422, 501})


@dataclass(frozen=True)
class OCIModel:
    """A model behind ``/20231130/actions/chat``, spoken to in Chat Completions."""

    route: Route
    native: NativeSurface
    families: EndpointFamilies

    def complete(self, request: ChatRequest, call: Call) -> Complete:
        """Return the answer as a chat completion."""
        form = self._format(call)
        response = self._post(form, request, call, stream=False)
        is_stream, pieces = response.sniffed()
        if not is_stream:
            return Complete(self._completion(form, response, pieces, request, call), response.opc_request_id)
        from model_service.openai_api.accumulator import ChunkAccumulator  # noqa: PLC0415 - a backend's oddity

        whole = ChunkAccumulator()
        for chunk in self._chunks(form, response, pieces, request, call):
            whole.add(chunk)
        return Complete(whole.completion(), response.opc_request_id)

    def stream(self, request: ChatRequest, call: Call) -> Stream:
        """Return the answer as chunks; as one chunk where OCI answers at once."""
        form = self._format(call)
        response = self._post_for_stream(form, request, call) or self._post(form, request, call, stream=False)
        is_stream, pieces = response.sniffed()
        if is_stream:
            return Stream(self._chunks(form, response, pieces, request, call), response.opc_request_id)
        chunk = chunk_of(self._completion(form, response, pieces, request, call))
        return Stream(iter([chunk]), response.opc_request_id, at_once=True)

    def _post(self, form: Format, request: ChatRequest, call: Call, *, stream: bool) -> UpstreamResponse:
        chat_request = form.request(request, self.route, stream=stream)
        return self.native.post("chat", self.route, {"chatRequest": chat_request}, call)

    def _post_for_stream(self, form: Format, request: ChatRequest, call: Call) -> UpstreamResponse | None:
        """``None`` where the endpoint says that it does not stream."""
        try:
            return self._post(form, request, call, stream=True)
        except UpstreamError as error:
            if not _refuses_to_stream(error):
                raise
            log.write("stream_refused", model=self.route.model, opc_request_id=error.opc_request_id)
        return None

    def _completion(
        self,
        form: Format,
        response: UpstreamResponse,
        pieces: Generator[bytes, None, None],
        request: ChatRequest,
        call: Call,
    ) -> Completion:
        with call.hints(self.route), bearing(response.opc_request_id):
            return form.completion(read_object(response, pieces), self._identity(request))

    def _chunks(
        self,
        form: Format,
        response: UpstreamResponse,
        pieces: Generator[bytes, None, None],
        request: ChatRequest,
        call: Call,
    ) -> Iterator[Chunk]:
        identity = self._identity(request)
        with call.hints(self.route), bearing(response.opc_request_id), closing(pieces):
            events = _until_all_is_said(read_events(pieces), response, request)
            yield from form.chunks(events, identity, include_usage=request.include_usage)

    def _format(self, call: Call) -> Format:
        if self.route.target == "dedicated":
            family = self.families.family(self.route.model, call.deadline)
            return FORMATS[FORMAT_OF_FAMILY[family]]
        return FORMATS[next(name for model, name in FORMAT_OF_MODEL if fnmatchcase(self.route.model, model))]

    def _identity(self, request: ChatRequest) -> Identity:
        return Identity(f"chatcmpl-{uuid4().hex}", int(time.time()), self.route.model, offered_tools(request))


def _refuses_to_stream(error: UpstreamError) -> bool:
    return error.status in STATUSES_OF_REFUSALS and REFUSES_TO_STREAM.search(error.message) is not None


def _until_all_is_said(events: Iterator[str], response: UpstreamResponse, request: ChatRequest) -> Iterator[str]:
    """Yield the same events, to the last that can matter: of what comes after every choice has given a reason to
    finish, each is waited for anew."""
    finished: set[str] = set()
    awaits_usage = request.include_usage
    for event in events:
        if FINISHED.search(event):
            finished.update(INDEX.findall(event) or "0")
        awaits_usage = awaits_usage and USAGE.search(event) is None
        if len(finished) >= request.choices:
            response.expect_end(USAGE_SECONDS if awaits_usage else END_SECONDS)
        yield event


# In a text of the model's the quotation marks are escaped.
FINISHED: Final = re.compile(r'(?<!\\)"finishReason"\s*:\s*"[^"]')
INDEX: Final = re.compile(r'(?<!\\)"index"\s*:\s*(\d+)')
USAGE: Final = re.compile(r'(?<!\\)"usage"\s*:\s*\{')

# The first row that a model id matches. Cohere's second format is refused by the service for models of text
# (https://github.com/NVIDIA/NeMo-Relay/pull/554), and the first cannot carry an image.
FORMAT_OF_MODEL: Final = (
    ("cohere.command-a-vision*", "COHEREV2"),
    ("cohere.*", "COHERE"),
    ("*", "GENERIC"),
)

FORMAT_OF_FAMILY: Final[Mapping[str, str]] = {"cohere": "COHERE", "cohere_v2": "COHEREV2", "generic": "GENERIC"}
