"""Conditions of statements and matching rules of dynamic groups: ``any``, ``all`` and comparisons.

True, False and None: None is unknown. Sources: docs Identity/policysyntax/conditions.htm, policyadvancedfeatures.htm
and scoping-policy-by-time; strings are compared without case, which the pages say of all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Protocol

from mock_oci.identity.policies.reader import MAX_DEPTH, PolicyError, Reader

Variables = Mapping[str, tuple[str, ...]]
"""What a request carries, by names in lower case; a variable such as request.groups.id is a set."""


@dataclass(frozen=True)
class Context:
    """What a condition is asked about. ``absent`` is the answer for a variable that the request does not carry."""

    variables: Variables
    absent: bool | None = False


class PolicyCondition(Protocol):
    """A condition, however deep."""

    def holds(self, context: Context) -> bool | None:
        """Return whether it is true; ``None`` when nobody can say."""
        ...


@dataclass(frozen=True)
class Value:
    """What a variable is compared with. ``is_pattern``: ``*`` in it stands for anything."""

    text: str
    is_pattern: bool = False

    def equals(self, text: str) -> bool:
        return _fits(self.text, text) if self.is_pattern else self.text.casefold() == text.casefold()


@dataclass(frozen=True)
class Comparison:
    """One variable and what it is compared with; of ``between`` the two ends."""

    variable: str
    operator: str
    values: tuple[Value, ...]

    def holds(self, context: Context) -> bool | None:
        if self.variable.startswith(UNTOLD):
            return None
        carried = context.variables.get(self.variable)
        if carried is None:
            return context.absent
        if self.operator in _TIMES:
            return self._in_time(carried[0])
        found = any(value.equals(text) for value in self.values for text in carried)
        return found == (self.operator in ("=", "in"))

    def _in_time(self, text: str) -> bool | None:
        try:
            moments = [_moment(self.variable, item) for item in (text, *(value.text for value in self.values))]
        except ValueError:
            return None
        return _TIMES[self.operator](moments[0], moments[1:])


@dataclass(frozen=True)
class Presence:
    """True for a variable that the request carries, or with ``!`` before it for one that it does not."""

    variable: str
    wanted: bool

    def holds(self, context: Context) -> bool | None:
        if self.variable.startswith(UNTOLD):
            return None
        return (self.variable in context.variables) == self.wanted


@dataclass(frozen=True)
class Combination:
    """``all`` or ``any`` of its parts."""

    needs_all: bool
    parts: tuple[PolicyCondition, ...]

    def holds(self, context: Context) -> bool | None:
        answers = {part.holds(context) for part in self.parts}
        decisive = not self.needs_all
        if decisive in answers:
            return decisive
        return None if None in answers else not decisive


def read_condition(reader: Reader, depth: int = 0) -> PolicyCondition:
    """Read a condition. Raises PolicyError."""
    if depth > MAX_DEPTH:
        raise PolicyError(f"conditions must be nested at most {MAX_DEPTH} deep")
    if reader.peek() in ("any", "all"):
        needs_all = reader.keyword("any", "all") == "all"
        reader.must("{")
        parts = [read_condition(reader, depth + 1)]
        while reader.mark(","):
            parts.append(read_condition(reader, depth + 1))
        reader.must("}")
        return Combination(needs_all, tuple(parts))
    return _comparison(reader)


def read_rule(text: str) -> PolicyCondition:
    """Read the matching rule of a dynamic group (docs: dynamicgroups/Writing_Matching_Rules…). Raises PolicyError."""
    reader = Reader(text)
    rule = read_condition(reader)
    if not reader.at_end:
        raise reader.error("the end of the rule")
    return rule


def _comparison(reader: Reader) -> PolicyCondition:
    wanted = not reader.mark("!")
    variable = reader.word("a variable").lower()
    operator = reader.operator() or reader.accept("in", "not", "before", "after", "between")
    if not operator or not wanted:
        if operator:
            raise reader.error("no operator after a variable with '!'")
        return Presence(variable, wanted)
    if operator == "not":
        operator = f"not {reader.keyword('in')}"
    return Comparison(variable, operator, _values(reader, variable, operator))


def _values(reader: Reader, variable: str, operator: str) -> tuple[Value, ...]:
    """Read what an operator compares with: one value, two with ``and`` between them, or a list in parentheses."""
    listed = operator.endswith("in")
    if listed:
        reader.must("(")
    values = [_value(reader, variable)]
    while listed and reader.mark(","):
        values.append(_value(reader, variable))
    if listed:
        reader.must(")")
    elif operator == "between":
        reader.keyword("and")
        values.append(_value(reader, variable))
    return tuple(values)


def _value(reader: Reader, variable: str) -> Value:
    pattern = reader.pattern()
    if pattern is not None:
        return Value(pattern, is_pattern=True)
    text = reader.quoted()
    if text is None:
        raise reader.error("a value in quotes or a /pattern/")
    # Objects' names have slashes, so their patterns stand in quotes (docs: Object Storage, policies for objects).
    return Value(text, is_pattern=variable == "target.object.name" and "*" in text)


def _fits(pattern: str, text: str) -> bool:
    """Tell whether ``text`` fits, in time linear in both: each piece is looked for once, from left to right."""
    first, *others = pattern.casefold().split("*")
    text = text.casefold()
    if not others:
        return text == first
    if not text.startswith(first):
        return False
    at, last = len(first), others.pop()
    for piece in others:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return len(text) - len(last) >= at and text.endswith(last)


def _moment(variable: str, text: str) -> float:
    """Return a time as a number that can be compared, of the day or in Unix seconds. Raises ValueError."""
    if variable.endswith(".time-of-day"):
        clock = time.fromisoformat(text)
        return clock.hour * 3600.0 + clock.minute * 60 + clock.second
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _between(moment: float, ends: Sequence[float]) -> bool:
    """Tell whether a moment is between two, both included; a span of the day may go over midnight.

    Both are unverified (verify: policy-night, night-and-ends).
    """
    first, last = ends
    return first <= moment <= last if first <= last else moment >= first or moment <= last


# What a request in OCI carries and none here: nobody can say whether such a condition holds.
UNTOLD = (
    "request.ad",
    "request.networksource.",
    "request.principal.compartment.tag.",
    "request.principal.group.tag.",
    "request.resource.tag.",
    "request.user.mfatotpverified",
    "target.resource.compartment.tag.",
    "target.resource.tag.",
)
_TIMES: dict[str, Callable[[float, Sequence[float]], bool]] = {
    "before": lambda moment, ends: moment < ends[0],
    "after": lambda moment, ends: moment > ends[0],
    "between": _between,
}
