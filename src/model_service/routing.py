"""Which model is reached how: a model id becomes a route, by the first row of ROUTES that it matches."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from importlib import import_module
from typing import Any, Final, Literal

from model_service.errors import InvalidRequest

TransportName = Literal["v1", "responses", "sdk"]
Target = Literal["on_demand", "dedicated"]

OWN_PREFIX: Final = "oci:"  # as in get_model("oci:<model id>")
RESPONSES_PREFIX: Final = "responses:"
MODEL_ID: Final = re.compile(r"[\w.:/@-]{1,255}")  # it stands in logs, hints and answers


@dataclass(frozen=True)
class Quirks:
    """What the models of a family take differently, as data for the transports.

    ``rename``: parameters that go under another name. ``drop_falsy``: parameters that are refused even where they
    say "no" (0, false) and so mean nothing: they are left out then. A real value always goes through, and the
    model itself says what it thinks of it.
    """

    rename: Mapping[str, str] = field(default_factory=dict)
    drop_falsy: tuple[str, ...] = ("store",)  # /chat/completions refuses the keyword, whatever its value

    def apply(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the body of a request in this family's terms; where both names are given, the new one counts."""
        renamed = {self.rename.get(name, name): value for name, value in body.items()}
        renamed |= {name: body[name] for name in self.rename.values() if name in body}
        return {name: value for name, value in renamed.items() if value or name not in self.drop_falsy}


@dataclass(frozen=True)
class Route:
    """How to reach ``model``; in ROUTES ``model`` is the pattern that an id has to match."""

    model: str
    transport: TransportName
    target: Target = "on_demand"
    quirks: Quirks = field(default_factory=Quirks)
    row: str = ""  # the pattern that decided, for the log


def resolve(model: str, *, aliases: Mapping[str, str], override: TransportName | None = None) -> Route:
    """Return the route of a model id; ``override`` is ``LOCUS_OCI_TRANSPORT``. An id that no row names goes to V1."""
    asked, name = _without_prefixes(model)
    meant, model = _without_prefixes(aliases.get(model) or aliases.get(name, name))
    if not model:
        raise InvalidRequest("model: there is no model id behind the prefix.", param="model")
    if not MODEL_ID.fullmatch(model):
        raise InvalidRequest("model: is no model id (at most 255 letters, digits and . : / @ _ -).", param="model")
    route = next(route for route in ROUTES if fnmatchcase(model, route.model))
    transport: TransportName = "responses" if asked or meant else (override or route.transport)
    return replace(route, model=model, transport=transport, row=route.model)


def _without_prefixes(model: str) -> tuple[bool, str]:
    """Return whether the Responses API is asked for, and of which model or alias."""
    name = model.removeprefix(OWN_PREFIX)
    return name.startswith(RESPONSES_PREFIX), name.removeprefix(RESPONSES_PREFIX)


def load_row(row: str) -> Any:
    """Return what a lazy row of a table names, ``"<module below this package>:<attribute>"``, importing it."""
    module, _, name = row.partition(":")
    return getattr(import_module(f"{__package__}.{module}"), name)


_OPENAI_REASONING: Final = Quirks(rename={"max_tokens": "max_completion_tokens"})
_XAI: Final = Quirks(drop_falsy=("store", "frequency_penalty", "presence_penalty"))

ROUTES: Final = (
    Route("ocid1.generativeaiendpoint.*", "sdk", "dedicated"),
    Route("cohere.*", "sdk"),  # the OpenAI surface refuses every one of them
    Route("ocid1.generativeaimodel.*", "sdk"),
    Route("openai.gpt-5.5-pro*", "responses"),
    Route("openai.gpt-5*", "v1", quirks=_OPENAI_REASONING),
    Route("openai.o[0-9]*", "v1", quirks=_OPENAI_REASONING),
    Route("xai.*", "v1", quirks=_XAI),
    *(Route(f"{vendor}.*", "v1") for vendor in ("openai", "meta", "mistral", "google", "anthropic")),
    Route("*", "v1"),  # routing profiles, and a model that ships tomorrow
)
