"""What a configuration refers to and what it declares: undeclared names, unknown attributes, wrong calls of modules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.terraform.hcl import BLOCK_MARK, META, Configuration, literal, read
from tests.terraform.stand_in.schema import Block, schema

OWN: Final = re.compile(r"(?<![\w.])(?P<kind>var|local)\.(?P<name>\w+)")
RESOURCE: Final = re.compile(
    r"(?<![\w.])(?P<data>data\.)?(?P<type>oci_\w+)\.(?P<name>\w+)(?:\[[^\]]*\])?(?:\.(?P<attribute>[a-z]\w*))?"
)
MODULE: Final = re.compile(r"(?<![\w.])module\.(?P<name>\w+)(?:\.(?P<output>\w+))?")


def broken_references(configuration: Configuration) -> Iterator[str]:
    for text in configuration.expressions():
        yield from _own(configuration, text)
        yield from _resources(configuration, text)
        yield from _outputs(configuration, text)
    for name, body in configuration.modules.items():
        yield from (f"module.{name}: {fault}" for fault in _call(configuration, body))


def used_variables(configuration: Configuration) -> set[str]:
    found = (match for text in configuration.expressions() for match in OWN.finditer(text))
    return {match["name"] for match in found if match["kind"] == "var"}


def _own(configuration: Configuration, text: str) -> Iterator[str]:
    declared: Mapping[str, Mapping[str, Any]] = {"var": configuration.variables, "local": configuration.locals}
    for match in OWN.finditer(text):
        if match["name"] not in declared[match["kind"]]:
            yield f"{match.group()} is not declared"


def _resources(configuration: Configuration, text: str) -> Iterator[str]:
    for match in RESOURCE.finditer(text):
        declared = configuration.data_sources if match["data"] else configuration.resources
        if not any((one.type, one.name) == (match["type"], match["name"]) for one in declared):
            yield f"{match.group()} is not declared"
            continue
        known = schema().data_sources if match["data"] else schema().resources
        block = known.get(match["type"])
        if block and match["attribute"] and not _has(block, match["attribute"]):
            yield f"{match['type']} has no attribute {match['attribute']}"


def _has(block: Block, name: str) -> bool:
    return name in block.arguments or name in block.blocks


def _outputs(configuration: Configuration, text: str) -> Iterator[str]:
    for match in MODULE.finditer(text):
        body = configuration.modules.get(match["name"])
        if body is None:
            yield f"{match.group()} is not declared"
        elif match["output"] and match["output"] not in _called(configuration, body).outputs:
            yield f"module.{match['name']} has no output {match['output']}"


def _call(configuration: Configuration, body: Mapping[str, Any]) -> Iterator[str]:
    variables = _called(configuration, body).variables
    given = body.keys() - META - {BLOCK_MARK, "source"}
    yield from (f"there is no variable {name}" for name in sorted(given - variables.keys()))
    needed = {name for name, variable in variables.items() if "default" not in variable}
    yield from (f"{name} is required" for name in sorted(needed - given))


def _called(configuration: Configuration, body: Mapping[str, Any]) -> Configuration:
    return read((configuration.folder / literal(body["source"])).resolve())
