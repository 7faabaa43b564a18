"""Values and schemas between Python and Terraform's protocol: msgpack with a mark for what is not known yet.

Source: https://github.com/hashicorp/terraform/blob/main/docs/plugin-protocol/object-wire-format.md
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import msgpack
from tests.terraform.stand_in.schema import TIMEOUTS, Argument, Block
from tf.gen import tfplugin_pb2 as protocol

UNKNOWN: Final = msgpack.ExtType(0, b"\x00")
_NESTING: Final = protocol.Schema.NestedBlock.NestingMode


def read(value: protocol.DynamicValue) -> Any:
    """A dict of what the block holds, ``None`` for nothing; what is unknown is an ``ExtType``."""
    if value.json:
        return json.loads(value.json)
    return msgpack.unpackb(value.msgpack, strict_map_key=False)


def written(value: Any) -> protocol.DynamicValue:
    return protocol.DynamicValue(msgpack=msgpack.packb(value))


def is_unknown(value: Any) -> bool:
    return isinstance(value, msgpack.ExtType)


def conformed(block: Block, value: Mapping[str, Any]) -> dict[str, Any]:
    """``value`` with every argument and block that it leaves out, as a state has to have them."""
    arguments = {name: value.get(name) for name in block.arguments}
    blocks = {name: [conformed(nested, one) for one in value.get(name) or []] for name, nested in block.blocks.items()}
    timeouts = {"timeouts": value["timeouts"]} if "timeouts" in value else {}
    return arguments | blocks | timeouts


def schema_of(block: Block, *, resource: bool) -> protocol.Schema:
    written_block = _block(block)
    if resource:
        written_block.block_types.append(
            protocol.Schema.NestedBlock(type_name="timeouts", nesting=_NESTING.SINGLE, block=_block(TIMEOUTS))
        )
    return protocol.Schema(version=0, block=written_block)


def _block(block: Block) -> protocol.Schema.Block:
    attributes = [_attribute(name, argument) for name, argument in sorted(block.arguments.items())]
    nested = [_nested(name, one) for name, one in sorted(block.blocks.items())]
    return protocol.Schema.Block(attributes=attributes, block_types=nested)


def _attribute(name: str, argument: Argument) -> protocol.Schema.Attribute:
    uses = {argument.use: True}
    return protocol.Schema.Attribute(name=name, type=json.dumps(argument.type).encode(), **uses)


def _nested(name: str, block: Block) -> protocol.Schema.NestedBlock:
    nesting = _NESTING.SET if block.nesting == "set" else _NESTING.LIST
    return protocol.Schema.NestedBlock(
        type_name=name, block=_block(block), nesting=nesting, min_items=block.minimum, max_items=block.maximum
    )
