"""Each question put to mock_oci and to OCI, and what was made removed, whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from mock_oci.verify.question import Cost, CouldNotAsk, Observation, Question
from mock_oci.verify.service import AskedService

AGREES, DIFFERS, NOT_ASKED = "agrees", "differs", "could not ask"
_MAY_NOT = frozenset({"NotAuthorizedOrNotFound", "404"})


@dataclass(frozen=True)
class Finding:
    """What came of a question. ``reason``: why it could not be asked."""

    question: Question
    verdict: str
    expected: Observation | None = None
    observed: Observation | None = None
    reason: str = ""


def within_cost(questions: Iterable[Question], most: Mapping[str, int]) -> tuple[list[Question], list[Question]]:
    """Return those that can be asked for at most so many ``requests``, ``tokens`` and ``resources``, and the others."""
    asked: list[Question] = []
    left: list[Question] = []
    spent = dict.fromkeys(most, 0)
    for question in questions:
        after = {name: spent[name] + cost_of(question.cost, name) for name in most}
        if all(after[name] <= most[name] for name in most):
            asked.append(question)
            spent = after
        else:
            left.append(question)
    return asked, left


def cost_of(cost: Cost, name: str) -> int:
    """Return one of the three figures of a cost."""
    return int(getattr(cost, name))


def findings(
    questions: Iterable[Question], real: AskedService, make_local: Callable[[], AskedService]
) -> Iterator[Finding]:
    """Yield what comes of each question: mock_oci is asked first, which costs nothing."""
    for question in questions:
        absent = [name for name in question.needs if name not in real.given]
        if absent:
            yield Finding(question, NOT_ASKED, reason=f"needs --given {absent[0]}=…, which is there already")
            continue
        try:
            expected = question.ask(make_local())
        except CouldNotAsk as fault:
            yield Finding(question, NOT_ASKED, reason=f"mock_oci: {fault}")
            continue
        try:
            observed = question.ask(real)
        except CouldNotAsk as fault:
            yield Finding(question, NOT_ASKED, expected, reason=str(fault))
        except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
            # An answer of a shape that the question does not know is no agreement, and no end of the others.
            strange = {"the answer": f"cannot be read: {type(error).__name__}: {error}"}
            yield Finding(question, DIFFERS, expected, strange)
        else:
            yield _compared(question, expected, observed)


def _compared(question: Question, expected: Observation, observed: Observation) -> Finding:
    """Return whether they agree; a 404 is what OCI says to who may not, too, and so no difference."""
    if observed == expected:
        return Finding(question, AGREES, expected, observed)
    if observed.get("status") == 404 and observed.get("code") in _MAY_NOT:
        return Finding(question, NOT_ASKED, expected, reason="404, which OCI also answers to who has no permission")
    return Finding(question, DIFFERS, expected, observed)
