"""The thread that publishes a relay. Chunks are added without waiting and published in order, in numbered messages."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import Any, Final

from model_service.errors import DeadlineExceeded, ModelServiceError
from model_service.fn.invocation import Deadline
from model_service.logs import log
from model_service.oci_services.large_payloads import Overflow
from model_service.openai_api.chat import Chunk, Completion
from model_service.openai_api.encoding import write_json
from model_service.relay.destinations import Channel, RelayMessage
from model_service.upstream.retries import Retries

BATCH_SECONDS: Final = 0.05
BATCH_BYTES: Final = 32_768
MAX_WAITING_CHUNKS: Final = 20_000  # chunks; whoever is so far behind will not catch up
TRY_SECONDS: Final = 3.0
FLUSH_SECONDS: Final = 5.0  # for what is left when the model has ended
# Of one message. After a broken connection too: a message that arrives twice has the same number twice.
RETRIES: Final = Retries(more_tries=3, first_pause=0.2, longest_pause=1.0, repeatable=True)
NEVER_ENDED: Final = {
    "last": True,
    "result": None,
    "error": DeadlineExceeded("The answer did not end.").body()["error"],
}


@dataclass
class Publisher:
    """Publish the chunks of one answer.

    A message that the channel does not take, after its tries, ends the relay of chunks: then nothing but the last
    message follows, which says that it is not complete and has the whole result. Whatever breaks, a last message is
    tried, and at the deadline the thread ends by itself.
    """

    channel: Channel
    id: str
    deadline: Deadline
    overflow: Overflow | None = None
    token: str | None = None
    sleep: Callable[[float], None] = time.sleep
    _waiting: SimpleQueue[Chunk | None] = field(default_factory=SimpleQueue)
    _number: int = 0  # of the next message
    _failure: str | None = None  # the code of what ended it before its end
    _ended: bool = False
    _last: RelayMessage = field(default_factory=lambda: dict(NEVER_ENDED))

    def __post_init__(self) -> None:
        # The model gets its time; what is kept back for the answer, the relay shares.
        self._until = replace(self.deadline, margin=self.deadline.margin / 4)
        self._thread: threading.Thread | None = None

    def offer(self, chunk: Chunk) -> None:
        """Add a chunk without waiting."""
        if self._waiting.qsize() >= MAX_WAITING_CHUNKS:
            self._failure = "fell_behind"
        if self._failure is None and self._start():
            self._waiting.put(chunk)

    def end(self, result: Completion | None = None, error: ModelServiceError | None = None) -> dict[str, Any]:
        """Publish the remaining chunks and the last message, within ``FLUSH_SECONDS`` and the deadline.

        Return what became of it: ``id``, ``messages``, ``complete`` and the ``error``'s code.
        """
        flush = min(self._until.expires, time.monotonic() + FLUSH_SECONDS + self._until.margin)
        self._until = replace(self._until, expires=flush)
        self._last = {"last": True, "result": result, "error": error.body()["error"] if error else None}
        self._ended = True
        self._waiting.put(None)
        if self._start() and self._thread is not None:
            self._thread.join(max(0.0, self._until.remaining - self._until.margin / 2))
            if self._thread.is_alive():
                self._failure = self._failure or "deadline_exceeded"
        else:
            self._run()  # a container may have no thread to give: what is left to say is said in this one
        report = {"id": self.id, "messages": self._number, "complete": self._failure is None, "error": self._failure}
        log.write("relay", **report)
        return report

    def _start(self) -> bool:
        """Start the thread if it is not running; return whether it runs."""
        if self._thread is None:
            run = copy_context().run  # the id of the call, for the log
            thread = threading.Thread(target=run, args=(self._run,), name="relay", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # "can't start new thread"
                self._failure = self._failure or "no_thread"
                return False
            self._thread = thread
        return True

    def _run(self) -> None:
        with self._bugs_as_failure():
            for batch in self._batches():
                if self._failure is None:
                    self._publish(batch)
        while self._failure == "internal_error" and not self._ended and self._take(self._patience()):
            pass  # until the end there is a result to wait for
        number = self._number
        try:
            self._publish_last()
        except Exception as bug:  # noqa: BLE001 - the result itself may be what cannot be written
            log.write_bug(bug)
            self._failure, self._number = "internal_error", number
            with self._bugs_as_failure():
                self._put(self._message({"chunks": [], "complete": False, **self._last, "result": None}))

    @contextmanager
    def _bugs_as_failure(self) -> Iterator[None]:
        """Log a bug and stop the relay; the answer itself continues."""
        try:
            yield
        except Exception as bug:  # noqa: BLE001 - see above
            log.write_bug(bug)
            self._failure = "internal_error"

    def _batches(self) -> Iterator[list[Chunk]]:
        """Yield batches: the chunks that arrive within ``BATCH_SECONDS`` of the first, up to a maximum size."""
        chunk = self._take(self._patience())
        while chunk:
            batch, size, ends = [chunk], len(write_json(chunk)), time.monotonic() + BATCH_SECONDS
            chunk = self._take(ends - time.monotonic())
            while chunk and size < BATCH_BYTES:
                batch.append(chunk)
                size += len(write_json(chunk))
                chunk = self._take(ends - time.monotonic())
            yield batch
            chunk = self._take(self._patience()) if chunk == {} else chunk
        if chunk is not None:  # the time is over, and nobody has ended it
            self._failure = "deadline_exceeded"

    def _patience(self) -> float:
        """Return the seconds to wait for a chunk, so that there is still time for the last message."""
        return self._until.remaining - 2 * self._until.margin

    def _take(self, seconds: float) -> Chunk | None:
        """Return the next chunk; ``{}`` if none arrives in time, and ``None`` at the end."""
        try:
            return self._waiting.get(timeout=max(0.0, seconds))
        except Empty:
            return {}

    def _publish_last(self) -> None:
        fields = {"chunks": [], "complete": self._failure is None, **self._last}
        content = self._message(fields)
        if len(content) > self.channel.max_bytes:
            content = self._message({**fields, "result": None, "reference": self._reference()})
        self._put(content)

    def _publish(self, batch: list[Chunk]) -> None:
        content = self._message({"chunks": batch})
        if len(content) > self.channel.max_bytes:
            self._failure = "message_too_large"  # nobody would take it: it is not even tried
        else:
            self._put(content)

    def _message(self, fields: RelayMessage) -> bytes:
        token = {} if self.token is None else {"token": self.token}
        head = {"object": "model_service.relay", "id": self.id, **token, "number": self._number}
        return write_json({**head, **fields})

    def _reference(self) -> dict[str, Any] | None:
        """Return a reference to a result that is too large for a message, if a bucket is configured."""
        if self.overflow is None:
            return None
        try:
            return self.overflow.store(write_json(self._last["result"]), "application/json", self._until)
        except ModelServiceError as error:
            log.write("relay_result_not_stored", error=error.code)
            return None

    def _put(self, content: bytes) -> None:
        self._number += 1  # also when it fails: nobody knows whether it has arrived
        try:
            retries = replace(RETRIES, sleep=self.sleep)
            retries.call(lambda deadline: self.channel.put(content, deadline), self._until, TRY_SECONDS)
        except ModelServiceError as error:
            self._failure = error.code or "upstream_error"
            log.write("relay_failed", error=self._failure, opc_request_id=error.opc_request_id)
