"""JMESPath over a record: checked when it is read, evaluated for each record without ever quoting it.

Language: https://jmespath.org/specification.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import jmespath
from jmespath.exceptions import JMESPathError, JMESPathTypeError, LexerError, ParseError
from jmespath.functions import Functions

from model_service.errors import InvalidRequest
from model_service.openai_api.encoding import STRICT
from model_service.service_file.fields import Path

CONTENT: Final = "content"
NAMES: Final = frozenset(
    {
        *("source", "id", "text", "value", CONTENT),  # of every record, and what `read` gives
        *("stream", "partition", "offset", "key", "timestamp"),
        *("topic", "topic_id", "message_id", "title"),
        *("event_id", "type", "time", "bucket", "namespace", "object", "etag", "compartment"),
    }
)
# Up to its end an expression has texts in three kinds of quotes, which may hold braces, and braces of its own.
PIECE: Final = re.compile(
    r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`|[{}]|[^'"`{}]+""",
    re.DOTALL,
)


class TemplateError(ValueError):
    """Says what is wrong with a template, at ``path`` inside the value that it was made from: the operator's fault."""

    def __init__(self, problem: str, path: Path = ()) -> None:
        super().__init__(problem)
        self.path = path


@dataclass(frozen=True)
class Expression:
    """A JMESPath expression over a record's view; ``names`` are the top-level ones that it uses."""

    text: str
    names: frozenset[str] = field(repr=False)
    _parsed: Any = field(repr=False, compare=False)

    @classmethod
    def compile(cls, text: str) -> Expression:
        """Return the expression; raise ``TemplateError`` for what JMESPath cannot read, unknown names and functions."""
        try:
            parsed = _parse(text)
            _check_functions(parsed.parsed)
            names = frozenset(_names(parsed.parsed))
        except RecursionError:
            raise TemplateError("is nested too deeply") from None
        for name in sorted(names - NAMES):
            if name in ("null", "true", "false"):
                raise TemplateError(f"{name} would be a name; the value is `{name}`")
            known = ", ".join(sorted(NAMES))
            raise TemplateError(f"{name!r} is unknown; a record has {known} (a string needs single quotes)")
        return cls(text, names, parsed)

    def search(self, view: Mapping[str, Any]) -> Any:
        """Return what it finds, ``None`` for nothing; raise ``InvalidRequest`` where it cannot be evaluated."""
        try:
            return self._parsed.search(dict(view))
        except JMESPathTypeError as error:  # whose text quotes the record
            raise self.error(f"{error.function_name}() takes no {error.actual_type}") from None
        except (ValueError, TypeError, ArithmeticError, LookupError, RecursionError):
            raise self.error("cannot be evaluated for this record") from None

    def holds(self, view: Mapping[str, Any]) -> bool:
        """Return whether what it finds is true in JMESPath's eyes.

        Not null, not false, and not an empty string, array or object; a zero is true. What cannot be evaluated, as a
        function of a missing field, finds nothing.
        """
        try:
            found = self.search(view)
        except InvalidRequest:
            return False
        return found is not None and found is not False and found not in ("", [], {})

    def error(self, problem: str) -> InvalidRequest:
        return InvalidRequest(f"{{{{ {self.text} }}}}: {problem}.", code="template_error", param=self.text)


def _parse(text: str) -> Any:
    if not text:
        raise TemplateError("there is no expression")
    try:
        for literal in (piece[1:-1] for piece in PIECE.findall(text) if piece[0] == "`"):
            STRICT.decode(literal.replace("\\`", "`"))  # JMESPath still takes anything, and numbers that are none
        return jmespath.compile(text)
    except JMESPathError as error:
        raise TemplateError(f"is not JMESPath: {_complaint(error)}") from None
    except (InvalidRequest, json.JSONDecodeError):
        raise TemplateError("the value in ` ` must be JSON (a string needs ' ')") from None
    except ValueError:  # Python reads no integer of more than 4300 digits
        raise TemplateError("is not JMESPath: it has a number that is too long") from None


def _complaint(error: JMESPathError) -> str:
    """In one line; JMESPath's own text repeats the whole expression and points into it."""
    if isinstance(error, LexerError):
        return f"{error.message} at column {error.lexer_position + 1}"
    if isinstance(error, ParseError) and error.token_type not in (None, "eof"):
        return f"{error.token_value!r} cannot stand at column {error.lex_position + 1}"
    return "it ends too early"


def _check_functions(node: Mapping[str, Any]) -> None:
    """JMESPath itself notices only with the first record that there is no such function."""
    if node["type"] == "function_expression":
        known = Functions.FUNCTION_TABLE
        if node["value"] not in known:
            raise TemplateError(f"{node['value']}() is unknown; there are {', '.join(sorted(known))}")
        signature, given = known[node["value"]]["signature"], len(node["children"])
        if given < len(signature) or (given > len(signature) and not signature[-1].get("variadic")):
            raise TemplateError(f"{node['value']}() takes {len(signature)} arguments, not {given}")
    for child in _children(node):
        _check_functions(child)


def _names(node: Mapping[str, Any]) -> Iterator[str]:
    """Return the fields that a node takes of the view itself, not of something inside it."""
    if node["type"] == "field":
        yield node["value"]
        return
    children = _children(node)
    if node["type"] in INWARD:
        # What follows `@` is still about the whole; what follows anything else is about what was found.
        whole = [at for at, child in enumerate(children) if child["type"] not in ("current", "identity")]
        children = children[: whole[0] + 1] if whole and node["type"] in CHAINS else children[:1]
    if node["type"] != "expref":
        for child in children:
            yield from _names(child)


def _children(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [child for child in node["children"] if isinstance(child, Mapping)]  # of a slice they are numbers


CHAINS: Final = frozenset({"subexpression", "index_expression", "pipe"})  # each child is about what the last one found
INWARD: Final = CHAINS | {"projection", "value_projection", "filter_projection"}  # the first child is about the whole
