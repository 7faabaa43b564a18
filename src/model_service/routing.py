"""Which model is reached how: a model id becomes a route, by the first row of ROUTES that it matches."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from importlib import import_module
from typing import Any, Final, Literal

from model_service.errors import InvalidRequest, ModelServiceError
from model_service.light_dataclasses import dataclass

TransportName = Literal["v1", "responses", "sdk", "passthrough"]  # the last: no chat, but files and speech
Target = Literal["on_demand", "dedicated"]

OWN_PREFIX: Final = "oci:"  # as in get_model("oci:<model id>")
RESPONSES_PREFIX: Final = "responses:"
MODEL_ID: Final = re.compile(r"[\w.:/@-]{1,255}")  # it stands in logs, hints and answers


@dataclass(frozen=True)
class Quirks:
    """What the models of a family take differently, as data for the transports.

    ``rename``: parameters that go under another name. ``unsupported``: those that are refused, and that no caller would
    miss: they are left out, and the reply says so. What changes an answer's meaning (``n``, ``response_format``,
    tools) always goes through, and the model itself says what it thinks of it.
    """

    rename: Mapping[str, str] = field(default_factory=dict)
    unsupported: frozenset[str] = frozenset()

    def apply(self, body: Mapping[str, Any], drop: Callable[[str], None] | None = None) -> dict[str, Any]:
        """Return the body of a chat request in this family's terms; where both names are given, the new one counts.

        ``drop`` is called with the name of each parameter that is left out and said something; without it such a
        parameter stays.
        """
        supported = self.supported(body, drop, NEVER_ON_CHAT)
        renamed = {self.rename.get(name, name): value for name, value in supported.items()}
        return renamed | {name: body[name] for name in self.rename.values() if name in body}

    def supported(
        self, body: Mapping[str, Any], drop: Callable[[str], None] | None, besides: frozenset[str] = frozenset()
    ) -> dict[str, Any]:
        """Return the request without what the family, and the surface ``besides``, cannot take."""
        unsupported = self.unsupported | besides | (frozenset() if body.get("tools") else ONLY_WITH_TOOLS)
        supported = {name: value for name, value in body.items() if name not in unsupported}
        for name in body:
            if name not in unsupported or body[name] is None or body[name] in SAY_NOTHING.get(name, ()):
                continue
            if drop is None:
                supported[name] = body[name]
            else:
                drop(name)
        return supported


NEVER_ON_CHAT: Final = frozenset({"store"})  # /chat/completions refuses the keyword, whatever its value
ONLY_WITH_TOOLS: Final = frozenset({"parallel_tool_calls"})
SAY_NOTHING: Final[Mapping[str, tuple[Any, ...]]] = {
    "store": (False,),
    "temperature": (1,),
    "top_p": (1,),
    "stop": ([], ""),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "parallel_tool_calls": (True,),
}
"""What a parameter has where nobody chose anything."""


@dataclass(frozen=True)
class Route:
    """How to reach ``model``; in ROUTES ``model`` is the pattern that an id has to match.

    ``has_responses``: OCI's Responses API serves it, as its documentation lists; elsewhere a request of that API is
    asked as a chat (``responses_by_chat``).
    """

    model: str
    transport: TransportName
    target: Target = "on_demand"
    quirks: Quirks = field(default_factory=Quirks)
    row: str = ""  # the pattern that decided, for the log
    with_tools: TransportName | None = None  # for requests that offer tools, where it is another one
    has_responses: bool = False
    pool: str | None = None  # the alias that was asked for, where several targets stand behind it


@dataclass(frozen=True)
class Served:
    """Which target of an alias has answered, by which route, and what each earlier try has come to.

    A try is an object of JSON: ``target``, ``status``, ``error`` and ``seconds``.
    """

    route: Route
    target: str
    failed: tuple[Mapping[str, Any], ...] = ()

    @property
    def tries(self) -> int:
        return len(self.failed) + 1


def told_tries(alias: str, served: Served | None, error: ModelServiceError | None) -> dict[str, Any]:
    """Return what a line of the log says of the tries of a call to an alias that has targets."""
    attempts = error.attempts if error is not None else ()
    if served is None and not attempts:
        return {"alias": alias}
    target = served.target if served is not None else attempts[-1]["target"]
    failed = served.failed if served is not None else attempts
    return {"alias": alias, "target": target, "tries": served.tries if served else len(attempts), "failed": failed}


def resolve(
    model: str, *, aliases: Mapping[str, str], override: TransportName | None = None, tools: bool = False
) -> Route:
    """Return the route of a model id, and of a request that offers ``tools``; ``override`` is ``LOCUS_OCI_TRANSPORT``.

    An id that no row names goes to V1.
    """
    asked, name = _without_prefixes(model)
    meant, model = _without_prefixes(aliases.get(model) or aliases.get(name, name))
    if not model:
        raise InvalidRequest("model: there is no model id behind the prefix.", param="model")
    if not MODEL_ID.fullmatch(model):
        raise InvalidRequest(
            "model: must be a model id of at most 255 characters (letters, digits and . : / @ _ -).", param="model"
        )
    return _route(model, "responses" if asked or meant else override, tools)


@lru_cache(maxsize=256)
def _route(model: str, transport: TransportName | None, tools: bool) -> Route:
    """Return the route of a model id by its row; ``transport`` counts, where somebody has decided on one."""
    route = next(route for route in ROUTES if fnmatchcase(model, route.model))
    with_tools = route.with_tools if tools and not transport else None
    row = route.model + (" with tools" if with_tools else "")
    return replace(route, model=model, transport=transport or with_tools or route.transport, row=row)


def _without_prefixes(model: str) -> tuple[bool, str]:
    """Return whether the Responses API is asked for, and of which model or alias."""
    name = model.removeprefix(OWN_PREFIX)
    return name.startswith(RESPONSES_PREFIX), name.removeprefix(RESPONSES_PREFIX)


def asked_name(request: Any) -> str:
    """Return the model or alias that a request names, without our own prefixes."""
    name = getattr(request, "model", None) or (getattr(request, "body", None) or {}).get("model")
    return str(name or "").removeprefix(OWN_PREFIX).removeprefix(RESPONSES_PREFIX)


@cache  # rows are literals of tables, and a warm call asks for the same few again
def load_row(row: str) -> Any:
    """Return what a lazy row of a table names, ``"<module below this package>:<attribute>"``, importing it."""
    module, _, name = row.partition(":")
    return getattr(import_module(f"{__package__}.{module}"), name)


_PENALTIES: Final = frozenset({"frequency_penalty", "presence_penalty"})
_NO_REASONING: Final = frozenset({"reasoning_effort", "verbosity"})

_OPENAI_REASONING: Final = Quirks(
    rename={"max_tokens": "max_completion_tokens"},
    unsupported=_PENALTIES | {"temperature", "top_p", "stop", "logprobs", "top_logprobs"},
)
_XAI: Final = Quirks(unsupported=_PENALTIES | {"verbosity"})  # refused even where they are 0
_XAI_WITHOUT_EFFORT: Final = Quirks(unsupported=_PENALTIES | _NO_REASONING)

ROUTES: Final = (
    Route("ocid1.generativeaiendpoint.*", "sdk", "dedicated"),
    Route("cohere.*", "sdk"),  # the OpenAI surface refuses every one of them
    Route("ocid1.generativeaimodel.*", "sdk"),
    Route("openai.gpt-5.5-pro*", "responses", quirks=_OPENAI_REASONING, has_responses=True),
    Route("openai.gpt-5*", "v1", quirks=_OPENAI_REASONING, has_responses=True),
    Route("openai.o[0-9]*", "v1", quirks=_OPENAI_REASONING, has_responses=True),
    Route("openai.gpt-oss*", "v1", quirks=Quirks(unsupported=frozenset({"verbosity"})), has_responses=True),
    Route("openai.*", "v1", has_responses=True),
    Route("xai.grok-4.20*", "v1", quirks=_XAI_WITHOUT_EFFORT, has_responses=True),
    Route("xai.*", "v1", quirks=_XAI, has_responses=True),
    # The OpenAI surface ignores Gemini's tools without a word (jetuse, SPIKE-01).
    Route("google.*", "v1", quirks=Quirks(unsupported=_NO_REASONING), with_tools="sdk"),
    Route("meta.*", "v1", quirks=Quirks(unsupported=_NO_REASONING)),
    Route("mistral.*", "v1", quirks=Quirks(unsupported=_NO_REASONING)),
    Route("anthropic.*", "v1"),
    Route("ocid1.*routingprofile.*", "v1", has_responses=True),
    Route("*", "v1"),  # a model that ships tomorrow
)
