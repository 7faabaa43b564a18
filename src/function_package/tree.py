"""The tree that is deployed: ``function/`` is our code, ``python/`` what it needs; both compiled, for all to read."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from function_package.certificates import write_by_name
from function_package.dependencies import Fill
from function_package.errors import PackageError
from function_package.pruning import prune

OURS: Final = ("func.py", "src/model_service")
YOURS: Final = "tasks.yaml"  # where there is one beside func.py: what MODEL_SERVICE_TASKS may name


@dataclass(frozen=True)
class Tree:
    """``folder`` has the two, named as in the archive of a code-only function, and as in Fn's images.

    ``compiler`` is a Python of the version that will run it; with ``None`` nothing is compiled.
    Source: https://docs.oracle.com/en-us/iaas/Content/Functions/Tasks/functions-codeonly-python.htm
    """

    folder: Path
    compiler: str | None = None

    @property
    def function(self) -> Path:
        return self.folder / "function"

    @property
    def python(self) -> Path:
        return self.folder / "python"

    @property
    def python_path(self) -> str:
        """As the images of Fn have it (fnproject/cli, langs/python.go)."""
        return f"{self.function}:{self.python}"

    def add_dependencies(self, root: Path, fill: Fill) -> None:
        """Those of the repository in ``root``. Raises PackageError, as ``add_function`` does."""
        fill(root / "requirements.txt", self.python)
        prune(self.python)
        write_by_name(self.python)
        self._finish(self.python)

    def add_function(self, root: Path) -> None:
        for name in (*OURS, *([YOURS] if (root / YOURS).exists() else [])):
            source, target = root / name, self.function / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copyfile(source, target)
        self._finish(self.function)

    def _finish(self, part: Path) -> None:
        if self.compiler is not None:
            self._compile(part, self.compiler)
        # The user `fn` (uid 1000) owns none of it, and whoever built it may have kept it to themselves.
        for path in (part, *part.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)

    def _compile(self, part: Path, compiler: str) -> None:
        # Unchecked: nothing changes in a container, and so no source is asked for its date. The paths in tracebacks
        # are those of the container.
        how = ["--invalidation-mode", "unchecked-hash", "-s", str(self.folder), "-p", "/"]
        command = [compiler, "-W", "ignore", "-m", "compileall", "-q", "-j", "0", *how, str(part)]
        if subprocess.run(command, check=False).returncode != 0:  # noqa: S603 - all words are ours
            raise PackageError(f"{compiler} could not compile {part}; what it says is above")


def size(folder: Path) -> int:
    """Bytes of all files in it."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
