"""Documents in JSON or YAML, which need PyYAML only where they are YAML."""

from __future__ import annotations

import json
from typing import Any

from mock_oci.extras import MissingExtra, from_extra


def read_document(content: bytes) -> Any:
    """Return what a document says. Raises ValueError for what is neither JSON nor YAML."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return _yaml(content)


def _yaml(content: bytes) -> Any:
    try:
        yaml = from_extra("yaml", "a document in YAML")
    except MissingExtra as error:
        raise ValueError(f"{error}; JSON does not") from error
    try:
        return yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise ValueError("neither JSON nor YAML") from error
