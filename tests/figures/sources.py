"""What the sources of a package look like, by their syntax alone: functions, helpers, docstrings, names, imports."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Final

MAX_HELPER_LINES: Final = 4
LAZY_ROW: Final = re.compile(r"([a-z_]+(?:\.[a-z_]+)*):[A-Za-z_]+")
ALIAS: Final = re.compile("_?[A-Z][a-zA-Z]*[a-z][a-zA-Z]*")
FIRST_WORD: Final = re.compile(r"\w+")

# The imperatives that docstrings here begin with. A new one takes its place in the list.
VERBS: Final = frozenset(
    """
    Accept Acknowledge Add Adopt Advance Allow Allocate Annotate Answer Append Apply Ask Assert Assign Attach Attempt
    Await Begin Block Bound Break Bring Buffer Build Cache Call Cancel Carry Change Charge Check Choose Classify Clean
    Clear Close Collect Combine Commit Compare Complete Compose Compute Configure Confirm Connect Consume Convert Copy
    Correct Count Cover Create Cut Decide Decode Decompress Decrypt Delay Delete Deliver Describe Detach Detect
    Determine Discard Distribute Divide Do Draw Drop Emit Empty Encode Encrypt End Enforce Enter Escape Estimate
    Evaluate Examine Exchange Execute Expand Expect Expire Export Extract Fail Fetch Fill Filter Find Finish Fit Flatten
    Flush Follow Forget Format Forward Free Generate Get Give Go Group Guard Guess Hand Hash Have Hide Hold Identify
    Ignore Import Increase Inform Insert Inspect Interpret Invoke Issue Iterate Join Keep Kill Leave Let Limit Link List
    Listen Load Locate Lock Log Look Make Map Mark Match Measure Merge Mint Modify Move Name Narrow Normalise Note
    Notify Obtain Omit Open Order Pack Parse Pass Patch Pause Perform Pick Play Pop Post Prepare Present Print Probe
    Produce Protect Prove Publish Pump Put Queue Quote Raise Read Rebuild Receive Recognise Reconnect Record Redact
    Refresh Refuse Register Reject Relay Release Remember Remove Rename Render Renew Repeat Replace Reply Report
    Represent Request Require Reset Resolve Respond Restore Retry Return Revoke Rotate Round Route Run Sample Save Scale
    Schedule Search Select Send Separate Serialise Serve Set Shape Share Shorten Show Shut Sign Simulate Skip Sleep Sort
    Spell Split Spread Start Stop Store Stream Strip Subscribe Sum Supply Switch Take Tell Terminate Test Trace Track
    Translate Trim Try Turn Undo Unfold Unpack Unwrap Update Upload Use Validate Verify Visit Wait Wake Walk Warn Watch
    Withdraw Work Wrap Write Yield
    """.split()  # noqa: SIM905 - two hundred words are read as words
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One file. ``name`` is the dotted name that it is imported by."""

    name: str
    path: Path
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def functions(self) -> list[Function]:
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]

    @property
    def lines(self) -> int:
        return self.text.count("\n")

    def single_use_helpers(self) -> list[str]:
        """Return the private functions of at most MAX_HELPER_LINES lines of body that their file names once more."""
        return [node.name for node in self.functions if _is_small_and_private(node) and self._mentions(node.name) == 2]

    def _mentions(self, name: str) -> int:
        return len(re.findall(rf"\b{name}\b", self.text))

    def defined_names(self) -> Iterator[str]:
        """Yield the names of its public classes and type aliases."""
        for node in self.tree.body:
            if isinstance(node, ast.ClassDef):
                yield node.name
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                yield from _alias(node)


