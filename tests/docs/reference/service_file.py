"""docs/reference/service-file.md: each field of a service file, read from the tables of readers that check it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from tests.docs.reference.markdown import MADE, described, table

from model_service.service_file import reading
from model_service.service_file.shape import LIMIT_NAMES

INTRODUCTION: Final = f"""# Service file

{MADE}

One file, YAML or JSON, that `MODEL_SERVICE_CONFIG` names: [what it is for](../callers.md#2-the-service-file). An unknown field
is an error that names its line. `model-service config check FILE` checks one.
"""

EXAMPLES: Final = """
**A pattern** is a model id with `*` for anything, such as `openai.*`. **Limits** are an object of the names below; each is a
number (the hard limit) or `{soft: …, hard: …}`: beyond `soft` a call is answered with a warning, beyond `hard` it is refused.
"""

RIGHTS: Final = {
    "models": "names and patterns of models that may be used",
    "operations": "what may be asked: " + ", ".join(f"`{name}`" for name in reading.OPERATIONS),
    "max_tokens": "the most that a request may ask for",
    "compartment_id": "the compartment that pays",
    "limits": "limits, see above",
    "labels": "an object of strings that each usage record repeats",
}
TEXTS: Final = {
    "models.aliases": "an object: name that callers use → model id. `MODEL_SERVICE_ALIASES` comes first",
    "models.allowed": "an array of patterns: what may be called at all. Without it, everything",
    "models.rules": "an array; the first rule whose `match` fits a model counts",
    "models.rules[].match": "a pattern of model ids; required",
    "models.rules[].defaults": "an object: parameters of a chat request that the caller did not set",
    "models.rules[].max_tokens": "the most that a request may ask for",
    "models.rules[].drop": "an array: parameters that are left out",
    "models.rules[].limits": "limits of the model, for all callers together",
    "callers.everyone": "an object: the rights of all callers, unless their team or their own entry says otherwise",
    "callers.teams": "an object: name of a team → its rights",
    "callers.callers": "an object: id of a caller → its rights, with `team`",
    "callers.isolation": "whose stored responses and conversations a caller sees",
    **{f"callers.callers.*.{name}": text for name, text in RIGHTS.items()},
    "callers.callers.*.team": "the team that the caller belongs to",
    "prices.currency": "a currency; `USD` by default",
    "prices.date": "the day on which the prices were looked up, such as `2026-11-01`",
    "prices.models": "an object: pattern → price; the first that fits counts",
    "prices.models.*.input": "of a million input tokens",
    "prices.models.*.output": "of a million output tokens",
    "prices.models.*.cached_input": "of a million cached input tokens; `input` by default",
    "prices.models.*.search": "of a thousand searches of a rerank model",
}
LIMITS: Final = {
    "tokens_per_minute": "input and output tokens in a minute",
    "tokens_per_day": "input and output tokens in a day (UTC)",
    "requests_per_minute": "calls in a minute",
    "cost_per_month": "money in a month (UTC), in the currency of the prices",
}
PRICE: Final = ("input", "output", "cached_input", "search")


def page() -> str:
    """Return the whole page; raise ``ValueError`` where a field has no text here, or a text no field."""
    described(fields(), TEXTS, "TEXTS in service_file.py")
    described(LIMIT_NAMES, LIMITS, "LIMITS in service_file.py")
    parts = [INTRODUCTION]
    for part, title in (("models", "Models"), ("callers", "Callers"), ("prices", "Prices")):
        rows = [(f"`{name}`", TEXTS[name], must_be(name)) for name in fields() if name.startswith(f"{part}.")]
        parts.append(f"## {title}\n\n{table('field', 'is', 'must be', rows=rows)}\n")
        if part == "models":
            parts.append(EXAMPLES)
            parts.append(table("limit", "counts", rows=[(f"`{name}`", text) for name, text in LIMITS.items()]) + "\n")
        if part == "callers":
            parts.append(
                "`everyone` and each team have the same fields as a caller, but for `team`. The narrowest rule that\n"
                "says something counts: caller, team, everyone.\n"
            )
    return "\n".join(parts)


def fields() -> Iterator[str]:
    """Yield the path of each field that the readers know."""
    yield from (f"models.{name}" for name in reading.MODELS)
    yield from (f"models.rules[].{name}" for name in reading.RULE)
    yield from (f"callers.{name}" for name in reading.CALLERS)
    yield from (f"callers.callers.*.{name}" for name in reading.RIGHTS)
    yield from (f"prices.{name}" for name in reading.PRICES)
    yield from (f"prices.models.*.{name}" for name in PRICE)


def must_be(name: str) -> str:
    """Return what the error for a wrong value of a field says."""
    value: Any = object
    for step in reversed(name.replace("[]", ".[]").split(".")):
        value = [value] if step == "[]" else {"any" if step == "*" else step: value}
    problem = _problem(value)
    return problem.rpartition(": ")[2].removeprefix("must be ")


def _problem(value: Any) -> str:
    read: Callable[[Any, tuple[str | int, ...]], Any] = reading._service_file
    try:
        read(value, ())
    except reading.Fault as fault:
        return str(fault)
    raise AssertionError(value)
