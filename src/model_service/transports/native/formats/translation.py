"""One request on its way into a native format: what it may cost, what was left out, and how its answer is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from model_service.errors import InvalidRequest
from model_service.fn.invocation import Deadline
from model_service.transports.call import DroppedParameters

MAX_STEPS: Final = 50_000  # values looked at, in all schemas of a request; OpenAI takes 5,000 properties
MAX_SCHEMA_BYTES: Final = 16 * 1024 * 1024  # of JSON that all schemas of a request may become
MAX_DEPTH: Final = 100  # schemas in schemas; OpenAI takes ten
STEPS_BETWEEN_LOOKS: Final = 2048  # at the clock


def refusal(param: str, problem: str, hint: str | None = None) -> InvalidRequest:
    return InvalidRequest(f"{param}: {problem}", param=param, hint=hint)


@dataclass
class WorkBudget:
    """The work and the bytes that the schemas of one request may take together."""

    deadline: Deadline | None = None
    steps: int = 0
    size: int = 0

    def spend(self, place: str, steps: int = 1, size: int = 0) -> None:
        """Raise ``InvalidRequest`` once the budget is used up, and ``DeadlineExceeded`` once the time is.

        The error names the place.
        """
        looks = self.steps // STEPS_BETWEEN_LOOKS
        self.steps += steps
        self.size += size
        if self.steps > MAX_STEPS:
            raise refusal(place, f"the schemas of this request have more than {MAX_STEPS:,} values.")
        if self.size > MAX_SCHEMA_BYTES:
            raise refusal(place, f"the schemas of this request become more than {MAX_SCHEMA_BYTES:,} bytes.")
        if self.deadline is not None and self.steps // STEPS_BETWEEN_LOOKS > looks:
            self.deadline.require()


@dataclass(frozen=True)
class AnswerReading:
    """What a request asks of whoever reads its answer.

    ``choices`` is how many answers were asked for. ``tool_names`` are the caller's names for native ones that differ.
    ``first_call_only`` is what ``parallel_tool_calls: false`` asks for. Where a call was forced through a JSON schema,
    the text of the answer is the arguments of ``forced_call``, or the choice of one of ``forced_choice`` and its
    arguments.
    """

    choices: int = 1
    tool_names: Mapping[str, str] = field(default_factory=dict)
    first_call_only: bool = False
    forced_call: str | None = None
    forced_choice: frozenset[str] = frozenset()


@dataclass
class Translation:
    """What goes along with one request while it is translated.

    A part of a history that was left out is among ``dropped`` too, but never refused: whoever wrote it, the
    conversation goes on.
    """

    dropped: DroppedParameters = field(default_factory=DroppedParameters)
    budget: WorkBudget = field(default_factory=WorkBudget)
    reading: AnswerReading = field(default_factory=AnswerReading)

    def leave_out(self, name: str) -> None:
        """Note that a part of the history was left out."""
        self.dropped.names[name] = None
