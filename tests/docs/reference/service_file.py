"""docs/reference/service-file.md: each field of a service file, read from the tables of readers that check it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from tests.docs.reference.markdown import MADE, described, table

from model_service.service_file import reading, target_fields
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
OPTIONS: Final = {
    "tries": "the most of a call, the first among them; 3 by default",
    "first_token_seconds": "how long a stream may take to begin before the next target is asked",
    "answer_seconds": "how long a complete answer may take before the next is asked; only with `repeat_charged`",
    "repeat_charged": "ask again also where a model may have been charged; `false` by default",
    "longer_context": "ask a target that takes more tokens, where the prompt is too long for one; `false` by default",
    "continue_streams": "go on from another target where a stream breaks, for clients that ask for it; `false` by default",
}
TEXTS: Final = {
    "models.aliases": "an object: name that callers use → model id, an array of targets, or an object as below. "
    "`MODEL_SERVICE_ALIASES` comes first",
    "models.aliases.*.targets": "an array: the places where the model is asked, a model id or an object each",
    "models.aliases.*.regions": "an array of patterns of regions: no other is ever asked",
    "models.aliases.*.forbid_regions": "an array of patterns of regions that are never asked",
    **{f"models.aliases.*.{name}": text for name, text in OPTIONS.items()},
    "models.aliases.*.targets[].name": "what it is called in headers and logs; model and region by default",
    "models.aliases.*.targets[].model": "a model id",
    "models.aliases.*.targets[].endpoint": "a dedicated endpoint, in the place of `model`",
    "models.aliases.*.targets[].transport": "how it is asked; by its model by default",
    "models.aliases.*.targets[].region": "where it is asked; where all models are by default",
    "models.aliases.*.targets[].url": "an inference endpoint of your own, such as a private one",
    "models.aliases.*.targets[].profile": "the profile of a config file that signs: for a region of another realm",
    "models.aliases.*.targets[].compartment_id": "the compartment that pays, where no caller and no rule names one",
    "models.aliases.*.targets[].project_id": "the Generative AI project, which is one of this region",
    "models.aliases.*.targets[].weight": "its share of the calls among those of the same priority; 1 by default",
    "models.aliases.*.targets[].priority": "those with the lowest that can be asked come first; 1 by default",
    "models.aliases.*.targets[].context": "how many tokens it takes; by its model by default",
    "models.aliases.*.targets[].requests_per_minute": "how many OCI lets through: beyond it the next target is asked",
    "models.aliases.*.targets[].tokens_per_minute": "the same of tokens",
    "models.resilience": "an object: the options above for every alias, and what holds for the container",
    **{f"models.resilience.{name}": f"the same, for every alias: {text}" for name, text in OPTIONS.items()},
    "models.resilience.breaker_failures": "so many failures of a target keep calls away from it; 5 by default",
    "models.resilience.breaker_seconds": "within so many seconds; 30 by default",
    "models.resilience.cooldown_seconds": "for about so many, twice as many after each probe that fails; 10 by default",
    "models.resilience.retry_share": "further tries for each call; 0.1 by default",
    "models.resilience.spare_tries": "further tries that there are from the beginning; 64 by default",
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
    "callers.keys": "an object: id of a key → rights of that key, which narrow those of its caller",
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
                "`everyone`, each team and each key have the same fields as a caller, but for `team`. The narrowest rule that\n"
                "says something counts: key, caller, team, everyone.\n"
            )
    return "\n".join(parts)


def fields() -> Iterator[str]:
    """Yield the path of each field that the readers know."""
    yield from (f"models.{name}" for name in reading.MODELS)
    yield from (f"models.aliases.*.{name}" for name in target_fields.POOL)
    yield from (f"models.aliases.*.targets[].{name}" for name in target_fields.TARGET)
    yield from (f"models.resilience.{name}" for name in target_fields.RESILIENCE)
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
