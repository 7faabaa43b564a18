"""What is asked of the policies, and what they answer."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from mock_oci.identity.policies.conditions import Variables
from mock_oci.identity.policies.required import Needed
from mock_oci.identity.policies.statements import Statement
from mock_oci.identity.principals import Principal


class PolicyAnswer(enum.Enum):
    """``UNKNOWN``: what decides is nothing that mock_oci knows, and it does not guess."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Asked:
    """One question. ``needs``: of each of these, one permission; ``variables`` are the target's and the request's."""

    principal: Principal
    operation: str
    needs: Needed
    compartment_id: str
    variables: Variables


@dataclass(frozen=True)
class PermissionVerdict:
    """The answer for one permission, and the statement that decided: none where none allows it."""

    permission: str
    answer: PolicyAnswer
    statement: Statement | None = None

    def __str__(self) -> str:
        if self.statement is None:
            return f"no statement allows {self.permission}"
        verb = {
            PolicyAnswer.ALLOWED: "is allowed by",
            PolicyAnswer.DENIED: "is denied by",
            PolicyAnswer.UNKNOWN: "may depend on",
        }
        return f"{self.permission} {verb[self.answer]}: {self.statement.text}"


@dataclass(frozen=True)
class Decision:
    """The answer, and the verdicts that it rests on: one for each permission that was needed."""

    asked: Asked
    answer: PolicyAnswer
    verdicts: tuple[PermissionVerdict, ...] = ()
    note: str = ""

    @property
    def is_allowed(self) -> bool:
        return self.answer is PolicyAnswer.ALLOWED

    @property
    def is_unknown(self) -> bool:
        return self.answer is PolicyAnswer.UNKNOWN

    @property
    def reason(self) -> str:
        """Say why, in a line: who asked for what and where, and what decided."""
        asked, deciding = self.asked, [verdict for verdict in self.verdicts if verdict.answer is self.answer]
        why = self.note or "; ".join(map(str, deciding)) or "nothing is asked for"
        who = asked.principal.resource_type or asked.principal.kind
        return f"{asked.operation or 'this'} of {who} {asked.principal.id} in {asked.compartment_id}: {why}"
