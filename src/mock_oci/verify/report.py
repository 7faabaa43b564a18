"""What `mock-oci verify` writes: for people, and as JSON, with secrets and ids replaced."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from mock_oci.recording.sanitiser import Sanitiser
from mock_oci.verify.question import Question, UnaskableQuestion
from mock_oci.verify.run import DIFFERS, NOT_ASKED, Finding


class Report:
    """Findings in words; each placeholder stands for the same thing throughout."""

    def __init__(self, sanitiser: Sanitiser) -> None:
        self._sanitiser = sanitiser

    def line(self, finding: Finding) -> str:
        """Return what a person reads of one finding."""
        said = f"{finding.verdict:13}  {finding.question.id}"
        if finding.verdict == NOT_ASKED:
            return f"{said}: {self._clean(finding.reason)}"
        if finding.verdict == DIFFERS:
            question = finding.question
            expected, observed = self._written(finding.expected), self._written(finding.observed)
            return f"{said}: {question.doubt}\n{'':15}mock_oci: {expected}\n{'':15}OCI:      {observed}"
        return f"{said}: {self._written(finding.observed)}"

    def document(
        self,
        findings: Sequence[Finding],
        left: Sequence[Question],
        unaskable: Sequence[UnaskableQuestion],
        **about: Any,
    ) -> dict[str, Any]:
        """Return all of it as JSON has it."""
        questions = [
            {
                "id": finding.question.id,
                "verdict": finding.verdict,
                "doubt": finding.question.doubt,
                "mock_oci": self._sanitiser.value(finding.expected),
                "oci": self._sanitiser.value(finding.observed),
                **({"reason": self._clean(finding.reason)} if finding.reason else {}),
            }
            for finding in findings
        ]
        return {
            **self._sanitiser.value(about),
            "counts": dict(Counter(finding.verdict for finding in findings)),
            "questions": questions,
            "leftOutForTheirCost": [question.id for question in left],
            "notAskable": [{"id": one.id, "doubt": one.doubt, "reason": one.reason} for one in unaskable],
        }

    def _clean(self, text: str) -> str:
        return self._sanitiser.text(text)

    def _written(self, observation: Any) -> str:
        return json.dumps(self._sanitiser.value(observation), ensure_ascii=False)


def table_line(question: Question) -> str:
    """Return what --list says of a question."""
    cost = question.cost
    figures = [
        f"{number} {what}{'' if number == 1 else 's'}"
        for number, what in ((cost.requests, "request"), (cost.tokens, "token"), (cost.resources, "resource"))
        if number
    ]
    needs = "".join(f"; needs --given {name}=…" for name in question.needs)
    made = f"; makes and removes {question.makes}" if question.makes else ""
    return f"{question.id}\n    {question.doubt}\n    {question.how} At most {', '.join(figures)}{made}{needs}."


def reason_line(question: UnaskableQuestion) -> str:
    """Return what --list says of a doubt that no request settles."""
    return f"{question.id}\n    {question.doubt}\n    Not askable: {question.reason}."
