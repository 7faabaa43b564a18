"""The schema of the resources in use, as plain types and as Terraform's protocol has it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from tests.terraform.stand_in.data_sources import DATA_SOURCES

SCHEMA_FILE: Final = Path(__file__).with_name("schema.json")


@dataclass(frozen=True)
class Argument:
    """``use`` is ``required``, ``optional`` or ``computed``; ``type`` is Terraform's JSON form of a type."""

    type: Any
    use: str
    replaces: bool = False


@dataclass(frozen=True)
class Block:
    """``nesting`` is ``list`` or ``set``; ``maximum`` 0 means any number."""

    arguments: Mapping[str, Argument]
    blocks: Mapping[str, Block]
    nesting: str = "list"
    minimum: int = 0
    maximum: int = 0
    replaces: bool = False

    @property
    def computed(self) -> Iterator[str]:
        return (name for name, argument in self.arguments.items() if argument.use == "computed")

    @property
    def replacing(self) -> Iterator[str]:
        """The arguments and blocks of which a change makes a new resource."""
        yield from (name for name, argument in self.arguments.items() if argument.replaces)
        yield from (name for name, block in self.blocks.items() if block.replaces)


@dataclass(frozen=True)
class Schema:
    resources: Mapping[str, Block] = field(default_factory=dict)
    data_sources: Mapping[str, Block] = field(default_factory=dict)


@cache
def schema() -> Schema:
    resources = json.loads(SCHEMA_FILE.read_text())["resources"]
    return Schema(
        {name: _block(block) for name, block in resources.items()},
        {name: _block(block) for name, block in DATA_SOURCES.items()},
    )


def _block(block: Mapping[str, Any]) -> Block:
    arguments = {
        name: Argument(argument["type"], argument["use"], argument.get("replaces", False))
        for name, argument in block["attributes"].items()
    }
    blocks = {name: _block(nested) for name, nested in block["blocks"].items()}
    nesting, replaces = block.get("nesting", "list"), block.get("replaces", False)
    return Block(arguments, blocks, nesting, block.get("min", 0), block.get("max", 0), replaces)


# Every resource takes it; the provider's own client, and not the service, reads it.
TIMEOUTS: Final = Block({name: Argument("string", "optional") for name in ("create", "delete", "update")}, {})
