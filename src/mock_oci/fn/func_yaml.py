"""What a function's func.yaml says of how it is deployed (schema: fnproject/cli, common/funcfile.go)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final, NamedTuple

from mock_oci.extras import from_extra
from mock_oci.services.functions.state import NO_DESTINATION, Destination, provisioned_fault
from mock_oci.wire import Body

NAME: Final = "func.yaml"
_MEMORY_MB: Final = 256  # fnproject/cli's own, where nothing is said
_TIMEOUT: Final = 30
_UNITS: Final = {"h": 3600, "m": 60, "s": 1}


class DeployError(ValueError):
    """Why a folder is not a function that OCI Functions would deploy, or that can be run here, in one line."""


class Entrypoint(NamedTuple):
    """Which callable of which file answers; ``module`` is a path in the function's folder."""

    module: str = "func.py"
    handler: str = "handler"


ENTRYPOINT: Final = Entrypoint()


@dataclass(frozen=True)
class FuncYaml:
    """``memory`` in MB; timeouts in seconds, a detached call's ``None`` where it is the other's."""

    name: str
    memory: int = _MEMORY_MB
    timeout: float = _TIMEOUT
    config: Mapping[str, str] = field(default_factory=dict, repr=False)
    entrypoint: Entrypoint = ENTRYPOINT
    detached_timeout: float | None = None
    success_destination: Destination = NO_DESTINATION
    failure_destination: Destination = NO_DESTINATION


def read_func_yaml(folder: Path) -> FuncYaml:
    """Return what the folder's file says, or, without one, what holds when nothing is said.

    Raises DeployError for a file that is none, for a key that Fn does not know, and for what is not emulated.
    """
    path = folder / NAME
    name = folder.resolve().name
    if not path.exists():
        return FuncYaml(name)
    document = _document(path.read_bytes())
    _check_keys(document, "", _USED | _OF_NO_EFFECT)
    _check_kind(document)
    memory = _number(document, "memory", _MEMORY_MB)
    detached = _deployed(document, "detached_mode")
    provisioned = _deployed(document, "provisioned_concurrency")
    count = {"count": _number(provisioned, "count", 0)} if "count" in provisioned else {}
    fault = provisioned_fault(memory, {**provisioned, **count}) if provisioned else ""
    if fault:
        raise DeployError(f"{NAME}: provisioned_concurrency: {fault}")
    return FuncYaml(
        name=str(document.get("name") or name),
        memory=memory,
        timeout=_number(document, "timeout", _TIMEOUT),
        config=_config(document),
        entrypoint=_entrypoint(document),
        detached_timeout=_duration(detached, "timeout"),
        success_destination=_destination(detached, "on_success"),
        failure_destination=_destination(detached, "on_failure"),
    )


def check_module(folder: Path) -> None:
    """Raise FileNotFoundError when the file that answers is not there, DeployError as ``read_func_yaml`` does."""
    module = folder / read_func_yaml(folder).entrypoint.module
    if not module.is_file():
        raise FileNotFoundError(2, "there is no such function", str(module))


def _document(content: bytes) -> Body:
    yaml = from_extra("yaml", f"reading {NAME}")
    try:
        document = yaml.load(content, yaml.BaseLoader)  # makes strings, arrays and objects, nothing else
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        raise DeployError(f"{NAME} is not YAML: {str(error).partition(chr(10))[0]}") from error
    if not isinstance(document, dict):
        raise DeployError(f"{NAME} must be an object")
    return document


def _check_keys(document: Body, within: str, known: frozenset[str]) -> None:
    unknown = [str(key) for key in document if key not in known]
    if unknown:
        raise DeployError(f"{NAME}: unknown key {within}{unknown[0]}")


def _check_kind(document: Body) -> None:
    """Raise DeployError for a function that is not of this schema, or that no Python runs."""
    version, runtime = document.get("schema_version") or _SCHEMA, str(document.get("runtime") or "docker")
    if version != _SCHEMA:
        raise DeployError(f"{NAME}: schema_version must be {_SCHEMA}")
    if not re.fullmatch(r"docker|python[\d.]*(:.*)?", runtime):
        raise DeployError(f"{NAME}: runtime {runtime} is not emulated: functions in Python are")
    if document.get("cmd"):
        raise DeployError(f"{NAME}: cmd is not emulated: name the handler in entrypoint")


