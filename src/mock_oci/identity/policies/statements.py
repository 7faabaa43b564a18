"""One statement of a policy: who may (or may not) do what, where, and on which condition.

Grammar: docs Identity/policysyntax/policysyntax.htm, subject.htm and denypolicies.htm. Keywords have no case, and line
breaks count as blanks.
"""

from __future__ import annotations

from dataclasses import dataclass

from mock_oci.identity.policies.conditions import PolicyCondition, read_condition
from mock_oci.identity.policies.reader import Reader

VERBS = ("inspect", "read", "use", "manage")
_CROSS_TENANCY = ("define", "endorse", "admit")


@dataclass(frozen=True)
class PolicySubject:
    """``kind`` is the keyword; ``names`` are ``domain/name`` in lower case, or OCIDs where ``by_id``."""

    kind: str
    names: tuple[str, ...] = ()
    by_id: bool = False


@dataclass(frozen=True)
class Grant:
    """A verb and a resource type, or permissions by name."""

    verb: str = ""
    resource_type: str = ""
    permissions: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Scope:
    """``kind``: tenancy, id (``value`` is a compartment's OCID) or path (names in lower case, joined by colons)."""

    kind: str
    value: str = ""


@dataclass(frozen=True)
class Statement:
    """A statement as it was read; ``text`` is what was written."""

    text: str
    denies: bool
    subject: PolicySubject
    grant: Grant
    scope: Scope
    condition: PolicyCondition | None = None


def read_statement(text: str) -> Statement | None:
    """Read a statement; ``None`` for one about other tenancies, whose callers no request here has.

    Raises PolicyError.
    """
    reader = Reader(text)
    effect = reader.accept("allow", "deny") or "allow"
    if reader.peek() in _CROSS_TENANCY:
        return None
    subject = _subject(reader)
    reader.keyword("to")
    grant = _grant(reader)
    reader.keyword("in")
    scope = _scope(reader)
    condition = read_condition(reader) if reader.accept("where") else None
    if not reader.at_end:
        raise reader.error("the end of the statement")
    return Statement(" ".join(text.split()), effect == "deny", subject, grant, scope, condition)


def _subject(reader: Reader) -> PolicySubject:
    kind = reader.keyword("any-user", "any-group", "group", "dynamic-group", "service")
    if kind.startswith("any-"):
        return PolicySubject(kind)
    by_id = kind != "service" and bool(reader.accept("id"))
    names = [reader.word("an OCID") if by_id else _name(reader)]
    while reader.mark(","):
        by_id = bool(reader.accept("id")) or by_id
        names.append(reader.word("an OCID") if by_id else _name(reader))
    return PolicySubject(kind, tuple(names), by_id)


def _name(reader: Reader) -> str:
    """Read a name, or a domain and a name; who names no domain means the default one."""
    first = _part(reader)
    return f"{first}/{_part(reader)}" if reader.mark("/") else f"default/{first}"


def _part(reader: Reader) -> str:
    quoted = reader.quoted()
    return (reader.word("a name") if quoted is None else quoted).lower()


def _grant(reader: Reader) -> Grant:
    if reader.mark("{"):
        names = [reader.word("a permission").upper()]
        while reader.mark(","):
            names.append(reader.word("a permission").upper())
        reader.must("}")
        return Grant(permissions=frozenset(names))
    verb = reader.keyword(*VERBS)
    return Grant(verb, reader.word("a resource type").lower())


def _scope(reader: Reader) -> Scope:
    if reader.keyword("tenancy", "compartment") == "tenancy":
        return Scope("tenancy")
    if reader.accept("id"):
        return Scope("id", reader.word("the OCID of a compartment"))
    return Scope("path", _part(reader))
