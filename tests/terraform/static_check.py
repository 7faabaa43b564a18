"""What can be said of a configuration without Terraform: names, types and references against the provider's schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from tests.terraform.hcl import META, Configuration, Declared, Expression, is_block, literal, unquoted
from tests.terraform.references import broken_references
from tests.terraform.stand_in.checks import Readable, refusals
from tests.terraform.stand_in.schema import Argument, Block, schema


def faults(configuration: Configuration) -> list[str]:
    """What Terraform would refuse, one line each, as far as it shows without running it."""
    found = [*broken_references(configuration)]
    for declared in configuration.resources:
        found += _of_declared(declared, schema().resources, resource=True)
    for declared in configuration.data_sources:
        found += _of_declared(declared, schema().data_sources, resource=False)
    return found


def _of_declared(declared: Declared, known: Mapping[str, Block], *, resource: bool) -> Iterator[str]:
    block = known.get(declared.type)
    if block is None:
        yield f"{declared.address}: there is no such {'resource' if resource else 'data source'} type"
        return
    yield from (f"{declared.address}: {one}" for one in _of_block(block, declared.body))
    if resource:
        readable = Readable(lambda value: isinstance(value, Expression))
        found = refusals(declared.type, block, _config(block, declared.body), readable)
        yield from (f"{declared.address}: {one.message}" for one in found)


def _of_block(block: Block, body: Mapping[str, Any]) -> Iterator[str]:
    dynamic = _dynamic(body)
    for name, value in body.items():
        if name in META or name == "dynamic":
            continue
        yield from _of_name(block, name, value)
    needed = (name for name, one in block.arguments.items() if one.use == "required")
    yield from (f"{name} is required" for name in needed if name not in body)
    for name, nested in block.blocks.items():
        given = _given(body, name)
        yield from _of_number(nested, name, len(given), anyhow=name in dynamic)
        for one in given + dynamic.get(name, []):
            yield from (f"{name}: {fault}" for fault in _of_block(nested, one))
    yield from (f"there is no block {name}" for name in dynamic if name not in block.blocks)


def _of_name(block: Block, name: str, value: Any) -> Iterator[str]:
    written_as_block = isinstance(value, list) and bool(value) and all(map(is_block, value))
    if name in block.blocks:
        if not written_as_block:
            yield f"{name} is a block, not an argument"
    elif name not in block.arguments:
        yield f"there is no {'block' if written_as_block else 'argument'} {name}"
    elif written_as_block:
        yield f"{name} is an argument, not a block"
    elif not _fits(block.arguments[name], literal(value)):
        yield f"{name} is no {_described(block.arguments[name])}"


def _of_number(block: Block, name: str, number: int, *, anyhow: bool) -> Iterator[str]:
    if number < block.minimum and not anyhow:
        yield f"a block {name} is required"
    if block.maximum and number > block.maximum:
        yield f"there is more than one block {name}"


def _dynamic(body: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The contents of ``dynamic`` blocks by the name of the block that they make."""
    contents: dict[str, list[Any]] = {}
    for one in body.get("dynamic", []):
        for name, inner in one.items():
            if isinstance(inner, dict):
                contents.setdefault(unquoted(name), []).extend(inner["content"])
    return contents


def _given(body: Mapping[str, Any], name: str) -> list[Any]:
    value = body.get(name)
    return value if isinstance(value, list) and all(map(is_block, value)) else []


def _config(block: Block, body: Mapping[str, Any]) -> dict[str, Any]:
    """As the provider would get it, as far as it can be known."""
    dynamic = _dynamic(body)
    arguments = {name: literal(body[name]) for name in block.arguments if name in body}
    blocks = {
        name: [_config(nested, one) for one in _given(body, name) + dynamic.get(name, [])]
        for name, nested in block.blocks.items()
    }
    return arguments | blocks


def _fits(argument: Argument, value: Any) -> bool:
    if value is None or isinstance(value, Expression):
        return True
    return KINDS[argument.type if isinstance(argument.type, str) else argument.type[0]](value)


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", str(value)) is not None


def _described(argument: Argument) -> str:
    return argument.type if isinstance(argument.type, str) else f"{argument.type[0]} of {argument.type[1]}"


# Terraform makes a text of a number, and a number or a bool of a text that reads like one.
KINDS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "string": lambda value: not isinstance(value, (list, dict)),
    "number": _is_number,
    "bool": lambda value: value in (True, False, "true", "false"),
    "list": lambda value: isinstance(value, list),
    "set": lambda value: isinstance(value, list),
    "map": lambda value: isinstance(value, dict),
}
