"""Names of variables that are read by nobody, and what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Final

from model_service.settings.variables import NAMES

CLOSE: Final = 0.85  # of 1, as difflib counts
OWN: Final = "MODEL_SERVICE_"  # a variable of this name that nobody reads is a mistake, close to another or not


def misspelt(unknown: Sequence[str]) -> Iterator[str]:
    """Yield a sentence for each of ``Settings.unknown`` that looks like a mistake."""
    for name in unknown:
        close = difflib.get_close_matches(name, sorted(NAMES), n=1, cutoff=CLOSE)
        if close:
            yield f"{name} is not a setting and is ignored: did you mean {close[0]}?"
        elif name.startswith(OWN):
            yield f"{name} is not a setting and is ignored."
