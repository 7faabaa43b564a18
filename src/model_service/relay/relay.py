"""The live relay: the chunks of an answer are published as they come, for readers whom the platform makes wait.

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
from model_service.openai_api.chat import ChatRequest, Chunk, Complete, Stream, ended_in_time
from model_service.relay.destinations import Destination
from model_service.relay.publisher import Publisher


def publisher_for(
    relay: Mapping[str, Any],
    allowed: tuple[str, ...],
    services: RegionServices,
    overflow: Overflow | None,
    deadline: Deadline,
) -> Publisher:
    """Return a publisher with the id of the call; raise ``InvalidRequest`` where the destination is not allowed."""
    channel = Destination.parse(relay, allowed).open(services)
    return Publisher(channel, log.call_id.get() or uuid4().hex, deadline, overflow)


def relayed(publisher: Publisher, request: ChatRequest, ask: Callable[[ChatRequest], Stream]) -> Stream | Complete:
    """Return the answer of ``ask``, published on the way.

    A complete one is asked for as a stream and put together here.
    """
    try:
        stream = ask(request.streamed())
        first = next(stream.chunks, None)  # what fails before it is still an error with a status
    except BaseException as error:
        publisher.end(error=_known(error))
        raise
    chunks = stream.chunks if first is None else chain([first], stream.chunks)
    stream = replace(stream, chunks=_published(ended_in_time(chunks), publisher))
    return stream if request.stream else _whole(stream)


def _published(chunks: Iterator[Chunk], publisher: Publisher) -> Iterator[Chunk]:
    accumulator = ChunkAccumulator()
    try:
        for chunk in chunks:
            accumulator.add(chunk)
            publisher.offer(chunk)
            yield chunk
    except BaseException as error:
        publisher.end(accumulator.completion(), _known(error))
        raise
    completion = accumulator.completion()
    yield _marker(completion, publisher.end(completion))


def _marker(completion: Mapping[str, Any], report: dict[str, Any]) -> Chunk:
    head = {name: completion[name] for name in ("id", "created", "model") if name in completion}
    return {**head, "object": "chat.completion.chunk", "choices": [], "model_service": {"relay": report}}


def _whole(stream: Stream) -> Complete:
    accumulator = ChunkAccumulator()
    for chunk in stream.chunks:
        accumulator.add(chunk)
    return Complete(accumulator.completion(), stream.opc_request_id)


def _known(error: BaseException) -> ModelServiceError:
    """Return what the readers of the relay are told."""
    if isinstance(error, ModelServiceError):
        return error
    if isinstance(error, GeneratorExit):
        return ReaderGone("The caller went away before the answer was complete.")
    return InternalError("An internal error; the log of the function has more.")
