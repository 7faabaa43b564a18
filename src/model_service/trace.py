"""What one invocation did and how long each step took: one line in the log, for who has to see who used what."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import Any, Final

from model_service.errors import (
    BatchUnfinished,
    CredentialError,
    ModelServiceError,
    ReaderGone,
    SettingsError,
    forget_frames,
)
from model_service.fn.caller import NOBODY, Caller
from model_service.light_dataclasses import dataclass
from model_service.logs import log
from model_service.logs.redaction import redact
from model_service.openai_api.chat import Complete, Stream
from model_service.openai_api.encoding import value_of
from model_service.routing import Route, Served, told_tries

# What only an operator can mend, in words that are all ours. Other errors may quote a prompt, and have a caller who
# reads them; behind a batch there is nobody.
FOR_OPERATORS: Final = (BatchUnfinished, CredentialError, SettingsError)


MAX_METADATA: Final = 16  # as many as OpenAI's metadata has
MAX_TEXT: Final = 128  # characters of what a caller says of a call


@dataclass
class Trace:
    """What is noted on the way."""

    trigger: str
    caller: Caller = NOBODY
    route: Route | None = None
    usage: dict[str, Any] | None = None
    opc_request_id: str | None = None
    served: Served | None = None
    streamed: bool = False
    broken: ModelServiceError | None = None  # what ended a stream, after its status had gone out
    ms: dict[str, float] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)
    step: str | None = None
    is_shown: bool = False  # the reply says the times too
    began: float = 0.0

    def begin(self, step: str) -> None:
        """End the step that is under way, and begin another; the line has the milliseconds of each."""
        now = time.perf_counter()
        if self.step is not None:
            self.ms[self.step] = round((now - self.began) * 1000, 2)
        self.step, self.began = step, now

    def know(self, caller: Caller, request: Any) -> None:
        """Note who asks; each line that follows bears it, with what the request says of itself."""
        self.caller = caller
        body = getattr(getattr(request, "chat", request), "body", None)
        said = said_by_caller(body or {"user": getattr(request, "user", None)})
        named = {"caller": caller.id, "team": caller.team}
        log.caller.set(said | {name: value for name, value in named.items() if value is not None})

    def note_served(self, served: Served) -> None:
        """Take over which target of an alias has answered."""
        pool = self.route.pool if self.route is not None else None
        self.served, self.route = served, replace(served.route, pool=pool)

    def note(self, answer: Complete) -> None:
        """Take over what a complete answer says of itself."""
        self.opc_request_id = answer.opc_request_id
        self.usage = answer.completion.get("usage")

    def watch(self, stream: Stream) -> Stream:
        """Return the same stream; what its chunks say of it is noted as they go by."""
        self.opc_request_id = stream.opc_request_id
        self.streamed = True
        return replace(stream, chunks=self._watch_chunks(stream))

    def write(self, error: ModelServiceError | None) -> None:
        """Write the line of the invocation; of an error nothing is needed then but what it says."""
        error = error or self.broken
        self.begin("end")
        self.ms["total"] = round((self.began - self.started) * 1000, 2)
        log.write(
            "invocation",
            trigger=self.trigger,
            doorway=self.trigger,  # its name of old, for one release: log queries may still ask for it
            caller=self.caller.id,
            team=self.caller.team,
            key=self.caller.key_id,
            transport=self.route and self.route.transport,
            route=self.route and self.route.row,
            model=self.route and redact(self.route.model),
            stream=self.streamed,
            status=error.status if error else 200,
            error=error.code if error else None,
            message=error.message if isinstance(error, FOR_OPERATORS) else None,
            usage=self.usage,
            opc_request_id=error.opc_request_id if error else self.opc_request_id,
            ms=self.ms,
            **({"labels": dict(self.caller.labels)} if self.caller.labels else {}),
            **(told_tries(self.route.pool, self.served, error) if self.route and self.route.pool else {}),
        )
        forget_frames(error)

    def _watch_chunks(self, answer: Stream) -> Iterator[Any]:
        try:
            for chunk in answer.chunks:
                self.usage = _usage_of(chunk) or self.usage
                yield chunk
        except ModelServiceError as error:
            self.broken = error
            raise
        except GeneratorExit:
            self.broken = ReaderGone("The reader of the stream went away.")
            raise


def said_by_caller(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return OpenAI's ``user`` and ``metadata`` of a request, cut to what a log line may hold."""
    said: dict[str, Any] = {}
    user, metadata = body.get("user"), body.get("metadata")
    if isinstance(user, str) and user:
        said["user"] = user[:MAX_TEXT]
    if isinstance(metadata, dict):
        pairs = list(metadata.items())[:MAX_METADATA]
        said["metadata"] = {
            str(name)[:MAX_TEXT]: value[:MAX_TEXT] if isinstance(value, str) else None for name, value in pairs
        }
    return said


def _usage_of(chunk: Any) -> Any:
    """Of a chunk of Chat Completions, or of an event of Responses, whose last one holds the whole response."""
    value = value_of(chunk)
    response = value.get("response")
    return value.get("usage") or (response.get("usage") if isinstance(response, dict) else None)
