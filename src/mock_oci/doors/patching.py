"""What is put in another's place while a door is open: attributes of clients, and variables of the environment.

``unittest.mock`` would do, and takes longer to import than everything else that a door needs.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager

_ABSENT = object()


@contextmanager
def replaced(owner: object, name: str, value: object) -> Iterator[None]:
    """Have ``owner.name`` be ``value`` while it is entered, and then what it was, its own or inherited."""
    before = vars(owner).get(name, _ABSENT)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if before is _ABSENT:
            delattr(owner, name)
        else:
            setattr(owner, name, before)


class VariableLayers:
    """Variables over those of ``below``, in layers: each can be taken away, in any order, and leaves nothing.

    ``None`` is for a variable that is not to be found. Thread-safe.
    """

    def __init__(self, below: MutableMapping[str, str]) -> None:
        self._below = below
        self._lock = threading.Lock()
        self._layers: list[Mapping[str, str | None]] = []
        self._before: dict[str, str | None] = {}

    @contextmanager
    def over(self, layer: Mapping[str, str | None]) -> Iterator[None]:
        """Lay these variables over all others while it is entered."""
        with self._lock:
            for name in layer:
                self._before.setdefault(name, self._below.get(name))
            self._layers.append(layer)
            self._show(layer)
        try:
            yield
        finally:
            with self._lock:
                self._layers = [other for other in self._layers if other is not layer]
                self._show(layer)

    def _show(self, names: Mapping[str, object]) -> None:
        for name in names:
            lying = [layer[name] for layer in self._layers if name in layer]
            value = lying[-1] if lying else self._before.pop(name)
            if value is None:
                self._below.pop(name, None)
            else:
                self._below[name] = value


ENVIRONMENT = VariableLayers(os.environ)  # noqa: TID251 - here fake credentials are laid over the developer's own
