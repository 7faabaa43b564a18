"""Patches of modules that are not imported yet, made when they are: nobody waits for a client that he does not use."""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.abc import Loader, MetaPathFinder
    from importlib.machinery import ModuleSpec
    from types import ModuleType
else:  # the import system asks for their methods only, and importlib.abc takes 5 ms to import
    Loader = MetaPathFinder = object


class OnImport(MetaPathFinder):
    """Calls ``wanted[name]`` right after the module of that name was imported, once; in ``sys.meta_path`` meanwhile."""

    def __init__(self, wanted: dict[str, Callable[[], object]]) -> None:
        self._wanted = dict(wanted)
        self._looking = threading.local()

    def start(self) -> None:
        sys.meta_path.insert(0, self)

    def stop(self) -> None:
        sys.meta_path.remove(self)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - the import system passes it
        target: ModuleType | None = None,  # noqa: ARG002 - likewise
    ) -> ModuleSpec | None:
        if fullname not in self._wanted or getattr(self._looking, "now", False):
            return None
        self._looking.now = True
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._looking.now = False
        if spec is not None and spec.loader is not None:
            spec.loader = _Loading(spec.loader, lambda: self._imported(fullname))
        return spec

    def _imported(self, name: str) -> None:
        wanted = self._wanted.pop(name, None)
        if wanted is not None:
            wanted()


class _Loading(Loader):
    def __init__(self, loader: Loader, imported: Callable[[], None]) -> None:
        self._loader = loader
        self._imported = imported

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._imported()
