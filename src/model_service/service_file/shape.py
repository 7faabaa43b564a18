"""What a service file says, once it has been read: plain values without behaviour of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from model_service.light_dataclasses import dataclass

if TYPE_CHECKING:
    from model_service.service_file.targets import Resilience, TargetPool

LIMIT_NAMES: Final = ("tokens_per_minute", "tokens_per_day", "requests_per_minute", "cost_per_month")


@dataclass(frozen=True)
class Limit:
    """An amount within a window: beyond ``soft`` a call is answered with a warning, beyond ``hard`` it is refused."""

    hard: float | None = None
    soft: float | None = None


SpendingLimits = Mapping[str, Limit]
"""By one of LIMIT_NAMES. Tokens and requests are counted; cost is in the currency of the prices."""


@dataclass(frozen=True)
class ModelRule:
    """What holds for the models that ``match`` (a pattern such as ``xai.*``).

    ``defaults`` are parameters of a chat request that the caller did not set; ``max_tokens`` is the most that a caller
    may ask for; ``drop`` names parameters that are left out.
    """

    match: str
    defaults: Mapping[str, Any] = field(default_factory=dict)
    max_tokens: int | None = None
    drop: tuple[str, ...] = ()
    limits: SpendingLimits = field(default_factory=dict)


@dataclass(frozen=True)
class Rights:
    """What a caller or a team may do; ``None`` leaves it to the next wider rule: key, caller, team, everyone."""

    team: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    models: tuple[str, ...] | None = None
    operations: tuple[str, ...] | None = None
    max_tokens: int | None = None
    compartment_id: str | None = None
    limits: SpendingLimits = field(default_factory=dict)


@dataclass(frozen=True)
class Price:
    """What a million tokens cost; ``search`` is for a thousand searches of a rerank model."""

    input: float = 0.0
    output: float = 0.0
    cached_input: float | None = None
    search: float = 0.0


@dataclass(frozen=True)
class Prices:
    """Prices by a pattern of model ids; the first that matches counts. ``date`` is the day they were looked up."""

    currency: str = "USD"
    date: str | None = None
    models: Mapping[str, Price] = field(default_factory=dict)

    def of(self, model: str) -> Price | None:
        """Return the price of a model, or ``None`` where no row names it."""
        for pattern, price in self.models.items():
            if fnmatchcase(model, pattern):
                return price
        return None


@dataclass(frozen=True)
class ServiceFile:
    """A whole file. ``allowed`` are patterns of the model ids that may be called at all.

    ``pools`` are the aliases that have targets, which ``resilience`` holds for; ``aliases`` has the model of the first
    target for each of them.
    """

    aliases: Mapping[str, str] = field(default_factory=dict)
    pools: Mapping[str, TargetPool] = field(default_factory=dict)
    resilience: Resilience | None = None
    allowed: tuple[str, ...] | None = None
    rules: tuple[ModelRule, ...] = ()
    everyone: Rights = field(default_factory=Rights)
    teams: Mapping[str, Rights] = field(default_factory=dict)
    callers: Mapping[str, Rights] = field(default_factory=dict)
    keys: Mapping[str, Rights] = field(default_factory=dict)  # by a key's id
    prices: Prices = field(default_factory=Prices)
    isolation: str = "team"  # "team", "caller" or "none": whose responses and conversations a caller may use

    def rule_for(self, model: str) -> ModelRule | None:
        """Return the first rule whose pattern matches the model id."""
        for rule in self.rules:
            if fnmatchcase(model, rule.match):
                return rule
        return None
