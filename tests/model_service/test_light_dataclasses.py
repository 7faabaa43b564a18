"""A class is the same, whichever decorator made it a dataclass."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import threading
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from model_service import light_dataclasses

Decorator = Callable[..., Any]


def classes(dataclass: Decorator) -> dict[str, Any]:
    """Return classes with everything that a field can be, all made by ``dataclass``."""

    class Plain:
        name: str
        size: int = 3
        tags: list[str] = dataclasses.field(default_factory=list)

    class Secret:
        """Has a docstring."""

        key: str = dataclasses.field(repr=False)
        note: str = dataclasses.field(default="-", compare=False)
        kind: ClassVar[str] = "secret"

    class ByName:
        first: int
        last: int = dataclasses.field(default=2, kw_only=True)
        made: list[int] = dataclasses.field(default_factory=lambda: [1], init=False)
        seen: bool = dataclasses.field(default=False, init=False)

    class Counted:
        number: int
        double: int = 0

        def __post_init__(self) -> None:
            object.__setattr__(self, "double", 2 * self.number)

        def __repr__(self) -> str:
            return f"<{self.number}>"

    class Empty:
        pass

    kinds = {kind.__name__: kind for kind in (Plain, Secret, ByName, Counted, Empty)}
    made = {name: dataclass(type(name, (kind,), dict(vars(kind)))) for name, kind in kinds.items()}
    frozen = {f"Frozen{n}": dataclass(frozen=True)(type(n, (k,), dict(vars(k)))) for n, k in kinds.items()}

    class Child(made["Plain"]):  # type: ignore[misc, name-defined]  # a base made at run time
        extra: str = "more"

    return {**made, **frozen, "Identity": dataclass(eq=False)(kinds["Empty"]), "Child": dataclass(Child)}


OURS, STANDARD = classes(light_dataclasses.dataclass), classes(dataclasses.dataclass)
CALLS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}),
    ((1,), {}),
    (("a", 2), {}),
    (("a", 2, ["t"]), {}),
    (("a",), {"size": 9}),
    (("a",), {"last": 9}),
    ((5,), {"unknown": 1}),
    ((1, 2, 3, 4, 5), {}),
    (("a",), {"made": [2]}),
    (("a",), {"tags": None, "size": None}),
]


def shown(kind: Any, call: tuple[tuple[Any, ...], dict[str, Any]]) -> str:
    try:
        return repr(kind(*call[0], **call[1]))
    except TypeError as error:
        return str(error).rpartition(".")[2]


def equality(kind: Any) -> list[bool]:
    made = [value for arguments, named in CALLS if (value := attempt(kind, arguments, named)) is not None]
    return [one == other for one in made for other in made]


@pytest.mark.parametrize("name", OURS)
def test_instances_are_made_shown_and_compared_alike(name: str) -> None:
    for call in CALLS * 2:  # the first one makes __init__
        if name != "Identity" or any(call):  # which shows its address
            assert shown(OURS[name], call) == shown(STANDARD[name], call)
    assert equality(OURS[name]) == equality(STANDARD[name])


@pytest.mark.parametrize("name", OURS)
def test_the_rest_of_a_dataclass_is_there(name: str) -> None:
    ours, standard = OURS[name], STANDARD[name]
    assert [field.name for field in dataclasses.fields(ours)] == [field.name for field in dataclasses.fields(standard)]
    assert (ours.__hash__ is None) == (standard.__hash__ is None)
    value = next(made for arguments, named in CALLS if (made := attempt(ours, arguments, named)) is not None)
    twin = copy.deepcopy(value)
    assert (twin == value) == (name != "Identity")
    assert dataclasses.asdict(value) == dataclasses.asdict(twin)
    assert type(dataclasses.replace(value)) is ours  # the second use makes __init__
    assert list(inspect.signature(ours).parameters) == list(inspect.signature(standard).parameters)


@pytest.mark.parametrize("name", OURS)
def test_fields_and_annotations_have_their_types(name: str) -> None:
    ours, standard = OURS[name], STANDARD[name]
    assert {field.name: field.type for field in dataclasses.fields(ours)} == {
        field.name: field.type for field in dataclasses.fields(standard)
    }
    assert inspect.get_annotations(ours) == inspect.get_annotations(standard)


def test_what_belongs_to_the_class_is_no_field_however_it_is_written() -> None:
    for kind in ("ClassVar[str]", ClassVar[str]):
        made = light_dataclasses.dataclass(
            type("Made", (), {"__annotations__": {"kind": kind, "name": str}, "kind": ""})
        )
        assert [field.name for field in dataclasses.fields(made)] == ["name"]


def attempt(kind: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
    try:
        return kind(*arguments, **named)
    except TypeError:
        return None


@pytest.mark.parametrize("make", [light_dataclasses.dataclass, dataclasses.dataclass])
def test_a_frozen_one_lets_nothing_be_changed(make: Decorator) -> None:
    @make(frozen=True)
    class Point:
        x: int

    class Named(Point):
        pass

    point, named = Point(1), Named(1)
    for change in (lambda: setattr(point, "x", 2), lambda: setattr(point, "y", 2), lambda: delattr(point, "x")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            change()
    with pytest.raises(dataclasses.FrozenInstanceError):
        named.x = 2
    named.y = 2
    assert (hash(point), point) == (hash(Point(1)), Point(1))
    assert point != named


def test_threads_that_come_first_at_once_all_get_an_instance() -> None:
    for _ in range(50):

        @light_dataclasses.dataclass(frozen=True)
        class Point:
            x: int
            y: int = 2

        found: list[Any] = []
        barrier = threading.Barrier(4)

        def work(point: Any = Point, barrier: threading.Barrier = barrier, found: list[Any] = found) -> None:
            barrier.wait()
            found.append(point(1))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [Point(1, 2)] * 4