@dataclass(frozen=True)
class Package:
    """A package of ``src``, read once."""

    modules: Mapping[str, Module]

    @classmethod
    @cache
    def read(cls, checkout: Path, name: str) -> Package:
        """Read all of ``checkout``/src/``name``."""
        source = checkout / "src"
        paths = sorted((source / name).rglob("*.py"))
        dotted = {
            ".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__"): path for path in paths
        }
        return cls({module: Module(module, path, path.read_text()) for module, path in dotted.items()})

    @cached_property
    def functions(self) -> list[Function]:
        return [node for module in self.modules.values() for node in module.functions]

    @property
    def lines(self) -> int:
        return sum(module.lines for module in self.modules.values())

    def single_use_helpers(self) -> list[str]:
        return [f"{module.name}.{name}" for module in self.modules.values() for name in module.single_use_helpers()]

    def names_given_twice(self) -> dict[str, list[str]]:
        """Return the modules that define each class or type alias of which there is more than one."""
        found: dict[str, list[str]] = {}
        for module in self.modules.values():
            for name in module.defined_names():
                found.setdefault(name, []).append(module.name)
        return {name: modules for name, modules in found.items() if len(modules) > 1}

    def verb_first_share(self) -> float:
        """Return the share, of all functions with a docstring, of those whose docstring begins with a verb."""
        texts = [text for node in self.functions if (text := ast.get_docstring(node))]
        first = (FIRST_WORD.match(text) for text in texts)
        return sum(word is not None and word.group() in VERBS for word in first) / max(1, len(texts))

    def modules_in_circles(self, *, types: bool = False, lazy: bool = False) -> int:
        """Return how many modules import each other in a circle, by the imports at the top of each file.

        ``types`` adds those under TYPE_CHECKING, ``lazy`` those within functions and in rows of tables.
        """
        edges = {name: set(self._imported(module, types, lazy)) - {name} for name, module in self.modules.items()}
        return sum(_reaches_itself(name, edges) for name in edges)

    def _imported(self, module: Module, types: bool, lazy: bool) -> Iterator[str]:
        for node, kind in _imports(module.tree):
            if kind == "top" or (kind == "types" and types) or (kind == "lazy" and lazy):
                yield from (target for name in node if (target := self._module_of(name)))

    def _module_of(self, name: str) -> str | None:
        if name in self.modules:
            return name
        parent = name.rpartition(".")[0]
        return parent if parent in self.modules else None


def _is_small_and_private(node: Function) -> bool:
    if not node.name.startswith("_") or node.name.startswith("__"):
        return False
    body = [part for part in node.body if not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))]
    return sum((part.end_lineno or 0) - part.lineno + 1 for part in body) <= MAX_HELPER_LINES


def _alias(node: ast.Assign | ast.AnnAssign) -> Iterator[str]:
    """Yield the name of a type alias: in capitals and small letters, of a subscripted, joined or dotted type."""
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    types = ast.Subscript | ast.BinOp | ast.Name | ast.Attribute | ast.Call
    if isinstance(target, ast.Name) and isinstance(node.value, types) and ALIAS.fullmatch(target.id):
        yield target.id


def _imports(tree: ast.Module) -> Iterator[tuple[list[str], str]]:
    """Yield the dotted names of each import with its kind: ``top``, ``types`` or ``lazy``."""
    typed = {id(node) for part in ast.walk(tree) if _is_for_types(part) for node in ast.walk(part)}
    within = {id(node) for part in ast.walk(tree) if isinstance(part, Function) for node in ast.walk(part)}
    for node in ast.walk(tree):
        kind = "types" if id(node) in typed else "lazy" if id(node) in within else "top"
        if isinstance(node, ast.ImportFrom) and node.module:
            yield [f"{node.module}.{alias.name}" for alias in node.names], kind
        elif isinstance(node, ast.Import):
            yield [alias.name for alias in node.names], kind
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and LAZY_ROW.fullmatch(node.value):
            yield [f"model_service.{node.value.replace(':', '.')}"], "lazy"


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _reaches_itself(start: str, edges: Mapping[str, set[str]]) -> bool:
    seen: Counter[str] = Counter()
    waiting = list(edges[start])
    while waiting:
        name = waiting.pop()
        if name == start:
            return True
        if not seen[name]:
            seen[name] += 1
            waiting.extend(edges[name])
    return False
