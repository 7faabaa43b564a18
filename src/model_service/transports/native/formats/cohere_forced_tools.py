"""A tool call that the caller forces, on COHERE, which cannot: asked for as JSON that follows a schema.

The answer's text is then the call, and is handed back as one: see ``AnswerReading``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from model_service.transports.native.formats.json_schemas import JsonSchema, all_of_merged, json_size, resolved
from model_service.transports.native.formats.parameters import NativeFields
from model_service.transports.native.formats.translation import WorkBudget

# Where there is a choice of several: the field that names the tool, and what its name ends in that has the arguments.
CHOICE: Final = "tool"
ARGUMENTS: Final = "_arguments"


@dataclass(frozen=True)
class ForcedTools:
    """The schema of the answer, and what the preamble says about it.

    ``call`` is the tool whose arguments the answer is; it is None where the answer also names one of several tools.
    """

    schema: JsonSchema
    instructions: str
    call: str | None


def forced_tools(functions: list[NativeFields], budget: WorkBudget) -> ForcedTools:
    """Return how to ask for a call of one of the functions; raise ``InvalidRequest`` as ``resolved`` does."""
    schemas: dict[str, NativeFields] = {}
    for number, function in enumerate(functions):
        path = f"tools.{number}.function.parameters"
        writer = _AnswerSchemaWriter(path, budget)
        schemas[function["name"]] = writer.write(resolved(path, function["parameters"], budget))
        budget.spend(path, size=json_size(schemas[function["name"]], {}))
    listed = "\n".join(f"- {function['name']}: {function.get('description') or ''}" for function in functions)
    (name, schema), *others = schemas.items()
    if not others and schema.get("properties"):
        told = f"Call this tool: answer with nothing but a JSON object that has its arguments.\n{listed}"
        return ForcedTools({**schema, "type": "object"}, told, name)
    told = (
        f'Call one of these tools: answer with nothing but a JSON object, whose field "{CHOICE}" names the tool and '
        f'whose field "<name of the tool>{ARGUMENTS}" has its arguments.\n{listed}'
    )
    properties = {f"{name}{ARGUMENTS}": schema for name, schema in schemas.items() if schema.get("properties")}
    properties[CHOICE] = {"type": "string", "enum": list(schemas)}
    return ForcedTools({"type": "object", "properties": properties, "required": [CHOICE]}, told, None)


class _AnswerSchemaWriter:
    """What Cohere takes of a schema for an answer: no compositions, no limits, and a required field in each object.

    Where several schemas are possible it is the first of them, so that whatever comes is valid for the caller.
    Source: https://docs.cohere.com/docs/structured-outputs
    """

    def __init__(self, path: str, budget: WorkBudget) -> None:
        self._path = path
        self._budget = budget
        self._written: dict[int, NativeFields] = {}  # what several references lead to is written once

    def write(self, schema: Any) -> NativeFields:
        if not isinstance(schema, Mapping):
            return {}
        if id(schema) not in self._written:
            self._budget.spend(self._path, steps=len(schema))
            self._written[id(schema)] = self._write(all_of_merged(self._path, schema, self._budget))
        return self._written[id(schema)]

    def _write(self, schema: JsonSchema) -> NativeFields:
        kept = {**self._first_branch(schema), **{key: schema[key] for key in KEPT_IN_ANSWERS if key in schema}}
        if schema.get("format") in FORMATS_IN_ANSWERS:
            kept["format"] = schema["format"]
        kind = schema.get("type")
        if kind is not None:
            kinds = [one for one in kind if one != "null"] if isinstance(kind, list) else [kind]
            kept["type"] = kinds[0] if kinds else "null"
        if isinstance(schema.get("properties"), Mapping):
            kept |= self._properties(schema["properties"], schema.get("required"))
        if "items" in schema:
            kept["items"] = self.write(schema["items"])
        return kept

    def _properties(self, properties: JsonSchema, required: Any) -> NativeFields:
        names = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
        names = [name for name in names if name in properties] or list(properties)[:1]
        written = {name: self.write(value) for name, value in properties.items()}
        return {"type": "object", "properties": written, **({"required": names} if names else {})}

    def _first_branch(self, schema: JsonSchema) -> NativeFields:
        for key in ("anyOf", "oneOf"):
            branches = schema.get(key)
            for branch in branches if isinstance(branches, list) else []:
                if isinstance(branch, Mapping) and branch.get("type") != "null":
                    return self.write(branch)
        return {}


KEPT_IN_ANSWERS: Final = frozenset({"const", "description", "enum", "title"})
FORMATS_IN_ANSWERS: Final = ("date", "date-time", "time", "uuid")
