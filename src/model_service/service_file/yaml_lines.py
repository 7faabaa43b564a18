"""YAML, of which JSON is a part, read as JSON's types and nothing else, with the line that each value stands in.

The types are those of YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#103-core-schema): ``no``, ``on`` and
``2026-01-01`` are texts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml
from yaml.composer import Composer
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from model_service.service_file.fields import Fault, Path

DEEPEST: Final = 50
MAX_VALUES: Final = 100_000  # a few lines of aliases can stand for billions
IN_QUOTES: Final = " (a text with {{ }} has to stand in quotes)"


@dataclass(frozen=True)
class Lined:
    """A value of JSON's types. ``lines`` has for the path of each value in it the line of its name, or its own."""

    value: Any
    lines: Mapping[Path, int] = field(repr=False)

    def line(self, path: Path) -> int:
        return line_of(path, self.lines)


def line_of(path: Path, lines: Mapping[Path, int]) -> int:
    """Where to look: the line of what is missing is that of what misses it."""
    known = (path[:length] for length in range(len(path), -1, -1))
    return next((lines[one] for one in known if one in lines), 1)


def read_lined(text: str) -> Lined:
    """Return the value with the line of each of its parts; raise ``Fault``, with a line."""
    reading = _Reading(text)
    try:
        return Lined(reading.whole(), reading.lines)
    except Fault as fault:
        raise Fault(str(fault), fault.path, fault.line or line_of(fault.path, reading.lines)) from None
    except RecursionError:
        raise Fault("is nested too deeply", line=1) from None
    except yaml.MarkedYAMLError as error:
        raise reading.fault(error) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Fault("there is a character that YAML does not allow", line=line) from None


class _Composer(Reader, Scanner, Parser, Composer, BaseResolver):  # type: ignore[misc]  # PyYAML has no types
    """PyYAML's own loader without its constructors, which make dates, and without its types of YAML 1.1."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        for base in (Scanner, Parser, Composer, BaseResolver):
            base.__init__(self)


@dataclass
class _Reading:
    """Nodes to values. An alias stands for its node once more, at another path."""

    text: str
    lines: dict[Path, int] = field(default_factory=dict)
    count: int = 0

    def whole(self) -> Any:
        node = _Composer(self.text).get_single_node()
        if node is None:
            raise Fault("there is nothing in it")
        return self.value(node, ())

    def value(self, node: Node, path: Path) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        self._check_size(path)
        if isinstance(node, MappingNode) and node.tag == MAPPING:
            return {name: self.value(one, (*path, name)) for name, one in self._pairs(node, path)}
        if isinstance(node, SequenceNode) and node.tag == SEQUENCE:
            return [self.value(one, (*path, at)) for at, one in enumerate(node.value)]
        return self._scalar(node, path)

    def _check_size(self, path: Path) -> None:
        self.count += 1
        if self.count > MAX_VALUES:
            raise Fault(f"it has more than {MAX_VALUES} values, with those that aliases stand for", path)
        if len(path) > DEEPEST:
            raise Fault("is nested too deeply", path)

    def fault(self, error: yaml.MarkedYAMLError) -> Fault:
        mark = error.problem_mark or error.context_mark
        lines = self.text.splitlines()[mark.line : mark.line + 1]
        hint = IN_QUOTES if any("{{" in line for line in lines) else ""
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        return Fault(f"is not YAML: {problem}{hint}", line=mark.line + 1)

    def _pairs(self, node: MappingNode, path: Path) -> Iterator[tuple[str, Node]]:
        """Its names and values, each name once: first its own, then what it merges (``<<``) and does not have."""
        own: set[str] = set()
        for key, one in node.value:
            if not isinstance(key, ScalarNode):
                raise Fault(f"a name must be a string{IN_QUOTES}", path, key.start_mark.line + 1)
            if key.value == MERGE and key.style is None:
                continue
            if key.value in own:
                raise Fault("is there twice", (*path, key.value), key.start_mark.line + 1)
            own.add(key.value)
            self.lines.setdefault((*path, key.value), key.start_mark.line + 1)
            yield key.value, one
        for name, one in self._merged(node, path):
            if name not in own:
                own.add(name)
                yield name, one

    def _merged(self, node: MappingNode, path: Path) -> Iterator[tuple[str, Node]]:
        for key, one in node.value:
            if key.value == MERGE and key.style is None:
                for source in one.value if isinstance(one, SequenceNode) else [one]:
                    self._check_size(path)
                    if not isinstance(source, MappingNode):
                        raise Fault("<< takes mappings only", path, key.start_mark.line + 1)
                    for pair in self._pairs(source, path):
                        self._check_size(path)
                        yield pair

    def _scalar(self, node: Node, path: Path) -> Any:
        if not isinstance(node, ScalarNode) or node.tag not in SCALARS:
            raise Fault(f"{node.tag.replace(TAG, '!!')} is not a JSON type", path)
        try:
            value = SCALARS[node.tag](node.value)
        except (ValueError, KeyError):  # `!!int x`; Python reads no integer of more than 4300 digits
            raise Fault("is not what its type says", path) from None
        if isinstance(value, float) and not math.isfinite(value):
            raise Fault("is too large a number", path)
        return value


def _integer(text: str) -> int:
    return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))


TAG: Final = "tag:yaml.org,2002:"
MAPPING: Final = f"{TAG}map"
SEQUENCE: Final = f"{TAG}seq"
MERGE: Final = "<<"

SCALARS: Final[Mapping[str, Callable[[str], Any]]] = {
    f"{TAG}str": str,
    f"{TAG}null": lambda _: None,
    f"{TAG}bool": lambda text: {"true": True, "false": False}[text.lower()],
    f"{TAG}int": _integer,
    f"{TAG}float": float,
}

# What a scalar without quotes is, and the characters that it begins with (an empty text: those that are empty).
for kind, pattern, first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
):
    _Composer.add_implicit_resolver(TAG + kind, re.compile(rf"(?:{pattern})\Z"), first)
