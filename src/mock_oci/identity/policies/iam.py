"""The policies of a tenancy, and what they say of a request."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mock_oci.identity.policies.conditions import Context, Variables
from mock_oci.identity.policies.decision import Asked, Decision, PermissionVerdict, PolicyAnswer
from mock_oci.identity.policies.directory import Directory, Membership
from mock_oci.identity.policies.permission_sets import known_permissions, permissions_of
from mock_oci.identity.policies.reader import PolicyError
from mock_oci.identity.policies.statements import Statement, read_statement
from mock_oci.identity.tenancy import Tenancy, ocid

MAX_STATEMENTS = 10_000
# Every tenancy has this one, and nobody can delete it (docs: Identity/Concepts/overview.htm).
_BUILT_IN = "Allow group Administrators to manage all-resources in tenancy"
_RANKS = (PolicyAnswer.ALLOWED, PolicyAnswer.UNKNOWN, PolicyAnswer.DENIED)


@dataclass(frozen=True)
class Policy:
    """Statements, and the compartment that they are attached to."""

    id: str
    compartment_id: str
    statements: tuple[Statement, ...]


class Iam:
    """The policies, over a ``directory`` of whom and what they name. Thread-safe.

    ``is_enforced``: somebody wrote a policy, so policies count; the tenancy's own user is an administrator. A statement
    that is not understood raises PolicyError when it is added: none passes for one without effect.
    """

    def __init__(self, tenancy: Tenancy) -> None:
        self._root = tenancy.tenancy_id
        self._lock = threading.RLock()
        self._policies: dict[str, Policy] = {}
        self.directory = Directory(tenancy)
        self._built_in = Policy(ocid("policy", "built in"), self._root, self._read_all([_BUILT_IN], self._root))
        self.is_enforced = False

    @property
    def policies(self) -> tuple[Policy, ...]:
        """Return every policy that was added, in order."""
        with self._lock:
            return tuple(self._policies.values())

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Return the statements of every policy that was added, in order."""
        return tuple(statement for policy in self.policies for statement in policy.statements)

    def add_policy(self, statements: Iterable[str], compartment_id: str = "", policy_id: str = "") -> Policy:
        """Add a policy, or write the one of this OCID anew. Raises PolicyError, and then nothing is changed."""
        attached = compartment_id or self._root
        read = self._read_all(statements, attached)
        with self._lock:
            policy = Policy(policy_id or ocid("policy", str(len(self._policies))), attached, read)
            if len(self.statements) + len(read) > MAX_STATEMENTS:
                raise PolicyError(f"there may be at most {MAX_STATEMENTS} statements")
            self._policies[policy.id] = policy
            self.is_enforced = True
        return policy

    def remove_policy(self, policy_id: str) -> None:
        """Forget a policy. Policies count from then on too: without any, only administrators may do anything."""
        with self._lock:
            self._policies.pop(policy_id, None)

    def decide(self, asked: Asked) -> Decision:
        """Return what the policies say, and which statements decided."""
        membership = self.directory.membership(asked.principal)
        chosen = []
        for names in asked.needs:
            verdicts = [self._verdict(asked, membership, name) for name in names]
            chosen.append(min(verdicts, key=lambda verdict: _RANKS.index(verdict.answer)))
        answer = max((verdict.answer for verdict in chosen), key=_RANKS.index, default=PolicyAnswer.ALLOWED)
        return Decision(asked, answer, tuple(chosen))

    def _verdict(self, asked: Asked, membership: Membership, permission: str) -> PermissionVerdict:
        allowing, denying = PermissionVerdict(permission, PolicyAnswer.DENIED), None
        exempt = self.directory.is_administrator(asked.principal)
        for statement, holds in self._applicable(asked, membership, permission):
            if statement.denies and not exempt:
                if holds:
                    return PermissionVerdict(permission, PolicyAnswer.DENIED, statement)
                denying = PermissionVerdict(permission, PolicyAnswer.UNKNOWN, statement)
            elif not statement.denies and allowing.answer is not PolicyAnswer.ALLOWED:
                allowing = PermissionVerdict(
                    permission, PolicyAnswer.ALLOWED if holds else PolicyAnswer.UNKNOWN, statement
                )
        return denying if denying is not None and allowing.answer is not PolicyAnswer.DENIED else allowing

    def _applicable(self, asked: Asked, membership: Membership, permission: str) -> Iterator[tuple[Statement, bool]]:
        """Yield the statements about this request; False beside one of which nobody can say whether it holds."""
        variables = {**asked.variables, "request.permission": (permission,)}
        if membership.group_ids:
            variables["request.groups.id"] = membership.group_ids
        path = self.directory.path(asked.compartment_id)
        for policy in (self._built_in, *self.policies):
            for statement in policy.statements:
                if self.directory.scoped(statement.scope, policy.compartment_id) not in path:
                    continue
                if membership.is_meant_by(statement.subject, asked.principal):
                    holds = _holds(statement, permission, variables)
                    if holds is not False:
                        yield statement, holds is True

    def _read_all(self, statements: Iterable[str], attached: str) -> tuple[Statement, ...]:
        if not self.directory.path(attached):
            raise PolicyError(f"there is no compartment {attached} here to attach a policy to")
        found = (self._read(text, attached) for text in statements)
        return tuple(statement for statement in found if statement is not None)

    def _read(self, text: str, attached: str) -> Statement | None:
        """Read a statement as OCI does when a policy is written: what it names has to be there. Raises PolicyError."""
        statement = read_statement(text)
        if statement is None:
            return None
        unknown = sorted(statement.grant.permissions - known_permissions())
        if unknown:
            raise PolicyError(f"the permission {unknown[0]} is not known here: {text[:200]}")
        if not self.directory.scoped(statement.scope, attached):
            wanted, known = statement.scope.value or "the tenancy", ", ".join(self.directory.compartments)
            raise PolicyError(f"from {attached} nobody can name {wanted} as a compartment; there are {known}")
        missing = self.directory.unknown_dynamic_groups(statement.subject)
        if missing:
            raise PolicyError(f"there is no dynamic group {missing[0]} here: add it with its matching rule first")
        return statement


def _holds(statement: Statement, permission: str, variables: Variables) -> bool | None:
    """Return whether a statement is about this permission and its condition is true; ``None``: nobody can say."""
    permissions = permissions_of(statement.grant, denied=statement.denies)
    if permissions is not None and permission not in permissions:
        return False
    # Whether a variable that is not there makes the condition of a deny false too, no page of Oracle's says
    # (verify: deny-without-variable).
    context = Context(variables, absent=None if statement.denies else False)
    holds = statement.condition.holds(context) if statement.condition is not None else True
    return None if holds and permissions is None else holds
