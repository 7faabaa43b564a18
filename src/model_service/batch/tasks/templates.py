"""Templates: JSON whose strings have ``{{ JMESPath }}`` in them, filled from a record and from nothing else.

A literal ``{{`` is written ``{{ '{{' }}``, as a text of JMESPath's. Language: https://jmespath.org/specification.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from model_service.batch.tasks.expressions import PIECE, Expression, TemplateError
from model_service.service_file.fields import Path

MAX_TEMPLATE_BYTES: Final = 6 * 1024 * 1024  # that a record may put into one template: no larger request is taken
OPENING: Final = "{{"


NOTHING: Final = "finds nothing in this record, and has no default (|| gives one)"
NOTHING_IN_TEXT: Final = "finds nothing: the record is not a JSON object, so value has no fields; text has all of it"


@dataclass
class _Filling:
    """One rendering: the view, and how many bytes it may still put in."""

    view: Mapping[str, Any]
    left: int = MAX_TEMPLATE_BYTES

    def value(self, expression: Expression) -> Any:
        """With its type."""
        return self._found(expression)[0]

    def text(self, expression: Expression) -> str:
        """As a text; what is none already, as JSON."""
        return self._found(expression)[1]

    def _found(self, expression: Expression) -> tuple[Any, str]:
        found = expression.search(self.view)
        if found is None:
            of_text = "value" in expression.names and not isinstance(self.view.get("value"), dict | list)
            raise expression.error(NOTHING_IN_TEXT if of_text else NOTHING)
        try:
            text = _as_text(found)
        except (ValueError, TypeError, RecursionError):  # NaN, an endless number, a function's argument
            raise expression.error("finds a value that JSON does not have") from None
        self.left -= len(text.encode(errors="surrogatepass"))
        if self.left < 0:
            raise expression.error(f"with it the template has more than {MAX_TEMPLATE_BYTES} bytes")
        return found, text


@dataclass(frozen=True)
class _Mixed:
    """Texts and expressions that become one text."""

    pieces: tuple[str | Expression, ...]

    def render(self, filling: _Filling) -> str:
        return "".join(piece if isinstance(piece, str) else filling.text(piece) for piece in self.pieces)


@dataclass(frozen=True)
class Template:
    """A JSON value to be filled. ``names`` are the top-level names of a record that it uses."""

    names: frozenset[str]
    _compiled: Any = field(repr=False)

    @classmethod
    def compile(cls, value: Any) -> Template:
        """From any JSON value; raises ``TemplateError``."""
        names: set[str] = set()
        try:
            compiled = _compile(value, (), names)
        except RecursionError:
            raise TemplateError("is nested too deeply") from None
        return cls(frozenset(names), compiled)

    def render(self, view: Mapping[str, Any]) -> Any:
        """Return the value, filled; raise ``InvalidRequest`` (``template_error``; ``param`` is the expression).

        A string that is one expression and no more becomes what that finds, with its type; in a longer one, what is not
        a string stands as compact JSON. What a record says is never looked at for expressions. Errors are for an
        expression that finds nothing or cannot be evaluated, and for more than MAX_TEMPLATE_BYTES bytes; none quotes
        the record.
        """
        return _render(self._compiled, _Filling(view))

    def text(self, view: Mapping[str, Any]) -> str:
        """Return the same as a string: a name, a key."""
        return _as_text(self.render(view))

    def decides(self, name: str) -> bool:
        """Whether a field of the object is the same for every record, or missing for every one."""
        value = self._compiled.get(name) if isinstance(self._compiled, dict) else None
        return value is None or isinstance(value, str | int | float)

    def constant(self, name: str) -> str | None:
        """Return a field of the object that is the same string for every record, ``None`` where it is not."""
        value = self._compiled.get(name) if isinstance(self._compiled, dict) else None
        return value if isinstance(value, str) else None

    @property
    def head(self) -> str:
        """What the text begins with, whatever the record says."""
        return self._first if isinstance(self._first, str) else ""

    def heads(self, known: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
        """Return what the string may begin with; an empty string for anything.

        An expression that stands first may find only what is ``known`` of it.
        """
        if isinstance(self._first, Expression):
            return known.get(self._first.text, ("",))
        return (self.head,)

    def example(self) -> Any:
        """Return the value with an ``x`` for each expression."""
        return _example(self._compiled)

    def is_constant(self, path: Path) -> bool:
        """Return whether what is at ``path``, or the last value on the way there, is the same for every record."""
        value = self._compiled
        for step in path:
            if isinstance(value, dict):
                value = value.get(str(step))
            elif isinstance(value, list) and str(step).isdigit() and int(step) < len(value):
                value = value[int(step)]
        return not isinstance(value, Expression | _Mixed)

    @property
    def _first(self) -> Any:
        return self._compiled.pieces[0] if isinstance(self._compiled, _Mixed) else self._compiled


def _compile(value: Any, path: Path, names: set[str]) -> Any:
    if isinstance(value, Mapping):
        if odd := next((name for name in value if OPENING in name), None):
            raise TemplateError("a name in an object cannot be a template", (*path, odd))
        return {name: _compile(one, (*path, name), names) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_compile(one, (*path, at), names) for at, one in enumerate(value)]
    if not isinstance(value, str) or OPENING not in value:
        return value
    try:
        pieces = tuple(_pieces(value))
    except TemplateError as error:
        raise TemplateError(str(error), path) from None
    names.update(name for piece in pieces if isinstance(piece, Expression) for name in piece.names)
    return pieces[0] if len(pieces) == 1 else _Mixed(pieces)


def _pieces(text: str) -> Iterator[str | Expression]:
    at = 0
    while (opening := text.find(OPENING, at)) >= 0:
        if opening > at:
            yield text[at:opening]
        end = _end(text, opening + len(OPENING))
        yield Expression.compile(text[opening + len(OPENING) : end].strip())
        at = end + len("}}")
    if at < len(text):
        yield text[at:]


def _end(text: str, start: int) -> int:
    """Where the expression that begins at ``start`` is closed."""
    depth, at = 0, start
    while piece := PIECE.match(text, at):
        if piece[0] == "}" and depth == 0:
            if text.startswith("}}", at):
                return at
            break
        depth += {"{": 1, "}": -1}.get(piece[0], 0)
        at = piece.end()
    raise TemplateError("{{ is not closed by }} (a literal {{ is written {{ '{{' }})")


def _render(compiled: Any, filling: _Filling) -> Any:
    if isinstance(compiled, dict):
        return {name: _render(one, filling) for name, one in compiled.items()}
    if isinstance(compiled, list):
        return [_render(one, filling) for one in compiled]
    if isinstance(compiled, Expression):
        return filling.value(compiled)
    return compiled.render(filling) if isinstance(compiled, _Mixed) else compiled


def _example(compiled: Any) -> Any:
    if isinstance(compiled, dict):
        return {name: _example(one) for name, one in compiled.items()}
    if isinstance(compiled, list):
        return [_example(one) for one in compiled]
    return "x" if isinstance(compiled, Expression | _Mixed) else compiled


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