def _config(document: Body) -> dict[str, str]:
    config = document.get("config") or {}
    if not isinstance(config, dict) or not all(isinstance(value, str) for value in config.values()):
        raise DeployError(f"{NAME}: config must be an object of strings")
    return config


def _entrypoint(document: Body) -> Entrypoint:
    """Read ``/python/bin/fdk /function/func.py handler``: the FDK, a file of the image's folder, a callable."""
    text = document.get("entrypoint") or "fdk func.py handler"
    words = text.split() if isinstance(text, str) else []
    if len(words) == 2:  # the FDK's own default
        words.append(ENTRYPOINT.handler)
    path = PurePosixPath(words[1]) if len(words) == 3 and PurePosixPath(words[0]).name == "fdk" else PurePosixPath()
    module = path.relative_to(_IMAGE_FOLDER) if path.is_relative_to(_IMAGE_FOLDER) else path
    if module.suffix != ".py" or module.is_absolute() or ".." in module.parts or not words[2].isidentifier():
        raise DeployError(f"{NAME}: an entrypoint that is no `fdk FILE.py CALLABLE` is not emulated: {text}")
    return Entrypoint(str(module), words[2])


def _deployed(document: Body, part: str) -> Body:
    """Return what ``deploy.oci`` says of a part, an object."""
    place, within = document, ""
    for key in ("deploy", "oci", part):
        place = _object(place, key, within)
        within += f"{key}."
        _check_keys(place, within, _DEPLOY[key])
    return place


def _object(document: Body, key: str, within: str) -> Body:
    value = document.get(key) or {}
    if not isinstance(value, dict):
        raise DeployError(f"{NAME}: {within}{key} must be an object")
    return value


def _destination(detached: Body, key: str) -> Destination:
    """Read a destination: Fn's command line knows no channel of a queue (fnproject/cli, common/funcfile.go)."""
    destination = _object(detached, key, _DETACHED)
    _check_keys(destination, f"{_DETACHED}{key}.", frozenset({"type", "ocid"}))
    return Destination(str(destination.get("ocid") or ""))


def _duration(document: Body, key: str) -> int | None:
    """Read ``30m`` or ``1h30m``, as Go writes it, or a number of seconds."""
    text = document.get(key)
    if not text:
        return None
    if not (isinstance(text, str) and re.fullmatch(r"\d+|(\d+[hms])+", text, re.ASCII)):
        raise DeployError(f"{NAME}: {_DETACHED}{key} must be a duration such as 30m")
    parts = re.findall(r"(\d+)([hms]?)", text)
    return sum(int(number) * _UNITS.get(unit, 1) for number, unit in parts)


def _number(document: Mapping[str, Any], name: str, default: int) -> int:
    text = document.get(name) or str(default)
    if not (isinstance(text, str) and text.isascii() and text.isdigit()):
        raise DeployError(f"{NAME}: {name} must be an integer")
    return int(text)


_SCHEMA: Final = "20180708"
_IMAGE_FOLDER: Final = "/function"
_DETACHED: Final = "deploy.oci.detached_mode."
_USED: Final = frozenset(
    {"schema_version", "name", "runtime", "cmd", "entrypoint", "memory", "timeout", "config", "deploy"}
)
# What Fn's command line builds, tags, tests and triggers with, and what OCI does not take: no process sees any of it.
_OF_NO_EFFECT: Final = frozenset(
    {
        *("annotations", "build", "build_image", "content_type", "cpus", "expects", "format", "headers"),
        *("idle_timeout", "path", "run_image", "signing_details", "tests", "triggers", "type", "version"),
    }
)
_DEPLOY: Final = {
    "deploy": frozenset({"oci"}),
    "oci": frozenset({"detached_mode", "provisioned_concurrency", "freeform_tags", "defined_tags"}),
    "detached_mode": frozenset({"timeout", "on_success", "on_failure"}),
    "provisioned_concurrency": frozenset({"strategy", "count"}),
}
