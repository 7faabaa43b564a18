from __future__ import annotations

import datetime
import enum
import uuid
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, TypeAdapter

from mock_oci.model.example_values import example_of


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Node(BaseModel):
    name: str
    children: list[Node]
    parent: Node | None


class Order(BaseModel):
    id: uuid.UUID
    when: datetime.datetime
    day: datetime.date
    colour: Colour
    kind: Literal["a", "b"]
    only: Literal[7]
    tags: Annotated[list[str], Field(min_length=3, max_length=3)]
    score: Annotated[float, Field(gt=0, lt=1)]
    count: Annotated[int, Field(ge=3, le=9, multiple_of=3)]
    code: Annotated[str, Field(min_length=12, max_length=14)]
    short: Annotated[str, Field(max_length=2)]
    pair: tuple[int, str]
    maybe: int | None
    either: int | str
    unique: Annotated[set[str], Field(min_length=4)]
    shades: Annotated[set[Colour], Field(min_length=2)]
    numbers: Annotated[set[int], Field(min_length=3)]
    done: bool
    nested: Node
    free: dict[str, int]
    anything: Any


@pytest.mark.parametrize("model", [Order, Node, Colour, list[Order], int | None, dict[str, int], bool])
def test_the_value_validates_against_the_schema_it_was_made_from(model: Any) -> None:
    adapter = TypeAdapter(model)
    adapter.validate_python(example_of(adapter.json_schema(), ["Oslo", "Bergen"], "3 or 4 of them, blue"))


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, "Oslo"),
        ({"type": "integer"}, 42),
        ({"type": "number", "maximum": 7}, 7),
        ({"type": "integer", "exclusiveMinimum": 42}, 43),
        ({"type": "integer", "minimum": 43, "multipleOf": 5}, 45),
        ({"type": "integer", "maximum": 44, "multipleOf": 10}, 40),
        ({"enum": ["red", "blue"]}, "blue"),
        ({"enum": ["red", "green"]}, "red"),
        ({"const": None}, None),
        ({"type": ["null", "string"]}, "Oslo"),
        ({"type": "null"}, None),
        ({}, "Oslo"),
        ({"minimum": 50}, 50),
        ({"items": {"type": "boolean"}}, [True]),
        ({"type": "array", "items": {"type": "integer"}, "maxItems": 0}, []),
        ({"type": "object", "required": ["x"]}, {"x": "Oslo"}),
        ({"allOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {"const": 2}}}]}, {"a": 1, "b": 2}),
        ({"oneOf": [{"type": "null"}, {"type": "boolean"}]}, True),
        ({"$ref": "#/definitions/a~1b", "definitions": {"a/b": {"const": 5}}}, 5),
        ({"$ref": "#/nowhere"}, "Oslo"),
    ],
)
def test_each_keyword_has_its_say(schema: dict[str, Any], value: Any) -> None:
    assert example_of(schema, ["Oslo"], "42 blue ones") == value


def test_a_schema_that_holds_only_itself_ends() -> None:
    schema = {"$defs": {"n": {"type": "object", "properties": {"next": {"$ref": "#/$defs/n"}}}}, "$ref": "#/$defs/n"}
    assert example_of(schema, [])["next"]["next"]


def test_the_same_prompt_gives_the_same_value() -> None:
    schema = TypeAdapter(Order).json_schema()
    assert example_of(schema, ["a"], "5") == example_of(schema, ["a"], "5")
