"""``dataclass`` at a tenth of its price at a cold start: methods are shared, and ``__init__`` is made on first use.

The standard one compiles up to six methods of each class when its module is imported: for the sixty classes of a V1
chat that is a fifth of what its imports cost. What a class is and does stays the same (a test compares them),
``fields``, ``replace`` and ``asdict`` included; and the type checker sees the standard decorator.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls: type | None = None, /, *, frozen: bool = False, eq: bool = True) -> Any:
        """Make a class what ``dataclasses.dataclass`` makes of it; other options than these are not needed here."""
        if cls is None:
            return lambda cls: dataclass(cls, frozen=frozen, eq=eq)
        # The standard one would make a text of the signature, which takes longer than all the rest.
        cls.__doc__ = cls.__doc__ or cls.__name__
        _collect_fields(cls)
        methods = {"__init__": _init_on_first_use(cls, frozen=frozen), "__repr__": _repr}
        if eq:
            methods |= _comparison(cls, frozen=frozen)
        if frozen:
            methods |= _refusals(cls)
        for name, method in methods.items():
            if name not in cls.__dict__:
                setattr(cls, name, method)
        return cls


def _collect_fields(cls: Any) -> None:
    """Let the standard decorator find the fields, spared three searches of each annotation that is a text.

    It looks for ``ClassVar``, ``InitVar`` and ``KW_ONLY`` there.
    """
    annotations = inspect.get_annotations(cls)
    cls.__annotations__ = {
        name: kind if not isinstance(kind, str) or "Var" in kind or "KW_ONLY" in kind else object
        for name, kind in annotations.items()
    }
    dataclasses.dataclass(init=False, repr=False, eq=False)(cls)
    cls.__annotations__ = annotations
    for field in dataclasses.fields(cls):
        if field.name in annotations:
            field.type = annotations[field.name]


def _repr(self: Any) -> str:
    shown = (field.name for field in dataclasses.fields(self) if field.repr)
    return f"{self.__class__.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"


def _comparison(cls: type, *, frozen: bool) -> dict[str, Any]:
    names = [field.name for field in dataclasses.fields(cls) if field.compare]
    values: Callable[[Any], Any] = attrgetter(*names) if names else lambda _: ()

    def equals(self: Any, other: object) -> Any:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def hash_of(self: Any) -> int:
        return hash(values(self))

    return {"__eq__": equals, "__hash__": hash_of if frozen else None}


def _refusals(cls: Any) -> dict[str, Any]:
    names = {field.name for field in dataclasses.fields(cls)}

    def assign(self: Any, name: str, value: object) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def delete(self: Any, name: str) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    return {"__setattr__": assign, "__delattr__": delete}


def _init_on_first_use(cls: Any, *, frozen: bool) -> Callable[..., None]:
    left = [USES_BEFORE_IT_IS_MADE]

    def make_and_call(self: Any, *arguments: Any, **named: Any) -> None:
        left[0] -= 1
        if left[0] >= 0 and _filled(self, arguments, named):
            return
        # Two threads may both make it, and they make the same.
        cls.__init__ = _init_of(cls, frozen=frozen)
        cls.__init__(self, *arguments, **named)

    return make_and_call


def _filled(self: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> bool:
    """Fill an object field by field; return whether it is done: else ``__init__`` says what is wrong.

    It takes longer than ``__init__`` does, and to make one takes as long as a hundred of these.
    """
    fields = dataclasses.fields(self)
    in_order = [field.name for field in fields if field.init and not field.kw_only]
    values = dict(zip(in_order, arguments, strict=False))
    if len(arguments) > len(in_order) or not values.keys().isdisjoint(named):
        return False
    values |= named
    if not values.keys() <= {field.name for field in fields if field.init}:
        return False
    for field in fields:
        make: Any = field.default_factory
        is_made = make is not dataclasses.MISSING and field.name not in values
        value = make() if is_made else values.get(field.name, field.default)
        if value is dataclasses.MISSING:
            return False
        object.__setattr__(self, field.name, value)
    if (finish := getattr(self, "__post_init__", None)) is not None:
        finish()
    return True


def _init_of(cls: Any, *, frozen: bool) -> Callable[..., None]:
    """Return the ``__init__`` of a class: fields in their order, then those that are taken by name alone."""
    scope: dict[str, Any] = {"_set": object.__setattr__, "_unset": _UNSET}
    in_order, by_name, body = ["self"], ["*"], []
    for field in dataclasses.fields(cls):
        name = value = parameter = field.name
        if field.default_factory is not dataclasses.MISSING:
            scope[f"_make_{name}"] = field.default_factory
            parameter = f"{name}=_unset"
            value = f"_make_{name}() if {name} is _unset else {name}" if field.init else f"_make_{name}()"
        elif field.default is not dataclasses.MISSING:
            scope[f"_default_{name}"] = field.default
            parameter = f"{name}=_default_{name}"
            value = name if field.init else f"_default_{name}"
        if field.init:
            (by_name if field.kw_only else in_order).append(parameter)
        body.append(f"_set(self, {name!r}, {value})" if frozen else f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    parameters = ", ".join(in_order + (by_name if len(by_name) > 1 else []))
    exec(f"def __init__({parameters}):\n " + "\n ".join(body or ["pass"]), scope)  # noqa: S102 - of names in our sources
    init: Callable[..., None] = scope["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


_UNSET: Final = object()
USES_BEFORE_IT_IS_MADE: Final = 1  # most classes are used once in a cold start
