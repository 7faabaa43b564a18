"""The live relay: publish the chunks of an answer while they arrive, because OCI Functions buffers responses.

What is published is in docs/relay.md. The relay never changes the answer, but for a last chunk that tells how it went.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any
from uuid import uuid4

from model_service.errors import InternalError, ModelServiceError, ReaderGone
from model_service.fn.invocation import Deadline
from model_service.logs import log
from model_service.oci_services.clients import RegionServices
from model_service.oci_services.large_payloads import Overflow
from model_service.openai_api.accumulator import ChunkAccumulator
from model_service.openai_api.chat import (
    ChatRequest,
    Chunk,
    Complete,
    Completion,
    Stream,
    chunk_without_usage,
    ended_in_time,
)
from model_service.relay.destinations import Destination
from model_service.relay.publisher import Publisher


def publisher_for(
    relay: Mapping[str, Any],
    allowed: tuple[str, ...],
    services: RegionServices,
    overflow: Overflow | None,
    deadline: Deadline,
) -> Publisher:
    """Return a publisher with the id of the call; raise ``InvalidRequest`` if the destination is not allowed."""
    destination = Destination.parse(relay, allowed)
    id_ = log.call_id.get() or uuid4().hex
    return Publisher(destination.open(services), id_, deadline, overflow, destination.token)


def relayed(publisher: Publisher, request: ChatRequest, ask: Callable[[ChatRequest], Stream]) -> Stream | Complete:
    """Return the answer of ``ask``, and publish its chunks.

    A complete one is asked for as a stream and put together here.
    """
    try:
        stream = ask(request.streamed())
        first = next(stream.chunks, None)  # what fails before it is still an error with a status
    except BaseException as error:
        publisher.end(error=_known(error))
        raise
    chunks = stream.chunks if first is None else chain([first], stream.chunks)
    stream = replace(stream, chunks=_published(ended_in_time(chunks), publisher, request.hides_usage))
    return stream if request.stream else _whole(stream)


def _published(chunks: Iterator[Chunk], publisher: Publisher, hides_usage: bool) -> Iterator[Chunk]:
    result = _Result()
    try:
        for chunk in chunks:
            result.add(chunk)
            shown = chunk_without_usage(chunk) if hides_usage else chunk
            if shown is not None:
                publisher.offer(shown)
            yield chunk
    except BaseException as error:
        publisher.end(result.completion(), _known(error))
        raise
    completion = result.completion()
    report = publisher.end(completion)
    told = completion or {}
    head: Chunk = {name: told[name] for name in ("id", "created", "model") if name in told}
    yield {**head, "object": "chat.completion.chunk", "choices": [], "model_service": {"relay": report}}


class _Result:
    """Combines the chunks to a completion; ``None`` if they cannot be combined. It never raises."""

    def __init__(self) -> None:
        self._accumulator: ChunkAccumulator | None = ChunkAccumulator()

    def add(self, chunk: Chunk) -> None:
        try:
            if self._accumulator is not None:
                self._accumulator.add(chunk)
        except Exception as bug:  # noqa: BLE001 - a model sent it, and it goes on as it is
            log.write_bug(bug)
            self._accumulator = None

    def completion(self) -> Completion | None:
        try:
            return self._accumulator.completion() if self._accumulator is not None else None
        except Exception as bug:  # noqa: BLE001 - as above
            log.write_bug(bug)
            return None


def _whole(stream: Stream) -> Complete:
    accumulator = ChunkAccumulator()
    for chunk in stream.chunks:
        accumulator.add(chunk)
    return Complete(accumulator.completion(), stream.opc_request_id, headers=stream.headers, served=stream.served)


def _known(error: BaseException) -> ModelServiceError:
    """Return the error object for the readers of the relay."""
    if isinstance(error, ModelServiceError):
        return error
    if isinstance(error, GeneratorExit):
        return ReaderGone("The caller went away before the answer was complete.")
    return InternalError("An internal error; the log of the function has more.")
