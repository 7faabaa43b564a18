"""Models that somebody adds: as they are, as mappings, or from a file of those in JSON or YAML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mock_oci.documents import read_document
from mock_oci.model.known_models import Model, seconds_of

ModelSource = Path | Iterable[Model | Mapping[str, Any]]
_FIELDS = ("name", "regions", "capabilities", "vendor", "deprecated", "retired", "dedicated_only")
_CAPABILITIES = ("CHAT", "TEXT_EMBEDDINGS", "TEXT_RERANK", "TEXT_TO_AUDIO")


def read_models(source: ModelSource, region: str) -> tuple[Model, ...]:
    """Return the models; one that names no regions is hosted by ``region``. Raises ValueError and OSError."""
    rows: Any = read_document(source.read_bytes()) if isinstance(source, Path) else source
    if isinstance(rows, Mapping):
        rows = rows.get("models")
    if isinstance(rows, str | bytes) or not isinstance(rows, Iterable):
        raise ValueError("models must be an array")  # noqa: TRY004 - the value is somebody's document
    return tuple(row if isinstance(row, Model) else model_of(row, region) for row in rows)


def model_of(row: Any, region: str) -> Model:
    """Return the model that one row describes. Raises ValueError."""
    if not isinstance(row, Mapping) or not isinstance(row.get("name"), str) or not row["name"]:
        raise ValueError("a model must be an object with a name")
    unknown = sorted(row.keys() - set(_FIELDS))
    if unknown:
        raise ValueError(f"{unknown[0]} of a model is not known; known are {', '.join(_FIELDS)}")
    capabilities = _texts(row, "capabilities") or ("CHAT",)
    wrong = [name for name in capabilities if name not in _CAPABILITIES]
    if wrong:
        raise ValueError(f"capabilities must be of {', '.join(_CAPABILITIES)}, not {wrong[0]}")
    deprecated, retired = (str(row.get(name) or "") for name in ("deprecated", "retired"))
    for time in filter(None, (deprecated, retired)):
        seconds_of(time)
    only_dedicated = row.get("dedicated_only", False)
    if not isinstance(only_dedicated, bool):
        raise ValueError("dedicated_only must be true or false")  # noqa: TRY004 - see above
    regions = () if only_dedicated else _texts(row, "regions") or (region,)
    return Model(row["name"], regions, capabilities, retired, deprecated, by=str(row.get("vendor") or ""))


def _texts(row: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = row.get(name) or ()
    if isinstance(value, str) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{name} must be an array of strings")
    return tuple(value)
