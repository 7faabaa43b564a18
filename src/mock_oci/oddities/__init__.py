"""What real servers send and no document says: a switch for each, of a script's next answers."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from mock_oci.wire import Response

if TYPE_CHECKING:
    from mock_oci.oddities.table import ODDITIES as ODDITIES
    from mock_oci.oddities.table import Oddity as Oddity

__all__ = ["ODDITIES", "UNCHARGED", "Meaningless", "Oddity", "check_names", "made_odd"]

# In whose place an error of the provider comes: no model has run.
UNCHARGED = frozenset({"error-in-200", "error-as-list", "error-labelled-stream"})


def __getattr__(name: str) -> Any:
    """Return what stands in the table, which is imported with the first script that is odd."""
    if name not in ("ODDITIES", "Oddity"):
        raise AttributeError(name)
    return getattr(import_module("mock_oci.oddities.table"), name)


class Meaningless(Exception):
    """An oddity that would change nothing of an answer: a script that asks for it is mistaken."""


def check_names(names: tuple[str, ...]) -> None:
    """Raise ValueError for a name that there is not, and for two that would change the same."""
    if not names:
        return
    from mock_oci.oddities.table import ODDITIES  # noqa: PLC0415 - few scripts are odd

    unknown = [name for name in names if name not in ODDITIES]
    if unknown:
        raise ValueError(f"there is no oddity {unknown[0]!r}; there are {', '.join(ODDITIES)}")
    inside = [name for name in names if ODDITIES[name].events or ODDITIES[name].value]
    if len(inside) > 1:
        raise ValueError(f"{inside[0]} and {inside[1]} change the same answer from within: one of them only")


def made_odd(response: Response, path: str, names: tuple[str, ...]) -> Response:
    """Return ``response`` with these oddities. Raises Meaningless, and Disconnect for some."""
    if not names:
        return response
    from mock_oci.oddities.events import surface_of  # noqa: PLC0415 - as above
    from mock_oci.oddities.table import ODDITIES  # noqa: PLC0415 - as above

    surface = surface_of(path)
    for name in sorted(names, key=lambda name: ODDITIES[name].response is not None):  # from within first
        response = _changed(response, surface, name, ODDITIES[name])
    return response


def _changed(response: Response, surface: str, name: str, oddity: Oddity) -> Response:
    if surface not in oddity.surfaces:
        raise Meaningless(
            f"{name} means nothing on {surface or 'this operation'}; it does on {', '.join(oddity.surfaces)}"
        )
    if oddity.response is not None:
        return oddity.response(response)
    if oddity.stays_open and not isinstance(response.body, bytes):
        return response  # by Step.pace
    if isinstance(response.body, bytes):
        if oddity.value is None:
            raise Meaningless(f"{name} is of streams, and this answer is whole")
        return replace(response, body=json.dumps(oddity.value(json.loads(response.body), surface)).encode())
    if oddity.events is None:
        raise Meaningless(f"{name} is of whole answers, and this one is a stream")
    from mock_oci.oddities.events import read_events  # noqa: PLC0415 - as above

    sent = oddity.events(read_events(response.body), surface)
    return replace(response, body=(item if isinstance(item, bytes) else item.written() for item in sent))
