"""OCI's native chat through its SDK: every Cohere model, dedicated endpoints, and models by their OCID.

Source: https://docs.oracle.com/en-us/iaas/api/#/en/generative-ai-inference/20231130/ChatResult/Chat
"""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final
from uuid import uuid4

from model_service.errors import UpstreamError, UpstreamUnreachable
from model_service.logs import log
from model_service.openai_api.chat import ChatRequest, Chunk, Complete, Completion, Stream, chunk_of
from model_service.openai_api.event_stream import read_events
from model_service.routing import Route
from model_service.transports.call import Call, DroppedParameters, bearing
from model_service.transports.native.endpoint_families import EndpointFamilies
from model_service.transports.native.formats import (
    FORMATS,
    Format,
    Identity,
    Translation,
    WorkBudget,
    offered_tools,
)
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
        translation = _translation(call)
        response = self._post(form, request, call, translation, stream=False)
        is_stream, pieces = response.sniffed()
        identity = self._identity(request, translation)
        if is_stream:
            from model_service.openai_api.accumulator import ChunkAccumulator  # noqa: PLC0415 - a backend's oddity

            whole = ChunkAccumulator()
            for chunk in self._chunks(form, response, pieces, identity, call, include_usage=request.include_usage):
                whole.add(chunk)
            completion = whole.completion()
        else:
            completion = self._completion(form, response, pieces, identity, call)
        return Complete(completion, response.opc_request_id, dropped=tuple(translation.dropped.names))

    def stream(self, request: ChatRequest, call: Call) -> Stream:
        """Return the answer as chunks; as one chunk where OCI answers at once."""
        form = self._format(call)
        translation = _translation(call)
        response = self._post_for_stream(form, request, call, translation)
        if response is None:
            response = self._post(form, request, call, translation, stream=False)
        is_stream, pieces = response.sniffed()
        identity = self._identity(request, translation)
        dropped = tuple(translation.dropped.names)
        if is_stream:
            chunks = self._chunks(form, response, pieces, identity, call, include_usage=request.include_usage)
            return Stream(chunks, response.opc_request_id, dropped=dropped)
        chunk = chunk_of(self._completion(form, response, pieces, identity, call))
        return Stream(iter([chunk]), response.opc_request_id, at_once=True, dropped=dropped)

    def _post(
        self, form: Format, request: ChatRequest, call: Call, translation: Translation, *, stream: bool
    ) -> UpstreamResponse:
        chat_request = form.request(request, self.route, stream=stream, translation=translation)
        return self.native.post("chat", self.route, {"chatRequest": chat_request}, call)

    def _post_for_stream(
        self, form: Format, request: ChatRequest, call: Call, translation: Translation
    ) -> UpstreamResponse | None:
        """Return ``None`` where the endpoint says that it does not stream."""
        try:
            return self._post(form, request, call, translation, stream=True)
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
        identity: Identity,
        call: Call,
    ) -> Completion:
        with call.hints(self.route), bearing(response.opc_request_id):
            return form.completion(read_object(response, pieces), identity)

    def _chunks(
        self,
        form: Format,
        response: UpstreamResponse,
        pieces: Generator[bytes, None, None],
        identity: Identity,
        call: Call,
        *,
        include_usage: bool,
    ) -> Iterator[Chunk]:
        progress = _EventProgress(response, identity.reading.choices, include_usage)
        with call.hints(self.route), bearing(response.opc_request_id), closing(pieces):
            events = _unless_all_is_said(read_events(pieces), progress)
            yield from form.chunks(events, identity, include_usage=include_usage, watch=progress.note)

    def _format(self, call: Call) -> Format:
        if self.route.target == "dedicated":
            family = self.families.family(self.route.model, call.deadline)
            return FORMATS[FORMAT_OF_FAMILY[family]]
        return FORMATS[next(name for model, name in FORMAT_OF_MODEL if fnmatchcase(self.route.model, model))]

    def _identity(self, request: ChatRequest, translation: Translation) -> Identity:
        answer_id, created = f"chatcmpl-{uuid4().hex}", int(time.time())
        return Identity(answer_id, created, self.route.model, offered_tools(request), translation.reading)


def _refuses_to_stream(error: UpstreamError) -> bool:
    return error.status in STATUSES_OF_REFUSALS and REFUSES_TO_STREAM.search(error.message) is not None


def _translation(call: Call) -> Translation:
    return Translation(DroppedParameters(call.refuses_unsupported), WorkBudget(call.deadline))


@dataclass
class _EventProgress:
    """How far a stream has come.

    Of what comes after every choice has given a reason to finish, each is waited for anew, but not for long.
    """

    response: UpstreamResponse
    choices: int
    awaits_usage: bool
    finished: set[int] = field(default_factory=set)

    def note(self, event: Mapping[str, Any]) -> None:
        """Take note of what an event says about the end."""
        if event.get("finishReason"):
            index = event.get("index")
            self.finished.add(index if isinstance(index, int) else 0)
        self.awaits_usage = self.awaits_usage and not event.get("usage")
        if self.is_complete:
            self.response.expect_end(USAGE_SECONDS if self.awaits_usage else END_SECONDS)

    @property
    def is_complete(self) -> bool:
        return len(self.finished) >= self.choices


def _unless_all_is_said(events: Iterator[str], progress: _EventProgress) -> Iterator[str]:
    """Yield the same events, and let the connection break once everything has been said."""
    try:
        yield from events
    except UpstreamUnreachable:
        if not progress.is_complete:
            raise


# The first row that a model id matches. Cohere's second format is refused by the service for models of text
# (https://github.com/NVIDIA/NeMo-Relay/pull/554), and the first cannot carry an image.
FORMAT_OF_MODEL: Final = (
    ("cohere.command-a-vision*", "COHEREV2"),
    ("cohere.*", "COHERE"),
    ("*", "GENERIC"),
)

FORMAT_OF_FAMILY: Final[Mapping[str, str]] = {"cohere": "COHERE", "cohere_v2": "COHEREV2", "generic": "GENERIC"}
