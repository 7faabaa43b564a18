"""The responses that are kept, and how far those that run in the background have come."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

from mock_oci.cloud import Cloud
from mock_oci.services.generative_ai.projects import Project
from mock_oci.services.generative_ai.responses.conversation_store import ConversationStore
from mock_oci.services.generative_ai.responses.run import ResponseRun
from mock_oci.wire import Body

# A background run is kept for a while even with store=false, so that it can be polled
# (docs: releasenotes/generative-ai/responses-api-background-mode.htm; how long is not said).
_UNSTORED_SECONDS = 600.0


@dataclass(frozen=True)
class Kept:
    """A run: queued until ``starts``, in progress until ``ends``, kept until ``gone`` (all Unix seconds)."""

    run: ResponseRun
    project: Project
    starts: float
    ends: float
    gone: float
    cancelled: bool = False

    def status(self, now: float) -> str:
        if self.cancelled:
            return "cancelled"
        if now < self.starts:
            return "queued"
        return "in_progress" if now < self.ends else self.run.ending

    def wire(self, now: float) -> Body:
        status = self.status(now)
        return self.run.finished(self.ends) if status == self.run.ending else self.run.unfinished(status)

    def continues(self, now: float) -> bool:
        """Tell whether a later request may name it as its previous response."""
        return self.run.asked.get("store") is not False and self.status(now) in ("completed", "incomplete")


class ResponseStore:
    """Thread-safe; a response is found in its own project only, and not after its time.

    A background run takes ``queued_seconds`` and then ``running_seconds`` of the cloud's clock.
    """

    def __init__(self, cloud: Cloud) -> None:
        self.queued_seconds = 1.0
        self.running_seconds = 2.0
        self._clock = cloud.clock
        self._conversations = cloud.state_of(ConversationStore)
        self._lock = threading.RLock()
        self._kept: dict[str, Kept] = {}

    def keep(self, run: ResponseRun, project: Project) -> None:
        """Keep a run that has ended, or that has just begun in the background."""
        starts = ends = self._clock()
        if run.in_background:
            starts = run.created + self.queued_seconds
            ends = starts + self.running_seconds
        hours = project.responses_hours * 3600
        stored = run.asked.get("store") is not False
        gone = run.created + (hours if stored else _UNSTORED_SECONDS)
        if stored or run.in_background:
            self._put(Kept(run, project, starts, ends, gone))
        self._say(run, ends)

    def end(self, run: ResponseRun) -> None:
        """End now a background run that was streamed to its end."""
        with self._lock:
            kept, now = self._kept.get(run.id), self._clock()
            if kept is not None and not kept.cancelled and now < kept.ends:
                self._withdraw(run)
                self._put(replace(kept, starts=min(kept.starts, now), ends=now))
                self._say(run, now)

    def find(self, id_: str, project_id: str) -> Kept | None:
        with self._lock:
            found = self._kept.get(id_)
        return found if found and found.project.id == project_id and self._clock() < found.gone else None

    def cancel(self, kept: Kept) -> Kept:
        """Cancel ``kept``; it stays as it is when it has ended: cancelling twice is no error (OpenAI)."""
        with self._lock:
            kept = self._kept.get(kept.run.id, kept)
            if kept.status(self._clock()) not in ("queued", "in_progress"):
                return kept
            self._withdraw(kept.run)
            return self._put(replace(kept, cancelled=True))

    def delete(self, id_: str) -> None:
        with self._lock:
            self._kept.pop(id_, None)

    def _put(self, kept: Kept) -> Kept:
        with self._lock:
            self._kept[kept.run.id] = kept
        return kept

    def _say(self, run: ResponseRun, at: float) -> None:
        """Add the turn to its conversation, if it is part of one and did not fail."""
        conversation = conversation_of(run.asked)
        if conversation and run.ending != "failed":
            self._conversations.add(conversation, (*run.input, *run.output), at=at, origin=run.id)

    def _withdraw(self, run: ResponseRun) -> None:
        self._conversations.withdraw(conversation_of(run.asked), run.id)


def conversation_of(asked: Body) -> str:
    """Return the id of the conversation that a request names as a string or as an object; "" for none."""
    given = asked.get("conversation")
    return str(given["id"] if isinstance(given, dict) else given or "")
