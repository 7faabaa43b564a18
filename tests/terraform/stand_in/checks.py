"""What a configuration may not say although its types are right: used by the stand-in and by the static check."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.terraform.stand_in.corrections import ENUMS, EXCLUSIVE, NEEDED_WITH, WHOLE_NUMBERS
from tests.terraform.stand_in.schema import Block

Steps = tuple[str | int, ...]


@dataclass(frozen=True)
class Refusal:
    """``steps`` lead from the resource to the argument."""

    message: str
    steps: Steps


@dataclass(frozen=True)
class Readable:
    """Which values can be judged: ``is_open`` says that one is not known yet."""

    is_open: Callable[[Any], bool]


def refusals(type_name: str, block: Block, config: Mapping[str, Any], readable: Readable) -> Iterator[Refusal]:
    """All that is wrong in the config of one resource."""
    yield from _walk(block, config, type_name, (), readable)


def _walk(block: Block, config: Mapping[str, Any], path: str, steps: Steps, readable: Readable) -> Iterator[Refusal]:
    read_only = (name for name in block.computed if config.get(name) is not None)
    yield from (Refusal(f"{name} is read-only", (*steps, name)) for name in read_only)
    for check in CHECKS:
        yield from check(config, path, steps, readable)
    for name, nested in block.blocks.items():
        value = config.get(name)
        if isinstance(value, list):
            for index, one in enumerate(value):
                if isinstance(one, dict):
                    found = _walk(nested, one, f"{path}.{name}", (*steps, name, index), readable)
                    yield from found if nested.nesting == "list" else _at(found, (*steps, name))


def _at(found: Iterator[Refusal], steps: Steps) -> Iterator[Refusal]:
    """The same, said of the block as a whole: what is in a set has no index."""
    return (Refusal(refusal.message, steps) for refusal in found)


def _enums(config: Mapping[str, Any], path: str, steps: Steps, readable: Readable) -> Iterator[Refusal]:
    for name, value in config.items():
        allowed = ENUMS.get(f"{path}.{name}")
        if allowed is None or value is None or readable.is_open(value):
            continue
        for one in value if isinstance(value, list) else [value]:
            if not readable.is_open(one) and str(one).upper() not in {word.upper() for word in allowed}:
                yield Refusal(f"expected {name} to be one of {', '.join(allowed)}, got {one}", (*steps, name))


def _whole_numbers(config: Mapping[str, Any], path: str, steps: Steps, readable: Readable) -> Iterator[Refusal]:
    for name, value in config.items():
        if f"{path}.{name}" not in WHOLE_NUMBERS or value is None or readable.is_open(value):
            continue
        if not str(value).isdigit():
            yield Refusal(f"expected {name} to be a whole number, got {value}", (*steps, name))


def _exclusive(config: Mapping[str, Any], path: str, steps: Steps, readable: Readable) -> Iterator[Refusal]:
    given = [name for name in EXCLUSIVE.get(path, ()) if config.get(name) not in (None, [])]
    if len(given) > 1 and not any(readable.is_open(config[name]) for name in given):
        yield Refusal(f"{given[0]} conflicts with {given[1]}", (*steps, given[0]))


def _needed(config: Mapping[str, Any], path: str, steps: Steps, readable: Readable) -> Iterator[Refusal]:
    if path not in NEEDED_WITH:
        return
    decides, needed = NEEDED_WITH[path]
    kind = config.get(decides)
    if kind is None or readable.is_open(kind):
        return
    for name in needed.get(str(kind), ()):
        if config.get(name) in (None, []):
            yield Refusal(f"{name} is required when {decides} is {kind}", steps)


CHECKS: Final = (_enums, _whole_numbers, _exclusive, _needed)
