"""Requests that no model answers: what models there are, how the service is, what it looks like.

Source of the first: https://platform.openai.com/docs/api-reference/models
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from model_service.light_dataclasses import dataclass
from model_service.openai_api.validation import optional_bool, optional_string, reject_unknown_fields
from model_service.routing import Route


@dataclass(frozen=True)
class OwnRequest:
    """A request that the service answers itself. The payer that a client names for all its requests is not asked."""

    compartment_id: ClassVar[None] = None
    project_id: ClassVar[None] = None

    def route(self, aliases: Mapping[str, str]) -> Route | None:  # noqa: ARG002 - no model is asked
        """Return ``None``: no model is asked."""
        return None


@dataclass(frozen=True)
class ModelsRequest(OwnRequest):
    """What models there are; or ``model`` alone, which may be an alias."""

    model: str | None = None


def models_request(body: Mapping[str, Any]) -> ModelsRequest:
    """Return the checked request; raise ``InvalidRequest``."""
    reject_unknown_fields(body, frozenset({"model", *PAYER}))
    return ModelsRequest(optional_string(body, "model"))


@dataclass(frozen=True)
class HealthRequest(OwnRequest):
    """Whether the function is alive."""


@dataclass(frozen=True)
class ReadinessRequest(OwnRequest):
    """Whether a model could be asked."""


@dataclass(frozen=True)
class OpenApiRequest(OwnRequest):
    """Which operations there are, as an OpenAPI document."""


@dataclass(frozen=True)
class TargetsRequest(OwnRequest):
    """Which targets there are, and how they are; ``asks``: each is asked once before."""

    asks: bool = False


def targets_request(body: Mapping[str, Any]) -> TargetsRequest:
    """Return the checked request; raise ``InvalidRequest``."""
    reject_unknown_fields(body, frozenset({"operation", "ask", *PAYER}))
    return TargetsRequest(bool(optional_bool(body, "ask")))


@dataclass(frozen=True)
class PlaygroundRequest(OwnRequest):
    """The page that asks this service, or a ``file`` of it."""

    file: str | None = None


def playground_request(body: Mapping[str, Any]) -> PlaygroundRequest:
    """Return the checked request; raise ``InvalidRequest``."""
    reject_unknown_fields(body, frozenset({"file", *PAYER}))
    return PlaygroundRequest(optional_string(body, "file"))


def health_request(_body: Mapping[str, Any]) -> HealthRequest:
    """Return the request: there is nothing to be said in it."""
    return HealthRequest()


def readiness_request(_body: Mapping[str, Any]) -> ReadinessRequest:
    """Return the request, as ``health_request`` does."""
    return ReadinessRequest()


def openapi_request(_body: Mapping[str, Any]) -> OpenApiRequest:
    """Return the request, as ``health_request`` does."""
    return OpenApiRequest()


PAYER: Final = ("compartment_id", "project_id")
