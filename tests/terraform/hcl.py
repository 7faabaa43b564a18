"""A folder of Terraform read with python-hcl2: what it declares, and its expressions as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import hcl2

BLOCK_MARK: Final = "__is_block__"  # python-hcl2 tells a block from an object by it
COMMENTS: Final = frozenset({"__comments__", "__inline_comments__"})
META: Final = COMMENTS | frozenset({BLOCK_MARK, "count", "depends_on", "for_each", "lifecycle", "provider", "timeouts"})


@dataclass(frozen=True)
class Expression:
    """Something that has no value before Terraform runs."""

    text: str


@dataclass(frozen=True)
class Declared:
    """A resource or a data source."""

    type: str
    name: str
    body: Mapping[str, Any]

    @property
    def address(self) -> str:
        return f"{self.type}.{self.name}"


@dataclass(frozen=True)
class Configuration:
    folder: Path
    resources: tuple[Declared, ...]
    data_sources: tuple[Declared, ...]
    variables: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Mapping[str, Any]]
    modules: Mapping[str, Mapping[str, Any]]
    locals: Mapping[str, Any]
    trees: tuple[Mapping[str, Any], ...] = field(repr=False)

    def expressions(self) -> Iterator[str]:
        """Every text in which something may be referred to."""
        for tree in self.trees:
            yield from _texts(tree)


@cache
def read(folder: Path) -> Configuration:
    """All ``*.tf`` of a folder; raises python-hcl2's error, lark's UnexpectedInput, for what is no HCL."""
    return configuration(folder, tuple(path.read_text() for path in sorted(folder.glob("*.tf"))))


def configuration(folder: Path, texts: tuple[str, ...]) -> Configuration:
    trees = tuple(hcl2.loads(text) for text in texts)
    return Configuration(
        folder,
        tuple(Declared(*one) for one in _labelled_twice(trees, "resource")),
        tuple(Declared(*one) for one in _labelled_twice(trees, "data")),
        dict(_labelled(trees, "variable")),
        dict(_labelled(trees, "output")),
        dict(_labelled(trees, "module")),
        {name: value for one in _blocks(trees, "locals") for name, value in one.items() if name != BLOCK_MARK},
        trees,
    )


def literal(value: Any) -> Any:
    """A value as Terraform would have it, an ``Expression`` where only Terraform can tell."""
    if isinstance(value, dict):
        return {unquoted(name): literal(one) for name, one in value.items() if name != BLOCK_MARK}
    if isinstance(value, list):
        return [literal(one) for one in value]
    if isinstance(value, str):
        return Expression(value) if re.search(r"(?<!\$)\$\{", value) else unquoted(value)
    return value


def unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def is_block(value: Any) -> bool:
    return isinstance(value, dict) and BLOCK_MARK in value


def _blocks(trees: tuple[Mapping[str, Any], ...], kind: str) -> Iterator[Mapping[str, Any]]:
    for tree in trees:
        yield from tree.get(kind, [])


def _labelled(trees: tuple[Mapping[str, Any], ...], kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for block in _blocks(trees, kind):
        yield from ((unquoted(label), body) for label, body in block.items() if label != BLOCK_MARK)


def _labelled_twice(trees: tuple[Mapping[str, Any], ...], kind: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for type_name, named in _labelled(trees, kind):
        yield from ((type_name, unquoted(name), body) for name, body in named.items() if name != BLOCK_MARK)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and "${" in value:
        yield value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from _texts(name)
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
