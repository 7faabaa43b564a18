"""What a function's func.yaml says of how it is deployed (schema: fnproject/cli, common/funcfile.go)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mock_oci.extras import from_extra

NAME: Final = "func.yaml"
_MEMORY_MB: Final = 256  # fnproject/cli's own, where nothing is said
_TIMEOUT: Final = 30


@dataclass(frozen=True)
class FuncYaml:
    """``memory`` in MB, ``timeout`` in seconds."""

    name: str
    memory: int = _MEMORY_MB
    timeout: int = _TIMEOUT
    config: Mapping[str, str] = field(default_factory=dict, repr=False)


def read_func_yaml(folder: Path) -> FuncYaml:
    """Return what the folder's file says, or, without one, what holds when nothing is said.

    Raises ValueError for a file that is none, and for an entry point other than ``handler`` of ``func.py``.
    """
    path = folder / NAME
    name = folder.resolve().name
    if not path.exists():
        return FuncYaml(name)
    document = _document(path.read_bytes())
    config = document.get("config") or {}
    if not isinstance(config, dict) or not all(isinstance(value, str) for value in config.values()):
        raise ValueError(f"{NAME}: config must be an object of strings")
    entrypoint = document.get("entrypoint") or "func.py handler"
    if not isinstance(entrypoint, str) or entrypoint.replace("/", " ").split()[-2:] != ["func.py", "handler"]:
        raise ValueError(f"{NAME}: an entrypoint other than the handler of func.py is not emulated: {entrypoint}")
    return FuncYaml(
        name=str(document.get("name") or name),
        memory=_number(document, "memory", _MEMORY_MB),
        timeout=_number(document, "timeout", _TIMEOUT),
        config=config,
    )


def _document(content: bytes) -> dict[str, Any]:
    yaml = from_extra("yaml", f"reading {NAME}")
    try:
        document = yaml.load(content, yaml.BaseLoader)  # makes strings, arrays and objects, nothing else
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        raise ValueError(f"{NAME} is not YAML: {str(error).partition(chr(10))[0]}") from error
    if not isinstance(document, dict):
        raise ValueError(f"{NAME} must be an object")  # noqa: TRY004 - what is wrong is the file's content
    return document


def _number(document: Mapping[str, Any], name: str, default: int) -> int:
    text = document.get(name) or str(default)
    if not (isinstance(text, str) and text.isascii() and text.isdigit()):
        raise ValueError(f"{NAME}: {name} must be an integer")
    return int(text)
