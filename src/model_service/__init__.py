"""model-service: an OCI Function that serves OCI Generative AI to a whole tenancy. Start reading at ``app.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model_service.models import Model as Model
    from model_service.models import get_model as get_model

__all__ = ["Model", "__version__", "get_model"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # On first use: a cold start imports this package, and has no use for what is meant for laptops.
    if name in ("Model", "get_model"):
        from model_service import models  # noqa: PLC0415 - see above

        return getattr(models, name)
    raise AttributeError(name)
