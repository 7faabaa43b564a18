"""Header transformations: which of a client's headers reach the function, and which the gateway sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mock_oci.fn.fdk_socket import breaks_line
from mock_oci.fn.gateway.expressions import Template
from mock_oci.fn.gateway.specification import choice_in, part_of
from mock_oci.wire import Request


@dataclass(frozen=True)
class _SetHeader:
    name: str
    values: tuple[Template, ...]
    if_exists: str


class HeaderTransformations:
    """``specification`` is a HeaderTransformationPolicy in its JSON form; without one nothing is changed.

    Done in the order of the docs: filter, rename, set.
    """

    def __init__(self, specification: Mapping[str, Any] | None = None) -> None:
        parts = part_of(specification or {}, "headerTransformations", "filterHeaders", "renameHeaders", "setHeaders")
        filtered = part_of(parts.get("filterHeaders") or {"type": "BLOCK", "items": []}, "filterHeaders", *_FILTER)
        self._blocks = choice_in(filtered, "type", ["BLOCK", "ALLOW"]) == "BLOCK"
        self._filtered = frozenset(str(item["name"]).lower() for item in filtered["items"])
        renamed = part_of(parts.get("renameHeaders") or {"items": []}, "renameHeaders", "items")
        self._renamed = {str(item["from"]).lower(): str(item["to"]).lower() for item in renamed["items"]}
        written = part_of(parts.get("setHeaders") or {"items": []}, "setHeaders", "items")
        self._set = tuple(_set_header(item) for item in written["items"])

    def apply(self, request: Request, auth: Mapping[str, Any]) -> Request:
        """Return ``request`` with the headers that the function gets; ``auth`` is what an authorizer told.

        A header that is to be overwritten by a variable that stands for nothing is taken away: a client's own
        value never gets through. So is a value that would break the line.
        """
        headers = {name: value for name, value in request.headers.items() if (name in self._filtered) != self._blocks}
        headers = {self._renamed.get(name, name): value for name, value in headers.items()}
        for header in self._set:
            own = headers.pop(header.name, None)
            if own is not None and header.if_exists == "SKIP":
                headers[header.name] = own
                continue
            filled = [template.render(request, auth) for template in header.values]
            values = [value for value in filled if value is not None and not breaks_line(value)]
            kept = [own] if own is not None and header.if_exists == "APPEND" else []
            if kept or values:
                headers[header.name] = ", ".join([*kept, *values])
        return replace(request, headers=headers)


def _set_header(item: Mapping[str, Any]) -> _SetHeader:
    part_of(item, "setHeaders.items", "name", "values", "ifExists")
    if_exists = choice_in(item, "ifExists", ["OVERWRITE", "APPEND", "SKIP"], "OVERWRITE")
    return _SetHeader(str(item["name"]).lower(), tuple(Template(str(text)) for text in item["values"]), if_exists)


_FILTER = ("type", "items")
