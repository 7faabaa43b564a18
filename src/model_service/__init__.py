"""model-service: an OCI Function that serves OCI Generative AI to a whole tenancy. Start reading at ``app.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model_service.models import Model as Model
    from model_service.models import get_model as get_model

__all__ = ["Model", "get_model"]


def __getattr__(name: str) -> Any:
    # On first use: a cold start imports this package, and has no use for what is meant for laptops.
    if name in __all__:
        from model_service import models  # noqa: PLC0415 - see above

        return getattr(models, name)
    raise AttributeError(name)
