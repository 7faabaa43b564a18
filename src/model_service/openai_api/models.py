"""A request for the list of models, or for one of them.

Source: https://platform.openai.com/docs/api-reference/models
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from model_service.openai_api.validation import optional_string, reject_unknown_fields
from model_service.routing import Route


@dataclass(frozen=True)
class ModelsRequest:
    """What models there are; or ``model`` alone, which may be an alias."""

    model: str | None = None

    def route(self, aliases: Mapping[str, str]) -> Route | None:  # noqa: ARG002 - no model is asked
        """Return ``None``: no model is asked."""
        return None


def models_request(body: Mapping[str, Any]) -> ModelsRequest:
    """Return the checked request; raise ``InvalidRequest``.

    The compartment and the project that a client's headers name for all its requests decide nothing here.
    """
    reject_unknown_fields(body, frozenset({"model", "compartment_id", "project_id"}))
    return ModelsRequest(optional_string(body, "model"))
