"""A tenancy's compartments, groups and dynamic groups: what the subjects and the scopes of statements name."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from mock_oci.identity.policies.conditions import Context, PolicyCondition, read_rule
from mock_oci.identity.policies.statements import PolicySubject, Scope
from mock_oci.identity.policies.variables import rule_variables
from mock_oci.identity.principals import Principal
from mock_oci.identity.tenancy import Tenancy, ocid

ADMINISTRATORS = "default/administrators"


@dataclass(frozen=True)
class DynamicGroup:
    """``matching_rule`` says whose resources are members."""

    id: str
    name: str
    matching_rule: PolicyCondition


@dataclass
class UserGroup:
    """A group of users, by their OCIDs."""

    id: str
    members: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Membership:
    """What a principal is in: words such as ``group default/readers``, by name and by OCID, and the groups' OCIDs."""

    words: frozenset[str]
    group_ids: tuple[str, ...] = ()

    def is_meant_by(self, subject: PolicySubject, principal: Principal) -> bool:
        """Tell whether a statement's subject means this principal."""
        if subject.kind == "any-user":
            return True
        if subject.kind == "any-group":
            return bool(self.words)
        if subject.kind == "service":
            return principal.kind == "service" and f"default/{principal.id}" in subject.names
        return any(f"{subject.kind} {name.lower()}" in self.words for name in subject.names)


class Directory:
    """The root, one compartment in it, and the administrators are there from the beginning. Thread-safe."""

    def __init__(self, tenancy: Tenancy) -> None:
        self._root = tenancy.tenancy_id
        self._lock = threading.RLock()
        self._compartments = {self._root: ("", ""), tenancy.compartment_id: ("models", self._root)}
        self._groups = {ADMINISTRATORS: UserGroup(ocid("group", ADMINISTRATORS), {tenancy.user_id})}
        self._dynamic_groups: dict[str, DynamicGroup] = {}

    @property
    def compartments(self) -> tuple[str, ...]:
        """Return the OCIDs of all compartments, the root's first."""
        with self._lock:
            return tuple(self._compartments)

    def add_compartment(self, compartment_id: str, name: str, parent_id: str = "") -> None:
        """Add a compartment, below the root unless ``parent_id`` says otherwise."""
        with self._lock:
            self._compartments[compartment_id] = (name.lower(), parent_id or self._root)

    def add_group(self, name: str, members: Iterable[str] = (), group_id: str = "") -> None:
        """Add a group of users (OCIDs), or users to a group; ``name`` may begin with a domain and a slash."""
        key = _key(name)
        with self._lock:
            self._groups.setdefault(key, UserGroup(group_id or ocid("group", key))).members.update(members)

    def add_dynamic_group(self, name: str, matching_rule: str, group_id: str = "") -> DynamicGroup:
        """Add a dynamic group, or write the one of this name anew. Raises PolicyError for a rule that is none."""
        key = _key(name)
        group = DynamicGroup(group_id or ocid("dynamicgroup", key), key, read_rule(matching_rule))
        with self._lock:
            self._dynamic_groups[key] = group
        return group

    def remove_dynamic_group(self, group_id: str) -> None:
        """Forget a dynamic group."""
        with self._lock:
            self._dynamic_groups = {key: item for key, item in self._dynamic_groups.items() if item.id != group_id}

    def membership(self, principal: Principal) -> Membership:
        """Return what a principal is in: users in groups, resources and instances in dynamic groups."""
        with self._lock:
            groups = [(key, group.id) for key, group in self._groups.items() if principal.id in group.members]
            dynamic = tuple(self._dynamic_groups.values())
        if principal.kind == "user":
            words = frozenset(f"group {word.lower()}" for names in groups for word in names)
            return Membership(words, tuple(id_ for _, id_ in groups))
        context = Context(rule_variables(principal))
        own = [item for item in dynamic if item.matching_rule.holds(context)]
        return Membership(frozenset(f"dynamic-group {word.lower()}" for item in own for word in (item.name, item.id)))

    def unknown_dynamic_groups(self, subject: PolicySubject) -> list[str]:
        """Return the names in a statement's subject that no dynamic group has."""
        if subject.kind != "dynamic-group":
            return []
        with self._lock:
            known = {word.lower() for item in self._dynamic_groups.values() for word in (item.name, item.id)}
        return [name for name in subject.names if name.lower() not in known]

    def is_administrator(self, principal: Principal) -> bool:
        with self._lock:
            return principal.id in self._groups[ADMINISTRATORS].members

    def path(self, compartment_id: str) -> tuple[str, ...]:
        """Return the OCIDs of a compartment and of those that it is in, up to the root; nothing for an unknown one."""
        found: list[str] = []
        with self._lock:
            while compartment_id in self._compartments and compartment_id not in found:
                found.append(compartment_id)
                compartment_id = self._compartments[compartment_id][1]
        return tuple(found)

    def name(self, compartment_id: str) -> str:
        """Return a compartment's name, in lower case; the root's is empty."""
        with self._lock:
            return self._compartments.get(compartment_id, ("", ""))[0]

    def scoped(self, scope: Scope, attached: str) -> str:
        """Return the OCID of the compartment that a scope names in a policy attached to ``attached``; empty for none.

        A path of names begins below the policy's compartment, or with its own name.
        """
        with self._lock:
            if scope.kind == "tenancy":
                return self._root if attached == self._root else ""
            if scope.kind == "id":
                return scope.value if attached in self.path(scope.value) else ""
            names, here = scope.value.split(":"), attached
            if names[0] == self._compartments[attached][0]:
                names.pop(0)
            for name in names:
                here = next((id_ for id_, about in self._compartments.items() if about == (name, here)), "")
            return here


def _key(name: str) -> str:
    return name.lower() if "/" in name else f"default/{name.lower()}"
