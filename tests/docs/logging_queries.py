"""A reader of the part of OCI Logging's query language that the pages use: it runs a query over lines of a log.

Source: https://docs.oracle.com/en-us/iaas/Content/Logging/Reference/query_language_specification.htm
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from itertools import groupby
from typing import Any, Final

Row = Mapping[str, Any]
FIELD: Final = r"[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*"
SEARCH: Final = re.compile(r'search "(?P<stream>[^"]+)"')
COMPARISON: Final = re.compile(rf"(?P<field>{FIELD}) (?P<operator>=|!=) '(?P<value>[^']*)'")
AGGREGATE: Final = re.compile(rf"(?P<name>count|sum|avg|min|max)\((?P<field>{FIELD})?\)(?: as (?P<as>\w+))?")


class WrongQuery(ValueError):
    """The query has something that the language, or this part of it, does not have."""


def found_by(query: str, lines: Iterable[str | Row]) -> list[Row]:
    """Return the rows of a query over lines of the function, as objects or as texts; raise ``WrongQuery``."""
    head, *stages = [part.strip() for part in query.split(" | ")]
    if not SEARCH.fullmatch(head):
        raise WrongQuery(f"must begin with search and the log in quotes: {head}")
    rows: list[Row] = [{"data": {"message": line}} for line in lines]
    for stage in stages:
        verb, _, rest = stage.partition(" ")
        if verb not in STAGES:
            raise WrongQuery(f"unknown stage: {verb}")
        rows = STAGES[verb](rest, rows)
    return rows


def _where(condition: str, rows: list[Row]) -> list[Row]:
    tests = [_comparison(part) for part in condition.split(" and ")]
    return [row for row in rows if all(test(row) for test in tests)]


def _comparison(text: str) -> Callable[[Row], bool]:
    """Return a comparison; a value is a pattern where it has ``*``, and what is not there equals nothing."""
    found = COMPARISON.fullmatch(text.strip())
    if found is None:
        raise WrongQuery(f"no comparison: {text}")
    field, wanted, negated = found["field"], found["value"], found["operator"] == "!="

    def test(row: Row) -> bool:
        value = _at(row, field)
        pattern = wanted.replace("[", "[[]").replace("?", "[?]")
        return (value is not None and fnmatchcase(str(value), pattern)) != negated

    return test


def _summarize(words: str, rows: list[Row]) -> list[Row]:
    aggregates, _, by = words.partition(" by ")
    wanted = [(text, AGGREGATE.fullmatch(text)) for text in aggregates.split(", ")]
    fields = by.split(", ") if by else []
    for text, found in wanted:
        if found is None or (found["field"] is None) != (found["name"] == "count"):
            raise WrongQuery(f"no aggregate: {text}")
    if not all(re.fullmatch(FIELD, field) for field in fields):
        raise WrongQuery(f"no fields: {by}")

    def key(row: Row) -> list[str]:
        return [json.dumps(_at(row, field)) for field in fields]

    made = []
    for values, group in groupby(sorted(rows, key=key), key):
        members = list(group)
        row = {field: json.loads(value) for field, value in zip(fields, values, strict=True)}
        row |= {str(found["as"] or text): _aggregated(found, members) for text, found in wanted if found}
        made.append(row)
    return made


def _aggregated(found: re.Match[str], rows: list[Row]) -> float:
    if found["field"] is None:
        return len(rows)
    numbers = [value for row in rows if isinstance(value := _at(row, found["field"]), int | float)]
    return {"sum": sum, "min": min, "max": max, "avg": lambda given: sum(given) / len(given)}[found["name"]](numbers)


def _at(row: Row, field: str) -> Any:
    """Return the value of a field; a line that is a text has none below itself."""
    value: Any = row
    for name in field.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


STAGES: Final[Mapping[str, Callable[[str, list[Row]], list[Row]]]] = {"where": _where, "summarize": _summarize}


def queries_in(page: str) -> Iterator[str]:
    """Yield each query of a page, whole; one that begins with an ellipsis goes on from the search before it."""
    for found in re.finditer(r"`(search \"<log>\" \| [^`]+|… \| [^`]+)`", page):
        yield found[1].replace("…", 'search "<log>"', 1) if found[1].startswith("… |") else found[1]
