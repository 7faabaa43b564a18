"""What a question is: a doubt in plain words, who asks it and how, what that costs, and what it makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mock_oci.verify.service import AskedService

Observation = dict[str, Any]
"""What was seen, as far as it matters: equal ones agree. JSON."""


class CouldNotAsk(Exception):
    """A service or a permission is not there: nothing was learnt, and so nothing differs."""


@dataclass(frozen=True)
class Cost:
    """The most that a question takes: requests besides those that remove, tokens of models, and resources."""

    requests: int
    tokens: int = 0
    resources: int = 0


@dataclass(frozen=True)
class Question:
    """``id`` stands where the doubt does, in code and documents: ``unverified (verify: ID)``.

    ``ask`` asks a service and returns what it saw; it is called with OCI and with mock_oci alike. ``makes``: what it
    makes and removes; ``needs``: what has to be named with ``--given``.
    """

    id: str
    doubt: str
    how: str
    cost: Cost
    ask: Callable[[AskedService], Observation]
    makes: str = ""
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class UnaskableQuestion:
    """A doubt that no request settles, and why."""

    id: str
    doubt: str
    reason: str
