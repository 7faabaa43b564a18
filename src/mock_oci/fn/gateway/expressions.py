"""Context variables: what ``request.headers[name]`` and its siblings stand for (apigatewaycontextvariables.htm)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from mock_oci.wire import Request

# The reference says request.headers, the docstrings of oci.apigateway.models request.header: both are taken.
_VARIABLE = re.compile(r"request\.(headers?|query|auth)\[([^\]]+)\]")
_EMBEDDED = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True)
class Variable:
    """One variable: the table it stands in, and its name there."""

    table: str
    name: str

    @classmethod
    def read(cls, text: str) -> Variable:
        """Return the variable that ``text`` names. Raises ValueError for what is not emulated."""
        match = _VARIABLE.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"{text!r} must be request.headers[…], request.query[…] or request.auth[…]")
        return cls(match[1].removesuffix("s"), match[2])

    def values(self, request: Request, auth: Mapping[str, Any]) -> list[str]:
        """Return what it stands for, in the order that it was sent; nothing where it is absent."""
        if self.table == "query":
            return parse_qs(urlsplit(request.target).query, keep_blank_values=True).get(self.name, [])
        if self.table == "auth":
            return [_text(auth[self.name])] if self.name in auth else []
        value = request.headers.get(self.name.lower())
        return [] if value is None else [value]


@dataclass(frozen=True)
class Template:
    """A value that may hold variables: ``Bearer ${request.auth[key]}``."""

    text: str

    def __post_init__(self) -> None:
        for name in _EMBEDDED.findall(self.text):
            Variable.read(name)

    def render(self, request: Request, auth: Mapping[str, Any]) -> str | None:
        """Return the text with its variables filled in; ``None`` when one of them stands for nothing."""
        found = {name: Variable.read(name).values(request, auth) for name in _EMBEDDED.findall(self.text)}
        if not all(found.values()):
            return None
        return _EMBEDDED.sub(lambda match: ",".join(found[match[1]]), self.text)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
